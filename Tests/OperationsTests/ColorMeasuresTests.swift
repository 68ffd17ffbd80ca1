import Operations
import Raster
import Testing

@Test func `channels are measured under the mask only`() throws {
    let pixels = [BGR<UInt8>(blue: 10, green: 20, red: 30), BGR(blue: 30, green: 20, red: 30), BGR(blue: 255, green: 255, red: 255)]
    let measures = try #require(ColorMeasures(Mask("##."), image: Image(width: 3, height: 1, pixels: pixels)))
    #expect(measures.blue.mean == 20 && measures.blue.deviation == 10 && measures.green.deviation == 0 && measures.red.mean == 30)
    #expect(measures.value.mean == 30)
    // (30 − 10) / 30 and (30 − 20) / 30 of 255.
    #expect(agree(measures.saturation.mean, (170.0 + 85) / 2))
    // Hues 30° and 300°.
    #expect(agree(try #require(measures.hueMean), 345, relative: 1e-3))
}

@Test func `hues around red average to red, not to cyan`() throws {
    let pixels = [BGR<UInt8>(blue: 0, green: 50, red: 255), BGR(blue: 50, green: 0, red: 255)]
    let hue = try #require(ColorMeasures(Mask("##"), image: Image(width: 2, height: 1, pixels: pixels))?.hueMean)
    #expect(hue < 0.5 || hue > 359.5)
}

@Test func `gray pixels have no hue, and no pixels no measures`() {
    let image = Image<BGR<UInt8>>(width: 2, height: 2, repeating: BGR(blue: 7, green: 7, red: 7))
    let measures = ColorMeasures(Mask.full(image.bounds), image: image)
    #expect(measures?.hueMean == nil && measures?.hueDeviation == nil && measures?.saturation.mean == 0 && measures?.values().count == ColorMeasures.columns.count)
    #expect(ColorMeasures(Mask(".."), image: image) == nil && ColorMeasures(Mask("#").translated(x: 9, y: 0), image: image) == nil)
    #expect(ColorMeasures(Mask("#"), image: Image(width: 1, height: 1, repeating: BGR(blue: 0, green: 0, red: 0)))?.saturation.mean == 0)
}
