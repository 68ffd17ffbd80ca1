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

@Test func `the laws of sets hold, and results are joined runs in order`() {
    func joined(_ mask: Mask) -> Bool { Mask(bounds: mask.bounds, joining: mask.runs) == mask }
    let box = Rect(x: -3, y: -2, width: 210, height: 45)
    let masks = drawnMasks(seed: 21).map { $0.clipped(to: box) }
    for (index, a) in masks.enumerated() {
        let (b, c) = (masks[(index + 3) % masks.count], masks[(index + 7) % masks.count])
        #expect(a.union(b) == b.union(a) && a.intersection(b) == b.intersection(a) && a.symmetricDifference(b) == b.symmetricDifference(a))
        #expect(a.union(b).union(c) == a.union(b.union(c)) && a.intersection(b).intersection(c) == a.intersection(b.intersection(c)))
        #expect(a.symmetricDifference(b).symmetricDifference(c) == a.symmetricDifference(b.symmetricDifference(c)))
        #expect(a.intersection(b.union(c)) == a.intersection(b).union(a.intersection(c)))
        #expect(a.union(b.intersection(c)) == a.union(b).intersection(a.union(c)))
        #expect(a.union(b).inverted == a.inverted.intersection(b.inverted) && a.intersection(b).inverted == a.inverted.union(b.inverted))
        #expect(a.subtracting(b) == a.intersection(b.inverted) && a.symmetricDifference(b) == a.union(b).subtracting(a.intersection(b)))
        #expect(a.union(a.inverted) == Mask.full(box) && a.intersection(a.inverted).isEmpty && a.symmetricDifference(a).isEmpty)
        #expect(a.union(b).area + a.intersection(b).area == a.area + b.area)
        #expect([a.union(b), a.intersection(b), a.subtracting(b), a.symmetricDifference(b), a.inverted].allSatisfy(joined))
    }
}

@Test(arguments: Connectivity.allCases)
func `removing small parts equals counting labels`(connectivity: Connectivity) {
    for mask in drawnMasks(seed: 13) {
        let plain = PlainMask(mask)
        let (labels, count) = plain.labels(connectivity)
        var areas = [Int](repeating: 0, count: count + 1)
        for label in labels { areas[label] += 1 }
        for least in [0, 1, 2, 5, 1000] {
            #expect(PlainMask(mask.removingSmall(below: least, connectivity: connectivity)) == plain.map { x, y in
                plain[x, y] && areas[labels[y * plain.width + x]] >= least
            })
        }
    }
}
