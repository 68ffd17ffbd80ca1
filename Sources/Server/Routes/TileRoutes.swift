import Codecs
import HTTPTypes
import Hummingbird
import NIOCore
import Pipeline
import Pyramid
import Raster
import Store

/// What the viewer shows: tiles of images and of the masks above them.
struct TileRoutes: RouteGroup {
    let services: Services

    enum Style: String, CaseIterable { case fill, outline }
    enum Kind: String, CaseIterable { case region, reject }
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
                ] + DisplayRequest.query,
                answers: [.bytes(["image/jpeg"], "The tile. Coarse and not to be kept while the pyramid is being made; event images tells when it is there."), .notModified],
                problems: [.imageUnknown, .imageUnreadable, .tileUnknown, .queryInvalid, .graphInvalid, .fileMissing],
                isQuiet: true
            ) { call in
                let project = try await services.open(call)
                return try await tile(call, project: project, z: try Self.index("z", call), x: try Self.index("x", call), y: try Self.index("y", call, ending: ".jpg"))
            },
            Route(
                .get, Self.image + "/overlay/{z}/{x}/{y}.png", "All objects of a tile as one 1-bit PNG, transparent where there is none.",
                query: [
                    .init(name: "color", schema: .string, help: "RRGGBB; 0072B2."),
                    .init(name: "style", schema: .choice(Style.allCases.map(\.rawValue)), help: "fill, or outline."),
                    .init(name: "width", schema: .integer, help: "Of outlines, 1 to 8 tile pixels; 1."),
                    .init(name: "kind", schema: .choice(Kind.allCases.map(\.rawValue)), help: "Objects, or what was dropped."),
                    .init(name: "revision", schema: .integer, help: "The image's; makes addresses new when objects change."),
                    .init(name: "v", schema: .string, help: "The image's uid; with it and the revision an address may be cached for good."),
                ],
                answers: [.bytes(["image/png"], "The tile."), .notModified], problems: [.imageUnknown, .imageUnreadable, .tileUnknown, .queryInvalid],
                isQuiet: true, handle: overlay),
        ]
    }

    /// - Parameter ending: what may follow the number, as programs that speak XYZ write it.
    private static func index(_ name: String, _ call: Call, ending: String = "") throws(Problem) -> Int {
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
        let display = try DisplayRequest(call)
        let shown: Pyramids.Shown
        if layer == .corrected {
            shown = .file(try await project.pyramids.correctedFile(of: id))
        } else if display.needsDepth, let image = try await project.project.image(id), image.removedAt == nil, image.bits == 16 {
            shown = try await project.pyramids.shownDeep(of: id)
        } else {
            shown = try await project.pyramids.shown(of: id)
        }
        let source = shown.source
        guard source.layout.tile(z: z, x: x, y: y) != nil else {
            let native = source.layout.levels[source.layout.levels.count - 1]
            throw Problem(.tileUnknown, "image \(id) has no tile \(z)/\(x)/\(y); it has \(source.layout.levels.count) levels of \(native.width) × \(native.height) pixels")
        }
        var headers = HTTPFields()
        if case .file(let pyramid) = shown {
            let etag = display.isNeutral ? pyramid.entityTag(z: z, x: x, y: y) : pyramid.entityTag(z: z, x: x, y: y).dropLast() + "-\(display.tag)\""
            headers[.eTag] = String(etag)
            headers[.cacheControl] = pyramid.caching(name: call.target.query["v"].map { Substring($0) })
            if EntityTag.matches(String(etag), call.headers) { return Response(status: .notModified, headers: headers) }
        } else {
            headers[.cacheControl] = "no-store"
        }
        headers[.contentType] = "image/jpeg"
        do {
            let bytes = try await services.work.run {
                if case .file(let pyramid) = shown, display.isNeutral { return try pyramid.tile(z: z, x: x, y: y) ?? [] }
                return try Self.rendered(source, display, z: z, x: x, y: y)
            }
            return Response(status: .ok, headers: headers, body: ResponseBody(byteBuffer: ByteBuffer(bytes: bytes)))
        } catch let error as PyramidError {
            // Perhaps the stick was pulled; the next request opens the file anew.
            project.pyramids.forget(id)
            throw Problem(.fileMissing, "\(error)")
        }
    }

    private static func rendered(_ source: any TileSource, _ wanted: DisplayRequest, z: Int, x: Int, y: Int) throws -> [UInt8] {
        guard let pixels = try source.pixels(z: z, x: x, y: y) else {
            // A turned picture shows nothing before all of it was read.
            let size = source.layout.tile(z: z, x: x, y: y) ?? (width: 1, height: 1)
            return try JPEGWriter.encode(.gray8(Image(width: size.width, height: size.height, repeating: 128)), quality: 50)
        }
        var window = 0.0...255.0
        if pixels.bitsPerSample == 16 {
            // As the pyramid will show it.
            let histograms = try source.pixels(Rect(x: 0, y: 0, width: source.layout.levels.last?.width ?? 1, height: source.layout.levels.last?.height ?? 1), maxPixels: 1 << 18).map(ChannelHistogram.all) ?? []
            let low = histograms.map(\.auto.lowerBound).min() ?? 0
            window = Double(low)...Double(max(low + 1, histograms.map(\.auto.upperBound).max() ?? 65_535))
        }
        let display = wanted.display(neutral: window)
        let isPlain = pixels.bitsPerSample == 8 && display == Display(window: 0...255)
        return try JPEGWriter.encode(isPlain ? pixels : display.rendered(pixels), quality: 88)
    }

    @Sendable func overlay(_ call: Call) async throws -> Response {
        let project = try await services.open(call)
        let id = try call.id("image", unknown: .imageUnknown, what: "Image")
        let (z, x, y) = (try Self.index("z", call), try Self.index("x", call), try Self.index("y", call))
        let color = try Self.color(call) ?? 0x0072B2
        let style = try call.choice("style", Style.self) ?? .fill
        let width = try call.integer("width", in: 1...8) ?? 1
        let kind: ObjectKind = try call.choice("kind", Kind.self) == .reject ? .reject : .region
        guard let image = try await project.project.image(id), image.removedAt == nil else { throw Problem.unknownImage(id) }
        guard image.width > 0 else { throw Problem(.imageUnreadable, image.error ?? "\(image.name) cannot be read; import a good copy") }
        let layout = PyramidLayout(width: image.width, height: image.height, tileSize: ImageJSON.tileSize)
        guard let region = OverlayTile.region(layout, z: z, x: x, y: y, margin: style == .outline ? width + 1 : 0) else {
            throw Problem(.tileUnknown, "image \(id) has no tile \(z)/\(x)/\(y); it has \(layout.levels.count) levels")
        }
        let key = "\(image.uid)-\(image.revision)-\(z)-\(x)-\(y)-\(style.rawValue)\(width)-\(kind.rawValue)-\(color)"
        // With the image's identity and its present revision in the address a tile never changes.
        let isCurrent = call.target.query["revision"] == "\(image.revision)" && call.target.query["v"] == image.uid
        var headers = HTTPFields()
        headers[.eTag] = "\"\(key)\""
        headers[.cacheControl] = isCurrent ? "private, max-age=31536000, immutable" : "no-cache"
        if EntityTag.matches("\"\(key)\"", call.headers) { return Response(status: .notModified, headers: headers) }
        headers[.contentType] = "image/png"
        let png: [UInt8]
        if let known = project.overlays[key] {
            png = known
        } else {
            let masks = try await project.project.masks(image: id, box: region, kind: kind)
            png = try await services.work.run {
                OverlayTile.png(
                    try masks.map { try $0.decoded() }, layout: layout, z: z, x: x, y: y, style: style == .fill ? .fill : .outline(width: width),
                    color: color) ?? []
            }
            project.overlays.insert(png, for: key)
        }
        return Response(status: .ok, headers: headers, body: ResponseBody(byteBuffer: ByteBuffer(bytes: png)))
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
