import Operations
import Raster
import Testing

@Test func `small components are removed`() {
    for mask in drawnMasks(seed: 23) {
        let large = mask.components().filter { $0.area >= 5 }
        #expect(mask.removingSmall(below: 5).runs == Mask.union(of: large).runs)
    }
}
