import Operations
import Raster
import Testing

@Test func `a large mask holds the runs it was given, in any order`() {
    var random = Random(seed: 8)
    for mask in drawnMasks(seed: 21) + [wide(seed: 4)] where !mask.isEmpty {
        #expect(LargeMask(mask).mask == mask.tight)
        let shuffled = mask.runs.shuffled(using: &random)
        #expect(LargeMask(mask) == LargeMask(Mask(bounds: mask.bounds, joining: shuffled)))
    }
    let empty = LargeMask(Mask(bounds: Rect(x: 3, y: 4, width: 5, height: 6), sortedRuns: []))
    #expect(empty.box.isEmpty && empty.mask.isEmpty)
    #expect(ShapeMeasures(empty) == nil)
}

@Test func `shape measures by bands equal those of the whole mask to the last bit`() {
    for mask in drawnMasks(seed: 2) + drawnRings(seed: 7) + [wide(seed: 1), wide(seed: 2)] where !mask.isEmpty {
        let (banded, whole) = (ShapeMeasures(LargeMask(mask)), ShapeMeasures(mask))
        #expect(banded?.values(pixelSize: 2) == whole?.values(pixelSize: 2))
        #expect(banded == whole)
    }
}

@Test func `an object measured by bands has the values of the whole in every group, in 8 and 16 bits`() {
    let mask = wide(seed: 3)
    let gray8 = Image<UInt8>(width: 2100, height: 200, pixels: (0..<420_000).map { UInt8(truncatingIfNeeded: $0 &* 2_654_435_761 >> 13) })
    let gray16 = gray8.mapped { UInt16($0) &* 251 }
    for gray in [AnyImage.gray8(gray8), .gray16(gray16)] {
        for groups in [[MeasureGroup.shape, .gray], [.gray], [.texture, .gray]] {
            let measurer = ObjectMeasurer(groups)
            let tight = mask.boundingBox
            let whole = measurer.values(mask, gray: gray.cropped(to: tight), window: tight, pixelSize: 3)
            var rows: [Int] = []
            let banded = measurer.values(LargeMask(mask), pixelSize: 3) { box in
                rows.append(box.height)
                return (gray.cropped(to: box), nil)
            }
            #expect(banded == whole)
            #expect(groups.contains(.texture) || rows.allSatisfy { $0 <= 64 })
        }
    }
}

/// Grains and holes over several tiles and bands, so that parts end at their edges.
private func wide(seed: UInt64) -> Mask {
    var random = Random(seed: seed)
    var runs: [Run] = []
    for y in 3..<190 {
        var x = Int.random(in: 0...9, using: &random)
        while x < 2080 {
            let last = min(2090, x + Int.random(in: 0...90, using: &random))
            runs.append(Run(y: y, first: x, last: last))
            x = last + 2 + Int.random(in: 0...6, using: &random)
        }
    }
    return Mask(bounds: Rect(x: 0, y: 0, width: 2100, height: 200), sortedRuns: runs)
}
