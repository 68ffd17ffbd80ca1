import Raster
import Testing

@Test func `a picture becomes runs and knows its pixels`() {
    let mask = Mask("##.#", "....", ".##.")
    #expect(mask.runs == [Run(y: 0, first: 0, last: 1), Run(y: 0, first: 3, last: 3), Run(y: 2, first: 1, last: 2)])
    #expect(mask.area == 5 && mask.boundingBox == Rect(x: 0, y: 0, width: 4, height: 3))
    let inside = [(0, 0), (1, 0), (3, 0), (1, 2), (2, 2)]
    for y in -1...3 { for x in -1...4 { #expect(mask.contains(x: x, y: y) == inside.contains { $0 == (x, y) }) } }
}

@Test func `runs in any order are sorted and joined`() {
    let bounds = Rect(x: 0, y: 0, width: 9, height: 2)
    let mask = Mask(bounds: bounds, joining: [Run(y: 1, first: 4, last: 5), Run(y: 0, first: 3, last: 8), Run(y: 0, first: 0, last: 2), Run(y: 1, first: 4, last: 8)])
    #expect(mask.runs == [Run(y: 0, first: 0, last: 8), Run(y: 1, first: 4, last: 8)])
}

@Test func `equal foreground in equal bounds is an equal mask`() {
    #expect(Mask("##") == Mask(bounds: Rect(x: 0, y: 0, width: 2, height: 1), joining: [Run(y: 0, first: 1, last: 1), Run(y: 0, first: 0, last: 0)]))
    #expect(Mask("##") != Mask("##."))
}

@Test func `the tight mask keeps pixels and drops the rest of the box`() {
    let mask = Mask("....", ".##.", "....").tight
    #expect(mask.bounds == Rect(x: 1, y: 1, width: 2, height: 1) && mask.contains(x: 1, y: 1) && mask.area == 2)
    #expect(Mask("...").tight.bounds == Rect(x: 0, y: 0, width: 0, height: 0) && Mask("...").isEmpty)
}
