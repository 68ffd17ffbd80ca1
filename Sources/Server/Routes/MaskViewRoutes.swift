import Codecs
import HTTPTypes
import Hummingbird
import NIOCore
import Pipeline
import Pyramid
import Raster
import Store

/// The objects of an image as pictures in the addresses of Deep Zoom and of the IIIF Image API 3.0, for programs that know nothing of objects. XYZ
/// is the overlay's own address. The query chooses and colours objects as for overlay tiles.
struct MaskViewRoutes: RouteGroup {
    let services: Services

    var routes: [Route] {
        let blob = Route.project + "/blobs/{image}"
        let image = Route.project + "/iiif/{image}-masks"
        let problems: [ProblemCode] = [.imageUnknown, .imageUnreadable, .queryInvalid, .valueInvalid]
        return [
            Route(
                .get, blob + "/overlay.dzi", "Deep Zoom description of the image's objects.", query: OverlayRoutes.look,
                answers: [.bytes(["application/xml"], "The description.")], problems: problems
            ) { call in
                let (present, _) = try await objects(call)
                let native = present.layout.levels[present.layout.levels.count - 1]
                let xml = DeepZoomRoutes.description(format: "png", tileSize: present.layout.tileSize, width: native.width, height: native.height)
                return Response.bytes(Array(xml.utf8), type: "application/xml", etag: "\"\(present.uid)-masks-dzi\"", cache: "no-cache", call: call)
            },
            Route(
                .get, blob + "/overlay_files/{level}/{tile}.png", "A tile of the objects by Deep Zoom's numbers, column_row; level 0 is one pixel.",
                query: OverlayRoutes.look, answers: [.bytes(["image/png"], "The tile."), .notModified], problems: problems + [.tileUnknown], isQuiet: true,
                handle: tile),
            Route(
                .get, image, "Leads to the description of the image's objects as a picture.",
                answers: [.empty("See info.json.", status: .seeOther, headers: ["Location"])], problems: problems
            ) { call in
                _ = try await objects(call)
                return .empty(status: .seeOther, headers: [.location: IIIFRoutes.address(call) + "/info.json"])
            },
            Route(
                .get, image + "/info.json", "IIIF description of the image's objects as a picture.",
                answers: [.json(Schema(json: ["type": "object"]), "The description.")], problems: problems
            ) { call in
                let (present, _) = try await objects(call)
                return IIIFRoutes.description(call, layout: present.layout)
            },
            Route(
                .get, image + "/{region}/{size}/{rotation}/{file}",
                "A part of the objects at any size: in colour on a transparent ground (PNG) or on white (JPEG); gray and bitonal: white on black.",
                query: OverlayRoutes.look, answers: [.bytes(["image/jpeg", "image/png"], "The picture."), .notModified],
                problems: problems + [.iiifInvalid, .iiifUnsupported], isQuiet: true, handle: picture),
        ]
    }

    /// The image's objects now, and those that the query asks for.
    private func objects(_ call: Call) async throws -> (ObjectMaps.Snapshot, ObjectID) {
        let id = try call.id("image", unknown: .imageUnknown, what: "Image")
        guard let present = try await services.open(call).objects.objects(of: id) else {
            throw Problem(.valueInvalid, "the objects of image \(id) are too many for this view; take overlay tiles")
        }
        return (present, id)
    }

    @Sendable func tile(_ call: Call) async throws -> Response {
        let project = try await services.open(call)
        let (present, id) = try await objects(call)
        let native = present.layout.levels[present.layout.levels.count - 1]
        let (steps, x, y) = try DeepZoomRoutes.place(call, width: native.width, height: native.height)
        let z = present.layout.levels.count - 1 - steps
        let look = try OverlayRoutes.Look(call)
        if z >= 0 { return try await OverlayRoutes(services: services).picture(call, project: project, image: id, look: look, z: z, x: x, y: y) }
        guard x == 0, y == 0 else { throw Problem(.tileUnknown, "the level has one tile, 0_0") }
        // Levels smaller than one tile.
        let unit = 1 << steps
        let whole = Rect(x: 0, y: 0, width: native.width, height: native.height)
        return try await drawn(call, project, present, id, look, type: "image/png") { map, look in
            MaskPNG.encode(
                map.picture(look.filter, part: whole, width: (native.width + unit - 1) / unit, height: (native.height + unit - 1) / unit, style: look.style),
                color: look.color)
        }
    }

