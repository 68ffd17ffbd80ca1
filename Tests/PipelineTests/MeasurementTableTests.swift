import Pipeline
import Testing

private func table(_ names: [String], _ rows: [[Double?]]) -> MeasurementTable {
    MeasurementTable(columns: names.map { MeasurementColumn(name: $0, unit: "", title: $0, definition: "", source: "") }, rows: rows)
}

@Test func `tables of the same regions stand side by side, the first of equal names counts`() {
    let joined = table(["a", "b"], [[1, 2], [3, nil]]).joined(with: table(["b", "c"], [[9, 5], [9, 6]]))
    #expect(joined.columns.map(\.name) == ["a", "b", "c"])
    #expect(joined.rows == [[1, 2, 5], [3, nil, 6]])
}

@Test func `an empty table gives way`() {
    #expect(MeasurementTable().joined(with: table(["a"], [[1]])).rows == [[1]])
    #expect(table([], []).joined(with: table(["a"], [])).columns.count == 1)
}
