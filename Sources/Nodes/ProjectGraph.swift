import Foundation
import Pipeline
import Store

extension Project {
    /// The project's pipeline; a project that has none yet gets the standard one when it is first saved.
    /// - Throws: `StoreError.invalid` when the settings of a node are no JSON object.
    package func pipelineGraph() async throws -> Graph {
        let stored = try await graph()
        if stored.nodes.isEmpty { return .standard }
        return Graph(
            nodes: try stored.nodes.map { node in
                guard let config = try? JSONDecoder().decode([String: JSONValue].self, from: Data(node.config.utf8)) else {
                    throw StoreError.invalid(
                        sentence: "the settings of node “\(node.name)” in the project's pipeline are damaged: they are not a JSON object; save the pipeline anew")
                }
                return Graph.Instance(name: node.name, kind: node.kind, config: config)
            },
            edges: stored.edges.map { Graph.Edge(from: .init($0.fromNode, $0.fromSlot), to: .init($0.toNode, $0.toSlot)) })
    }

    /// Checks the graph and stores it.
    /// - Throws: `GraphError` when a node, edge or parameter is wrong; then nothing is stored.
    package func savePipelineGraph(_ graph: Graph, by: String = "local") async throws {
        let plan = try Plan(graph, classes: AllNodes.classes)
        let versions = Dictionary(uniqueKeysWithValues: plan.steps.map { ($0.name, $0.nodeClass.version) })
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys]
        try await saveGraph(
            StoredGraph(
                nodes: try graph.nodes.map { node in
                    StoredNode(
                        name: node.name, kind: node.kind, version: versions[node.name] ?? 1,
                        config: String(decoding: try encoder.encode(node.config), as: UTF8.self))
                },
                edges: graph.edges.map { StoredEdge(fromNode: $0.from.node, fromSlot: $0.from.slot, toNode: $0.to.node, toSlot: $0.to.slot) }),
            by: by)
    }
}
