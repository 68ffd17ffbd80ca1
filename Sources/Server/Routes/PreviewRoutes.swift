import Codecs
import Foundation
import Hummingbird
import Nodes
import Operations
import Pipeline
import Raster
import Store

/// What the pipeline would find, without storing anything.
///
/// Decoded and corrected pixels, masks and objects of the images last looked at stay in memory (`SlotCache`), so that a moved slider costs only
/// the nodes that depend on it.
struct PreviewRoutes: RouteGroup {
    let services: Services

    private struct Body: Decodable {
        struct Box: Decodable { var x: Int; var y: Int; var width: Int; var height: Int }
        var image: Int64
        var box: Box?
        var graph: Graph?
        /// Screen pixels across the box; a finer picture would only cost time.
        var width: Int?
        var rejects: Bool?
        /// `pictureKey` of the picture the caller has; empty when it wants one and has none.
        var picture: String?
    }

    /// Of larger images only the box is looked at, at full resolution, and at most so much of it.
    static let wholeImagePixels = 40_000_000
    static let partPixels = 16_000_000
    private static let mostHalo = 1000
    private static let longest = Duration.seconds(30)

    var routes: [Route] {
        [
            Route(
                .post, Route.project + "/preview",
                """
                Runs segmentation on the visible part of an image, by the stored or the given pipeline. Of images over 40 megapixels only the box is \
                looked at, at most 16 megapixels in its middle; levels then come from that part alone.
                """,
                body: .json(
                    .object([
                        "image": .integer, "box?": .ref("Box"), "graph?": .ref("Graph"),
                        "width?": .integer.described("Pixels across the box on the screen; pictures are made smaller by powers of two down to that."),
                        "rejects?": .boolean.described("Also what was dropped, by rule."),
                        "picture?": .string.described("The corrected picture too, unless its pictureKey is this one."),
                    ])),
                answers: [
                    .json(
                        .object([
                            "objects": .integer, "rejects": .map(.integer), "box": .ref("Box"), "png": .string.described("data: address of a 1-bit PNG of the box"),
                            "rejectPngs?": .map(.string), "areaPng?": .string.described("What lies outside of the restricted area."),
                            "picture?": .string.described("data: address of a JPEG of the box as the pipeline corrects it."), "pictureKey?": .string,
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
            guard wanted.width > 0, wanted.height > 0, [wanted.x, wanted.y, wanted.width, wanted.height].allSatisfy({ $0.magnitude < 1 << 31 }) else {
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
        guard let end = plan.regionEnds(of: image).first else {
            throw Problem(
                .graphInvalid,
                plan.regionEnds.isEmpty
                    ? "the pipeline makes no objects; add an Objects node and connect it" : "the pipeline makes no objects of images like \(image.name); choose another image",
                errors: [])
        }
        let isWhole = image.width * image.height <= Self.wholeImagePixels
        if !isWhole { box = Self.middle(of: box, pixels: Self.partPixels) }
        // A model's program may take as long as it likes; who looks does not wait for it, nor do other requests.
        let deadline = ContinuousClock.now + Self.longest
        var context = try await project.pipeline.context(of: image, isCancelled: { ContinuousClock.now > deadline })
        // With what lies around the box, so that averages at its edges are those of the whole image.
        let looked = isWhole ? image.frame : box.expanded(by: min(Self.mostHalo, plan.halo(upTo: end))).intersection(image.frame)
        context.source.part = isWhole ? nil : looked
        let (pipeline, start, part, source) = (project.pipeline, ContinuousClock.now, box, context)
        do {
            let answer = try await services.work.run { () throws -> JSONValue in
                let area = plan.steps.first { $0.node is RestrictAreaNode && $0.realm == image.realm }.map { Graph.End($0.name, RestrictAreaNode.area.name) }
                let picture = body.picture == nil ? nil : plan.correctedEnd(of: image)
                let wanted = Set([end, area, picture].compactMap(\.self))
                let values = try pipeline.values(of: image, wanted: wanted, plan: plan, context: source)
                guard let set = values[end] as? RegionSet else { throw Problem(.graphInvalid, "\(end) gives no objects; connect an Objects node", errors: []) }
                // Of a part, everything is in its own pixels.
                let view = Rect(x: part.x - looked.x, y: part.y - looked.y, width: part.width, height: part.height)
                let shift = body.width.map { width in (0..<12).last { view.width >> $0 >= max(1, width) } ?? 0 } ?? 0
                var found = 0
                var rejects: [String: Int] = [:]
                var layers: [String: BitRaster] = [:]
                func draw(_ mask: Mask, on layer: String) {
                    layers[layer, default: Self.raster(view, shift)].add(mask.clipped(to: view), shift: shift, origin: (view.x >> shift, view.y >> shift))
                }
                for segment in set.segments where segment.mask.bounds.intersects(view) {
                    if let rule = segment.rejectedBy { rejects[rule, default: 0] += 1 } else { found += 1 }
                    if segment.rejectedBy == nil || body.rejects == true { draw(segment.mask, on: segment.rejectedBy ?? "") }
                }
                func png(_ raster: BitRaster, _ color: UInt32) -> JSONValue {
                    .string("data:image/png;base64," + Data(MaskPNG.encode(raster, color: color)).base64EncodedString())
                }
                var answer: [String: JSONValue] = [
                    "objects": .integer(found), "rejects": .object(rejects.mapValues { .integer($0) }), "box": ObjectJSON.value(part),
                    "png": png(layers.removeValue(forKey: "") ?? Self.raster(view, shift), 0x0072B2), "wholeImage": .boolean(isWhole),
                ]
                if body.rejects == true {
                    answer["rejectPngs"] = .object(Dictionary(uniqueKeysWithValues: layers.map { ($0, png($1, Self.color(ofRule: $0))) }))
                }
                if let area, let inside = values[area] as? Mask, inside.area < inside.bounds.area {
                    var outside = Self.raster(view, shift)
                    outside.add(inside.clipped(to: view).inverted, shift: shift, origin: (view.x >> shift, view.y >> shift))
                    answer["areaPng"] = png(outside, 0x000000)
                }
                if let picture {
                    let key = pipeline.pictureKey(of: picture, image: image, plan: plan, box: part, shift: shift)
                    answer["pictureKey"] = .string(key)
                    if key != body.picture { answer["picture"] = try Self.jpeg(values[picture], view, shift) }
                }
                answer["seconds"] = .number(Double(start.duration(to: .now) / .milliseconds(1)).rounded() / 1000)
                return .object(answer)
            }
            return .json(answer)
        } catch let error as CodecError {
            throw Problem(.imageUnreadable, "\(error)")
        } catch let error as NotPrepared {
            throw Problem(.valueInvalid, error.description)
        } catch let error as NoPixelSize {
            throw Problem(.valueInvalid, error.description)
        } catch let error as AreaError {
            throw Problem(.valueInvalid, error.description)
        } catch let error as UnknownFilterColumn {
            throw Problem(.valueInvalid, error.description)
        } catch let error as ModelProgramError {
            throw Problem(.valueInvalid, error.description)
        } catch let error as ModelAnswerError {
            throw Problem(.valueInvalid, error.description)
        } catch is RunCancelled {
            throw Problem(.valueInvalid, "a preview by this pipeline takes longer than \(Self.longest.components.seconds) s; run the pipeline to see what it finds")
        }
    }

    /// A box of at most so many pixels about the same centre, in the same shape.
    private static func middle(of box: Rect, pixels: Int) -> Rect {
        guard box.area > pixels else { return box }
        let scale = (Double(pixels) / Double(box.area)).squareRoot()
        let (width, height) = (max(1, Int(Double(box.width) * scale)), max(1, Int(Double(box.height) * scale)))
        return Rect(x: box.x + (box.width - width) / 2, y: box.y + (box.height - height) / 2, width: width, height: height)
    }

    private static func raster(_ box: Rect, _ shift: Int) -> BitRaster {
        BitRaster(width: (box.maxX - 1) >> shift - box.x >> shift + 1, height: (box.maxY - 1) >> shift - box.y >> shift + 1)
    }

    /// Okabe–Ito, as in the legend of the page.
    private static func color(ofRule rule: String) -> UInt32 {
        switch RejectRule(rawValue: rule) {
        case .tooSmall: 0xE69F00
        case .tooLarge: 0xCC79A7
        case .touchesBorder: 0xD55E00
        case .nestedInside: 0x009E73
        case .notInner, nil: 0x999999
        }
    }

    private static func jpeg(_ value: (any SlotValue)?, _ box: Rect, _ shift: Int) throws -> JSONValue? {
        let pixels: AnyImage
        switch value {
        case let image as AnyImage: pixels = image
        case let gray as GrayImage: pixels = gray.anyImage
        default: return nil
        }
        let part = pixels.eightBit().cropped(to: box)
        let small = shift == 0 ? part : try part.resized(width: max(1, box.width >> shift), height: max(1, box.height >> shift))
        return .string("data:image/jpeg;base64," + Data(try JPEGWriter.encode(small, quality: 85)).base64EncodedString())
    }
}
