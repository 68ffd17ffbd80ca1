import Operations
import Raster
import Testing

@Test(arguments: [0, 1, 5, 63, 64, 65, 128, 200])
func `masks of both polarities equal comparing pixel by pixel`(width: Int) {
    var random = Random(seed: 9)
    for level: UInt8 in [0, 1, 100, 254, 255] {
        let pixels = (0..<width * 7).map { _ in UInt8.random(in: 0...255, using: &random) < 128 ? 0 : UInt8.random(in: 0...255, using: &random) }
        let image = Image(width: width, height: 7, pixels: pixels)
        var plain = PlainMask(width: width, height: 7)
        plain.pixels = pixels.map { $0 <= level }
        #expect(image.mask(darkerThanOrEqual: level) == plain.mask)
        plain.pixels = pixels.map { $0 > level }
        #expect(image.mask(brighterThan: level) == plain.mask)
        let wide = image.mapped { UInt16($0) &* 257 }
        #expect(wide.mask(brighterThan: UInt16(level) * 257) == plain.mask)
        #expect(wide.mask(darkerThanOrEqual: UInt16(level) * 257) == plain.mask.inverted)
    }
}
