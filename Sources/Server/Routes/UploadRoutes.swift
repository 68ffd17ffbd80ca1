import Foundation
import HTTPTypes
import Hummingbird
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
                .post, Self.path, "Begins an upload: Upload-Length, and Upload-Metadata with filename and relativePath in base64.",
                answers: [.empty("Begun.", status: .created, headers: ["Location", "Tus-Resumable"])], problems: Self.problems, handle: create),
            Route(
                .head, Self.path + "/{upload}", "How much has arrived.",
                answers: [.empty("In Upload-Offset and Upload-Length.", status: .ok, headers: ["Upload-Offset", "Upload-Length"])],
                problems: [.uploadUnknown, .uploadVersion], isQuiet: true, handle: state),
            Route(
                .patch, Self.path + "/{upload}", "Appends bytes at Upload-Offset. The last ones make an image, named in Ship-Image.",
                body: .stream(contentType: "application/offset+octet-stream"),
                answers: [.empty("Stored.", headers: ["Upload-Offset", "Ship-Image"])],
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
        let upload = try await project.uploads.create(length: length, name: name)
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

        let image = try await project.uploads.finish(upload) { project.publish(.images([$0.id])) }
        headers[Self.name("Ship-Image")] = "\(image.id)"
        project.publish(.images([image.id]))
        if image.state == .failed {
            var problem = Problem(.imageUnreadable, image.error ?? "\(image.name) cannot be read; save it as PNG, JPEG or TIFF")
            problem.headers = headers
            throw problem
        }
        return .empty(headers: headers)
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
