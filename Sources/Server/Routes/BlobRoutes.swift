import Foundation
import HTTPTypes
import Hummingbird
import NIOCore
import Nodes
import Pipeline
import Store

/// The images of a project and their files.
struct BlobRoutes: RouteGroup {
    let services: Services

    private static let path = Route.project + "/blobs"

    var routes: [Route] {
        [
            Route(
                .get, Self.path, "Images, page by page.",
                query: [
                    .init(name: "state", schema: .choice(ImageState.allCases.map(\.rawValue)), help: "Only those in this state."),
                    .init(name: "cursor", schema: .string, help: "`next` of the page before."),
                    .init(name: "limit", schema: .integer, help: "At most so many; 200."),
                ],
                answers: [.json(.object(["images": .array(.ref("Image")), "next?": .string, "total?": .integer]), "Images.")],
                problems: [.queryInvalid, .valueInvalid], handle: list),
            Route(.get, Self.path + "/{image}", "An image.", answers: [.json(.ref("Image"), "The image.")], problems: [.imageUnknown], handle: show),
            Route(
                .patch, Self.path + "/{image}", "Changes pixel size or metadata; null removes a value.",
                body: .json(.object(["pixelSizeUm?": .number.nullable, "metadata?": .map(Schema.string.nullable)])),
                answers: [.json(.ref("Image"), "As it is now.")], problems: ProblemCode.change + [.imageUnknown], handle: change),
            Route(
                .delete, Self.path + "/{image}", "Takes an image out of the project; its file stays.", answers: [.empty("Gone from the lists.")],
                problems: ProblemCode.change + [.imageUnknown]
            ) { call in
                let project = try await services.open(call)
                let image = try await services.image(call, in: project)
                try await project.project.removeImage(image.id)
                project.pipeline.forget(image: image.id)
                project.publish(.images([image.id]))
                return .empty()
            },
            Route(
                .get, Self.path + "/{image}/file", "The original file, byte for byte, as a download; takes Range.",
                answers: [
                    .bytes(["application/octet-stream"], "The whole file."),
                    Route.Answer(status: .partialContent, help: "A part of it.", headers: ["Content-Range"]), .notModified,
                ], problems: [.imageUnknown, .rangeInvalid], handle: file),
            Route(
                .get, Self.path + "/{image}/thumbnail", "The whole image in one small JPEG.", query: DisplayRequest.query,
                answers: [.bytes(["image/jpeg"], "The picture."), .notModified],
                problems: [.imageUnknown, .imageUnreadable, .tileUnknown, .queryInvalid, .fileMissing], isQuiet: true
            ) { call in
                let project = try await services.open(call)
                return try await TileRoutes(services: services).tile(call, project: project, z: 0, x: 0, y: 0)
            },
        ]
    }

    @Sendable func list(_ call: Call) async throws -> Response {
        let project = try await services.open(call).project
        let page = try await project.images(
            state: try call.choice("state", ImageState.self), cursor: call.target.query["cursor"], limit: try call.integer("limit", in: 1...1000) ?? 200)
        var images: [JSONValue] = []
        for image in page.items { images.append(ImageJSON.value(image, metadata: try await project.metadata(image.id))) }
        var members: [String: JSONValue] = ["images": .array(images)]
        if let next = page.next { members["next"] = .string(next) }
        if let total = page.total { members["total"] = .integer(total) }
        return .json(.object(members))
    }

    @Sendable func show(_ call: Call) async throws -> Response {
        let project = try await services.open(call)
        // Who asks for one image is about to look at it.
        if let id = Int64(call.parameter("image")) { project.objects.prepare(id) }
        return .json(try await value(try await services.image(call, in: project), project))
    }

    @Sendable func change(_ call: Call) async throws -> Response {
        let project = try await services.open(call)
        let image = try await services.image(call, in: project)
        guard case .object(let body) = try call.json(JSONValue.self) else { throw Problem(.bodyInvalid, "the body must be an object") }
        let by = call.account?.user ?? "local"
        // All is checked before anything is stored.
        var values: [String: String?] = [:]
        if let metadata = body["metadata"] {
            guard case .object(let fields) = metadata else { throw Problem(.bodyInvalid, "metadata must be an object of texts; null removes one", field: "metadata") }
            for (name, value) in fields {
                guard name.wholeMatch(of: /[A-Za-z][A-Za-z0-9_]{0,63}/) != nil else {
                    throw Problem(.valueInvalid, "\"\(name.prefix(70))\" cannot name a field; use 1 to 64 letters, digits and _", field: "metadata")
                }
                switch value {
                case .null: values[name] = .some(nil)
                case .string(let text) where text.utf8.count <= 10_000: values[name] = text
                case .number, .boolean: values[name] = value.description
                default: throw Problem(.bodyInvalid, "metadata.\(name) must be a text of at most 10,000 bytes, or null", field: "metadata.\(name)")
                }
            }
        }
        if let size = body["pixelSizeUm"] {
            var change = ImageChange()
            switch size {
            case .null: change.pixelSize = .some(nil)
            case .number(let size) where size > 0 && size <= ImportNode.largestPixelSize: change.pixelSize = .some(size)
            default:
                throw Problem(.valueInvalid, "pixelSizeUm is \(size) but must be a number above 0 and up to 1000000000, in µm; or null", field: "pixelSizeUm")
            }
            change.pixelSizeSource = "hand"
            try await project.project.updateImage(image.id, change)
            project.pipeline.forget(image: image.id)
            try await project.measureAgain([image])
        }
        if !values.isEmpty { try await project.project.setMetadata(image.id, values, source: .hand, by: by) }
        project.publish(.images([image.id]))
        return .json(try await value(try await services.image(call, in: project), project))
    }

    @Sendable func file(_ call: Call) async throws -> Response {
        let project = try await services.open(call)
        let image = try await services.image(call, in: project)
        let file = try await services.work.run { try project.project.openOriginal(image) }
        let etag = "\"\(image.sha256)\""
        var headers = HTTPFields()
        headers[.eTag] = etag
        headers[.acceptRanges] = "bytes"
        headers[.cacheControl] = "private, no-cache"
        headers[.contentType] = "application/octet-stream"
        headers[.contentSecurityPolicy] = SecurityHeaders.filePolicy
        headers[.contentDisposition] = ContentDisposition.attachment(image.name.split(separator: "/").last.map(String.init) ?? image.name)
        if EntityTag.matches(etag, call.headers) { return Response(status: .notModified, headers: headers) }
        let ifRange = call.headers[HTTPField.Name("If-Range")!]
        let wanted = ifRange == nil || ifRange == etag ? ByteRange.parse(call.headers[.range], size: file.size) : .whole
        switch wanted {
        case .whole: return services.stream(file, 0..<file.size, status: .ok, headers: headers)
        case .part(let range):
            headers[.contentRange] = "bytes \(range.lowerBound)-\(range.upperBound - 1)/\(file.size)"
            return services.stream(file, range, status: .partialContent, headers: headers)
        case .outside:
            var problem = Problem(.rangeInvalid, "the range lies outside the file of \(file.size) bytes; ask for a part of it")
            problem.headers[.contentRange] = "bytes */\(file.size)"
            throw problem
        }
    }

    private func value(_ image: ImageRecord, _ project: OpenProject) async throws -> JSONValue {
        ImageJSON.value(
            image, metadata: try await project.project.metadata(image.id), rejects: try await project.project.rejectCounts(image: image.id),
            steps: try await project.project.stepCounts(image: image.id))
    }
}
