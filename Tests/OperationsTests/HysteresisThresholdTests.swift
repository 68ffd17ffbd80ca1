import Operations
import Raster
import Testing

@Test(arguments: Connectivity.allCases)
func `components with a seed stay, others go`(connectivity: Connectivity) {
    let masks = drawnMasks(seed: 21)
    for (weak, other) in zip(masks, drawnMasks(seed: 22)) {
        let strong = weak.intersection(other)
        let kept = weak.components(connectivity: connectivity).filter { $0.intersects(strong) }
        #expect(weak.components(touching: strong, connectivity: connectivity).runs == Mask.union(of: kept).runs)
        #expect(weak.components(touching: other, connectivity: connectivity).runs == Mask.union(of: kept).runs)
    }
}

/// Numbers of pixels and Σ (31 x + 17 y), by `apply_hysteresis_threshold` of scikit-image 0.26 on the same drawn picture.
@Test func `masks equal scikit-image's`() {
    let image = Image<UInt8>(width: 60, height: 45, pixels: (0..<(60 * 45)).map { index in
        let (x, y) = (index % 60, index / 60)
        return UInt8((x * x * 3 + y * y * 5 + x * y * 7) / 20 % 256)
    })
    func sums(_ mask: Mask) -> [Int] {
        [mask.area, mask.runs.reduce(0) { sum, run in (run.first...run.last).reduce(sum) { $0 + 31 * Int($1) + 17 * Int(run.y) } }]
    }
    for (weak, strong, expected) in [(UInt8(120), UInt8(200), [1332, 1_817_848]), (60, 250, [1986, 2_643_807]), (200, 210, [524, 735_893])] {
        #expect(sums(image.hysteresisMask(brighterThan: strong, growingTo: weak)) == expected)
        let deep = image.mapped { UInt16($0) * 257 }
        #expect(sums(deep.hysteresisMask(brighterThan: UInt16(strong) * 257, growingTo: UInt16(weak) * 257)) == expected)
    }
    for (weak, strong, expected) in [(UInt8(140), UInt8(60), [1575, 1_930_258]), (190, 5, [2069, 2_584_289])] {
        #expect(sums(image.hysteresisMask(darkerThanOrEqual: strong, growingTo: weak)) == expected)
    }
    let blank = Image<UInt8>(width: 0, height: 3, repeating: 0)
    #expect(blank.hysteresisMask(brighterThan: 9, growingTo: 5).isEmpty)
}
