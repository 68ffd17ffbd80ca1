import Nodes
import Operations
import Pipeline
import Raster
import Testing

private let context = NodeContext(source: .init(uid: "u", name: "n", pixelSizeMicrometres: 2))
private func run(_ kind: String, _ config: [String: JSONValue] = [:], _ values: [String: any SlotValue]) throws -> SlotValues {
    var slots = SlotValues(values)
    try #require(AllNodes.named(kind)).make(config).run(&slots, context: context)
    return slots
}

private let color = Image(width: 2, height: 1, pixels: [BGR<UInt8>(blue: 10, green: 100, red: 200), BGR(blue: 255, green: 255, red: 255)])

@Test func `gray weighs the channels as OpenCV does, and keeps gray and 16 bits`() throws {
    let gray = try run("convert.gray", [:], ["image": AnyImage.color8(color)])["gray"] as? GrayImage
    // (9798 · 200 + 19235 · 100 + 3735 · 10 + 16384) >> 15
    let weighed: [UInt8] = [120, 255]
    #expect(gray?.anyImage == .gray8(Image(width: 2, height: 1, pixels: weighed)))
    let wide = Image<UInt16>(width: 1, height: 1, pixels: [40_000])
    #expect((try run("convert.gray", [:], ["image": AnyImage.gray16(wide)])["gray"] as? GrayImage)?.anyImage == .gray16(wide))
}

@Test func `vignetting evens out a falloff, keeps gray gray, and switched off changes nothing`() throws {
    var frame = Image<UInt8>(width: 400, height: 300, repeating: 0)
    for y in 0..<300 {
        for x in 0..<400 {
            let (dx, dy) = (Double(x) - 200, Double(y) - 150)
            frame[x, y] = UInt8(220 - 80 * (dx * dx + dy * dy) / (200 * 200 + 150 * 150))
        }
    }
    for y in 100..<120 { for x in 60..<90 { frame[x, y] = 50 } }
    let corrected = try run("correct.vignetting", [:], ["image": GrayImage.bits8(frame)])["image"] as? GrayImage
    guard case .gray8(let even)? = corrected?.anyImage else {
        Issue.record("gray went in, \(String(describing: corrected)) came out")
        return
    }
    let corners = [even[3, 3], even[396, 3], even[3, 296], even[396, 296]].map(Int.init)
    #expect(corners.allSatisfy { abs($0 - Int(even[200, 150])) <= 6 }, "\(corners) and \(even[200, 150])")
    #expect(Int(even[75, 110]) < 120)
    #expect((try run("correct.vignetting", ["on": false], ["image": GrayImage.bits8(frame)])["image"] as? GrayImage)?.anyImage == .gray8(frame))
}

@Test func `shapes and gray levels have one row an object, rejects none, and µm by the pixel size`() throws {
    let set = RegionSet(
        frame: Rect(x: 0, y: 0, width: 20, height: 10),
        segments: [
            Segment(mask: Mask(tightSortedRuns: (2..<5).map { Run(y: $0, first: 3, last: 6) })),
            Segment(mask: Mask(tightSortedRuns: [Run(y: 8, first: 0, last: 0)]), rejectedBy: "tooSmall"),
        ])
    let shapes = try #require(try run("measure.shape", [:], ["regions": set])["measurements"] as? MeasurementTable)
    #expect(shapes.rows.count == 1)
    func value(_ table: MeasurementTable, _ name: String) -> Double? { table.columns.firstIndex { $0.name == name }.flatMap { table.rows[0][$0] } }
    #expect(value(shapes, "area") == 12)
    #expect(value(shapes, "area_um2") == 48)
    #expect(value(shapes, "centroid_x") == 4.5)
    var image = Image<UInt8>(width: 20, height: 10, repeating: 200)
    for y in 2..<5 { for x in 3..<7 { image[x, y] = x < 5 ? 10 : 30 } }
    let levels = try #require(try run("measure.gray", [:], ["regions": set, "gray": GrayImage.bits8(image)])["measurements"] as? MeasurementTable)
    #expect(value(levels, "intensity_mean") == 20 && value(levels, "intensity_min") == 10 && value(levels, "intensity_max") == 30)
    #expect(value(levels, "intensity_std") == 10)
    // Moments are added when asked for.
    #expect(value(shapes, "moments_hu_0") == nil && value(levels, "moments_weighted_central_0_2") == nil)
    let moments = try #require(try run("measure.shape", ["moments": true], ["regions": set])["measurements"] as? MeasurementTable)
    #expect(value(moments, "area") == 12 && value(moments, "moments_central_0_2") == 15 && moments.columns.count == moments.rows[0].count)
    let weighted = try #require(
        try run("measure.gray", ["moments": true], ["regions": set, "gray": GrayImage.bits8(image)])["measurements"] as? MeasurementTable)
    // Gray levels 10, 10, 30, 30 about their centroid: variance 1 − 0.25² · … of the positions 0, 1, 2, 3 with these weights is 1, times 240.
    #expect(value(weighted, "intensity_q90") == 30 && weighted.columns.count == weighted.rows[0].count)
    #expect(value(weighted, "moments_weighted_central_0_2").map { abs($0 - 240) < 1e-9 } == true)
}
