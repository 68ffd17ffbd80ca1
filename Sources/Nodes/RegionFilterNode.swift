import Operations
import Pipeline
import Raster

/// Keeps the objects whose measures pass all rules, and says of the others which rule dropped them.
package struct RegionFilterNode: Node {
    package static let kind = "regions.filter"
    package static let title = "Filter objects"
    package static let help = "Keeps objects by what was measured of them. The others are kept as rejects, with the rule that dropped them."
    static let regions = Slot<RegionSet>("regions", help: "The objects.")
    static let measurements = Slot<MeasurementTable>(
        "measurements", help: "What rules may speak of. Not connected: the columns of the Shape node, measured here.", takesMany: true, isOptional: true)
    package static let filtered = Slot<RegionSet>("regions", help: "The same objects; those that a rule drops are rejects.")
    package static let inputs = [regions.schema, measurements.schema]
    package static let outputs = [filtered.schema]
    package static let parameters: [Parameter<Self>] = [
        .text(
            \.rules, "rules", label: "Keep objects with", maxLength: 2000,
            help: "Comparisons by >=, <=, >, <, = and !=, all of which must hold, for example: area >= 400; circularity > 0.3; intensity_mean < 180. Objects without a value are dropped.",
            fault: { text in
                do throws(FilterRuleError) { _ = try FilterRule.list(text) } catch { return error.description }
                return nil
            }),
        .integer(\.most, "mostObjects", label: "Keep at most", unit: "objects", range: 0...1_000_000, help: "The largest of each image, of those that pass. 0: all."),
    ]
    package var rules = ""
    package var most = 0
    package init() {}

    /// Of objects that are fewer because of `mostObjects`.
    package static let beyondMost = "beyondMost"

    /// Columns in µm depend on it, and what is measured before does not say whether it holds such.
    package var usesPixelSize: Bool { rules.contains("_um") }

    package func run(_ values: inout SlotValues, context: NodeContext) throws {
        var set = values[Self.regions]
        let table = values.optional(Self.measurements) ?? MeasurementTable()
        let rules = try FilterRule.list(rules)
        try check(rules, known: Set(table.columns.map(\.name)))
        let objects = set.objectIndices
        let measured = table.selecting(objects)
        let places = Dictionary(measured.columns.enumerated().map { ($0.element.name, $0.offset) }, uniquingKeysWith: { first, _ in first })
        let needsShape = rules.contains { places[$0.column] == nil }
        let pixelSize = context.source.pixelSizeMicrometres
        for (row, index) in objects.enumerated() {
            try context.checkCancelled()
            let shape = needsShape ? ShapeMeasures(set.segments[index].mask)?.values(pixelSize: pixelSize) : nil
            for rule in rules {
                let value = places[rule.column].map { measured.rows.isEmpty ? nil : measured.rows[row][$0] } ?? Self.shapePlaces[rule.column].flatMap { shape?[$0] }
                guard rule.passes(value) else {
                    set.segments[index].rejectedBy = rule.reason(for: value)
                    break
                }
            }
        }
        let left = set.objectIndices
        if most > 0, left.count > most {
            // Of equal ones, the first in raster order.
            let areas = left.map { (area: set.segments[$0].mask.area, index: $0) }.sorted { ($1.area, $0.index) < ($0.area, $1.index) }
            for (_, index) in areas.dropFirst(most) { set.segments[index].rejectedBy = Self.beyondMost }
        }
        values[Self.filtered] = set
    }

    /// - Parameter known: columns that come in.
    /// - Throws: `UnknownFilterColumn` for a rule on none of these, nor on a shape.
    package func check(known: Set<String>) throws {
        try check(FilterRule.list(rules), known: known)
    }

    private func check(_ rules: [FilterRule], known: Set<String>) throws(UnknownFilterColumn) {
        guard let rule = rules.first(where: { !known.contains($0.column) && Self.shapePlaces[$0.column] == nil }) else { return }
        throw UnknownFilterColumn(column: rule.column, known: (known.isEmpty ? Array(Self.shapePlaces.keys) : Array(known)).sorted())
    }

    private static let shapePlaces = Dictionary(uniqueKeysWithValues: ShapeMeasures.columns.enumerated().map { ($0.element.name, $0.offset) })
}

/// A rule speaks of a column that nothing measures.
package struct UnknownFilterColumn: Error, Equatable, CustomStringConvertible {
    package let column: String
    package let known: [String]

    package var description: String {
        "the filter's rule on “\(column)” needs a column that is not measured before it; connect the node that measures it, or use one of \(known.joined(separator: ", "))"
    }
}
