import Raster
import Testing

@Test func `boxes are half-open`() {
    let box = Rect(x: 2, y: 3, width: 4, height: 5)
    #expect(box.maxX == 6 && box.maxY == 8 && box.area == 20)
    #expect(box.contains(x: 2, y: 3) && box.contains(x: 5, y: 7) && !box.contains(x: 6, y: 7) && !box.contains(x: 5, y: 8))
}

@Test func `the common part of boxes that only touch is empty`() {
    let box = Rect(x: 0, y: 0, width: 4, height: 4)
    #expect(box.intersection(Rect(x: 4, y: 0, width: 2, height: 2)).isEmpty && !box.intersects(Rect(x: 4, y: 4, width: 1, height: 1)))
    #expect(box.intersection(Rect(x: 3, y: -2, width: 9, height: 4)) == Rect(x: 3, y: 0, width: 1, height: 2))
}

@Test func `an empty box counts for nothing in a union`() {
    let (box, nothing) = (Rect(x: 5, y: 5, width: 2, height: 2), Rect(x: 0, y: 0, width: 0, height: 0))
    #expect(box.union(nothing) == box && nothing.union(box) == box)
    #expect(box.union(Rect(x: 0, y: 6, width: 1, height: 9)) == Rect(minX: 0, minY: 5, maxX: 7, maxY: 15))
    #expect(box.expanded(by: 1) == Rect(x: 4, y: 4, width: 4, height: 4))
}
