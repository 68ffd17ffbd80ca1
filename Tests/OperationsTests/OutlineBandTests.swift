import Operations
import Raster
import Testing

/// Numbers of pixels and Σ (31 x + 17 y), by erosion and dilation with disks of scikit-image 0.26, background beyond the border.
@Test(arguments: [(1, 500, 755_691, 445, 679_758), (2, 928, 1_383_701, 852, 1_279_291), (3, 1237, 1_745_806, 1112, 1_565_474)])
func `bands equal scikit-image's`(width: Int, inside: Int, insidePlaces: Int, outside: Int, outsidePlaces: Int) {
    let mask = Image<UInt8>(width: 60, height: 45, pixels: (0..<(60 * 45)).map { index in
        let (x, y) = (index % 60, index / 60)
        return UInt8((x * x * 3 + y * y * 5 + x * y * 7) / 20 % 256)
    }).mask(brighterThan: 120)
    func sums(_ mask: Mask) -> [Int] {
        [mask.area, mask.runs.reduce(0) { sum, run in (run.first...run.last).reduce(sum) { $0 + 31 * Int($1) + 17 * Int(run.y) } }]
    }
    #expect(sums(mask.outlineBand(width: width, on: .inside)) == [inside, insidePlaces])
    #expect(sums(mask.outlineBand(width: width, on: .outside)) == [outside, outsidePlaces])
}

@Test func `a band of one pixel is the outline, one of none is empty`() {
    for mask in drawnMasks(seed: 5) {
        #expect(mask.outlineBand(width: 1, on: .inside) == mask.outline())
        #expect(mask.outlineBand(width: 0, on: .inside).isEmpty && mask.outlineBand(width: 0, on: .outside).isEmpty)
        #expect(!mask.outlineBand(width: 4, on: .outside).intersects(mask))
    }
    #expect(Mask("#").outlineBand(width: 3, on: .inside) == Mask("#"))
    #expect(Mask("...", ".#.", "...").outlineBand(width: 1, on: .outside) == Mask(".#.", "#.#", ".#."))
}
