import Operations
import Raster
import Testing

/// Inside by the even-odd rule, or on an edge.
private func covers(_ rings: [[Point]], _ x: Double, _ y: Double) -> Bool {
    var inside = false
    for ring in rings {
        for (a, b) in zip(ring, ring.dropFirst() + ring.prefix(1)) {
            let cross = (b.x - a.x) * (y - a.y) - (b.y - a.y) * (x - a.x)
            if cross == 0, min(a.x, b.x) <= x, x <= max(a.x, b.x), min(a.y, b.y) <= y, y <= max(a.y, b.y) { return true }
            if (a.y > y) != (b.y > y), x < a.x + (b.x - a.x) * (y - a.y) / (b.y - a.y) { inside.toggle() }
        }
    }
    return inside
}

@Test func `polygons hold the pixels whose centres are inside or on an edge`() {
    var random = Random(seed: 4)
    let bounds = Rect(x: 2, y: 3, width: 40, height: 30)
    for corners in [1, 2, 3, 4, 5, 9, 17] {
        for step in [1.0, 0.5, 0.25] {
            // Steps of quarters keep the plain version's arithmetic exact.
            let rings = (0..<2).map { _ in (0..<corners).map { _ in
                Point(x: Double(Int.random(in: -20...220, using: &random)) * step, y: Double(Int.random(in: -20...180, using: &random)) * step)
            } }
            let mask = Mask.polygon(rings, bounds: bounds)
            #expect(mask.bounds == bounds)
            for y in bounds.y..<bounds.maxY {
                for x in bounds.x..<bounds.maxX { #expect(mask.contains(x: x, y: y) == covers(rings, Double(x), Double(y)), "\(rings) at \(x), \(y)") }
            }
        }
    }
}

@Test func `a polygon through pixel centres includes its edges`() {
    let square = [Point(x: 1, y: 1), Point(x: 3, y: 1), Point(x: 3, y: 3), Point(x: 1, y: 3)]
    #expect(Mask.polygon([square], bounds: Rect(x: 0, y: 0, width: 5, height: 5)).area == 9)
    #expect(Mask.polygon([square.reversed()], bounds: Rect(x: 0, y: 0, width: 5, height: 5)).area == 9)
}

@Test func `a polygon of nothing, or of nonsense, is empty or cut off`() {
    let bounds = Rect(x: 0, y: 0, width: 4, height: 4)
    #expect(Mask.polygon([], bounds: bounds).isEmpty && Mask.polygon([[]], bounds: bounds).isEmpty)
    #expect(Mask.polygon([[Point(x: .nan, y: 1), Point(x: .infinity, y: 2)]], bounds: bounds).isEmpty)
    let huge = [Point(x: -1e300, y: -1e300), Point(x: 1e300, y: -1e300), Point(x: 1e300, y: 1e300), Point(x: -1e300, y: 1e300)]
    #expect(Mask.polygon([huge], bounds: bounds).area == 16)
    #expect(Mask.polygon([huge], bounds: Rect(x: 0, y: 0, width: 0, height: 0)).isEmpty)
}
