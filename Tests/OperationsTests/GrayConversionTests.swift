import Operations
import Raster
import Testing

@Test func `gray of a colour is OpenCV's weighted sum`() {
    let colours: [(BGR<UInt8>, UInt8)] = [
        (BGR(blue: 0, green: 0, red: 0), 0), (BGR(blue: 255, green: 255, red: 255), 255), (BGR(blue: 255, green: 0, red: 0), 29),
        (BGR(blue: 0, green: 255, red: 0), 150), (BGR(blue: 0, green: 0, red: 255), 76), (BGR(blue: 10, green: 100, red: 200), 120),
    ]
    let image = Image(width: 6, height: 1, pixels: colours.map(\.0))
    #expect(AnyImage.color8(image).gray8() == Image(width: 6, height: 1, pixels: colours.map(\.1)))
}

@Test func `every colour has its weighted sum, wherever it stands in a row`() {
    var wrong = 0
    // Widths that are no multiple of a vector leave a rest at the end.
    for red in 0..<256 {
        let pixels: [BGR<UInt8>] = (0..<65536).map { BGR(blue: UInt8($0 & 255), green: UInt8($0 >> 8), red: UInt8(red)) }
        Image(width: 65536, height: 1, pixels: pixels).gray().withBuffer { levels in
            for index in 0..<65536 {
                let (blue, green) = (index & 255, index >> 8)
                let sum: Int = 9798 * red + 19235 * green + 3735 * blue + 16384
                if Int(levels[index]) != sum >> 15 { wrong += 1 }
            }
        }
    }
    #expect(wrong == 0)
    for width in 0..<40 {
        let image = Image<BGR<UInt8>>(width: width, height: 1, pixels: (0..<width).map { BGR(blue: UInt8($0), green: 2, red: 200) })
        for (x, level) in (0..<width).map({ image.gray()[$0, 0] }).enumerated() {
            let sum: Int = 9798 * 200 + 19235 * 2 + 3735 * x + 16384
            #expect(Int(level) == sum >> 15)
        }
    }
}

@Test func `eight bits become sixteen by 257 and come back unchanged`() {
    let ramp = Image(width: 256, height: 1, pixels: (0...255).map { UInt8($0) })
    let wide = AnyImage.gray8(ramp).gray16()
    #expect(wide[255, 0] == 65535 && wide[1, 0] == 257)
    #expect(AnyImage.gray16(wide).gray8() == ramp)
}

@Test func `a window spreads its levels and clips the rest`() {
    let image = Image<UInt16>(width: 5, height: 1, pixels: [0, 1000, 1500, 2000, 65535])
    #expect(image.windowed(1000...2000) == Image(width: 5, height: 1, pixels: [0, 0, 128, 255, 255]))
    #expect(image.windowed(1000...1000) == Image(width: 5, height: 1, pixels: [0, 0, 255, 255, 255]))
}

@Test func `an empty image stays empty`() {
    #expect(AnyImage.color16(Image(width: 0, height: 3, pixels: [])).gray8().isEmpty)
}
