import Codecs
import Foundation
import HTTPTypes
import Hummingbird
import Jobs
import Pipeline
import Store

/// Files from the browser, resumable: tus 1.0 with creation, termination and checksum.
struct UploadRoutes: RouteGroup {
    let services: Services

    private static let path = Route.project + "/uploads"
    private static let problems: [ProblemCode] = ProblemCode.change + [.uploadUnknown, .uploadVersion, .bodyTooLarge]

    var routes: [Route] {
        [
            Route(
                Self.tusOptions, Self.path, "What the upload protocol can do here.",
                answers: [.empty("In the headers.", headers: ["Tus-Version", "Tus-Extension", "Tus-Max-Size", "Tus-Checksum-Algorithm"])]
            ) { _ in
                var headers = Self.headers
                headers[Self.name("Tus-Version")] = "1.0.0"
                headers[Self.name("Tus-Extension")] = "creation,termination,checksum"
                headers[Self.name("Tus-Max-Size")] = "\(services.configuration.limits.upload)"
                headers[Self.name("Tus-Checksum-Algorithm")] = "sha1,sha256"
                return .empty(headers: headers)
            },
            Route(
                .post, Self.path, "Begins an upload: Upload-Length, and Upload-Metadata with filename, relativePath and (optional) role, image or mask, in base64.",
                answers: [.empty("Begun.", status: .created, headers: ["Location", "Tus-Resumable"])], problems: Self.problems, handle: create),
            Route(
                .head, Self.path + "/{upload}", "How much has arrived.",
                answers: [.empty("In Upload-Offset and Upload-Length.", status: .ok, headers: ["Upload-Offset", "Upload-Length"])],
                problems: [.uploadUnknown, .uploadVersion], isQuiet: true, handle: state),
            Route(
                .patch, Self.path + "/{upload}", "Appends bytes at Upload-Offset. The last ones make an image, named in Ship-Image; masks, outlines and EcoTaxa archives are brought in by the job in Ship-Job.",
                body: .stream(contentType: "application/offset+octet-stream"),
                answers: [.empty("Stored.", headers: ["Upload-Offset", "Ship-Image", "Ship-Mask", "Ship-Job"])],
                problems: Self.problems + [.uploadOffset, .uploadChecksum, .imageUnreadable, .bodyType, .requestMalformed], isQuiet: true, handle: append),
            Route(
                .delete, Self.path + "/{upload}", "Gives an upload up.", answers: [.empty("Gone.")], problems: Self.problems
            ) { call in
                try Self.checkVersion(call)
                try await services.open(call).uploads.remove(call.parameter("upload"))
                return .empty(headers: Self.headers)
            },
        ]
    }

    @Sendable func create(_ call: Call) async throws -> Response {
        try Self.checkVersion(call)
        let project = try await services.open(call)
        guard let length = try Self.whole("Upload-Length", call) else {
            throw Problem(.valueInvalid, "Upload-Length is missing; give the size of the file in bytes", field: "Upload-Length")
        }
        let metadata = try Self.metadata(call.headers[Self.name("Upload-Metadata")] ?? "")
        // Only a text for people; it is never part of a path.
        let name = metadata["relativePath"].flatMap { $0.isEmpty ? nil : $0 } ?? metadata["filename"] ?? ""
        guard !name.isEmpty, name.utf8.count <= 1024, !name.unicodeScalars.contains("\0") else {
            throw Problem(.valueInvalid, "the upload has no file name of 1 to 1,024 bytes; give filename in Upload-Metadata", field: "Upload-Metadata")
        }
        let role = metadata["role"].flatMap { $0.isEmpty ? nil : $0 }
        guard role == nil || role == "mask" || role == "image" else {
            throw Problem(.valueInvalid, "role in Upload-Metadata must be image or mask, not \"\(role?.prefix(20).asciiOnly ?? "")\"", field: "Upload-Metadata")
        }
        let upload = try await project.uploads.create(length: length, name: name, role: role)
        var headers = Self.headers
        headers[.location] = "\(project.address)/uploads/\(upload.id)"
        headers[Self.name("Upload-Offset")] = "0"
        return .empty(status: .created, headers: headers)
    }

    @Sendable func state(_ call: Call) async throws -> Response {
        try Self.checkVersion(call)
        let (upload, offset) = try await services.open(call).uploads.find(call.parameter("upload"))
        var headers = Self.headers
        headers[Self.name("Upload-Offset")] = "\(offset)"
        headers[Self.name("Upload-Length")] = "\(upload.length)"
        return .empty(status: .ok, headers: headers)
    }

