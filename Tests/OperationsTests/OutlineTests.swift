import Operations
import Raster
import Testing

@Test func `the outline is every foreground pixel beside background or the edge`() {
    for mask in drawnMasks() {
        let plain = PlainMask(mask)
        let expected = plain.map { plain[$0, $1] && !(plain[$0 - 1, $1] && plain[$0 + 1, $1] && plain[$0, $1 - 1] && plain[$0, $1 + 1]) }
        #expect(PlainMask(mask.outline()) == expected)
        #expect(mask.outline().bounds == mask.bounds)
    }
}
