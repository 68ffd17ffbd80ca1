import Pipeline

extension Graph {
    /// The same pipeline with these parameters in its Restrict area node. Where there is none yet, one is put in, fed with the gray image (or
    /// else the image as it comes), and joined to every node that takes an area.
    package func restrictingArea(_ config: [String: JSONValue]) -> Graph {
        var graph = self
        if let index = graph.nodes.firstIndex(where: { $0.kind == RestrictAreaNode.kind }) {
            graph.nodes[index].config = config
            return graph
        }
        let feeder = graph.nodes.first { $0.kind == GrayNode.kind } ?? graph.nodes.first { $0.kind == ImportNode.kind }
        guard let feeder, let output = AllNodes.named(feeder.kind)?.outputs.first else { return graph }
        var name = "area"
        var number = 2
        while graph.nodes.contains(where: { $0.name == name }) { (name, number) = ("area\(number)", number + 1) }
        let place = graph.nodes.firstIndex { $0.name == feeder.name } ?? 0
        graph.nodes.insert(Instance(name: name, kind: RestrictAreaNode.kind, config: config), at: place + 1)
        graph.edges.append(Edge(from: End(feeder.name, output.name), to: End(name, RestrictAreaNode.image.name)))
        for node in graph.nodes where node.kind != RestrictAreaNode.kind {
            guard let input = AllNodes.named(node.kind)?.inputs.first(where: { $0.isOptional && $0.type == .mask }) else { continue }
            graph.edges.append(Edge(from: End(name, RestrictAreaNode.area.name), to: End(node.name, input.name)))
        }
        return graph
    }
}
