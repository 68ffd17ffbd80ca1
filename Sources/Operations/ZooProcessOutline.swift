import Raster

extension ZooProcessPixels {
    /// ImageJ's length of the filled object's outline, traced along pixel edges from the top left corner; only the part of the first pixel.
    ///
    /// Edges, minus 2 − √2 for each corner; of two corners joined by an edge of one pixel one counts.
    /// - Complexity: linear in the outline's length.
    func tracedLength() -> Double {
        let (grid, stride) = (filled, self.stride)
        @inline(__always) func isSet(_ x: Int, _ y: Int) -> Int {
            Int(truncatingIfNeeded: grid[y &* stride &+ (x &>> 6)] &>> UInt64(truncatingIfNeeded: x & 63)) & 1
        }
        var x = 0
        while isSet(x, 1) == 0 { x &+= 1 }
        // Corner (x, y) is the upper left one of pixel (x, y); the object is at the right hand.
        var y = 1
        let (startX, startY) = (x, y)
        var (dx, dy) = (1, 0)
        // The first corner always counts, and it is the start.
        var (edges, run, corners, corner) = (0, 0, 1, true)
        while true {
            (x, y) = (x &+ dx, y &+ dy)
            edges &+= 1
            run &+= 1
            if x == startX, y == startY, dy == -1 { break }
            // The two pixels ahead: (x, y) is below right of the corner.
            let (leftX, leftY) = (x &+ (dx &+ dy &- 1) / 2, y &+ (dy &- dx &- 1) / 2)
            let (rightX, rightY) = (x &+ (dx &- dy &- 1) / 2, y &+ (dy &+ dx &- 1) / 2)
            if isSet(leftX, leftY) != 0 {
                (dx, dy) = (dy, -dx)
            } else if isSet(rightX, rightY) != 0 {
                continue
            } else {
                (dx, dy) = (-dy, dx)
            }
            if run > 1 || !corner {
                corner = true
                corners &+= 1
            } else {
                corner = false
            }
            run = 0
        }
        return Double(edges) - Double(corners) * (2 - 2.0.squareRoot())
    }
}

/// ImageJ's length of one ring of corners: edges, minus 2 − √2 per corner; of two corners joined by an edge of one pixel one counts.
package func ringLength(_ ring: [Point]) -> Double {
    var (sum, corners, corner) = (0.0, 0, false)
    for index in ring.indices {
        let (a, b) = (ring[index == 0 ? ring.count - 1 : index - 1], ring[index])
        let before = abs(a.x - b.x) + abs(a.y - b.y)
        sum += before
        if before > 1 || !corner {
            corner = true
            corners += 1
        } else {
            corner = false
        }
    }
    return sum - Double(corners) * (2 - 2.0.squareRoot())
}

extension PixelHull {
    /// Pixels of the hull drawn as lines between its corners and filled, and those of them with a neighbour outside, of eight
    /// (convarea, convperim).
    ///
    /// - Source: lines as ImageJ draws them around the hull, one pixel for each step along the longer side; halves go on in its direction.
    /// - Complexity: linear in the hull's length.
    func drawn() -> (area: Int, perimeter: Int) {
        let (top, bottom) = (left[0].y, left[left.count - 1].y)
        let height = bottom - top + 1
        return withUnsafeTemporaryAllocation(of: Int.self, capacity: 2 * height) { memory in
            let (first, last) = (memory.baseAddress!, memory.baseAddress! + height)
            first.initialize(repeating: .max, count: height)
            last.initialize(repeating: .min, count: height)
            func draw(_ a: ConvexHull.Vertex, _ b: ConvexHull.Vertex) {
                let (dx, dy) = (abs(b.x &- a.x), abs(b.y &- a.y))
                let (signX, signY) = (b.x < a.x ? -1 : 1, b.y < a.y ? -1 : 1)
                let steps = max(dx, dy)
                var (x, y) = (a.x, a.y)
                // Twice the way still to go in x and y, beyond half a pixel.
                var (restX, restY) = (steps, steps)
                for _ in 0...steps {
                    first[y &- top] = min(first[y &- top], x)
                    last[y &- top] = max(last[y &- top], x)
                    restX &+= 2 &* dx
                    if restX >= 2 &* steps {
                        restX &-= 2 &* steps
                        x &+= signX
                    }
                    restY &+= 2 &* dy
                    if restY >= 2 &* steps {
                        restY &-= 2 &* steps
                        y &+= signY
                    }
                }
            }
            for index in 0..<max(1, left.count - 1) { draw(left[min(index + 1, left.count - 1)], left[index]) }
            for index in 0..<max(1, right.count - 1) { draw(right[index], right[min(index + 1, right.count - 1)]) }
            var (area, inner) = (0, 0)
            for row in 0..<height {
                area &+= last[row] &- first[row] &+ 1
                guard row > 0, row < height - 1 else { continue }
                let from = max(first[row &- 1], first[row], first[row &+ 1]) &+ 1
                let to = min(last[row &- 1], last[row], last[row &+ 1]) &- 1
                inner &+= max(0, to &- from &+ 1)
            }
            return (area, area - inner)
        }
    }
}
