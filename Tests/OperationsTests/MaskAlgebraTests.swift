import Operations
import Raster
import Testing

@Test func `set operations equal working pixel by pixel`() {
    let masks = drawnMasks(seed: 3)
    let box = Rect(x: 0, y: 0, width: 200, height: 40)
    for a in masks {
        for b in masks {
            let (wideA, wideB) = (PlainMask(a.clipped(to: box)), PlainMask(b.clipped(to: box)))
            func check(_ mask: Mask, _ keep: (Bool, Bool) -> Bool) {
                #expect(PlainMask(mask.clipped(to: box)) == wideA.map { keep(wideA[$0, $1], wideB[$0, $1]) })
            }
            check(a.union(b)) { $0 || $1 }
            check(a.intersection(b)) { $0 && $1 }
            check(a.subtracting(b)) { $0 && !$1 }
            check(a.symmetricDifference(b)) { $0 != $1 }
            #expect(a.intersects(b) == !a.intersection(b).isEmpty)
            #expect(Mask.union(of: [a, b]).runs == a.union(b).runs)
        }
    }
}

@Test func `results keep the invariant of runs`() {
    // Union of neighbours must give one run, not two that touch.
    #expect(Mask("##..").union(Mask("..##")).runs == [Run(y: 0, first: 0, last: 3)])
    #expect(Mask("####").symmetricDifference(Mask("....")).runs == [Run(y: 0, first: 0, last: 3)])
}

@Test func `moving there and back changes nothing`() {
    for mask in drawnMasks() { #expect(mask.translated(x: -70, y: 13).translated(x: 70, y: -13) == mask) }
}

@Test func `clipping keeps what lies inside and takes the box as bounds`() {
    let mask = Mask("####", "####", "####").clipped(to: Rect(x: 1, y: 1, width: 9, height: 1))
    #expect(mask.bounds == Rect(x: 1, y: 1, width: 9, height: 1) && mask.runs == [Run(y: 1, first: 1, last: 3)])
    #expect(Mask("##").clipped(to: Rect(x: 5, y: 5, width: 0, height: 0)).isEmpty)
    #expect(Mask("##").clipped(to: Rect(x: 0, y: 1, width: 5, height: 5)).isEmpty)
}

@Test func `inverting twice gives the mask back`() {
    for mask in drawnMasks() { #expect(mask.inverted.inverted == mask && mask.inverted.area == mask.bounds.area - mask.area) }
}
