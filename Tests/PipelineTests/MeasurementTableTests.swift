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

@Test func `tables of filtered regions keep the rows of the segments that both have`() {
    var (all, few) = (table(["a"], [[1], [2], [3]]), table(["b"], [[20], [30]]))
    (all.segments, few.segments) = ([0, 2, 5], [2, 5])
    let joined = all.joined(with: few)
    #expect(joined.rows == [[2, 20], [3, 30]] && joined.segments == [2, 5])
    #expect(few.joined(with: all).rows == [[20, 2], [30, 3]])
    #expect(all.selecting([5, 0, 9]).rows == [[3], [1], [nil]])
    #expect(table(["a"], [[1]]).selecting([4]).rows == [[1]])
}
