import Operations
import Raster
import Testing

/// One pixel at a time.
private func plainWand(_ image: Image<UInt8>, x: Int, y: Int, tolerance: Int, connectivity: Connectivity) -> Mask {
    let seed = Int(image[x, y])
    var plain = PlainMask(width: image.width, height: image.height)
    var waiting = [(x, y)]
    while let (x, y) = waiting.popLast() {
        plain[x, y] = true
        for dy in -1...1 {
            for dx in -1...1 where connectivity == .eight || dx == 0 || dy == 0 {
                let (u, v) = (x + dx, y + dy)
                guard u >= 0, v >= 0, u < image.width, v < image.height, !plain[u, v] else { continue }
                if abs(Int(image[u, v]) - seed) <= tolerance { waiting.append((u, v)) }
            }
        }
    }
    return plain.mask
}

@Test(arguments: [Connectivity.four, .eight]) func `a wand finds what a walk from pixel to pixel finds`(connectivity: Connectivity) {
    var random = Random(seed: 11)
    for round in 0..<40 {
        let (width, height) = (Int.random(in: 1...40, using: &random), Int.random(in: 1...30, using: &random))
        let levels = round % 4 + 2
        let image = Image<UInt8>(width: width, height: height, pixels: (0..<(width * height)).map { _ in UInt8(Int.random(in: 0..<levels, using: &random) * 10) })
        let (x, y) = (Int.random(in: 0..<width, using: &random), Int.random(in: 0..<height, using: &random))
        for tolerance in [0, 10, 255] {
            #expect(
                image.wand(x: x, y: y, tolerance: tolerance, connectivity: connectivity).runs
                    == plainWand(image, x: x, y: y, tolerance: tolerance, connectivity: connectivity).runs)
        }
    }
}

@Test func `a wand compares with the pixel it points to, not with neighbours, also in 16 bits`() {
    let ramp = Image<UInt16>(width: 10, height: 1, pixels: (0..<10).map { UInt16($0 * 1000) })
    #expect(ramp.wand(x: 4, y: 0, tolerance: 2000) == Mask(tightSortedRuns: [Run(y: 0, first: 2, last: 6)]))
    #expect(ramp.wand(x: 0, y: 0, tolerance: 0).area == 1)
}
