import Foundation
import Pipeline
import Store

extension Plan {
    /// Slots from which objects come that are stored: of a chain of filters the last.
    package var regionEnds: [Graph.End] {
        let filtered = Set(steps.filter(\.filtersRegions).flatMap { $0.sources.values.joined() })
        return steps.filter { $0.nodeClass.arity == .manyFromOne || $0.filtersRegions }.flatMap { step in
            step.nodeClass.outputs.filter { $0.type == .regions }.map { Graph.End(step.name, $0.name) }
        }.filter { !filtered.contains($0) }
    }

    /// This slot and those before it from which the same objects came, unfiltered, back to where they were made.
    func chain(of end: Graph.End) -> [Graph.End] {
        var chain = [end]
        while let step = chain.last.flatMap({ step($0.node) }), step.filtersRegions, let before = step.source(of: [.regions]) { chain.append(before) }
        return chain
    }

    /// Name under which the objects of `end` are stored: of the step that made them, so that a filter that is put in or taken out finds them again.
    /// Where several branches filter the same objects, each stores its own.
    package func storedNode(of end: Graph.End) -> String {
        let made = chain(of: end).last?.node ?? end.node
        return regionEnds.count { chain(of: $0).last?.node == made } == 1 ? made : end.node
    }

    /// Slots from which the objects of an image come.
    package func regionEnds(of image: ImageRecord) -> [Graph.End] { regionEnds.filter { step($0.node)?.realm == image.realm } }

    /// Whether images like this one have a value in a slot.
    func has(_ end: Graph.End, of image: ImageRecord) -> Bool {
        guard let step = step(end.node) else { return false }
        return step.nodeClass.isPerImage ? step.realm == image.realm : origins(of: image.realm).contains(end)
    }

    /// Slots with measurements of the objects in `end`, in the order of the steps.
    package func measurementEnds(of end: Graph.End) -> [Graph.End] {
        // What is measured before a filter is measured of those that pass it too.
        let chain = Set(chain(of: end))
        return steps.filter { step in step.nodeClass.arity == .oneFromOne && step.sources.values.joined().contains(where: chain.contains) }.flatMap { step in
            step.nodeClass.outputs.filter { $0.type == .measurements }.map { Graph.End(step.name, $0.name) }
        }
    }

    /// What the step that made the objects of `end` says of them itself; of objects that a person drew it says nothing.
    private func ownMeasurementEnds(of end: Graph.End) -> [Graph.End] {
        guard let step = chain(of: end).last.flatMap({ step($0.node) }) else { return [] }
        return step.nodeClass.outputs.filter { $0.type == .measurements }.map { Graph.End(step.name, $0.name) }
    }

    /// All measurements of the objects in `end`, side by side.
    /// - Parameter only: of these steps; nil for all.
    func measurements(of end: Graph.End, in values: [Graph.End: any SlotValue], only: Set<String>? = nil) -> MeasurementTable {
        (measurementEnds(of: end) + ownMeasurementEnds(of: end)).filter { only?.contains($0.node) ?? true }.compactMap { values[$0] as? MeasurementTable }
            .reduce(MeasurementTable()) { $0.joined(with: $1) }
    }

    /// The slot that an object of an image comes from, by the name of a step that is kept with the object; what a person drew counts as of the first.
    package func end(ofNode node: String?, in image: ImageRecord) -> Graph.End? {
        let ends = regionEnds(of: image)
        return ends.first { storedNode(of: $0) == node } ?? ends.first
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
        remembered("measured \(end)") { Plan.hash(of: steps(upTo: [end.node] + measurementEnds(of: end).map(\.node)), isWhole: false) }
    }

    /// The same for `end` alone, without what is measured from it.
    func upstreamFingerprint(of end: Graph.End) -> String { remembered("found \(end)") { Plan.hash(of: steps(upTo: [end.node]), isWhole: false) } }

    /// Whether where objects are depends on the pixel size.
    func usesPixelSize(upTo end: Graph.End) -> Bool { steps(upTo: [end.node]).contains { $0.node.usesPixelSize } }

    /// Whether where objects are depends on areas drawn on single images.
    func usesArea(upTo end: Graph.End) -> Bool { steps(upTo: [end.node]).contains { $0.node.usesArea } }

