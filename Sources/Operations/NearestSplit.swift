import Raster

extension Mask {
    /// Divides the mask among annotations: every pixel goes to the one nearest to its centre, of equally near ones to the first listed.
    ///
    /// - Parameter annotations: each a point or a polyline (one or more positions, not empty and finite; others get nothing).
    /// - Returns: one tight mask per annotation, in their order; empty ones where an annotation got no pixel.
    /// - Complexity: blocks × segments to find those that can be nearest anywhere in a 32 × 32 block, then only among these.
    public func split(nearestTo annotations: [[Point]]) -> [Mask] {
        var parts = [[Run]](repeating: [], count: annotations.count)
        let segments = annotations.enumerated().flatMap { index, points in Segment.of(points, annotation: index) }
        guard !segments.isEmpty, !runs.isEmpty else { return parts.map { Mask(tightSortedRuns: $0) } }
        let box = boundingBox
        let columns = (box.width + side - 1) / side
        var candidates = [[Segment]](repeating: [], count: columns)
        var blockRow = -1

        func give(_ y: Int32, _ first: Int, _ last: Int, to annotation: Int) {
            if let end = parts[annotation].indices.last, parts[annotation][end].y == y, Int(parts[annotation][end].last) + 1 == first {
                parts[annotation][end].last = Int32(last)
            } else {
                parts[annotation].append(Run(y: y, first: Int32(first), last: Int32(last)))
            }
        }

        for run in runs {
            let row = (Int(run.y) - box.y) / side
            if row != blockRow {
                blockRow = row
                for column in 0..<columns { candidates[column].removeAll(keepingCapacity: true) }
            }
            var first = Int(run.first)
            while first <= Int(run.last) {
                let column = (first - box.x) / side
                let last = min(Int(run.last), box.x + (column + 1) * side - 1)
                if candidates[column].isEmpty {
                    let center = Point(x: Double(box.x + column * side) + half, y: Double(box.y + row * side) + half)
                    candidates[column] = nearest(segments, to: center, reach: half * 2.0.squareRoot())
                }
                let near = candidates[column]
                if near.allSatisfy({ $0.annotation == near[0].annotation }) {
                    give(run.y, first, last, to: near[0].annotation)
                } else {
                    divide(near, y: run.y, first: first, last: last, give)
                }
                first = last + 1
            }
        }
        return parts.map { Mask(tightSortedRuns: $0) }
    }
}

private let side = 32
/// From the centre of a block's pixels to the outermost ones.
private let half = Double(side - 1) / 2

/// Stretch between two positions of an annotation; a point has both ends in one place.
private struct Segment {
    let annotation: Int
    let x: Double
    let y: Double
    let dx: Double
    let dy: Double
    let squaredLength: Double

    static func of(_ points: [Point], annotation: Int) -> [Segment] {
        guard points.allSatisfy({ $0.x.isFinite && $0.y.isFinite }) else { return [] }
        guard points.count > 1 else { return points.map { Segment(annotation, $0, $0) } }
        return zip(points, points.dropFirst()).map { Segment(annotation, $0, $1) }
    }

    init(_ annotation: Int, _ a: Point, _ b: Point) {
        self.annotation = annotation
        (x, y, dx, dy) = (a.x, a.y, b.x - a.x, b.y - a.y)
        squaredLength = dy * dy + dx * dx
    }

    /// Rounded as in the reference implementation (NumPy), so that ties fall alike.
    @inline(__always) func squaredDistance(_ px: Double, _ py: Double) -> Double {
        let t = squaredLength > 0 ? min(max(((py - y) * dy + (px - x) * dx) / squaredLength, 0), 1) : 0
        let (v, u) = (py - y - t * dy, px - x - t * dx)
        return v * v + u * u
    }
}

/// Those segments that can be the nearest one of some point at most `reach` away from `center`.
private func nearest(_ segments: [Segment], to center: Point, reach: Double) -> [Segment] {
    let distances = segments.map { $0.squaredDistance(center.x, center.y).squareRoot() }
    let limit = distances.min()! + 2 * reach + 1e-6
    return zip(segments, distances).filter { $1 <= limit }.map(\.0)
}

/// Gives each pixel of a piece of a row to its nearest segment's annotation.
private func divide(_ segments: [Segment], y: Int32, first: Int, last: Int, _ give: (Int32, Int, Int, Int) -> Void) {
    segments.withUnsafeBufferPointer { segments in
        var (start, owner) = (first, -1)
        for x in first...last {
            var (best, bestDistance) = (0, Double.infinity)
            for segment in segments {
                let distance = segment.squaredDistance(Double(x), Double(y))
                if distance < bestDistance { (best, bestDistance) = (segment.annotation, distance) }
            }
            if best != owner {
                if owner >= 0 { give(y, start, x - 1, owner) }
                (start, owner) = (x, best)
            }
        }
        give(y, start, last, owner)
    }
}
