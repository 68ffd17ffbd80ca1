import Codecs
import Foundation
import Hummingbird
import Nodes
import Operations
import Pipeline
import Raster
import Store

/// What the pipeline would find, without storing anything.
struct PreviewRoutes: RouteGroup {
    let services: Services

    private struct Body: Decodable {
        struct Box: Decodable { var x: Int; var y: Int; var width: Int; var height: Int }
        var image: Int64
        var box: Box?
        var graph: Graph?
    }

    /// Larger images are cut to the box first, so that a preview stays quick; levels that look at the whole image then see only that.
    private static let wholeImagePixels = 40_000_000

    var routes: [Route] {
        [
            Route(
                .post, Route.project + "/preview",
                "Runs segmentation on the visible part of an image, by the stored or the given pipeline. Up to 40 megapixels levels come from the whole image.",
                body: .json(.object(["image": .integer, "box?": .ref("Box"), "graph?": .ref("Graph")])),
                answers: [
                    .json(
                        .object([
                            "objects": .integer, "rejects": .map(.integer), "box": .ref("Box"), "png": .string.described("data: address of a 1-bit PNG of the box"),
                            "wholeImage": .boolean, "seconds": .number,
                        ]), "What was found in the box.")
                ], problems: [.imageUnknown, .imageUnreadable, .graphInvalid, .valueInvalid], handle: preview)
        ]
    }

    @Sendable func preview(_ call: Call) async throws -> Response {
        let project = try await services.open(call)
        let body = try call.json(Body.self)
        guard let image = try await project.project.image(body.image), image.removedAt == nil else { throw Problem.unknownImage(body.image) }
        guard image.width > 0 else { throw Problem(.imageUnreadable, image.error ?? "\(image.name) cannot be read; import a good copy") }
        var box = image.frame
        if let wanted = body.box {
            guard wanted.width > 0, wanted.height > 0, [wanted.x, wanted.y, wanted.width, wanted.height].allSatisfy({ abs($0) < 1 << 31 }) else {
                throw Problem(.valueInvalid, "the box must be at least 1 × 1 pixel; give x, y, width and height in image pixels", field: "box")
            }
            box = Rect(x: wanted.x, y: wanted.y, width: wanted.width, height: wanted.height).intersection(image.frame)
            guard !box.isEmpty else {
                throw Problem(.valueInvalid, "the box lies outside the image of \(image.width) × \(image.height) pixels; move it inside", field: "box")
            }
        }
        let plan: Plan
        do {
            if let graph = body.graph { plan = try Plan(graph, classes: AllNodes.classes) } else { plan = try await project.pipeline.plan() }
        } catch let error as GraphError {
            throw Problem(error)
        }
        guard let end = plan.regionEnds.first else {
            throw Problem(.graphInvalid, "the pipeline makes no objects; add an Objects node and connect it", errors: [])
        }
        let context = try await project.pipeline.context(of: image)
        let (pipeline, start, part) = (project.pipeline, ContinuousClock.now, box)
        do {
            let answer = try await services.work.run { () throws -> JSONValue in
                let isWhole = image.width * image.height <= Self.wholeImagePixels
                let frame = isWhole ? image.frame : part
                var values: [Graph.End: any SlotValue] = [:]
                if isWhole {
                    values = try pipeline.values(of: image, wanted: [end], plan: plan, context: context)
                } else {
                    let pixels = try pipeline.decode(image, context: context).cropped(to: part)
                    var given: [Graph.End: any SlotValue] = [:]
                    for source in plan.steps where source.nodeClass.arity == .source {
                        for output in source.nodeClass.outputs { given[Graph.End(source.name, output.name)] = pixels }
                    }
                    values = try plan.run(context: context, given: given, wanted: [end])
                }
                guard let set = values[end] as? RegionSet else { throw Problem(.graphInvalid, "\(end) gives no objects; connect an Objects node", errors: []) }
                let (dx, dy) = (frame.x, frame.y)
                var rejects: [String: Int] = [:]
                var masks: [Mask] = []
                for segment in set.segments {
                    let mask = isWhole ? segment.mask : segment.mask.translated(x: dx, y: dy)
                    guard mask.bounds.intersects(part) else { continue }
                    if let rule = segment.rejectedBy { rejects[rule, default: 0] += 1 } else { masks.append(mask.clipped(to: part)) }
                }
                var union = BitRaster(width: part.width, height: part.height)
                for mask in masks { union.add(mask, shift: 0, origin: (part.x, part.y)) }
                let png = Data(MaskPNG.encode(union, color: 0x0072B2)).base64EncodedString()
                return [
                    "objects": .integer(masks.count), "rejects": .object(rejects.mapValues { .integer($0) }), "box": ObjectJSON.value(part),
                    "png": .string("data:image/png;base64," + png), "wholeImage": .boolean(isWhole),
                    "seconds": .number(Double(start.duration(to: .now) / .milliseconds(1)).rounded() / 1000),
                ]
            }
            return .json(answer)
        } catch let error as CodecError {
            throw Problem(.imageUnreadable, "\(error)")
        }
    }
}
