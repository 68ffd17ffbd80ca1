import Operations
import Raster
import Testing

struct MeanBackgroundTests {
    @Test func `levels equal numpy's`() throws {
        var stack = MeanBackground()
        for number in 0..<6 { try stack.add(.gray8(stackFrame(number))) }
        #expect(FilterFixtures.samples(try #require(stack.image).gray8()) == FilterFixtures.values("stack mean 6"))
    }

    @Test(arguments: [1, 2, 3, 10])
    func `means equal adding up`(count: Int) throws {
        var random = Random(seed: UInt64(count))
        let frames = (0..<count).map { _ in Image<UInt16>(width: 7, height: 5, pixels: (0..<35).map { _ in UInt16.random(in: 65000...65535, using: &random) }) }
        var gray = MeanBackground(), colour = MeanBackground()
        for frame in frames {
            try gray.add(.gray16(frame))
            try colour.add(.color16(frame.mapped { BGR(blue: 65535, green: $0, red: 0) }))
        }
        let mean = try #require(gray.image).gray16()
        for y in 0..<5 { for x in 0..<7 { #expect(Int(mean[x, y]) == (2 * frames.reduce(0) { $0 + Int($1[x, y]) } + count) / (2 * count)) } }
        guard case .color16(let wide) = try #require(colour.image) else { Issue.record("the picture changed its kind"); return }
        #expect(wide == mean.mapped { BGR(blue: 65535, green: $0, red: 0) })
    }

    @Test func `no frames give none, frames of another size or kind are refused`() throws {
        var stack = MeanBackground()
        #expect(stack.image == nil)
        try stack.add(.color8(Pattern.color8))
        #expect(throws: OperationError.self) { try stack.add(.color8(Image(width: 2, height: 2, repeating: BGR(blue: 0, green: 0, red: 0)))) }
        #expect(throws: OperationError.self) { try stack.add(.gray8(Pattern.gray8)) }
        #expect(stack.count == 1 && stack.image == .color8(Pattern.color8))
    }
}
