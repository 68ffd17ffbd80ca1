import Raster

/// Convex hull of pixels, each taken as the diamond through the middles of its four edges.
///
/// Coordinates are doubled, so that half pixels are whole numbers and every test is exact.
package struct ConvexHull {
    package struct Vertex: Equatable {
        package var x: Int
        package var y: Int
    }

    /// Corners in order around the hull, no three in a line.
    package let vertices: [Vertex]
    private let left: [Vertex]
    private let right: [Vertex]

    /// - Parameter rows: leftmost and rightmost pixel of each row that has any, from top to bottom; not empty.
    /// - Complexity: linear in the rows.
    package init(rows: [RowExtent]) { self.init(PixelHull(rows: rows)) }

    /// The hull of diamonds around all pixels is that of diamonds around the corners of the pixels' own hull.
    init(_ hull: PixelHull) {
        left = ConvexHull.chain(around: hull.left, side: -1)
        right = ConvexHull.chain(around: hull.right, side: 1)
        // Down the right side, up the left side; where both chains share an end it counts once.
        let (left, right) = (left, right)
        vertices = [Vertex](unsafeUninitializedCapacity: left.count + right.count) { target, count in
            for vertex in right { append(vertex, to: target, &count) }
            for index in stride(from: left.count - 1, through: 0, by: -1) where left[index] != right[right.count - 1] && left[index] != right[0] {
                append(left[index], to: target, &count)
            }
        }
    }

    private static func chain(around corners: [Vertex], side: Int) -> [Vertex] {
        [Vertex](unsafeUninitializedCapacity: 3 * corners.count) { chain, count in
            @inline(__always) func add(_ x: Int, _ y: Int) {
                let new = Vertex(x: x, y: y)
                if count > 0, chain[count &- 1].y == y {
                    // Two rows meet in this half row; only the outer of both points matters.
                    if side &* x <= side &* chain[count &- 1].x { return }
                    count &-= 1
                }
                while count >= 2, side &* cross(chain[count &- 2], chain[count &- 1], new) <= 0 { count &-= 1 }
                append(new, to: chain, &count)
            }
            for corner in corners {
                add(2 &* corner.x, 2 &* corner.y &- 1)
                add(2 &* corner.x &+ side, 2 &* corner.y)
                add(2 &* corner.x, 2 &* corner.y &+ 1)
            }
        }
    }

    /// Rows of pixels whose centres lie in the hull or on its edge.
    func pixelRows() -> [RowExtent] {
        guard let top = right.first, let bottom = right.last else { return [] }
        var (l, r) = (0, 0)
        let (first, last) = (floorDivide(top.y + 1, 2), floorDivide(bottom.y - 1, 2))
        return [RowExtent](unsafeUninitializedCapacity: last - first + 1) { rows, count in
            for y in first...last {
                while l + 2 < left.count, left[l + 1].y < 2 * y { l += 1 }
                while r + 2 < right.count, right[r + 1].y < 2 * y { r += 1 }
                append((y, -crossing(left, l, y, sign: -1), crossing(right, r, y, sign: 1)), to: rows, &count)
            }
        }
    }

    /// Largest x (or, with sign −1, minus the smallest x) of a pixel centre in row y on the inner side of an edge of the chain.
    @inline(__always) private func crossing(_ chain: [Vertex], _ index: Int, _ y: Int, sign: Int) -> Int {
        let (a, b) = (chain[index], chain[index + 1])
        let rise = b.y &- a.y
        return floorDivide(sign &* (a.x &* rise &+ (b.x &- a.x) &* (2 &* y &- a.y)), 2 &* rise)
    }

    /// Largest distance between two points of the hull, and smallest distance between two parallel lines around it, in pixels.
    ///
    /// - Complexity: linear in the corners (rotating calipers).
    package func diameters() -> (largest: Double, smallest: Double) {
        let (largest, smallest) = calipers(vertices)
        return (Double(largest).squareRoot() / 2, smallest / 2)
    }
}

