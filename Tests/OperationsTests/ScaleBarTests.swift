import Operations
import Raster
import Testing

@Test(arguments: [0.0021, 0.1, 0.33, 1, 1.7, 5.3, 10.6, 42.33, 999, 250_000, 1e7], [20, 33, 100, 517, 4000])
func `a fitted bar is the longest round one that fits, and right to half a pixel`(pixelSize: Double, width: Int) throws {
    let bar = try #require(ScaleBar(fitting: width, pixelSize: pixelSize))
    #expect(abs(Double(bar.pixels) - bar.micrometres / pixelSize) <= 0.5)
    #expect(bar.micrometres / pixelSize <= Double(width))
    // Of 1, 2, 5 × a power of ten the next one is 2 or 2.5 times as long.
    var lengths: [Double] = []
    var unit = 0.001
    for _ in 0..<16 {
        lengths += [unit, 2 * unit, 5 * unit]
        unit *= 10
    }
    let index = try #require(lengths.firstIndex { abs($0 / bar.micrometres - 1) < 1e-9 })
    #expect(lengths[index + 1] / pixelSize > Double(width))
}

@Test(arguments: [(0.05, "0.05 µm"), (0.5, "0.5 µm"), (200, "200 µm"), (999, "999 µm"), (1000, "1 mm"), (2500, "2.5 mm"), (5e6, "5 m"), (2e9, "2 km"), (333.3333, "333.333 µm")])
func `labels are short`(micrometres: Double, label: String) {
    #expect(ScaleBar(micrometres: micrometres, pixelSize: micrometres / 100)?.label == label)
}

@Test func `a length that no picture can show has no bar`() {
    #expect(ScaleBar(micrometres: 1, pixelSize: 10) == nil && ScaleBar(micrometres: 1e9, pixelSize: 1) == nil)
    #expect(ScaleBar(micrometres: 5, pixelSize: 10)?.pixels == 1)
    for wrong in [0, -1, Double.nan, .infinity] {
        #expect(ScaleBar(micrometres: wrong, pixelSize: 1) == nil && ScaleBar(micrometres: 1, pixelSize: wrong) == nil && ScaleBar(fitting: 100, pixelSize: wrong) == nil)
    }
    #expect(ScaleBar(fitting: 0, pixelSize: 1) == nil)
}

@Test(arguments: 1...8)
func `bar and label lie in the strip, apart from each other`(scale: Int) throws {
    for width in [20, 300] {
        let bar = try #require(ScaleBar(fitting: width, pixelSize: 1))
        let strip = bar.drawing(scale: scale, margin: 4)
        #expect(strip.height == 15 * scale + 1)
        #expect(strip.bar.boundingBox.width == bar.pixels && strip.bar.boundingBox.x == 4 && strip.bar.area == strip.bar.boundingBox.area)
        #expect(strip.text.boundingBox.maxY < strip.bar.boundingBox.y && strip.bar.boundingBox.maxY < strip.height)
        #expect(strip.text.boundingBox.maxX <= strip.width && strip.bar.boundingBox.maxX <= strip.width - 4)
    }
    #expect(try #require(ScaleBar(fitting: 100, pixelSize: 1)).drawing(scale: 2, margin: 4).height == 31)
}
