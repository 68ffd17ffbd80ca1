import Codecs
import HTTPTypes
import Hummingbird
import NIOCore
import Operations
import Pipeline
import Pyramid
import Raster

/// The pyramid of an image by the IIIF Image API 3.0, compliance level 2 but for CORS, which would let other pages read what is private.
struct IIIFRoutes: RouteGroup {
    let services: Services

    var routes: [Route] {
        let image = Route.project + "/iiif/{image}"
        let problems: [ProblemCode] = [.imageUnknown, .imageUnreadable, .fileMissing]
        return [
            Route(
                .get, image, "Leads to the description of the image.",
                answers: [.empty("See info.json.", status: .seeOther, headers: ["Location"])], problems: problems
            ) { call in
                _ = try await services.pyramid(call)
                return .empty(status: .seeOther, headers: [.location: Self.address(call) + "/info.json"])
            },
            Route(
                .get, image + "/info.json", "IIIF description of the image.", answers: [.json(Schema(json: ["type": "object"]), "The description.")],
                problems: problems, handle: info),
            Route(
                .get, image + "/{region}/{size}/{rotation}/{file}", "A part of the image at any size, turned by quarters.",
                answers: [.bytes(["image/jpeg", "image/png"], "The picture."), .notModified], problems: problems + [.iiifInvalid, .iiifUnsupported], isQuiet: true,
                handle: picture),
        ]
    }

    static func address(_ call: Call) -> String {
        "http://\(call.request.head.authority ?? "localhost")/" + call.target.segments.prefix(6).joined(separator: "/")
    }

    static let profile = "<http://iiif.io/api/image/3/level2.json>;rel=\"profile\""

    @Sendable func info(_ call: Call) async throws -> Response { Self.description(call, layout: try await services.pyramid(call).layout) }

    /// `info.json` of whatever has these levels.
    static func description(_ call: Call, layout: PyramidLayout) -> Response {
        let native = layout.levels[layout.levels.count - 1]
        let sizes = layout.levels.filter { $0.width * $0.height <= IIIFRequest.maxArea && max($0.width, $0.height) <= IIIFRequest.maxSide }
        let value: JSONValue = [
            "@context": "http://iiif.io/api/image/3/context.json", "id": .string(address(call)), "type": "ImageService3",
            "protocol": "http://iiif.io/api/image", "profile": "level2", "width": .integer(native.width), "height": .integer(native.height),
            "maxArea": .integer(IIIFRequest.maxArea), "maxWidth": .integer(IIIFRequest.maxSide), "maxHeight": .integer(IIIFRequest.maxSide),
            "sizes": .array(sizes.map { ["width": .integer($0.width), "height": .integer($0.height)] }),
            "tiles": [["width": .integer(layout.tileSize), "scaleFactors": .array(layout.levels.indices.map { .integer(1 << $0) })]],
            "extraFormats": ["jpg", "png"], "extraQualities": ["color", "gray", "bitonal"],
            "extraFeatures": ["mirroring", "profileLinkHeader", "regionSquare", "sizeUpscaling"],
        ]
        var headers: HTTPFields = [.link: profile, .vary: "Accept"]
        headers[.contentType] = "application/json"
        var response = Response.json(value, headers: headers)
        if call.headers[.accept]?.contains("application/ld+json") == true {
            response.headers[.contentType] = "application/ld+json;profile=\"http://iiif.io/api/image/3/context.json\""
        }
        return response
    }

    @Sendable func picture(_ call: Call) async throws -> Response {
        let pyramid = try await services.pyramid(call)
        let wanted = try IIIFRequest(
            region: call.parameter("region"), size: call.parameter("size"), rotation: call.parameter("rotation"), file: call.parameter("file"),
            width: pyramid.width, height: pyramid.height)
        let etag = "\"\(pyramid.name)-\(pyramid.byteCount)-\(call.target.segments.suffix(4).joined(separator: "-").filter { $0.isASCII && $0 != "\"" })\""
        let type = wanted.format == .jpg ? "image/jpeg" : "image/png"
        if EntityTag.matches(etag, call.headers) { return .bytes([], type: type, etag: etag, cache: "no-cache", call: call) }
        let bytes = try await services.work.run { try Self.encoded(wanted, pyramid) }
        var response = Response.bytes(bytes, type: type, etag: etag, cache: "no-cache", call: call)
        response.headers[.link] = Self.profile
        return response
    }

    private static func encoded(_ wanted: IIIFRequest, _ pyramid: PyramidFile) throws -> [UInt8] {
        if let stored = try storedTile(wanted, pyramid) { return stored }
        var image = try pyramid.region(wanted.region, width: wanted.width, height: wanted.height)
        switch wanted.quality {
        case .default, .color: break
        case .gray: image = .gray8(image.gray8())
        case .bitonal:
            let gray = image.gray8()
            let level = try gray.otsuLevel()
            image = .gray8(gray.mapped { $0 > level ? 255 : 0 })
        }
        // Mirrored left to right, then turned clockwise, as the orientations of EXIF do.
        image = image.oriented(wanted.isMirrored ? [2, 7, 4, 5][wanted.quarterTurns] : [1, 6, 3, 8][wanted.quarterTurns])
        return wanted.format == .jpg ? try JPEGWriter.encode(image, quality: 90) : try PNGWriter.encode(image)
    }

    /// The tile as it lies in the file, where the request asks for exactly one.
    private static func storedTile(_ wanted: IIIFRequest, _ pyramid: PyramidFile) throws -> [UInt8]? {
        guard wanted.format == .jpg, wanted.quality == .default || wanted.quality == .color, !wanted.isMirrored, wanted.quarterTurns == 0 else { return nil }
        for z in 0..<pyramid.levels {
            let unit = pyramid.tileSize << (pyramid.levels - 1 - z)
            let (x, y) = (wanted.region.x / unit, wanted.region.y / unit)
            guard wanted.region.x == x * unit, wanted.region.y == y * unit, let size = pyramid.layout.tile(z: z, x: x, y: y),
                size == (wanted.width, wanted.height), wanted.region.maxX == min(pyramid.width, (x + 1) * unit),
                wanted.region.maxY == min(pyramid.height, (y + 1) * unit)
            else { continue }
            return try pyramid.tile(z: z, x: x, y: y)
        }
        return nil
    }
}

extension Services {
    /// The pyramid of the address's image.
    func pyramid(_ call: Call) async throws -> PyramidFile {
        let project = try await open(call)
        return try await project.pyramids.file(of: try call.id("image", unknown: .imageUnknown, what: "Image"))
    }
}

extension HTTPField.Name {
    static let link = Self("Link")!
}
