import Raster
import Testing

@Test func `runs are ordered by row, then from left to right, and count both ends`() {
    #expect(Run(y: 0, first: 9, last: 9) < Run(y: 1, first: 0, last: 0) && Run(y: 1, first: 2, last: 3) < Run(y: 1, first: 5, last: 5))
    #expect(Run(y: 0, first: 3, last: 3).count == 1 && Run(y: 0, first: -2, last: 2).count == 5)
}
