import Codecs
import HTTPTypes
import Hummingbird
import NIOCore
import Pipeline
import Pyramid
import Raster
import Store

/// Tiles of images.
struct TileRoutes: RouteGroup {
    let services: Services

    enum Layer: String, CaseIterable { case original, corrected }

    private static let image = Route.project + "/blobs/{image}"
    /// Where tiles are; `TileHandler` answers most of them before they get here.
    static let path = image + "/tiles/{z}/{x}/{y}"

    var routes: [Route] {
        return [
            Route(
                .get, Self.path, "A tile of 512 × 512 pixels, smaller at the right and lower edge. z = 0 is the whole image; .jpg may follow y.",
                query: [
                    .init(name: "layer", schema: .choice(Layer.allCases.map(\.rawValue)), help: "The image as stored, or as the pipeline corrects it."),
                    .init(name: "v", schema: .string, help: "The image's uid; such an address may be cached for good."),
                ],
                answers: [.bytes(["image/jpeg"], "The tile."), .notModified], problems: [.imageUnknown, .imageUnreadable, .tileUnknown, .queryInvalid, .graphInvalid, .fileMissing],
                isQuiet: true
            ) { call in
                let project = try await services.open(call)
                return try await tile(call, project: project, z: try Self.index("z", call), x: try Self.index("x", call), y: try Self.index("y", call, ending: ".jpg"))
            },
        ]
    }

    /// - Parameter ending: what may follow the number, as programs that speak XYZ write it.
    static func index(_ name: String, _ call: Call, ending: String = "") throws(Problem) -> Int {
        let whole = call.parameter(name)
        let text = !ending.isEmpty && whole.hasSuffix(ending) ? String(whole.dropLast(ending.count)) : whole
        guard text.utf8.count <= 9, let value = Int(text), value >= 0, String(value) == text else {
            throw Problem(.tileUnknown, "\(name) is \"\(text.prefix(20))\" but must be a whole number; tiles are numbered from 0")
        }
        return value
    }

    func tile(_ call: Call, project: OpenProject, z: Int, x: Int, y: Int) async throws -> Response {
        let id = try call.id("image", unknown: .imageUnknown, what: "Image")
        let layer = try call.choice("layer", Layer.self) ?? .original
        let pyramid = layer == .original ? try await project.pyramids.file(of: id) : try await project.pyramids.correctedFile(of: id)
        guard pyramid.tileRange(z: z, x: x, y: y) != nil else {
            throw Problem(.tileUnknown, "image \(id) has no tile \(z)/\(x)/\(y); it has \(pyramid.levels) levels of \(pyramid.width) × \(pyramid.height) pixels")
        }
        let etag = pyramid.entityTag(z: z, x: x, y: y)
        var headers = HTTPFields()
        headers[.eTag] = etag
        headers[.cacheControl] = pyramid.caching(name: call.target.query["v"].map { Substring($0) })
        if EntityTag.matches(etag, call.headers) { return Response(status: .notModified, headers: headers) }
        headers[.contentType] = "image/jpeg"
        do {
            let bytes = try await services.work.run { try pyramid.tile(z: z, x: x, y: y) } ?? []
            return Response(status: .ok, headers: headers, body: ResponseBody(byteBuffer: ByteBuffer(bytes: bytes)))
        } catch let error as PyramidError {
            // Perhaps the stick was pulled; the next request opens the file anew.
            project.pyramids.forget(id)
            throw Problem(.fileMissing, "\(error)")
        }
    }

    static func color(_ call: Call) throws(Problem) -> UInt32? {
        guard let text = call.target.query["color"], !text.isEmpty else { return nil }
        let digits = text.hasPrefix("#") ? String(text.dropFirst()) : text
        guard digits.utf8.count == 6, !digits.hasPrefix("+"), !digits.hasPrefix("-"), let color = UInt32(digits, radix: 16) else {
            throw Problem(.queryInvalid, "color is \"\(text.prefix(20))\" but must be six hexadecimal digits, for example 0072B2", field: "color")
        }
        return color
    }
}
