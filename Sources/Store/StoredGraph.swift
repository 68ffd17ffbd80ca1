/// The node graph as the project keeps it; `Pipeline` gives it meaning.
package struct StoredGraph: Sendable, Equatable {
    package var nodes: [StoredNode]
    package var edges: [StoredEdge]

    package init(nodes: [StoredNode] = [], edges: [StoredEdge] = []) { (self.nodes, self.edges) = (nodes, edges) }
}

package struct StoredNode: Sendable, Equatable {
    /// Instance name, unique without regard to case; also its folder's name, so `[a-z0-9_-]` only.
    package var name: String
    package var kind: String
    package var version: Int
    /// JSON object.
    package var config: String

    package init(name: String, kind: String, version: Int = 1, config: String = "{}") {
        (self.name, self.kind, self.version, self.config) = (name, kind, version, config)
    }
}

package struct StoredEdge: Sendable, Equatable {
    package var fromNode: String
    package var fromSlot: String
    package var toNode: String
    package var toSlot: String

    package init(fromNode: String, fromSlot: String, toNode: String, toSlot: String) {
        (self.fromNode, self.fromSlot, self.toNode, self.toSlot) = (fromNode, fromSlot, toNode, toSlot)
    }
}
