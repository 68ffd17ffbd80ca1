import Synchronization

/// A graph that was checked against the known node classes and put in an order in which every node follows its inputs.
package struct Plan: Sendable {
    package struct Step: Sendable {
        package let name: String
        package let nodeClass: NodeClass
        package let node: any Node
        /// Which outputs feed each input, in the order of the graph's edges; one each, but for inputs that take many.
        package let sources: [String: [Graph.End]]
        /// Name of the step that makes the images on which this one works; empty for the images that were brought in.
        package let realm: String
    }

    package let graph: Graph
    /// Inputs first; nodes that do not depend on each other stand in the order of the graph.
    package let steps: [Step]
    /// What was worked out from the steps, by a name that its user gives it: every image asks for the same hashes.
    private let known = Known()

    private final class Known: Sendable {
        let texts = Mutex<[String: String]>([:])
    }

    /// A text that depends on the steps alone, made once.
    package func remembered(_ name: String, _ make: () -> String) -> String {
        if let text = known.texts.withLock({ $0[name] }) { return text }
        let text = make()
        known.texts.withLock { $0[name] = text }
        return text
    }

    package init(_ graph: Graph, classes: [NodeClass]) throws(GraphError) {
        var problems: [String] = graph.nodes.isEmpty ? ["the pipeline has no node; begin with one that brings images in"] : []
        let known = Dictionary(classes.map { ($0.kind, $0) }, uniquingKeysWith: { first, _ in first })
        var instances: [String: (class: NodeClass, node: any Node)] = [:]
        for instance in graph.nodes {
            if !Plan.isName(instance.name) {
                problems.append("node name \"\(instance.name)\" must be 1 to 60 of a-z, 0-9, _ and -")
            }
            if instances[instance.name] != nil {
                problems.append("two nodes are named \"\(instance.name)\"; rename one")
                continue
            }
            guard let nodeClass = known[instance.kind] else {
                problems.append("node \"\(instance.name)\" is of the unknown kind \"\(instance.kind)\"; known are \(known.keys.sorted().joined(separator: ", "))")
                continue
            }
            do {
                instances[instance.name] = (nodeClass, try nodeClass.make(instance.config))
            } catch {
                problems += error.problems.map { "node \"\(instance.name)\": \($0)" }
            }
        }

        var sources: [String: [String: [Graph.End]]] = [:]
        for edge in graph.edges {
            for end in [edge.from, edge.to] where !graph.nodes.contains(where: { $0.name == end.node }) {
                problems.append("edge \(edge.from) → \(edge.to): there is no node \"\(end.node)\"")
            }
            guard let to = instances[edge.to.node] else { continue }
            guard let from = instances[edge.from.node] else {
                // The sender's own fault is told already; its receiver is not to blame for it.
                sources[edge.to.node, default: [:]][edge.to.slot, default: []].append(edge.from)
                continue
            }
            guard from.class.outputs.contains(where: { $0.name == edge.from.slot }) else {
                problems.append("edge \(edge.from) → \(edge.to): \(from.class.kind) has no output \"\(edge.from.slot)\", only \(Plan.names(from.class.outputs))")
                continue
            }
            guard let input = to.class.inputs.first(where: { $0.name == edge.to.slot }) else {
                problems.append("edge \(edge.from) → \(edge.to): \(to.class.kind) has no input \"\(edge.to.slot)\", only \(Plan.names(to.class.inputs))")
                continue
            }
            if let other = sources[edge.to.node]?[edge.to.slot]?.first, !input.takesMany || other == edge.from {
                problems.append("input \(edge.to) is fed twice, by \(other) and \(edge.from); remove one edge")
                continue
            }
            sources[edge.to.node, default: [:]][edge.to.slot, default: []].append(edge.from)
        }
        for instance in graph.nodes {
            guard let nodeClass = instances[instance.name]?.class else { continue }
            for input in nodeClass.inputs where !input.isOptional && sources[instance.name]?[input.name] == nil {
                if let other = input.unless, sources[instance.name]?[other] != nil { continue }
                problems.append(
                    "input \(instance.name).\(input.name) (\(input.type.rawValue)) of \(nodeClass.kind) is not connected"
                        + (input.unless.map { ", and neither is \(instance.name).\($0) instead" } ?? ""))
            }
        }
        guard problems.isEmpty else { throw GraphError(problems: problems) }

        var ordered: [Step] = []
        var types: [Graph.End: SlotType] = [:]
        var realms: [String: String] = [:]
        var waiting = graph.nodes
        while !waiting.isEmpty {
            guard let index = waiting.firstIndex(where: { instance in
                (sources[instance.name] ?? [:]).values.joined().allSatisfy { end in ordered.contains { $0.name == end.node } }
            }) else {
                throw GraphError(problems: ["the nodes \(waiting.map(\.name).joined(separator: ", ")) feed each other in a circle; remove one of their edges"])
            }
            let instance = waiting.remove(at: index)
            guard let (nodeClass, node) = instances[instance.name] else { continue }
            let inputs = sources[instance.name] ?? [:]
            for input in nodeClass.inputs {
                for end in inputs[input.name] ?? [] {
                    guard let type = types[end], !type.fits(input.type) else { continue }
                    problems.append("edge \(end) → \(instance.name).\(input.name): \(type.rawValue) comes out, \(input.type.rawValue) must go in")
                }
            }
            for output in nodeClass.outputs {
                let inherited = output.sameAs.flatMap { inputs[$0]?.first }.flatMap { types[$0] }
                types[Graph.End(instance.name, output.name)] = inherited ?? output.type
            }
            // What flows into a node must belong to the same images: a frame's mask says nothing about a mosaic.
            let ends = nodeClass.inputs.flatMap { inputs[$0.name] ?? [] }
            let realm = ends.first.flatMap { realms[$0.node] } ?? ""
            if let other = ends.first(where: { realms[$0.node] ?? "" != realm }), let first = ends.first {
                let made = [realm, realms[other.node] ?? ""].map { $0.isEmpty ? "the images" : "what \"\($0)\" makes of them" }
                problems.append(
                    "node \"\(instance.name)\" takes \(first), which belongs to \(made[0]), and \(other), which belongs to \(made[1]); feed it from one side only")
            }
            realms[instance.name] = nodeClass.gathers ? instance.name : realm
            ordered.append(Step(name: instance.name, nodeClass: nodeClass, node: node, sources: inputs, realm: realm))
        }
        guard problems.isEmpty else { throw GraphError(problems: problems) }
        (self.graph, steps) = (graph, ordered)
    }

    private static func names(_ slots: [SlotSchema]) -> String {
        slots.isEmpty ? "none" : slots.map(\.name).joined(separator: ", ")
    }

    private static func isName(_ name: String) -> Bool {
        (1...60).contains(name.utf8.count)
            && name.utf8.allSatisfy { (0x61...0x7a).contains($0) || (0x30...0x39).contains($0) || $0 == 0x5f || $0 == 0x2d }
    }
}

/// Everything that is wrong with a graph, one sentence each, each naming the node or both ends of the edge.
package struct GraphError: Error, Equatable, CustomStringConvertible {
    package let problems: [String]
    package init(problems: [String]) { self.problems = problems }
    package var description: String { problems.joined(separator: "\n") }
}
