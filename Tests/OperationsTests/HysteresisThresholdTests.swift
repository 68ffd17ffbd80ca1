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

@Test func `small components are removed`() {
    for mask in drawnMasks(seed: 23) {
        let large = mask.components().filter { $0.area >= 5 }
        #expect(mask.removingSmall(below: 5).runs == Mask.union(of: large).runs)
    }
}
