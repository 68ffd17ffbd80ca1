/// One measured column: what it is called, its unit, and whose definition it follows.
package struct MeasurementColumn: Hashable, Sendable, Codable {
    /// Lower case, as exported: `area`, `area_um2`.
    package let name: String
    /// `px`, `px²`, `µm`, `µm²`, `°`, `gray`, or empty for a ratio or count.
    package let unit: String
    package let title: String
    package let definition: String
    /// The tool or paper whose values it equals.
    package let source: String

    package init(name: String, unit: String, title: String, definition: String, source: String) {
        (self.name, self.unit, self.title, self.definition, self.source) = (name, unit, title, definition, source)
    }
}

/// Measured values, one row a region in the order of its `RegionSet`. A value that is undefined is nil, never inf or nan.
package struct MeasurementTable: Sendable, Equatable, SlotValue {
    package static var slotType: SlotType { .measurements }
    package var columns: [MeasurementColumn]
    package var rows: [[Double?]]
    /// Of each row the index of its segment in the region set; nil where rows are those of the set's objects. A filter drops objects and leaves
    /// the indices of the others, so that what was measured before it still says of whom.
    package var segments: [Int]?

    package init(columns: [MeasurementColumn] = [], rows: [[Double?]] = []) {
        for row in rows { precondition(row.count == columns.count, "a row has \(row.count) values for \(columns.count) columns") }
        (self.columns, self.rows) = (columns, rows)
    }

    /// Columns of both side by side; of equal names the first counts. Both must have the same rows.
    package func joined(with other: MeasurementTable) -> MeasurementTable {
        if columns.isEmpty { return other }
        if let segments, let others = other.segments, segments != others {
            let known = Set(others)
            let common = segments.filter(known.contains)
            return selecting(common).joined(with: other.selecting(common))
        }
        precondition(rows.count == other.rows.count, "tables of \(rows.count) and \(other.rows.count) rows do not belong together")
        let known = Set(columns.map(\.name))
        let added = other.columns.indices.filter { !known.contains(other.columns[$0].name) }
        var joined = MeasurementTable(
            columns: columns + added.map { other.columns[$0] },
            rows: zip(rows, other.rows).map { mine, theirs in mine + added.map { theirs[$0] } })
        joined.segments = segments ?? other.segments
        return joined
    }

    /// The rows of these segments in their order, without values where there is none.
    package func selecting(_ wanted: [Int]) -> MeasurementTable {
        guard let segments, segments != wanted else { return self }
        let places = Dictionary(segments.enumerated().map { ($0.element, $0.offset) }, uniquingKeysWith: { first, _ in first })
        let empty = [Double?](repeating: nil, count: columns.count)
        var selected = MeasurementTable(columns: columns, rows: wanted.map { index in places[index].map { rows[$0] } ?? empty })
        selected.segments = wanted
        return selected
    }
}
