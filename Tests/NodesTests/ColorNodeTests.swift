import Nodes
import Operations
import Pipeline
import Raster
import Testing

@Test func `colour and focus have one row an object, empty focus where it is too thin`() throws {
    let set = RegionSet(
        frame: Rect(x: 0, y: 0, width: 8, height: 4),
        segments: [
            Segment(mask: Mask(tightSortedRuns: (0..<3).map { Run(y: $0, first: 0, last: 3) })),
            Segment(mask: Mask(tightSortedRuns: [Run(y: 3, first: 5, last: 5)])),
            Segment(mask: Mask(tightSortedRuns: [Run(y: 3, first: 7, last: 7)]), rejectedBy: "tooSmall"),
        ])
    var image = Image<BGR<UInt8>>(width: 8, height: 4, repeating: BGR(blue: 0, green: 0, red: 200))
    image[5, 3] = BGR(blue: 10, green: 20, red: 30)
    for (kind, image) in [("color", AnyImage.color8(image)), ("gray", AnyImage.gray8(image.gray()))] {
        var values = SlotValues(["regions": set, "image": image])
        try #require(AllNodes.named("measure.color")).make([:]).run(&values, context: NodeContext(source: .init(uid: "u", name: "n")))
        let table = try #require(values["measurements"] as? MeasurementTable)
        #expect(table.columns.map(\.name) == MeasureGroup.color.columns.map(\.name) && table.rows.count == 2)
        func value(_ row: Int, _ name: String) -> Double? { table.columns.firstIndex { $0.name == name }.flatMap { table.rows[row][$0] } }
        #expect(value(0, "focus_tenengrad") == 0 && value(1, "focus_tenengrad") == nil)
        if kind == "color" {
            #expect(value(0, "red_mean") == 200 && value(0, "hue_mean") == 0 && value(0, "saturation_mean") == 255 && value(1, "blue_mean") == 10)
        } else {
            #expect(value(1, "blue_mean") == value(1, "red_mean") && value(0, "hue_mean") == nil && value(0, "saturation_mean") == 0)
        }
    }
}
