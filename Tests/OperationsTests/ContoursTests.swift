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
                #expect(Set(ring).count == ring.count, "no corner is passed twice")
                let steps = zip(ring, ring.dropFirst() + ring.prefix(1)).map { $0.x == $1.x }
                #expect(ring.count >= 4 && zip(steps, steps.dropFirst() + steps.prefix(1)).allSatisfy { $0 != $1 })
            }
        }
    }
}

@Test func `a ring closed only across a corner has a hole that touches it there`() {
    let pinched = Mask("###", "#.#", "##.").polygons()
    #expect(pinched.map(\.count) == [2] && pinched[0].map(shoelace) == [8, -1])
    #expect(Set(pinched[0][0]).intersection(pinched[0][1]) == [Point(x: 1.5, y: 1.5)])
}

/// Boxes x, y, width, height, depth and box of the parent, by OpenCV's `findContours` with RETR_TREE; the box of a hole without its rim.
private let nest: Set<[Int]> = [
    [0, 0, 14, 12, 0, -1, -1, 0, 0], [1, 1, 12, 10, 1, 0, 0, 14, 12], [1, 13, 2, 2, 0, -1, -1, 0, 0], [2, 2, 10, 8, 2, 1, 1, 12, 10],
    [3, 3, 8, 6, 3, 2, 2, 10, 8], [4, 4, 4, 4, 4, 3, 3, 8, 6], [4, 13, 2, 2, 0, -1, -1, 0, 0], [5, 5, 2, 2, 5, 4, 4, 4, 4],
    [7, 14, 9, 2, 0, -1, -1, 0, 0], [9, 5, 1, 1, 4, 3, 3, 8, 6], [15, 8, 8, 7, 0, -1, -1, 0, 0], [16, 4, 3, 3, 0, -1, -1, 0, 0],
    [17, 5, 1, 1, 1, 16, 4, 3, 3], [17, 10, 2, 1, 1, 15, 8, 8, 7], [20, 0, 3, 3, 0, -1, -1, 0, 0], [21, 1, 1, 1, 1, 20, 0, 3, 3],
    [21, 13, 1, 1, 1, 15, 8, 8, 7],
]

private func box(_ ring: [Point]) -> [Int] {
    let (x, y) = (ring.map(\.x).min()!, ring.map(\.y).min()!)
    return [Int(x + 0.5), Int(y + 0.5), Int(ring.map(\.x).max()! - x), Int(ring.map(\.y).max()! - y)]
}

@Test func `nested contours know their parents as in OpenCV`() {
    let mask = Mask(
        "##############......###", "#............#......#.#", "#.##########.#......###", "#.#........#.#.........", "#.#.####...#.#...#.....",
        "#.#.#..#.#.#.#..#.#....", "#.#.#..#...#.#...#.....", "#.#.####...#.#.........", "#.#........#.#.##..##..", "#.##########.#...##....",
        "#............#..#..#...", "##############..####...", "....................###", ".##.##..............#.#", ".##..#.........#....###",
        ".......#########.......")
    let tree = mask.contourTree()
    let rows = tree.map { contour in
        var depth = 0
        var parent = contour.parent
        while let index = parent {
            depth += 1
            parent = tree[index].parent
        }
        return box(contour.ring) + [depth] + (contour.parent.map { box(tree[$0].ring) } ?? [-1, -1, 0, 0])
    }
    #expect(Set(rows) == nest && rows.count == nest.count)
}

@Test(arguments: Connectivity.allCases)
func `contours alternate between parts and holes and count them`(connectivity: Connectivity) {
    for mask in drawnMasks(seed: 11) {
        let tree = mask.contourTree(connectivity: connectivity)
        #expect(tree.count { !$0.isHole } == mask.componentCount(connectivity: connectivity))
        if connectivity == .eight { #expect(tree.count(where: \.isHole) == mask.holes(background: .four).count) }
        #expect(tree.allSatisfy { ($0.parent.map { tree[$0].isHole } ?? true) != $0.isHole })
        #expect(tree.allSatisfy { (shoelace($0.ring) < 0) == $0.isHole })
        #expect(tree.reduce(0) { $0 + shoelace($1.ring) } == Double(mask.area))
        #expect(mask.outerContours(connectivity: connectivity) == tree.filter { !$0.isHole }.map(\.ring))
        for contour in tree {
            guard let parent = contour.parent else { continue }
            // A pixel inside the inner ring is inside the outer one.
            let (inner, outer) = (Mask.polygon([contour.ring], bounds: mask.bounds), Mask.polygon([tree[parent].ring], bounds: mask.bounds))
            #expect(inner.subtracting(outer).isEmpty && inner.area < outer.area)
        }
    }
}
