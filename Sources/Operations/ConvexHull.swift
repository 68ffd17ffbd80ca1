import Raster

/// Convex hull of pixels, each taken as the diamond through the middles of its four edges.
///
/// Coordinates are doubled, so that half pixels are whole numbers and every test is exact.
struct ConvexHull {
    struct Vertex: Equatable {
        var x: Int
        var y: Int
    }

    /// Corners in order around the hull, no three in a line.
    let vertices: [Vertex]
    private let left: [Vertex]
    private let right: [Vertex]

    /// - Parameter rows: leftmost and rightmost pixel of each row that has any, from top to bottom; not empty.
    /// - Complexity: linear in the rows.
    init(rows: [(y: Int, first: Int, last: Int)]) {
        var left: [Vertex] = []
        var right: [Vertex] = []
        func add(_ x: Int, _ y: Int, to chain: inout [Vertex], side: Int) {
            let new = Vertex(x: x, y: y)
            if let last = chain.last, last.y == y {
                // Two rows meet in this half row; only the outer of both points matters.
                if side * x <= side * last.x { return }
                chain.removeLast()
            }
            while chain.count >= 2, side * cross(chain[chain.count - 2], chain[chain.count - 1], new) <= 0 { chain.removeLast() }
            chain.append(new)
        }
        for row in rows {
            add(2 * row.first, 2 * row.y - 1, to: &left, side: -1)
            add(2 * row.first - 1, 2 * row.y, to: &left, side: -1)
            add(2 * row.first, 2 * row.y + 1, to: &left, side: -1)
            add(2 * row.last, 2 * row.y - 1, to: &right, side: 1)
            add(2 * row.last + 1, 2 * row.y, to: &right, side: 1)
            add(2 * row.last, 2 * row.y + 1, to: &right, side: 1)
        }
        (self.left, self.right) = (left, right)
        // Down the right side, up the left side; where both chains share an end it counts once.
        var around = right
        for vertex in left.reversed() where vertex != around.last && vertex != around.first { around.append(vertex) }
        vertices = around
    }

    /// Rows of pixels whose centres lie in the hull or on its edge.
    func pixelRows() -> [(y: Int, first: Int, last: Int)] {
        guard let top = right.first, let bottom = right.last else { return [] }
        var (l, r) = (0, 0)
        return (floorDivide(top.y + 1, 2)...floorDivide(bottom.y - 1, 2)).map { y in
            while l + 2 < left.count, left[l + 1].y < 2 * y { l += 1 }
            while r + 2 < right.count, right[r + 1].y < 2 * y { r += 1 }
            return (y, -crossing(left, l, y, sign: -1), crossing(right, r, y, sign: 1))
        }
    }

    /// Largest x (or, with sign −1, minus the smallest x) of a pixel centre in row y on the inner side of an edge of the chain.
    private func crossing(_ chain: [Vertex], _ index: Int, _ y: Int, sign: Int) -> Int {
        let (a, b) = (chain[index], chain[index + 1])
        let rise = b.y - a.y
        return floorDivide(sign * (a.x * rise + (b.x - a.x) * (2 * y - a.y)), 2 * rise)
    }

    /// Largest distance between two points of the hull, and smallest distance between two parallel lines around it, in pixels.
    ///
    /// - Complexity: linear in the corners (rotating calipers).
    func diameters() -> (largest: Double, smallest: Double) {
        let count = vertices.count
        guard count >= 3 else { return (0, 0) }
        var largest = 0
        var smallest = Double.infinity
        var opposite = 1
        for index in 0..<count {
            let (a, b) = (vertices[index], vertices[(index + 1) % count])
            while true {
                let now = cross(a, b, vertices[opposite])
                let next = cross(a, b, vertices[(opposite + 1) % count])
                if abs(next) <= abs(now) {
                    if abs(next) == abs(now) {
                        let other = vertices[(opposite + 1) % count]
                        largest = max(largest, squaredDistance(a, other), squaredDistance(b, other))
                    }
                    break
                }
                opposite = (opposite + 1) % count
            }
            let far = vertices[opposite]
            largest = max(largest, squaredDistance(a, far), squaredDistance(b, far))
            smallest = min(smallest, Double(abs(cross(a, b, far))) / Double(squaredDistance(a, b)).squareRoot())
        }
        return (Double(largest).squareRoot() / 2, smallest / 2)
    }
}

@inline(__always) private func cross(_ a: ConvexHull.Vertex, _ b: ConvexHull.Vertex, _ c: ConvexHull.Vertex) -> Int {
    (b.x - a.x) * (c.y - a.y) - (b.y - a.y) * (c.x - a.x)
}

@inline(__always) private func squaredDistance(_ a: ConvexHull.Vertex, _ b: ConvexHull.Vertex) -> Int {
    (a.x - b.x) * (a.x - b.x) + (a.y - b.y) * (a.y - b.y)
}

@inline(__always) func floorDivide(_ a: Int, _ b: Int) -> Int {
    let quotient = a / b
    return quotient * b > a ? quotient - 1 : quotient
}
