import Nodes
import Operations
import Pipeline
import Raster
import Testing

@Test func `texture has one row an object, by the parameters that its columns tell`() throws {
    let mask = Mask(tightSortedRuns: (0..<6).map { Run(y: $0, first: 0, last: 6) })
    let set = RegionSet(
        frame: Rect(x: 0, y: 0, width: 9, height: 6),
        segments: [Segment(mask: mask), Segment(mask: Mask(tightSortedRuns: [Run(y: 5, first: 8, last: 8)]))])
    let image = Image<UInt8>(width: 9, height: 6, pixels: (0..<54).map { UInt8($0 * $0 % 256) })
    for image in [GrayImage.bits8(image), .bits16(image.mapped { UInt16($0) << 8 })] {
        for (config, parameters) in [([:], Haralick.Parameters()), (["distance": 2, "levels": 8], .init(distance: 2, levels: 8))] as [([String: JSONValue], Haralick.Parameters)] {
            var values = SlotValues(["regions": set, "gray": image])
            try #require(AllNodes.named("measure.texture")).make(config).run(&values, context: NodeContext(source: .init(uid: "u", name: "n")))
            let table = try #require(values["measurements"] as? MeasurementTable)
            #expect(table.columns.map(\.name) == MeasureGroup.texture.columns.map(\.name) && table.columns[0].definition == Haralick.columns(parameters)[0].definition)
            guard case .gray8(let narrow) = image.anyImage else {
                #expect(table.rows[0][0] != nil)
                continue
            }
            let expected = (Haralick(mask, image: narrow, parameters: parameters)?.values() ?? []) + (LocalBinaryPatterns(mask, image: narrow)?.values() ?? [])
            #expect(table.rows == [expected, Array(repeating: nil, count: 20)])
        }
    }
    #expect(throws: ConfigurationError.self) { try AllNodes.named("measure.texture")?.make(["levels": 1]) }
}
