import Nodes
import Operations
import Pipeline
import Raster
import Testing

@Test func `ZooProcess's measures keep their names beside the shape's, but for those that shape has too`() throws {
    // A ring: the brighter pixel in its middle belongs to ZooProcess's area, not to scikit-image's.
    let mask = Mask("###", "#.#", "###").translated(x: 2, y: 1)
    let set = RegionSet(frame: Rect(x: 0, y: 0, width: 9, height: 6), segments: [Segment(mask: mask)])
    var image = Image<UInt8>(width: 9, height: 6, repeating: 240)
    for run in mask.runs { for x in run.first...run.last { image[Int(x), Int(run.y)] = 30 } }
    let context = NodeContext(source: .init(uid: "u", name: "n"))
    for gray in [GrayImage.bits8(image), .bits16(image.mapped { UInt16($0) * 257 })] {
        var values = SlotValues(["regions": set, "gray": gray])
        try #require(AllNodes.named("measure.zooprocess")).make([:]).run(&values, context: context)
        let measured = try #require(values["measurements"] as? MeasurementTable)
        try #require(AllNodes.named("measure.shape")).make([:]).run(&values, context: context)
        let table = try #require(values["measurements"] as? MeasurementTable).joined(with: measured)
        func value(_ name: String) -> Double? { table.columns.firstIndex { $0.name == name }.flatMap { table.rows[0][$0] } }
        #expect(value("area") == 8 && value("zooprocess_area") == 9 && value("area_exc") == 8 && value("max") == 240)
        #expect(measured.columns.count == MeasureGroup.zooprocess.columns.count)
        #expect(table.columns.count == ShapeMeasures.columns.count + measured.columns.count)
    }
}

@Test func `legacy whole numbers change ratios`() throws {
    let mask = Mask("..###.", ".#####", "######", ".####.")
    let set = RegionSet(frame: Rect(x: 0, y: 0, width: 6, height: 4), segments: [Segment(mask: mask)])
    var elongations: [Double?] = []
    for legacy in [false, true] {
        var values = SlotValues(["regions": set, "gray": GrayImage.bits8(Image(width: 6, height: 4, repeating: 9))])
        try #require(AllNodes.named("measure.zooprocess")).make(["legacyIntegers": .boolean(legacy)]).run(&values, context: NodeContext(source: .init(uid: "u", name: "n")))
        let table = try #require(values["measurements"] as? MeasurementTable)
        elongations.append(table.columns.firstIndex { $0.name == "zooprocess_elongation" }.flatMap { table.rows[0][$0] })
    }
    #expect(elongations[0] != nil && elongations[1] != nil && elongations[0] != elongations[1])
}
