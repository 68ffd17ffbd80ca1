import Operations
import Raster
import Testing

@Test func `the traced length is that of the polygon around the filled object`() throws {
    var traced = 0
    for (mask, image, limit) in drawnObjects() {
        let rings = mask.filledHoles(background: .four).polygons().map { $0[0] }
        guard rings.count == 1 else { continue }
        let measures = try #require(ZooProcessMeasures(mask, image: image, limit: limit))
        #expect(agree(measures.perimeter, ringLength(rings[0])))
        traced += 1
    }
    #expect(traced > 5)
    // Pixels that touch at a corner share one outline: eight edges, four corners that count.
    let image = Image<UInt8>(width: 9, height: 9, repeating: 1)
    let pair = try #require(ZooProcessMeasures(Mask("#.", ".#"), image: image, limit: 9))
    #expect(agree(pair.perimeter, 8 - 4 * (2 - 2.0.squareRoot())))
    #expect(ZooProcessMeasures(Mask("#.", ".#"), image: image, limit: 9)?.perimeter == ZooProcessMeasures(Mask(".#", "#."), image: image, limit: 9)?.perimeter)
    // Parts that do not touch have an outline each.
    let apart = try #require(ZooProcessMeasures(Mask("#.#"), image: image, limit: 9))
    #expect(agree(apart.perimeter, 2 * (4 - 2 * (2 - 2.0.squareRoot()))))
}

@Test func `Feret is the largest distance between corners of pixels`() throws {
    for (mask, image, limit) in drawnObjects() {
        var corners: [(Int, Int)] = []
        for row in mask.rowExtents() { corners += [(row.first, row.y), (row.first, row.y + 1), (row.last + 1, row.y), (row.last + 1, row.y + 1)] }
        var largest = 0
        for a in corners { for b in corners { largest = max(largest, (a.0 - b.0) * (a.0 - b.0) + (a.1 - b.1) * (a.1 - b.1)) } }
        #expect(agree(try #require(ZooProcessMeasures(mask, image: image, limit: limit)).feret, Double(largest).squareRoot()))
    }
}

@Test func `a drawn hull holds the hull, at most half a pixel more, and its perimeter is its border`() throws {
    for (mask, image, limit) in drawnObjects() {
        let measures = try #require(ZooProcessMeasures(mask, image: image, limit: limit))
        #expect(measures.convexArea >= measures.area)
        #expect(measures.convexPerimeter <= measures.convexArea)
    }
    let square = try #require(ZooProcessMeasures(Mask.full(Rect(x: 3, y: 4, width: 10, height: 6)), image: Image(width: 20, height: 20, repeating: 8), limit: 9))
    #expect(square.convexArea == 60 && square.convexPerimeter == 60 - 8 * 4)
    // Lines from corner to corner of a diamond and back pass through whole pixels.
    let diamond = try #require(ZooProcessMeasures(Mask("..#..", ".###.", "#####", ".###.", "..#.."), image: Image(width: 20, height: 20, repeating: 8), limit: 9))
    #expect(diamond.convexArea == 13 && diamond.convexPerimeter == 12)
}