    @Sendable func picture(_ call: Call) async throws -> Response {
        let project = try await services.open(call)
        let (present, id) = try await objects(call)
        let native = present.layout.levels[present.layout.levels.count - 1]
        let wanted = try IIIFRequest(
            region: call.parameter("region"), size: call.parameter("size"), rotation: call.parameter("rotation"), file: call.parameter("file"),
            width: native.width, height: native.height)
        var response = try await drawn(call, project, present, id, try OverlayRoutes.Look(call), type: wanted.format == .jpg ? "image/jpeg" : "image/png") { map, look in
            try Self.encoded(wanted, map.picture(look.filter, part: wanted.region, width: wanted.width, height: wanted.height, style: look.style), color: look.color)
        }
        response.headers[.link] = IIIFRoutes.profile
        return response
    }

    /// Draws and caches by address; the entity tag changes with the objects.
    private func drawn(
        _ call: Call, _ project: OpenProject, _ present: ObjectMaps.Snapshot, _ id: ObjectID, _ look: OverlayRoutes.Look, type: String,
        _ body: @escaping @Sendable (ObjectMap, OverlayRoutes.Look) throws -> [UInt8]
    ) async throws -> Response {
        var look = look
        try await look.resolve(project, image: id)
        let state = look.stamp(present.revision)
        let etag = "\"\(present.uid)-\(state)-\(look.key)-\(call.target.segments.suffix(4).joined(separator: "-").filter { $0.isASCII && $0 != "\"" })\""
        if EntityTag.matches(etag, call.headers) { return .bytes([], type: type, etag: etag, cache: "no-cache", call: call) }
        let map: ObjectMap
        if let state = look.state { map = try await project.objects.objects(of: id, after: state) } else { map = present.map }
        let final = look
        let bytes = try await services.work.run { try body(map, final) }
        return .bytes(bytes, type: type, etag: etag, cache: "no-cache", call: call)
    }

    private static func encoded(_ wanted: IIIFRequest, _ drawn: BitRaster, color: UInt32) throws -> [UInt8] {
        let orientation = wanted.isMirrored ? [2, 7, 4, 5][wanted.quarterTurns] : [1, 6, 3, 8][wanted.quarterTurns]
        let isColored = wanted.quality == .default || wanted.quality == .color
        if orientation == 1, isColored, wanted.format == .png { return MaskPNG.encode(drawn, color: color) }
        var pixels = Image<UInt8>(width: drawn.width, height: drawn.height, repeating: 0)
        pixels.withMutableBuffer { pixels in
            for run in drawn.mask().runs {
                for x in Int(run.first)...Int(run.last) { pixels[Int(run.y) * drawn.width + x] = 255 }
            }
        }
        pixels = pixels.oriented(orientation)
        guard isColored else {
            return wanted.format == .jpg ? try JPEGWriter.encode(.gray8(pixels), quality: 90) : try PNGWriter.encode(.gray8(pixels))
        }
        let foreground = BGR<UInt8>(blue: UInt8(color & 255), green: UInt8(color >> 8 & 255), red: UInt8(color >> 16 & 255))
        guard wanted.format == .jpg else {
            var turned = BitRaster(width: pixels.width, height: pixels.height)
            pixels.withBuffer { pixels in
                for y in 0..<turned.height {
                    for x in 0..<turned.width where pixels[y * turned.width + x] != 0 { turned.words[y * turned.wordsPerRow + x >> 6] |= 1 << UInt64(63 - x & 63) }
                }
            }
            return MaskPNG.encode(turned, color: color)
        }
        let white = BGR<UInt8>(blue: 255, green: 255, red: 255)
        return try JPEGWriter.encode(.color8(Image(width: pixels.width, height: pixels.height, pixels: pixels.withBuffer { $0.map { $0 == 0 ? white : foreground } })), quality: 90)
    }
}
