import Operations
import Raster
import Testing

private func shoelace(_ ring: [Point]) -> Double {
    zip(ring, ring.dropFirst() + ring.prefix(1)).reduce(0) { $0 + $1.0.x * $1.1.y - $1.1.x * $1.0.y } / 2
}

@Test func `a rectangle has four corners at pixel edges, counter-clockwise`() {
    let corners = [Point(x: 0.5, y: 2.5), Point(x: 0.5, y: 0.5), Point(x: 2.5, y: 0.5), Point(x: 2.5, y: 2.5)]
    let ring = Mask("...", ".##", ".##").polygons()[0][0]
    #expect(Set(ring) == Set(corners) && ring.count == 4 && shoelace(ring) == 4)
}

@Test func `a ring is one polygon with a hole`() {
    let polygons = Mask("###", "#.#", "###").polygons()
    #expect(polygons.count == 1 && polygons[0].count == 2)
    #expect(shoelace(polygons[0][0]) == 9 && shoelace(polygons[0][1]) == -1)
}

@Test func `pixels that meet at a corner are two polygons`() {
    #expect(Mask("#.", ".#").polygons().map(\.count) == [1, 1])
}

@Test func `filling the contours gives the mask back, and areas add up`() {
    for mask in drawnMasks() {
        let polygons = mask.polygons()
        #expect(Mask.polygon(mask.contours(), bounds: mask.bounds) == mask)
        #expect(polygons.flatMap { $0 }.reduce(0) { $0 + shoelace($1) } == Double(mask.area))
        #expect(polygons.count == mask.componentCount(connectivity: .four))
        for polygon in polygons {
            #expect(shoelace(polygon[0]) > 0 && polygon.dropFirst().allSatisfy { shoelace($0) < 0 })
            for ring in polygon {
                // Corners only: horizontal and vertical edges take turns.
                let steps = zip(ring, ring.dropFirst() + ring.prefix(1)).map { $0.x == $1.x }
                #expect(ring.count >= 4 && zip(steps, steps.dropFirst() + steps.prefix(1)).allSatisfy { $0 != $1 })
            }
        }
    }
}
