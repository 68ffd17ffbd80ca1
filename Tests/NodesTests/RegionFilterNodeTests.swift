import Nodes
import Operations
import Pipeline
import Raster
import Testing

private func filter(_ set: RegionSet, _ config: [String: JSONValue], _ table: MeasurementTable? = nil) throws -> RegionSet {
    let node = try NodeClass(RegionFilterNode.self).make(config)
    var slots = SlotValues(["regions": set])
    if let table { slots["measurements"] = table }
    try node.run(&slots, context: NodeContext(source: .init(uid: "u", name: "n", pixelSizeMicrometres: 2)))
    return slots[RegionFilterNode.filtered]
}

/// Squares of side 1, 2, 3, 4 and one more of 4 that was dropped before.
private let squares = RegionSet(
    frame: Rect(x: 0, y: 0, width: 60, height: 10),
    segments: [1, 2, 3, 4, 4].enumerated().map { number, side in
        Segment(mask: .full(Rect(x: 10 * number, y: 0, width: side, height: side)), rejectedBy: number == 4 ? "tooLarge" : nil)
    }, padding: 3)

private func table(_ values: [Double?], segments: [Int]? = nil) -> MeasurementTable {
    var table = MeasurementTable(
        columns: [MeasurementColumn(name: "mean", unit: "gray level", title: "", definition: "", source: "")], rows: values.map { [$0] })
    table.segments = segments
    return table
}

@Test func `rules on shapes need no measurements, and say which of them dropped an object`() throws {
    let kept = try filter(squares, ["rules": "area >= 4; bbox_max_x < 34"])
    #expect(kept.segments.map(\.rejectedBy) == ["area < 4", nil, nil, "bbox_max_x >= 34", "tooLarge"])
    #expect(kept.segments.map(\.mask) == squares.segments.map(\.mask) && kept.padding == 3)
    #expect(try filter(squares, ["rules": "area_um2 > 16"]).segments.map(\.rejectedBy) == ["area_um2 <= 16", "area_um2 <= 16", nil, nil, "tooLarge"])
    // A single pixel has no circularity.
    #expect(try filter(squares, ["rules": "circularity > 0"]).segments[0].rejectedBy == "no circularity")
    #expect(try filter(squares, [:]) == squares)
}

@Test func `rules on what was measured go by its rows, those of objects that an earlier filter dropped too`() throws {
    #expect(try filter(squares, ["rules": "mean < 25 and area > 1"], table([10, 20, 30, nil])).segments.map(\.rejectedBy) == ["area <= 1", nil, "mean >= 25", "no mean", "tooLarge"])
    let fewer = try filter(squares, ["rules": "area != 4"])
    let both = try filter(fewer, ["rules": "mean < 35"], table([10, 20, 30, 40], segments: [0, 1, 2, 3]))
    #expect(both.segments.map(\.rejectedBy) == [nil, "area = 4", nil, "mean >= 35", "tooLarge"])
}

@Test func `at most so many stay, the largest, of equal ones the first`() throws {
    #expect(try filter(squares, ["mostObjects": 2]).segments.map(\.rejectedBy) == ["beyondMost", "beyondMost", nil, nil, "tooLarge"])
    let equal = RegionSet(frame: squares.frame, segments: (0..<4).map { Segment(mask: .full(Rect(x: 10 * $0, y: 0, width: 2, height: 2))) })
    #expect(try filter(equal, ["mostObjects": 3, "rules": "bbox_min_x > 0"]).segments.map(\.rejectedBy) == ["bbox_min_x <= 0", nil, nil, nil])
    #expect(try filter(equal, ["mostObjects": 1]).segments.map(\.rejectedBy) == [nil, "beyondMost", "beyondMost", "beyondMost"])
    #expect(try filter(RegionSet(frame: squares.frame), ["mostObjects": 1, "rules": "area > 3"]).segments.isEmpty)
}

@Test func `a column that nothing measures is named before anything is computed`() throws {
    #expect { try filter(squares, ["rules": "kurtosis > 3"], table([1, 2, 3, 4])) } throws: { error in
        (error as? UnknownFilterColumn)?.column == "kurtosis" && (error as? UnknownFilterColumn)?.known == ["mean"]
    }
    #expect(throws: UnknownFilterColumn.self) { try filter(squares, ["rules": "mean > 3"]) }
    do throws(ConfigurationError) {
        _ = try NodeClass(RegionFilterNode.self).make(["rules": "area"])
        Issue.record("a rule without a comparison was taken")
    } catch { #expect(error.problems.first?.hasPrefix("rules is \"area\" but must be comparisons such as") == true) }
}
