import Codecs
import Hummingbird
import Pipeline
import Pyramid
import Raster
import Store

/// Values of an image's pixels: their distribution, and single ones.
struct PixelRoutes: RouteGroup {
    let services: Services

    /// Of the side of a part whose values are listed.
    private static let maxSide = 33
    /// Pixels that are counted; of larger parts, means of squares.
    private static let maxCounted = 4_000_000

    var routes: [Route] {
        let image = Route.project + "/blobs/{image}"
        let box: [Route.Query] = [
            .init(name: "x", schema: .integer, help: "Left edge in pixels; 0."), .init(name: "y", schema: .integer, help: "Upper edge; 0."),
            .init(name: "width", schema: .integer, help: "All of it when left out."), .init(name: "height", schema: .integer, help: "All of it when left out."),
        ]
        let channel = Schema.object([
            "name": .string, "low": .integer, "high": .integer, "counts": .array(.integer), "auto": .object(["min": .integer, "max": .integer]),
        ])
        return [
            Route(
                .get, image + "/histogram", "How values are distributed in a part of the image; of parts above 4 million pixels, their means over squares.", query: box,
                answers: [.json(.object(["bits": .integer, "channels": .array(channel)]), "256 counts a channel: of 0 ... 255, or, of 16 bits, of low ... high.")],
                problems: [.imageUnknown, .imageUnreadable, .queryInvalid, .valueInvalid], isQuiet: true, handle: histogram),
            Route(
                .get, image + "/pixels", "Values of the original's pixels in a part of at most 33 × 33.", query: box,
                answers: [
                    .json(
                        .object([
                            "x": .integer, "y": .integer, "width": .integer, "height": .integer, "channels": .array(.string),
                            "values": .array(.array(.array(.integer))),
                        ]), "For each channel its rows. The part is cut to the image.")
                ],
                problems: [.imageUnknown, .imageUnreadable, .queryInvalid, .valueInvalid, .fileMissing], isQuiet: true, handle: pixels),
        ]
    }

    @Sendable func histogram(_ call: Call) async throws -> Response {
        let project = try await services.open(call)
        let image = try await readable(call, project)
        let box = try Self.box(call, image)
        let source = (image.bits == 16 ? try await project.pyramids.shownDeep(of: image.id) : try await project.pyramids.shown(of: image.id)).source
        let histograms = try await services.work.run { try source.pixels(box, maxPixels: Self.maxCounted).map(ChannelHistogram.all) ?? [] }
        return .json([
            "bits": .integer(image.bits),
            "channels": .array(
                histograms.map { channel in
                    [
                        "name": .string(channel.name), "low": .integer(channel.low), "high": .integer(channel.high),
                        "counts": .array(channel.counts.map { .integer($0) }),
                        "auto": ["min": .integer(channel.auto.lowerBound), "max": .integer(channel.auto.upperBound)],
                    ]
                }),
        ])
    }

    @Sendable func pixels(_ call: Call) async throws -> Response {
        let project = try await services.open(call)
        let image = try await readable(call, project)
        let box = try Self.box(call, image)
        guard box.width <= Self.maxSide, box.height <= Self.maxSide else {
            throw Problem(.valueInvalid, "the part has \(box.width) × \(box.height) pixels; ask for at most 33 × 33", field: "width")
        }
        let values = try await project.originals.pixels(of: image, in: box)
        return .json([
            "x": .integer(box.x), "y": .integer(box.y), "width": .integer(box.width), "height": .integer(box.height),
            "channels": .array((values.count == 1 ? ["gray"] : ["red", "green", "blue"]).map { .string($0) }),
            "values": .array(values.map { channel in .array((0..<box.height).map { y in .array(channel[(y * box.width)..<((y + 1) * box.width)].map { .integer($0) }) }) }),
        ])
    }

    private func readable(_ call: Call, _ project: OpenProject) async throws -> ImageRecord {
        let image = try await services.image(call, in: project)
        guard image.width > 0 else { throw Problem(.imageUnreadable, image.error ?? "\(image.name) cannot be read; import a good copy") }
        return image
    }

    /// The part that is asked for, cut to the image.
    private static func box(_ call: Call, _ image: ImageRecord) throws(Problem) -> Rect {
        let most = 1 << 24
        let (x, y) = (try call.integer("x", in: -most...most) ?? 0, try call.integer("y", in: -most...most) ?? 0)
        let (width, height) = (try call.integer("width", in: 1...most) ?? most, try call.integer("height", in: 1...most) ?? most)
        let box = Rect(x: x, y: y, width: width, height: height).intersection(image.frame)
        guard !box.isEmpty else {
            throw Problem(.valueInvalid, "the part lies outside of the image of \(image.width) × \(image.height) pixels; move it inside", field: "x")
        }
        return box
    }
}
