import Codecs
import Foundation
import Hummingbird
import Nodes
import Operations
import Pipeline
import Raster
import Store

/// The part of images that counts: drawn on one image, set for all in the pipeline, or found by itself.
struct AreaRoutes: RouteGroup {
    let services: Services

    static let area = Schema.object([
        "area": .anyObject.nullable.described("GeoJSON Polygon in image pixels, centres at whole numbers; null: the whole image."),
        "from": .choice(["image", "pipeline", "frame", "whole"]).described("Drawn on this image; set for all; found on each image by itself, which only area/find does; nothing is left out."),
        "shape?": .choice(FoundFrame.Shape.allCases.map(\.rawValue)).described("Of what was found by itself."),
    ])
    private static let polygon = Schema.anyObject.described("GeoJSON Polygon or MultiPolygon in image pixels.")
    private static let path = Route.project + "/blobs/{image}/area"

    var routes: [Route] {
        [
            Route(
                .get, Self.path, "The part of an image that counts.", answers: [.json(.ref("Area"), "As a run would take it now.")],
                problems: [.imageUnknown, .imageUnreadable, .graphInvalid]
            ) { call in
                let project = try await services.open(call)
                return .json(try await value(try await services.image(call, in: project), project))
            },
            Route(
                .put, Self.path, "Draws the area of one image; it goes before the pipeline's. The next run computes this image again.", body: .json(Self.polygon),
                answers: [.json(.ref("Area"), "As it is now.")], problems: ProblemCode.change + [.imageUnknown, .imageUnreadable, .graphInvalid], handle: draw),
            Route(
                .delete, Self.path, "Takes the image's own area away; the pipeline's counts again.", answers: [.json(.ref("Area"), "As it is now.")],
                problems: ProblemCode.change + [.imageUnknown, .imageUnreadable, .graphInvalid]
            ) { call in
                let project = try await services.open(call)
                return .json(try await change(try await services.image(call, in: project), area: nil, project, by: call.account?.user))
            },
            Route(
                .post, Self.path + "/find", "Looks for the rim of a tray or of a round field; stores nothing.",
                body: .json(.object([:]), optional: true),
                answers: [.json(.ref("Area"), "What was found; area null without a rim.")], problems: [.imageUnknown, .imageUnreadable], handle: find),
            Route(
                .put, Route.project + "/area",
                "Sets the area of all images in the pipeline: a GeoJSON Polygon, or method \"frame\" (found on each image by itself) or \"whole\". A pipeline without a Restrict area node gets one.",
                body: .json(.anyObject), answers: [.json(.ref("Graph"), "The pipeline as stored.")],
                problems: ProblemCode.change + [.graphInvalid]
            ) { call in
                let body = try call.json(JSONValue.self)
                try Self.checkMembers(body, with: ["method"])
                let config: [String: JSONValue]
                switch body["method"]?.stringValue {
                case "frame": config = ["method": "frame"]
                case "whole": config = [:]
                case let other?: throw Problem(.valueInvalid, "method is \"\(other.prefix(40))\" but must be frame or whole; or send a GeoJSON Polygon", field: "method")
                case nil:
                    let shape = try Self.shape(body)
                    config = ["method": "polygon", "outline": .string(String(decoding: shape.json.encoded(), as: UTF8.self))]
                }
                return try await setForAll(config, try await services.open(call))
            },
            Route(
                .delete, Route.project + "/area", "All images count whole again, but those with an area of their own.",
                answers: [.json(.ref("Graph"), "The pipeline as stored.")], problems: ProblemCode.change + [.graphInvalid]
            ) { call in
                let project = try await services.open(call)
                let graph = try await project.project.pipelineGraph()
                guard graph.nodes.contains(where: { $0.kind == RestrictAreaNode.kind }) else { return .json(try GraphRoutes.value(graph)) }
                return try await setForAll([:], project)
            },
        ]
    }

    @Sendable func draw(_ call: Call) async throws -> Response {
        let project = try await services.open(call)
        let image = try await services.image(call, in: project)
        let body = try call.json(JSONValue.self)
        try Self.checkMembers(body)
        let shape = try Self.shape(body)
        guard !shape.mask(in: image.frame).isEmpty else {
            throw Problem(.valueInvalid, "the area lies outside of the image of \(image.width) × \(image.height) pixels; draw it inside")
        }
        return .json(try await change(image, area: String(decoding: shape.json.encoded(), as: UTF8.self), project, by: call.account?.user))
    }

