import Nodes
import Pipeline
import Raster
import Testing

private func threshold(_ image: GrayImage, _ config: [String: JSONValue]) throws -> Mask {
    let node = try NodeClass(ThresholdNode.self).make(config)
    var slots = SlotValues(["gray": image])
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
