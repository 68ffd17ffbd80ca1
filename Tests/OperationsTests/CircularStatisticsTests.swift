import Foundation
import Operations
import Raster
import Testing

/// Hue statistics of pixels of these colours, blue, green, red.
private func hue(_ pixels: [BGR<UInt8>]) -> (mean: Double?, deviation: Double?) {
    let image = Image(width: pixels.count, height: 1, pixels: pixels)
    let measures = ColorMeasures(Mask.full(image.bounds), image: image)
    return (measures?.hueMean, measures?.hueDeviation)
}

@Test func `directions have a mean on the circle and no deviation when they are one`() throws {
    let one = hue(Array(repeating: BGR(blue: 3, green: 77, red: 9), count: 1000))
    // 120° + 60° · (3 − 9) / 74.
    #expect(agree(try #require(one.mean), 120 - 60 * 6.0 / 74, relative: 1e-8) && one.deviation == 0)
    // 330° and 30°.
    let two = hue([BGR(blue: 100, green: 0, red: 200), BGR(blue: 0, green: 100, red: 200)])
    let mean = try #require(two.mean)
    #expect(min(mean, 360 - mean) < 1e-7 && mean < 360)
    #expect(agree(try #require(two.deviation), (-2 * log(cos(Double.pi / 6))).squareRoot() * 180 / .pi))
}

@Test func `directions that cancel out have no mean`() {
    let opposite = hue([BGR(blue: 0, green: 0, red: 200), BGR(blue: 90, green: 90, red: 0)])
    #expect(opposite.mean == nil && opposite.deviation == nil)
}
