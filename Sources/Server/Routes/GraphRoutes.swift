import Foundation
import HTTPTypes
import Hummingbird
import Nodes
import Pipeline
import Store

/// Node classes, and the pipeline of a project.
struct GraphRoutes: RouteGroup {
    let services: Services

    static let graph = Schema.object([
        "nodes": .array(.object(["name": .string, "kind": .string, "config?": .anyObject])),
        "edges": .array(.object(["from": .string.described("node.slot"), "to": .string])),
    ])

    var routes: [Route] {
        [
            Route(
                .get, "/api/nodes", "Node classes with slots, parameters and the JSON Schema of their configuration.",
                answers: [.json(.object(["nodes": .array(.anyObject)]), "In the order in which lists show them.")]
            ) { _ in .json(["nodes": .array(AllNodes.classes.map(\.json))]) },
            Route(
                .get, "/api/presets", "Pipelines to start from.",
                answers: [.json(.object(["presets": .array(.object(["name": .string, "title": .string, "help": .string, "graph": .ref("Graph")]))]), "Pipelines.")]
            ) { _ in .json(["presets": try presets()]) },
            Route(.get, Route.project + "/graph", "The project's pipeline, as in pipeline.json.", answers: [.json(.ref("Graph"), "The pipeline.")]) { call in
                .json(try Self.value(try await services.open(call).project.pipelineGraph()))
            },
            Route(
                .put, Route.project + "/graph", "Checks and stores the pipeline.", body: .json(.ref("Graph")),
                answers: [.json(.ref("Graph"), "As stored.")], problems: ProblemCode.change + [.graphInvalid], handle: save),
        ]
    }

    @Sendable func save(_ call: Call) async throws -> Response {
        let project = try await services.open(call)
        let graph = try call.json(Graph.self)
        let before = try await project.project.pipelineGraph()
        do {
            try await project.project.savePipelineGraph(graph)
        } catch let error as GraphError {
            throw Problem(error)
        }
        // At once, so that scale bars and µm do not wait for the next run.
        if graph.pixelSizes != before.pixelSizes { try await project.calibrate() }
        return .json(try Self.value(try await project.project.pipelineGraph()))
    }

    private func presets() throws -> JSONValue {
        .array(try Preset.all.map { ["name": .string($0.name), "title": .string($0.title), "help": .string($0.help), "graph": try Self.value($0.graph)] })
    }

    static func value(_ graph: Graph) throws -> JSONValue {
        try JSONDecoder().decode(JSONValue.self, from: JSONEncoder().encode(graph))
    }
}

extension Graph {
    fileprivate var pixelSizes: [JSONValue?] { nodes.map { $0.config["pixelSizeUm"] } }
}

extension Problem {
    init(_ error: GraphError) {
        let count = error.problems.count
        self.init(
            .graphInvalid, count == 1 ? "\(error.problems[0]); change that and send the pipeline again" : "\(count) things are wrong; errors names each",
            errors: error.problems)
    }
}
