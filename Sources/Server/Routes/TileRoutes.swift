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
                ] + DisplayRequest.query,
                answers: [.bytes(["image/jpeg"], "The tile. Coarse and not to be kept while the pyramid is being made; event images tells when it is there."), .notModified],
                problems: [.imageUnknown, .imageUnreadable, .tileUnknown, .queryInvalid, .graphInvalid, .fileMissing],
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
            let (width, height) = source.layout.levels.last.map { ($0.width, $0.height) } ?? (1, 1)
            let histograms = try source.pixels(Rect(x: 0, y: 0, width: width, height: height), maxPixels: 1 << 18).map(ChannelHistogram.all) ?? []
            let low = histograms.map(\.auto.lowerBound).min() ?? 0
            window = Double(low)...Double(max(low + 1, histograms.map(\.auto.upperBound).max() ?? 65_535))
        }
        let display = wanted.display(neutral: window)
        let isPlain = pixels.bitsPerSample == 8 && display == Display(window: 0...255)
        return try JPEGWriter.encode(isPlain ? pixels : display.rendered(pixels), quality: 88)
    }
}
