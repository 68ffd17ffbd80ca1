import Operations
import Raster
import Testing

@Test(arguments: [1.0, 2, 3, 2.5, 7.3])
func `a small pixel counts when any of its pixels does`(factor: Double) {
    for mask in drawnMasks(seed: 8) {
        let (left, top) = (3.0, 2.0)
        let bounds = Rect(x: 0, y: 0, width: 40, height: 11)
        var expected: [Run] = []
        for run in mask.runs {
            for x in run.first...run.last {
                let (u, v) = (Int(((Double(x) - left) / factor).rounded(.down)), Int(((Double(run.y) - top) / factor).rounded(.down)))
                if bounds.contains(x: u, y: v) { expected.append(Run(y: v, first: u, last: u)) }
            }
        }
        #expect(mask.reduced(by: factor, origin: Point(x: left, y: top), bounds: bounds) == Mask(bounds: bounds, joining: expected))
    }
}

@Test func `a thin leg stays one`() {
    #expect(Mask("........", ".#######", "........", "........").reduced(by: 4, origin: Point(x: 0, y: 0), bounds: Rect(x: 0, y: 0, width: 2, height: 1)) == Mask("##"))
}
