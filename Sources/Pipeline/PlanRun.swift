extension Plan {
    /// Runs every step that works on single images, inputs first, and returns what lies in all their slots.
    ///
    /// - Parameters:
    ///   - context: the image all this is about; of the steps, those that work on images like it run.
    ///   - given: slot values that are already there: the outputs of the source node, or what a person changed.
    ///     A step whose outputs are all given does not run.
    ///   - wanted: the ends to compute; nil for all. Steps that none of these depends on do not run.
    ///   - progress: called before each step with its name and the share of steps done.
    package func run(
        context: NodeContext, given: [Graph.End: any SlotValue], wanted: Set<Graph.End>? = nil,
        progress: (String, Double) throws -> Void = { _, _ in }
    ) throws -> [Graph.End: any SlotValue] {
        var values = given
        let needed = stepsNeeded(for: wanted, given: given, realm: context.source.realm)
        var context = context
        for (index, step) in steps.enumerated() where needed.contains(step.name) {
            try context.checkCancelled()
            try progress(step.name, Double(index) / Double(steps.count))
            context.step = step
            var slots = SlotValues()
            for (input, ends) in step.sources { slots[input] = Plan.joined(ends.compactMap { values[$0] }) }
            try step.node.run(&slots, context: context)
            for output in step.nodeClass.outputs { values[Graph.End(step.name, output.name)] = slots[output.name] }
        }
        return values
    }

    /// Names of the steps that compute `ends` from the pixels of an image of this realm, in order.
    package func stepsNeeded(for ends: Set<Graph.End>, realm: String) -> [String] {
        let names = stepsNeeded(for: ends, given: [:], realm: realm)
        return steps.map(\.name).filter(names.contains)
    }

    private func stepsNeeded(for wanted: Set<Graph.End>?, given: [Graph.End: any SlotValue], realm: String) -> Set<String> {
        func isGiven(_ step: Step) -> Bool {
            !step.nodeClass.outputs.isEmpty && step.nodeClass.outputs.allSatisfy { given[Graph.End(step.name, $0.name)] != nil }
        }
        let runnable = steps.filter { $0.nodeClass.isPerImage && $0.realm == realm && !isGiven($0) }
        guard let wanted else { return Set(runnable.map(\.name)) }
        var needed = Set<String>()
        var ends = wanted.filter { given[$0] == nil }
        for step in runnable.reversed() where ends.contains(where: { $0.node == step.name }) {
            needed.insert(step.name)
            ends.formUnion(step.sources.values.joined().filter { given[$0] == nil })
        }
        return needed
    }

    /// One value as it is; tables that enter the same slot side by side.
    private static func joined(_ values: [any SlotValue]) -> (any SlotValue)? {
        guard values.count > 1, let tables = values as? [MeasurementTable] else { return values.first }
        return tables.dropFirst().reduce(tables[0]) { $0.joined(with: $1) }
    }

    /// The step of this name.
    package func step(_ name: String) -> Step? { steps.first { $0.name == name } }

    /// Steps whose class has this arity, in order.
    package func steps(_ arity: Arity) -> [Step] { steps.filter { $0.nodeClass.arity == arity } }

    /// Slots in which an image of this realm enters the pipeline; none where its realm's step has left it.
    package func origins(of realm: String) -> [Graph.End] {
        if realm.isEmpty { return steps(.source).flatMap { step in step.nodeClass.outputs.map { Graph.End(step.name, $0.name) } } }
        guard let step = step(realm), step.nodeClass.gathers else { return [] }
        return step.nodeClass.outputs.filter { $0.type == .image || $0.type == .gray }.map { Graph.End(realm, $0.name) }
    }
}
