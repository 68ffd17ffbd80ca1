import Operations
import Raster
import Testing

@Test func `every ring of neighbours is kept or deleted as in the sets`() {
    for ring in 0..<256 {
        let all = (0..<8).map { SIMD2<UInt64>(repeating: UInt64(ring >> $0 & 1)) }
        let first = isInFirstSet(all[0], all[1], all[2], all[3], all[4], all[5], all[6], all[7])[0] & 1
        let second = isInSecondSet(all[0], all[1], all[2], all[3], all[4], all[5], all[6], all[7])[1] & 1
        #expect(first == ZooProcessPlain.thinning[0][ring / 64] >> UInt64(ring % 64) & 1)
        #expect(second == ZooProcessPlain.thinning[1][ring / 64] >> UInt64(ring % 64) & 1)
    }
}

@Test func `the skeleton has the pixels that thinning one by one leaves`() throws {
    for (mask, image, limit) in drawnObjects() {
        let measures = try #require(ZooProcessMeasures(mask, image: image, limit: limit))
        #expect(measures.skeletonArea == ZooProcessPlain(mask, image: image, limit: limit).skeletonArea())
    }
}
