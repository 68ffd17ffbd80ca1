import Nodes
import Operations
import Pipeline
import Raster
import Testing

private func threshold(_ image: GrayImage, _ config: [String: JSONValue], area: Mask? = nil) throws -> Mask {
    let node = try NodeClass(ThresholdNode.self).make(config)
    var slots = SlotValues(["gray": image])
    if let area { slots["area"] = area }
    try node.run(&slots, context: NodeContext(source: .init(uid: "u", name: "n")))
    return slots[ThresholdNode.mask]
}

private let image = GrayImage.bits8(Image(width: 3, height: 1, pixels: [10, 100, 200]))
private let wide = GrayImage.bits16(Image(width: 3, height: 1, pixels: [10, 1000, 20000]))

@Test func `a fixed level takes what is as dark or darker`() throws {
    #expect(try threshold(image, ["method": "fixed", "level": 100]) == Mask("##."))
    #expect(try threshold(image, ["method": "fixed", "level": 100, "polarity": "bright"]) == Mask("..#"))
    #expect(try threshold(wide, ["method": "fixed", "level": 1000]) == Mask("##."))
}

@Test func `an offset moves the level, and a level below black takes nothing`() throws {
    #expect(try threshold(image, ["method": "fixed", "level": 100, "offset": -1]) == Mask("#.."))
    #expect(try threshold(image, ["method": "fixed", "level": 0, "offset": -10]) == Mask("..."))
    #expect(try threshold(image, ["method": "fixed", "level": 0, "offset": -10, "polarity": "bright"]) == Mask("###"))
    #expect(try threshold(image, ["method": "fixed", "level": 250, "offset": 1000]) == Mask("###"))
}

@Test(arguments: ["otsu", "triangle"])
func `a frame of one gray has no objects`(method: String) throws {
    #expect(try threshold(.bits8(Image(width: 4, height: 4, repeating: 128)), ["method": .string(method)]).isEmpty)
    #expect(try threshold(.bits16(Image(width: 4, height: 4, repeating: 128)), ["method": .string(method)]).isEmpty)
    #expect(try threshold(.bits8(Image(width: 0, height: 0, repeating: 0)), ["method": .string(method)]).isEmpty)
}

@Test func `Otsu parts dark objects from a bright ground`() throws {
    let pixels: [UInt8] = [200, 201, 60, 61, 199, 200, 202, 58, 200]
    #expect(try threshold(.bits8(Image(width: 9, height: 1, pixels: pixels)), [:]) == Mask("..##...#."))
}

/// A ramp of light with a dark and a bright square on each side.
private let ramp = Image<UInt8>(width: 120, height: 40, pixels: (0..<4800).map { index in
    let (x, y) = (index % 120, index / 120)
    let ground = 40 + x
    if (15..<23).contains(y), (10..<18).contains(x) || (100..<108).contains(x) { return UInt8(ground - 30) }
    if (25..<33).contains(y), (30..<38).contains(x) || (80..<88).contains(x) { return UInt8(ground + 30) }
    return UInt8(ground)
})

@Test(arguments: LocalAverage.allCases)
func `a local average finds objects on uneven light, dark or bright, with 8 and 16 bits`(average: LocalAverage) throws {
    for (polarity, offset, ys, xs) in [("dark", -15, 15..<23, [10..<18, 100..<108]), ("bright", 15, 25..<33, [30..<38, 80..<88])] {
        let config: [String: JSONValue] = ["method": "local", "average": .string(average.rawValue), "block": 31, "polarity": .string(polarity), "offset": .number(Double(offset))]
        let mask = try threshold(.bits8(ramp), config)
        var wide = config
        wide["offset"] = .number(Double(offset * 257))
        #expect(try threshold(.bits16(ramp.mapped { UInt16($0) * 257 }), wide) == mask)
        for y in 0..<40 { for x in 0..<120 { #expect(mask.contains(x: x, y: y) == (ys.contains(y) && xs.contains { $0.contains(x) }), "(\(x), \(y))") } }
    }
}

@Test(arguments: LocalAverage.allCases)
func `what lies outside of the area does not change averages inside`(average: LocalAverage) throws {
    let config: [String: JSONValue] = ["method": "local", "average": .string(average.rawValue), "block": 31, "offset": -15]
    let area = Mask(bounds: ramp.bounds, sortedRuns: (5..<35).map { Run(y: $0, first: 5, last: 60) })
    let found = try threshold(.bits8(ramp), config, area: area)
    var black = ramp
    for y in 0..<40 { for x in 0..<120 where !area.contains(x: x, y: y) { black[x, y] = y < 20 ? 0 : 255 } }
    #expect(try threshold(.bits8(black), config, area: area) == found)
    #expect(found.runs == (15..<23).map { Run(y: $0, first: 10, last: 17) })
}

@Test func `two levels take faint pixels that hang on clear ones`() throws {
    let row: [UInt8] = [200, 90, 40, 120, 200, 120, 120, 200, 30, 200]
    let image = GrayImage.bits8(Image(width: 10, height: 1, pixels: row)), wide = GrayImage.bits16(Image(width: 10, height: 1, pixels: row.map { UInt16($0) * 100 }))
    #expect(try threshold(image, ["method": "hysteresis", "low": 50, "high": 130]) == Mask(".###....#."))
    #expect(try threshold(image, ["method": "hysteresis", "low": 130, "high": 50]) == Mask(".###....#."))
    #expect(try threshold(wide, ["method": "hysteresis", "low": 5000, "high": 13000]) == Mask(".###....#."))
    #expect(try threshold(image, ["method": "hysteresis", "low": 100, "high": 150, "polarity": "bright"]) == Mask("#..#####.#"))
    // A clear pixel outside of the area says nothing.
    #expect(try threshold(image, ["method": "hysteresis", "low": 50, "high": 130], area: Mask("##.#######")) == Mask("........#."))
    let diagonal = GrayImage.bits8(Image(width: 2, height: 2, pixels: [10, 200, 200, 100]))
    #expect(try threshold(diagonal, ["method": "hysteresis", "low": 50, "high": 130]).area == 2)
    #expect(try threshold(diagonal, ["method": "hysteresis", "low": 50, "high": 130, "connectivity": "4"]).area == 1)
    // Levels beyond what the image can hold.
    #expect(try threshold(image, ["method": "hysteresis", "low": 300, "high": 400]).area == 10)
}

@Test func `parameters count for their method only`() throws {
    #expect(throws: (any Error).self) { try threshold(image, ["method": "local", "block": 4]) }
    #expect(try threshold(image, ["method": "fixed", "level": 100, "block": 4, "low": -3]) == Mask("##."))
    #expect(try threshold(image, ["method": "hysteresis", "low": 100, "high": 100, "offset": 999]) == Mask("##."))
    #expect(ThresholdNode().reach == .wholeImage)
    var node = ThresholdNode()
    (node.method, node.block) = (.local, 31)
    #expect(node.reach == .halo(15))
    node.average = .gaussian
    #expect(node.reach == .halo(31))
    node.method = .fixed
    #expect(node.reach == .halo(0))
}
