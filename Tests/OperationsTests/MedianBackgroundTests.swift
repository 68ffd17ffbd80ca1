import Operations
import Raster
import Testing

/// The frames of the fixtures.
func stackFrame(_ number: Int) -> Image<UInt8> {
    Pattern.image { UInt8(Pattern.level($0, $1, number) * (number + 3) & 255) }
}

struct MedianBackgroundTests {
    @Test(arguments: [5, 6])
    func `levels equal numpy's`(count: Int) throws {
        var stack = MedianBackground()
        for number in 0..<count { try stack.add(.gray8(stackFrame(number))) }
        let image = try #require(stack.image).gray8()
        #expect(FilterFixtures.samples(image) == FilterFixtures.values("stack median \(count)"))
    }

    @Test(arguments: 1...17)
    func `medians equal sorting, for any number of frames and kind`(count: Int) throws {
        var random = Random(seed: UInt64(count))
        let frames = (0..<count).map { _ in Image<UInt16>(width: 13, height: 11, pixels: (0..<143).map { _ in UInt16.random(in: 0...65535, using: &random) }) }
        var gray = MedianBackground(), colour = MedianBackground()
        for frame in frames {
            try gray.add(.gray16(frame))
            try colour.add(.color16(frame.mapped { BGR(blue: $0, green: ~$0, red: 5) }))
        }
        let median = try #require(gray.image).gray16()
        for y in 0..<11 {
            for x in 0..<13 {
                let levels = frames.map { Int($0[x, y]) }.sorted()
                #expect(Int(median[x, y]) == (count % 2 == 1 ? levels[count / 2] : (levels[count / 2 - 1] + levels[count / 2] + 1) / 2))
            }
        }
        guard case .color16(let wide) = try #require(colour.image) else { Issue.record("the picture changed its kind"); return }
        #expect(wide.mapped { $0.blue } == median && wide.mapped { $0.red } == Image(width: 13, height: 11, repeating: 5))
    }

    @Test(arguments: [2, 3, 8, 25])
    func `no more frames are held than allowed, spread evenly over all`(capacity: Int) throws {
        var stack = MedianBackground(capacity: capacity)
        var largest = 0
        for number in 0..<200 {
            try stack.add(.gray16(Image(width: 3, height: 1, repeating: UInt16(number))))
            largest = max(largest, stack.held)
        }
        #expect(largest == capacity && stack.count == 200 && stack.held > capacity / 2)
        // Evenly spread frames have their median in the middle of the series.
        let level = try #require(stack.image).gray16()[0, 0]
        #expect(abs(Int(level) - 100) <= 200 / capacity + 1, "\(level)")
    }

    @Test func `an object that passes is left out`() throws {
        var stack = MedianBackground()
        for number in 0..<5 {
            var frame = Pattern.gray8
            for x in 0..<9 { frame[number * 10 + x, 20] = 0 }
            try stack.add(.gray8(frame))
        }
        #expect(try #require(stack.image).gray8() == Pattern.gray8)
    }

    @Test func `no frames give none, frames of another size or kind are refused`() throws {
        var stack = MedianBackground()
        #expect(stack.image == nil)
        try stack.add(.gray8(Pattern.gray8))
        #expect(throws: OperationError.self) { try stack.add(.gray8(Image(width: 2, height: 2, repeating: 0))) }
        #expect(throws: OperationError.self) { try stack.add(.gray16(Pattern.gray16)) }
        #expect(throws: OperationError.self) { try stack.add(.color8(Pattern.color8)) }
        #expect(stack.count == 1)
        var empty = MedianBackground()
        try empty.add(.color8(Image(width: 0, height: 4, pixels: [])))
        #expect(try #require(empty.image).height == 4)
    }
}
