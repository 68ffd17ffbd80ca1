import Operations
import Raster
import Testing

/// A gray picture in which about this part of the pixels is dark.
private func drawnGray<Pixel: FixedWidthInteger & BitwiseCopyable & Sendable>(width: Int, height: Int, percent: Int, seed: UInt64) -> Image<Pixel> {
    var random = Random(seed: seed)
    return Image(width: width, height: height, pixels: (0..<(width * height)).map { _ in
        let isDark = Int.random(in: 0..<100, using: &random) < percent
        return isDark ? Pixel.random(in: 0...100, using: &random) : Pixel.random(in: 101...Pixel.max, using: &random)
    })
}

/// Compares every number with the measures made from masks.
private func compare(_ sums: RegionSums, _ masks: [Mask], gray: (Mask) -> GrayMeasures?) {
    #expect(sums.regions.count == masks.count)
    for (region, mask) in zip(sums.regions, masks) {
        let (moments, levels) = (ShapeMoments(mask)!, gray(mask)!)
        #expect(region.area == mask.area && region.box == mask.boundingBox)
        #expect(region.firstX == Int(mask.runs[0].first) && region.firstY == Int(mask.runs[0].y))
        #expect(agree(region.centroid.x, moments.centroid.x, relative: 1e-14) && agree(region.centroid.y, moments.centroid.y, relative: 1e-14))
        let (mu20, mu11, mu02) = region.secondMoments
        #expect(agree(mu20, moments.mu20, relative: 1e-9) && agree(mu11, moments.mu11, relative: 1e-9) && agree(mu02, moments.mu02, relative: 1e-9))
        #expect(region.graySum == levels.integratedDensity && region.grayMinimum == levels.minimum && region.grayMaximum == levels.maximum)
        #expect(region.grayMean == levels.mean && agree(region.grayDeviation, levels.deviation, relative: 1e-12))
    }
}

@Test(arguments: Connectivity.allCases)
func `sums of components equal the measures of their masks`(connectivity: Connectivity) {
    for (width, height, percent) in [(1, 1, 100), (1, 1, 0), (63, 20, 30), (64, 31, 60), (200, 50, 5), (131, 40, 85), (40, 40, 100)] {
        let gray: Image<UInt8> = drawnGray(width: width, height: height, percent: percent, seed: 3)
        let dark = gray.mask(darkerThanOrEqual: 100)
        compare(gray.regionSums(darkerThanOrEqual: 100, connectivity: connectivity), dark.components(connectivity: connectivity)) { GrayMeasures($0, image: gray) }
        let bright = gray.mask(brighterThan: 100)
        compare(gray.regionSums(brighterThan: 100, connectivity: connectivity), bright.components(connectivity: connectivity)) { GrayMeasures($0, image: gray) }
        let deep: Image<UInt16> = drawnGray(width: width, height: height, percent: percent, seed: 4)
        compare(deep.regionSums(darkerThanOrEqual: 100, connectivity: connectivity), deep.mask(darkerThanOrEqual: 100).components(connectivity: connectivity)) {
            GrayMeasures($0, image: deep)
        }
        compare(deep.regionSums(brighterThan: 100, connectivity: connectivity), deep.mask(brighterThan: 100).components(connectivity: connectivity)) {
            GrayMeasures($0, image: deep)
        }
    }
}

@Test func `an empty image and one without foreground have no sums`() {
    let empty = Image<UInt8>(width: 0, height: 0, repeating: 0)
    #expect(empty.regionSums(darkerThanOrEqual: 255).regions.isEmpty)
    #expect(Image<UInt8>(width: 9, height: 4, repeating: 7).regionSums(brighterThan: 7).regions.isEmpty)
}

@Test func `a large even object has no deviation`() {
    let image = Image<UInt16>(width: 3000, height: 1500, repeating: 65_535)
    let region = image.regionSums(brighterThan: 0).regions[0]
    #expect(region.grayDeviation == 0 && region.area == 4_500_000 && region.centroid == Point(x: 1499.5, y: 749.5))
}
