import Foundation
import Pipeline
import Store

extension Plan {
    /// Slots from which objects come.
    package var regionEnds: [Graph.End] {
        steps.filter { $0.nodeClass.arity == .manyFromOne }.flatMap { step in
            step.nodeClass.outputs.filter { $0.type == .regions }.map { Graph.End(step.name, $0.name) }
        }
    }

    /// Slots with measurements of the objects in `end`, in the order of the steps.
    package func measurementEnds(of end: Graph.End) -> [Graph.End] {
        steps.filter { step in step.nodeClass.arity == .oneFromOne && step.sources.values.joined().contains(end) }.flatMap { step in
            step.nodeClass.outputs.filter { $0.type == .measurements }.map { Graph.End(step.name, $0.name) }
        }
    }

    /// All measurements of the objects in `end`, side by side.
    func measurements(of end: Graph.End, in values: [Graph.End: any SlotValue]) -> MeasurementTable {
        measurementEnds(of: end).compactMap { values[$0] as? MeasurementTable }.reduce(MeasurementTable()) { $0.joined(with: $1) }
    }

    /// Whether computing `ends` needs the outputs of the step named `name`.
    func depends(_ ends: Set<Graph.End>, on name: String, given: Set<Graph.End>) -> Bool {
        var waiting = Array(ends)
        var seen = Set<Graph.End>()
        while let end = waiting.popLast() {
            guard !given.contains(end), seen.insert(end).inserted else { continue }
            if end.node == name { return true }
            waiting += step(end.node).map { Array($0.sources.values.joined()) } ?? []
        }
        return false
    }

    /// Names, kinds, versions, parameters and edges of all that `end` and its measurements depend on, as one hash.
    func fingerprint(of end: Graph.End) -> String {
        var names = Set([end.node] + measurementEnds(of: end).map(\.node))
        for step in steps.reversed() where names.contains(step.name) { names.formUnion(step.sources.values.joined().map(\.node)) }
        return Plan.hash(of: steps.filter { names.contains($0.name) })
    }

    /// The same for `end` alone, without what is measured from it.
    func upstreamFingerprint(of end: Graph.End) -> String { Plan.hash(of: steps(upTo: end)) }

    /// Whether where objects are depends on the pixel size.
    func usesPixelSize(upTo end: Graph.End) -> Bool { steps(upTo: end).contains { $0.node.usesPixelSize } }

    /// Whether where objects are depends on areas drawn on single images.
    func usesArea(upTo end: Graph.End) -> Bool { steps(upTo: end).contains { $0.node.usesArea } }

    /// The step that `end` belongs to, and all it depends on.
    private func steps(upTo end: Graph.End) -> [Step] {
        var names: Set<String> = [end.node]
        for step in steps.reversed() where names.contains(step.name) { names.formUnion(step.sources.values.joined().map(\.node)) }
        return steps.filter { names.contains($0.name) }
    }

    /// For each slot, a hash of all that decides its value besides the image, and whether areas drawn on single images are among that.
    func slotStates() -> [Graph.End: (hash: String, usesArea: Bool)] {
        var states: [Graph.End: (hash: String, usesArea: Bool)] = [:]
        for step in steps {
            let sources = step.sources.sorted { $0.key < $1.key }.flatMap { input, ends in ends.map { (input, states[$0]) } }
            let hash = FileDigest.sha256(Array((Plan.hash(of: [step]) + sources.map { "\n\($0.0) \($0.1?.hash ?? "")" }.joined()).utf8))
            let usesArea = step.node.usesArea || sources.contains { $0.1?.usesArea == true }
            for output in step.nodeClass.outputs { states[Graph.End(step.name, output.name)] = (hash, usesArea) }
        }
        return states
    }

    /// The same for the whole graph.
    package var fingerprint: String { Plan.hash(of: steps) }

    private struct Part: Encodable {
        let name: String
        let kind: String
        let version: Int
        let config: [String: JSONValue]
        let sources: [String: [Graph.End]]
    }

    private static func hash(of steps: [Step]) -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys]
        let parts = steps.map { step in
            Part(
                name: step.name, kind: step.nodeClass.kind, version: step.nodeClass.version,
                // What the source node says about names and calibration reaches results through the image, not through the graph.
                config: step.nodeClass.arity == .source ? [:] : step.nodeClass.configuration(of: step.node), sources: step.sources)
        }
        // Names and numbers always encode.
        guard let data = try? encoder.encode(parts) else { preconditionFailure("a checked graph does not encode") }
        return FileDigest.sha256(Array(data))
    }
}
