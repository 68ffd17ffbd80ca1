import Operations
import Raster
import Testing

/// Random masks with few pixels, so that all pairs and directions can be tried.
private func smallMasks() -> [Mask] {
    var random = Random(seed: 21)
    return (0..<300).map { _ in
        let (width, height, percent) = (Int.random(in: 1...14, using: &random), Int.random(in: 1...14, using: &random), Int.random(in: 5...90, using: &random))
        var plain = PlainMask(width: width, height: height)
        for index in plain.pixels.indices { plain.pixels[index] = Int.random(in: 0..<100, using: &random) < percent }
        return plain.mask
    }
}

@Test func `largest and smallest diameter of random hulls equal trying all pairs and all edges`() {
    for mask in smallMasks() where !mask.isEmpty {
        let vertices = ConvexHull(rows: mask.rowExtents()).vertices
        let (largest, smallest) = ConvexHull(rows: mask.rowExtents()).diameters()
        var (far, narrow) = (0.0, Double.infinity)
        for index in vertices.indices {
            let (a, b) = (vertices[index], vertices[(index + 1) % vertices.count])
            let length = Double((b.x - a.x) * (b.x - a.x) + (b.y - a.y) * (b.y - a.y)).squareRoot()
            narrow = min(narrow, vertices.map { abs(Double((b.x - a.x) * ($0.y - a.y) - (b.y - a.y) * ($0.x - a.x))) / length }.max()!)
            for c in vertices { far = max(far, Double((c.x - a.x) * (c.x - a.x) + (c.y - a.y) * (c.y - a.y)).squareRoot()) }
        }
        #expect(agree(largest, far / 2) && agree(smallest, narrow / 2), "\(mask)")
        #expect(smallest <= largest)
    }
}

@Test func `the hull of pixel centres has every pixel on its inner side and only pixels as corners`() {
    for mask in smallMasks() where !mask.isEmpty {
        let hull = PixelHull(rows: mask.rowExtents())
        for (chain, side) in [(hull.left, -1), (hull.right, 1)] {
            #expect(chain.allSatisfy { mask.contains(x: $0.x, y: $0.y) })
            for (a, b) in zip(chain, chain.dropFirst()) {
                for row in mask.rowExtents() {
                    for x in [row.first, row.last] { #expect(side * ((b.x - a.x) * (row.y - a.y) - (b.y - a.y) * (x - a.x)) >= 0) }
                }
            }
        }
    }
}