/// Corners of the convex hull of pixel centres, as its left and its right side from top to bottom.
package struct PixelHull {
    package let left: [ConvexHull.Vertex]
    package let right: [ConvexHull.Vertex]

    /// - Parameter rows: leftmost and rightmost pixel of each row that has any, from top to bottom; not empty.
    /// - Complexity: linear in the rows.
    package init(rows: [RowExtent]) {
        left = PixelHull.chain(rows, side: -1)
        right = PixelHull.chain(rows, side: 1)
    }

    private static func chain(_ rows: [RowExtent], side: Int) -> [ConvexHull.Vertex] {
        [ConvexHull.Vertex](unsafeUninitializedCapacity: rows.count) { chain, count in
            for row in rows {
                let new = ConvexHull.Vertex(x: side < 0 ? row.first : row.last, y: row.y)
                while count >= 2, side &* cross(chain[count &- 2], chain[count &- 1], new) <= 0 { count &-= 1 }
                append(new, to: chain, &count)
            }
        }
    }

    /// Largest squared distance between corners of the pixels, each a square of side 1.
    func largestSquaredCornerDistance() -> Int {
        // Corners (x, y) and (x, y + 1) of the left side, (x + 1, y) and (x + 1, y + 1) of the right one, made convex again.
        let corners = [ConvexHull.Vertex](unsafeUninitializedCapacity: 2 * (left.count + right.count)) { corners, count in
            func add(_ x: Int, _ y: Int, from base: Int) {
                let new = ConvexHull.Vertex(x: x, y: y)
                while count >= base &+ 2, cross(corners[count &- 2], corners[count &- 1], new) <= 0 { count &-= 1 }
                append(new, to: corners, &count)
            }
            for vertex in right {
                add(vertex.x + 1, vertex.y, from: 0)
                add(vertex.x + 1, vertex.y + 1, from: 0)
            }
            let base = count
            for vertex in left.reversed() {
                add(vertex.x, vertex.y + 1, from: base)
                add(vertex.x, vertex.y, from: base)
            }
        }
        return calipers(corners).largest
    }
}

/// Leftmost and rightmost pixel of one row.
package typealias RowExtent = (y: Int, first: Int, last: Int)

/// Largest squared distance of two corners and smallest width of a convex polygon (rotating calipers).
private func calipers(_ polygon: [ConvexHull.Vertex]) -> (largest: Int, smallest: Double) {
    let count = polygon.count
    guard count >= 3 else { return (0, 0) }
    return polygon.withUnsafeBufferPointer { polygon in
        @inline(__always) func after(_ index: Int) -> Int { index &+ 1 == count ? 0 : index &+ 1 }
        var largest = 0
        // Squared width as a fraction, so that one root is taken at the end.
        var smallest = Double.infinity
        var opposite = 1
        for index in 0..<count {
            let (a, b) = (polygon[index], polygon[after(index)])
            var now = abs(cross(a, b, polygon[opposite]))
            while true {
                let following = after(opposite)
                let next = abs(cross(a, b, polygon[following]))
                if next <= now {
                    if next == now { largest = max(largest, squaredDistance(a, polygon[following]), squaredDistance(b, polygon[following])) }
                    break
                }
                (opposite, now) = (following, next)
            }
            let far = polygon[opposite]
            largest = max(largest, squaredDistance(a, far), squaredDistance(b, far))
            smallest = min(smallest, Double(now) * Double(now) / Double(squaredDistance(a, b)))
        }
        return (largest, smallest.squareRoot())
    }
}

@inline(__always) private func append<Element>(_ element: Element, to buffer: UnsafeMutableBufferPointer<Element>, _ count: inout Int) {
    (buffer.baseAddress! + count).initialize(to: element)
    count &+= 1
}

@inline(__always) private func cross(_ a: ConvexHull.Vertex, _ b: ConvexHull.Vertex, _ c: ConvexHull.Vertex) -> Int {
    (b.x &- a.x) &* (c.y &- a.y) &- (b.y &- a.y) &* (c.x &- a.x)
}

@inline(__always) private func squaredDistance(_ a: ConvexHull.Vertex, _ b: ConvexHull.Vertex) -> Int {
    (a.x &- b.x) &* (a.x &- b.x) &+ (a.y &- b.y) &* (a.y &- b.y)
}

@inline(__always) func floorDivide(_ a: Int, _ b: Int) -> Int {
    let quotient = a / b
    return quotient * b > a ? quotient - 1 : quotient
}
