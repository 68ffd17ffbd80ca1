import Foundation
import GRDB

extension Project {
    package func graph() async throws(StoreError) -> StoredGraph {
        if let known = knownGraph.withLock({ $0 }) { return known }
        return try await read { database in
            let graph = try Self.graph(database)
            self.knownGraph.withLock { $0 = graph }
            return graph
        }
    }

    private static func graph(_ database: Database) throws -> StoredGraph {
        let nodes = try Row.fetchAll(database, sql: "SELECT name, kind, version, config FROM node WHERE in_graph = 1 ORDER BY position").map {
            StoredNode(name: $0[0], kind: $0[1], version: $0[2], config: $0[3])
        }
        let edges = try Row.fetchAll(
            database,
            sql: """
                SELECT fn.name, fs.name, tn.name, ts.name FROM edge
                JOIN slot fs ON fs.id = from_slot JOIN node fn ON fn.id = fs.node_id
                JOIN slot ts ON ts.id = to_slot JOIN node tn ON tn.id = ts.node_id ORDER BY edge.id
                """
        ).map { StoredEdge(fromNode: $0[0], fromSlot: $0[1], toNode: $0[2], toSlot: $0[3]) }
        return StoredGraph(nodes: nodes, edges: edges)
    }

    /// Replaces the graph as a whole. Results of steps that leave it stay with their objects.
    /// - Parameter slots: names of all inputs and outputs of each node, those without an edge too.
    /// - Throws: `.invalid` for names that are not `[a-z0-9_-]` or not unique, a config that is no JSON, an edge to a node that is not there.
    package func saveGraph(_ graph: StoredGraph, slots: [String: (inputs: [String], outputs: [String])] = [:], by: String) async throws(StoreError) {
        var names: Set<String> = []
        for node in graph.nodes {
            guard OnDiskName.isAllowedFolder(node.name) else {
                throw .invalid(sentence: "the node name “\(node.name)” is not of the form [a-z0-9_-]; rename the node")
            }
            guard names.insert(node.name).inserted else { throw .invalid(sentence: "two nodes are named “\(node.name)”; rename one") }
        }
        for edge in graph.edges {
            for name in [edge.fromNode, edge.toNode] where !names.contains(name) {
                throw .invalid(sentence: "an edge joins “\(name)”, which is not a node of the graph; remove the edge or add the node")
            }
        }
        guard try await self.graph() != graph else { return }
        try await write { database in
            // Requests run one after the other, so the next that asks reads what is stored then.
            self.knownGraph.withLock { $0 = nil }
            let before = try Self.graph(database)
            try database.execute(sql: "DELETE FROM edge; DELETE FROM slot; UPDATE node SET in_graph = 0")
            for (position, node) in graph.nodes.enumerated() {
                try Self.requireJSON(node.config, "the settings of node \(node.name)")
                try database.execute(
                    sql: """
                        INSERT INTO node (name, kind, version, config, in_graph, position) VALUES (?, ?, ?, ?, 1, ?)
                        ON CONFLICT (name) DO UPDATE SET kind = excluded.kind, version = excluded.version, config = excluded.config, in_graph = 1, position = excluded.position
                        """, arguments: [node.name, node.kind, node.version, node.config, position])
            }
            for (node, names) in slots.sorted(by: { $0.key < $1.key }) where graph.nodes.contains(where: { $0.name == node }) {
                for name in names.inputs { _ = try Self.slot(database, node: node, direction: "in", name: name) }
                for name in names.outputs { _ = try Self.slot(database, node: node, direction: "out", name: name) }
            }
            for edge in graph.edges {
                try database.execute(
                    sql: "INSERT OR IGNORE INTO edge (from_slot, to_slot) VALUES (?, ?)",
                    arguments: [
                        Self.slot(database, node: edge.fromNode, direction: "out", name: edge.fromSlot),
                        Self.slot(database, node: edge.toNode, direction: "in", name: edge.toSlot),
                    ])
            }
            try Self.audit(database, by: by, object: nil, field: "graph", before: Self.text(before), after: Self.text(graph))
            try Self.touch(database)
        }
    }

    private static func slot(_ database: Database, node: String, direction: String, name: String) throws -> Int64 {
        try database.execute(
            sql: "INSERT OR IGNORE INTO slot (node_id, direction, name) VALUES ((SELECT id FROM node WHERE name = ?), ?, ?)", arguments: [node, direction, name])
        return try Int64.fetchOne(
            database, sql: "SELECT slot.id FROM slot JOIN node ON node.id = node_id WHERE node.name = ? AND direction = ? AND slot.name = ?",
            arguments: [node, direction, name])!  // Inserted the line above, if it was not there.
    }

    /// For the record of changes: one line a node.
    private static func text(_ graph: StoredGraph) -> String {
        (graph.nodes.map { "\($0.name) = \($0.kind) \($0.version) \($0.config)" } + graph.edges.map { "\($0.fromNode).\($0.fromSlot) → \($0.toNode).\($0.toSlot)" })
            .joined(separator: "\n")
    }

    /// Row of a node that data point to; made when it is new, outside of the graph.
    static func nodeID(_ database: Database, name: String, kind: String = "") throws -> Int64 {
        if let id = try Int64.fetchOne(database.cachedStatement(sql: "SELECT id FROM node WHERE name = ?"), arguments: [name]) { return id }
        guard OnDiskName.isAllowedFolder(name) else {
            throw StoreError.invalid(sentence: "the node name “\(name)” is not of the form [a-z0-9_-]; rename the node")
        }
        try database.execute(sql: "INSERT INTO node (name, kind) VALUES (?, ?)", arguments: [name, kind])
        return database.lastInsertedRowID
    }
}