    @Sendable func append(_ call: Call) async throws -> Response {
        try Self.checkVersion(call)
        guard call.headers[.contentType] == "application/offset+octet-stream" else {
            throw Problem(.bodyType, "the content type of an upload's bytes must be application/offset+octet-stream; set it")
        }
        guard let offset = try Self.whole("Upload-Offset", call) else {
            throw Problem(.valueInvalid, "Upload-Offset is missing; ask for it with HEAD", field: "Upload-Offset")
        }
        let project = try await services.open(call)
        let id = call.parameter("upload")
        let (upload, end) = try await project.uploads.append(
            id, at: offset, body: call.request.body, checksum: call.headers[Self.name("Upload-Checksum")])
        var headers = Self.headers
        headers[Self.name("Upload-Offset")] = "\(end)"
        guard end == upload.length else { return .empty(headers: headers) }

        switch try await finish(upload, project) {
        case .image(let image):
            headers[Self.name("Ship-Image")] = "\(image.id)"
            project.publish(.images([image.id]))
            if image.state == .failed {
                var problem = Problem(.imageUnreadable, image.error ?? "\(image.name) cannot be read; save it as PNG, JPEG or TIFF")
                problem.headers = headers
                throw problem
            }
            // Its masks may have come before it.
            if try await !project.project.companions().isEmpty { headers[Self.name("Ship-Job")] = "\(try await drawOutlines(project))" }
        case .mask(let record):
            headers[Self.name("Ship-Mask")] = "\(record.id)"
            headers[Self.name("Ship-Job")] = "\(try await drawOutlines(project))"
        case .archive(let path):
            let parameters = String(decoding: (["path": .string(path)] as JSONValue).encoded(), as: UTF8.self)
            headers[Self.name("Ship-Job")] = "\(try await project.runner.enqueue(type: "import", parameters: parameters, by: project.user).id)"
        }
        return .empty(headers: headers)
    }

    private func finish(_ upload: Uploads.Description, _ project: OpenProject) async throws -> Uploads.Finished {
        do { return try await project.uploads.finish(upload, pipeline: project.pipeline) { project.publish(.images([$0.id])) } } catch let error as NoOutlines {
            throw Problem(.imageUnreadable, "\(error); a file that is dropped on a project is an image, masks or outlines of one, or an EcoTaxa archive")
        }
    }

    /// One job draws all that has come; one that has not begun yet sees this file too.
    private func drawOutlines(_ project: OpenProject) async throws -> Int64 {
        if let waiting = try await project.project.jobs(limit: 50).items.first(where: { $0.type == "outlines" && $0.state == .queued }) { return waiting.id }
        return try await project.runner.enqueue(type: "outlines", parameters: "{}", by: project.user).id
    }

    // MARK: - Protocol details

    private static let tusOptions = HTTPRequest.Method.options
    private static let headers: HTTPFields = [name("Tus-Resumable"): "1.0.0"]
    private static func name(_ text: String) -> HTTPField.Name { HTTPField.Name(text)! }

    private static func checkVersion(_ call: Call) throws(Problem) {
        guard let version = call.headers[name("Tus-Resumable")], version != "1.0.0" else { return }
        var problem = Problem(.uploadVersion, "the client speaks tus \(version.prefix(20)); this server speaks 1.0.0")
        problem.headers[name("Tus-Version")] = "1.0.0"
        throw problem
    }

    private static func whole(_ field: String, _ call: Call) throws(Problem) -> Int? {
        guard let text = call.headers[name(field)] else { return nil }
        guard let value = Int(text), value >= 0, text.utf8.allSatisfy({ (0x30...0x39).contains($0) }) else {
            throw Problem(.valueInvalid, "\(field) is \"\(text.prefix(30).asciiOnly)\" but must be a whole number of at least 0", field: field)
        }
        return value
    }

    /// `filename d29ybGQ=,relativePath Li4v`: names and base64 of UTF-8.
    static func metadata(_ field: String) throws(Problem) -> [String: String] {
        var values: [String: String] = [:]
        for pair in field.split(separator: ",") {
            let parts = pair.split(separator: " ")
            guard let name = parts.first else { continue }
            guard parts.count <= 2, let data = Data(base64Encoded: parts.count == 2 ? String(parts[1]) : ""), let text = String(validating: data, as: UTF8.self) else {
                throw Problem(.valueInvalid, "Upload-Metadata must hold names, each with a space and base64 of UTF-8", field: "Upload-Metadata")
            }
            values[String(name)] = text
        }
        return values
    }
}
