/// Nodes and how their slots are joined: the content of a `pipeline.json` and of a project's pipeline.
package struct Graph: Codable, Equatable, Sendable {
    package struct Instance: Codable, Equatable, Sendable {
        /// Unique in the graph, `[a-z0-9_-]`; also the name of the node's folder in the project.
        package var name: String
        package var kind: String
        /// Parameters that differ from the defaults (or all).
        package var config: [String: JSONValue]

        package init(name: String, kind: String, config: [String: JSONValue] = [:]) {
            (self.name, self.kind, self.config) = (name, kind, config)
        }

        package init(from decoder: any Decoder) throws {
            let container = try decoder.container(keyedBy: CodingKeys.self)
            name = try container.decode(String.self, forKey: .name)
            kind = try container.decode(String.self, forKey: .kind)
            config = try container.decodeIfPresent([String: JSONValue].self, forKey: .config) ?? [:]
        }
    }

    /// A slot of a node, written `node.slot`.
    package struct End: Codable, Hashable, Sendable, CustomStringConvertible {
        package var node: String
        package var slot: String

        package init(_ node: String, _ slot: String) { (self.node, self.slot) = (node, slot) }

        package init(from decoder: any Decoder) throws {
            let container = try decoder.singleValueContainer()
            let text = try container.decode(String.self)
            let parts = text.split(separator: ".", omittingEmptySubsequences: false)
            guard parts.count == 2, !parts[0].isEmpty, !parts[1].isEmpty else {
                throw DecodingError.dataCorruptedError(in: container, debugDescription: "an edge end is written node.slot, not \"\(text)\"")
            }
            self.init(String(parts[0]), String(parts[1]))
        }

        package func encode(to encoder: any Encoder) throws {
            var container = encoder.singleValueContainer()
            try container.encode(description)
        }

        package var description: String { "\(node).\(slot)" }
    }

    package struct Edge: Codable, Hashable, Sendable {
        package var from: End
        package var to: End
        package init(from: End, to: End) { (self.from, self.to) = (from, to) }
    }

    package var nodes: [Instance]
    package var edges: [Edge]

    package init(nodes: [Instance], edges: [Edge]) { (self.nodes, self.edges) = (nodes, edges) }
}
