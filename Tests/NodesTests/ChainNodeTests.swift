import Nodes
import Operations
import Pipeline
import Raster
import Testing

private func filtered(_ image: AnyImage, _ operations: String) throws -> AnyImage {
    var slots = SlotValues(["image": image])
    try #require(AllNodes.named("filter.chain")).make(["operations": .string(operations)]).run(&slots, context: NodeContext(source: .init(uid: "u", name: "n")))
    return try #require(slots["image"] as? AnyImage)
}

private func noise(_ width: Int, _ height: Int) -> Image<UInt8> {
    Image(width: width, height: height) { pixels in for index in pixels.indices { pixels[index] = UInt8(truncatingIfNeeded: index &* 2_654_435_761 >> 7) } }
}

@Test func `filters work one after the other`() throws {
    let image = noise(23, 17)
    #expect(try filtered(.gray8(image), "median 1; blur 1.5; invert") == .gray8(image.medianFiltered(radius: 1).gaussianBlurred(sigma: 1.5).mapped { 255 - $0 }))
    #expect(try filtered(.gray8(image), "blur 1.5; median 1; invert") != .gray8(image.medianFiltered(radius: 1).gaussianBlurred(sigma: 1.5).mapped { 255 - $0 }))
    #expect(try filtered(.gray8(image), "open 2;close 1") == .gray8(image.opened(.disk(radius: 2)).closed(.disk(radius: 1))))
    #expect(try filtered(.gray8(image), "background 255; invert") == .gray8(image.withMedian(at: 255).mapped { 255 - $0 }))
    #expect(try filtered(.gray16(image.mapped { UInt16($0) * 200 }), "background 200") == .gray16(image.mapped { UInt16($0) * 200 }.withMedian(at: 200 * 257)))
    // Twice inverted is as before, in colour and 16 bits too.
    let color = AnyImage.color8(image.mapped { BGR(blue: $0, green: 255 - $0, red: $0 / 2) })
    #expect(try filtered(color, "invert;invert") == color)
    #expect(try filtered(.gray16(image.mapped { UInt16($0) * 200 }), "invert") == .gray16(image.mapped { 65535 - UInt16($0) * 200 }))
}

@Test func `what flows through stays gray`() throws {
    var slots = SlotValues(["image": GrayImage.bits8(noise(5, 4))])
    try #require(AllNodes.named("filter.chain")).make([:]).run(&slots, context: NodeContext(source: .init(uid: "u", name: "n")))
    #expect(slots["image"] is GrayImage)
}

@Test(arguments: ["", "sharpen 1", "blur", "median 1.5", "median 0", "blur -1", "invert 3", "blur 1;;invert", "blur nan", "background", "background 256", "background 1.5"])
func `a list that cannot be is refused with the filters there are`(text: String) throws {
    let nodeClass = try #require(AllNodes.named("filter.chain"))
    #expect {
        try nodeClass.make(["operations": .string(text)])
    } throws: { error in
        (error as? ConfigurationError)?.problems.first?.contains("blur σ, median radius, open radius, close radius, invert, background level") == true
    }
}