    @Sendable func find(_ call: Call) async throws -> Response {
        let project = try await services.open(call)
        let image = try await services.image(call, in: project)
        let plan = try await project.pipeline.plan()
        guard let found = try await frame(of: image, plan, project) else { return .json(["area": .null, "from": "whole"]) }
        return .json(["area": found.json, "from": "frame", "shape": .string(found.shape.rawValue)])
    }

    /// GeoJSON names these; `method` alone stands for an area that nobody draws.
    private static func checkMembers(_ body: JSONValue, with method: [String] = []) throws(Problem) {
        let members = body.objectValue ?? [:]
        let known = method + (members["method"] == nil || method.isEmpty ? ["type", "coordinates", "geometry", "properties", "id", "bbox", "crs"] : [])
        guard let unknown = members.keys.sorted().first(where: { !known.contains($0) }) else { return }
        throw Problem(
            .bodyInvalid, "the body has \"\(unknown.prefix(60))\", which this address does not know; \(known.joined(separator: ", ")) \(known.count == 1 ? "is" : "are") known", field: unknown)
    }

    private static func shape(_ body: JSONValue) throws -> AreaShape {
        // A Feature with the geometry inside is what many tools write.
        do { return try AreaShape(body["geometry"] ?? body) } catch { throw Problem(.valueInvalid, error.description, field: "coordinates") }
    }

    private func change(_ image: ImageRecord, area: String?, _ project: OpenProject, by: String?) async throws -> JSONValue {
        var change = ImageChange()
        change.area = .some(area)
        try await project.project.updateImage(image.id, change, by: by ?? "local")
        project.publish(.images([image.id]))
        guard let now = try await project.project.image(image.id) else { throw Problem.unknownImage(image.id) }
        return try await value(now, project)
    }

    private func setForAll(_ config: [String: JSONValue], _ project: OpenProject) async throws -> Response {
        let graph = try await project.project.pipelineGraph().restrictingArea(config)
        do { try await project.project.savePipelineGraph(graph) } catch let error as GraphError { throw Problem(error) }
        project.publish(.images([]))
        return .json(try GraphRoutes.value(try await project.project.pipelineGraph()))
    }

    private func value(_ image: ImageRecord, _ project: OpenProject) async throws -> JSONValue {
        let plan = try await project.pipeline.plan()
        let node = plan.steps.lazy.compactMap { $0.node as? RestrictAreaNode }.first
        if let drawn = image.area, let shape = try? AreaShape(text: drawn) { return ["area": shape.json, "from": "image"] }
        guard let node else { return ["area": .null, "from": "whole"] }
        switch node.method {
        case .whole: return ["area": .null, "from": "whole"]
        case .polygon:
            guard let shape = try? node.shape(drawn: nil) else { return ["area": .null, "from": "whole"] }
            return ["area": shape.json, "from": "pipeline"]
        case .rectangle:
            let box = node.box(in: image.frame)
            return ["area": AreaShape(box).json, "from": "pipeline"]
        case .frame: return ["area": .null, "from": "frame"]
        }
    }

    /// Decodes the image, unless its pixels are in memory from what was done before.
    private func frame(of image: ImageRecord, _ plan: Plan, _ project: OpenProject) async throws -> FoundFrame? {
        guard image.width > 0 else { throw Problem(.imageUnreadable, image.error ?? "\(image.name) cannot be read; import a good copy") }
        let (pipeline, context) = (project.pipeline, try await project.pipeline.context(of: image))
        return try await services.work.run {
            do {
                let feeder = plan.steps.first { $0.node is RestrictAreaNode }?.sources.values.joined().first
                    ?? plan.steps(.source).first.flatMap { step in step.nodeClass.outputs.first.map { Graph.End(step.name, $0.name) } }
                guard let feeder else { return RestrictAreaNode.frame(in: try pipeline.decode(image, context: context)) }
                switch try pipeline.values(of: image, wanted: [feeder], plan: plan, context: context)[feeder] {
                case let image as AnyImage: return RestrictAreaNode.frame(in: image)
                case let gray as GrayImage: return RestrictAreaNode.frame(in: gray.anyImage)
                default: return nil
                }
            } catch let error as CodecError { throw Problem(.imageUnreadable, "\(error)") }
        }
    }
}

extension FoundFrame {
    /// GeoJSON Polygon, to a hundredth of a pixel.
    var json: JSONValue {
        AreaShape(rings: [ring.map { Point(x: ($0.x * 100).rounded() / 100, y: ($0.y * 100).rounded() / 100) }]).json
    }
}