    /// Whether where objects are depends on files of outlines beside the images.
    func usesCompanions(upTo end: Graph.End) -> Bool { steps(upTo: [end.node]).contains { $0.node.usesCompanions } }

    /// How far beyond a part of the image pixels decide what lies in `end` inside it, by the steps that look at surroundings only.
    package func halo(upTo end: Graph.End) -> Int {
        steps(upTo: [end.node]).reduce(0) { sum, step in if case .halo(let margin) = step.node.reach { sum + margin } else { sum } }
    }

    /// Keys of what steps up to `end` made of the whole group of an image.
    func preparedKeys(upTo end: Graph.End, of image: ImageRecord) -> [String] {
        steps(upTo: [end.node]).filter { $0.node is any PreparedNode }.map { image.prepared[$0.name] ?? "" }
    }

    /// The steps of these names and all they depend on, back to where images enter: what was done before a mosaic lies in its pixels.
    private func steps(upTo ends: [String]) -> [Step] {
        var names = Set(ends)
        for step in steps.reversed() where names.contains(step.name) && !step.nodeClass.gathers { names.formUnion(step.sources.values.joined().map(\.node)) }
        return steps.filter { names.contains($0.name) }
    }

    /// For each slot, a hash of all that decides its value besides the image, and what else of the image counts.
    func slotStates() -> [Graph.End: SlotState] {
        var states: [Graph.End: SlotState] = [:]
        for step in steps {
            // A mosaic is an image like any other to what follows.
            let sources = step.nodeClass.gathers ? [] : step.sources.sorted { $0.key < $1.key }.flatMap { input, ends in ends.map { (input, states[$0]) } }
            let hash = FileDigest.sha256(Array((Plan.hash(of: [step], isWhole: false) + sources.map { "\n\($0.0) \($0.1?.hash ?? "")" }.joined()).utf8))
            let usesArea = step.node.usesArea || sources.contains { $0.1?.usesArea == true }
            let prepared = Set(sources.flatMap { $0.1?.prepared ?? [] } + (step.node is any PreparedNode ? [step.name] : [])).sorted()
            for output in step.nodeClass.outputs { states[Graph.End(step.name, output.name)] = SlotState(hash: hash, usesArea: usesArea, prepared: prepared) }
        }
        return states
    }

    /// The same for the whole graph.
    package var fingerprint: String { remembered("whole") { Plan.hash(of: steps, isWhole: true) } }

    /// The parameters of one step.
    func stepHash(_ step: Step) -> String { remembered("step \(step.name)") { Plan.hash(of: [step], isWhole: true) } }

    private struct Part: Encodable {
        let name: String
        let kind: String
        let version: Int
        let config: [String: JSONValue]
        let sources: [String: [Graph.End]]
    }

    /// - Parameter isWhole: false where steps that make images of others only say that they do.
    private static func hash(of steps: [Step], isWhole: Bool) -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys]
        let parts = steps.map { step in
            let isOrigin = !isWhole && step.nodeClass.gathers
            return Part(
                name: step.name, kind: step.nodeClass.kind, version: isOrigin ? 0 : step.nodeClass.version,
                // What the source node says about names and calibration reaches results through the image, not through the graph.
                config: step.nodeClass.arity == .source || step.node is any MetadataNode || isOrigin ? [:] : step.nodeClass.configuration(of: step.node), sources: isOrigin ? [:] : step.sources)
        }
        // Names and numbers always encode.
        guard let data = try? encoder.encode(parts) else { preconditionFailure("a checked graph does not encode") }
        return FileDigest.sha256(Array(data))
    }
}

/// What decides the value of a slot besides the image's own pixels.
struct SlotState: Sendable {
    /// Of the steps up to the slot.
    var hash: String
    /// Whether an area drawn on the image counts.
    var usesArea: Bool
    /// Steps up to the slot that look at the whole group of an image first.
    var prepared: [String]
}

extension Plan.Step {
    /// Takes objects and gives the same ones, some of them dropped.
    var filtersRegions: Bool { nodeClass.arity == .oneFromOne && nodeClass.outputs.contains { $0.type == .regions } }
}

extension ImageRecord {
    /// Name of the step that made it of others; empty when it was brought in.
    package var realm: String { made == nil ? "" : node }
}
