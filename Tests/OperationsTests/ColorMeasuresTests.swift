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
    #expect(ColorMeasures(Mask("#"), image: Image(width: 1, height: 1, repeating: BGR<UInt8>(blue: 0, green: 0, red: 0)))?.saturation.mean == 0)
}

private let colours = TexturePictures.draw { x, y in
    BGR(blue: TexturePictures.rough[x, y], green: TexturePictures.smooth[x, y], red: UInt8((x * 5 + y * y) % 256))
}

@Test func `colours of a mask equal OpenCV's, hue as SciPy's circular statistics`() throws {
    let expected = [
        128.35786435786434, 73.41639579274243, 125.8051948051948, 53.919488659345454, 124.17316017316017, 66.38587208637414, 158.93217893217894,
        56.31266831205898, 182.23232323232324, 45.06861205040032, 225.11961768431362, 160.34566210686108, 88.17171717171718, 51.64914610985082,
    ]
    let values = try #require(ColorMeasures(TexturePictures.mask, image: AnyImage.color8(colours))).values()
    for (index, value) in values.enumerated() {
        #expect(agree(value ?? .nan, expected[index]), "\(ColorMeasures.columns[index].name): \(value ?? .nan), not \(expected[index])")
    }
}

@Test func `sixteen bits follow the same definition`() throws {
    // Saturation and hue from OpenCV's floating-point conversion, rounded to its 8-bit scale.
    let expected = [
        32866.61327561327, 18794.597322942063, 32430.953823953823, 13857.392166437141, 34818.291486291484, 16656.266573372075, 157.2135642135642,
        55.07696821580435, 48107.48629148629, 10551.240941982003, 356.7577319066883, 140.73037990774097, 86.56565656565657, 53.88194918740547,
    ]
    let image = TexturePictures.draw { x, y in
        BGR(blue: UInt16(TexturePictures.rough[x, y]) * 256 + 7, green: TexturePictures.wide[x, y], red: UInt16((x * 1500 + y * y * 70) % 65536))
    }
    let values = try #require(ColorMeasures(TexturePictures.mask, image: AnyImage.color16(image))).values()
    for (index, value) in values.enumerated() {
        #expect(agree(value ?? .nan, expected[index]), "\(ColorMeasures.columns[index].name): \(value ?? .nan), not \(expected[index])")
    }
}

@Test func `hue, saturation and value of single colours are OpenCV's whole numbers`() throws {
    let levels = (0..<18).map { UInt8(15 * $0) }
    let all = levels.flatMap { b in levels.flatMap { g in levels.map { r in BGR(blue: b, green: g, red: r) } } }
    let image = Image(width: all.count, height: 1, pixels: all)
    // Sums of number · (index mod 997 + 1) over OpenCV's conversion of the same colours.
    var (hues, saturations, values) = (0.0, 0.0, 0.0)
    for x in all.indices {
        let pixel = Mask(bounds: image.bounds, sortedRuns: [Run(y: 0, first: x, last: x)])
        let measures = try #require(ColorMeasures(pixel, image: image))
        hues += measures.opencvHue.mean * Double(x % 997 + 1)
        saturations += measures.saturation.mean * Double(x % 997 + 1)
        values += measures.value.mean * Double(x % 997 + 1)
        #expect(measures.hueDeviation == nil || measures.hueDeviation == 0)
    }
    #expect((hues, saturations, values) == (255_071_803, 506_229_263, 564_926_160))
}

@Test func `a gray image is measured as equal blue, green and red`() throws {
    let gray = TexturePictures.rough
    let same = gray.mapped { BGR(blue: $0, green: $0, red: $0) }
    #expect(ColorMeasures(TexturePictures.mask, image: gray) == ColorMeasures(TexturePictures.mask, image: same))
    let wide = TexturePictures.wide
    let alike = wide.mapped { BGR(blue: $0, green: $0, red: $0) }
    let measures = try #require(ColorMeasures(TexturePictures.mask, image: AnyImage.gray16(wide)))
    #expect(measures == ColorMeasures(TexturePictures.mask, image: alike) && measures.saturation.mean == 0 && measures.red == measures.blue)
}

@Test func `colours do not depend on what surrounds the object, or on the length of its runs`() {
    let mask = TexturePictures.mask
    let expected = ColorMeasures(mask, image: colours)
    let (crop, inCrop) = TexturePictures.cropped(colours, mask)
    #expect(ColorMeasures(inCrop, image: crop) == expected)
    for padding in [5, 50] {
        let (larger, moved) = TexturePictures.padded(colours, mask, by: padding) { BGR(blue: UInt8($0 % 251), green: 3, red: 99) }
        #expect(ColorMeasures(moved, image: larger) == expected)
    }
    // More pixels in a run than are summed at once.
    let line = Image(width: 1073, height: 1, pixels: colours.withBuffer { Array($0) })
    let (a, b) = (ColorMeasures(Mask.full(line.bounds), image: line), ColorMeasures(Mask.full(colours.bounds), image: colours))
    #expect(a?.blue == b?.blue && a?.saturation == b?.saturation && a?.opencvHue == b?.opencvHue)
    #expect(agree(a?.hueMean ?? .nan, b?.hueMean ?? 0, relative: 1e-12) && agree(a?.hueDeviation ?? .nan, b?.hueDeviation ?? 0, relative: 1e-12))
}
