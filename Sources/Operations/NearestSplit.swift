import Raster

extension Mask {
    /// Divides the mask among annotations: every pixel goes to the one nearest to its centre, of equally near ones to the first listed.
    ///
    /// - Parameter annotations: each a point or a polyline (one or more positions, not empty and finite; others get nothing).
    /// - Returns: one tight mask per annotation, in their order; empty ones where an annotation got no pixel.
    /// - Complexity: segments for each 1024 × 1024 block that holds foreground, to find those that can be nearest anywhere in it; among
    ///   these the same for 128 × 128 and 16 × 16 blocks; then only the few left. Of points alone, with whole coordinates or sixteenths, only pixels
    ///   where the owner changes, instead of all of a row.
    public func split(nearestTo annotations: [[Point]]) -> [Mask] {
        var parts = [[Run]](repeating: [], count: annotations.count)
        let segments = annotations.enumerated().flatMap { index, points in Segment.of(points, annotation: index) }
        guard !segments.isEmpty, !runs.isEmpty else { return parts.map { Mask(tightSortedRuns: $0) } }
        let box = boundingBox
        let columns = (box.width + side - 1) / side
        var candidates = [Candidates?](repeating: nil, count: columns)
        var wide = WideBlocks(segments, box: box)
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
                for column in 0..<columns { candidates[column] = nil }
            }
            var first = Int(run.first)
            while first <= Int(run.last) {
                let column = (first - box.x) / side
                let last = min(Int(run.last), box.x + (column + 1) * side - 1)
                let near: Candidates
                if let known = candidates[column] {
                    near = known
                } else {
                    near = Candidates(nearest(wide.segments(aroundBlock: column, row), inBlock: column, row, of: box, side: side))
                    candidates[column] = near
                }
                if let only = near.onlyAnnotation {
                    give(run.y, first, last, to: only)
                } else if near.arePoints {
                    near.bisect(y: run.y, first: first, last: last, give)
                } else {
                    near.divide(y: run.y, first: first, last: last, give)
                }
                first = last + 1
            }
        }
        return parts.map { Mask(tightSortedRuns: $0) }
    }
}

/// Side of a block in pixels; a block of the next size holds 8 × 8 of them.
private let side = 16
private let blocks = 8

/// Segments that can be nearest in blocks of 128 and of 1024 pixels, so that a small block need not ask all of them.
private struct WideBlocks {
    private let all: [Segment]
    private let box: Rect
    /// By column, of the row of blocks that was asked last.
    private var middle: [[Segment]?]
    private var large: [[Segment]?]
    private var middleRow = -1
    private var largeRow = -1

    init(_ segments: [Segment], box: Rect) {
        (all, self.box) = (segments, box)
        middle = Array(repeating: nil, count: box.width / (side * blocks) + 1)
        large = Array(repeating: nil, count: box.width / (side * blocks * blocks) + 1)
    }

    mutating func segments(aroundBlock column: Int, _ row: Int) -> [Segment] {
        let (column, row) = (column / blocks, row / blocks)
        if row != middleRow { (middle, middleRow) = (Array(repeating: nil, count: middle.count), row) }
        if row / blocks != largeRow { (large, largeRow) = (Array(repeating: nil, count: large.count), row / blocks) }
        if let known = middle[column] { return known }
        let around = large[column / blocks] ?? nearest(all, inBlock: column / blocks, row / blocks, of: box, side: side * blocks * blocks)
        large[column / blocks] = around
        let found = nearest(around, inBlock: column, row, of: box, side: side * blocks)
        middle[column] = found
        return found
    }
}

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

    /// Whether distances from whole pixels to this point are exact in floating point.
    var isExactPoint: Bool {
        func isExact(_ value: Double) -> Bool { abs(value) < 1e6 && (value * 16).rounded() == value * 16 }
        return squaredLength == 0 && isExact(x) && isExact(y)
    }

    /// Rounded as in the reference implementation (NumPy), so that ties fall alike.
    @inline(__always) func squaredDistance(_ px: Double, _ py: Double) -> Double {
        let t = squaredLength > 0 ? min(max(((py - y) * dy + (px - x) * dx) / squaredLength, 0), 1) : 0
        let (v, u) = (py - y - t * dy, px - x - t * dx)
        return v * v + u * u
    }
}

/// Those segments that can be the nearest one of some pixel of a block of side × side pixels.
private func nearest(_ segments: [Segment], inBlock column: Int, _ row: Int, of box: Rect, side: Int) -> [Segment] {
    // From the centre of the block's pixels to the outermost ones.
    let half = Double(side - 1) / 2
    let (x, y) = (Double(box.x + column * side) + half, Double(box.y + row * side) + half)
    let distances = segments.map { $0.squaredDistance(x, y).squareRoot() }
    let limit = distances.min()! + 2 * half * 2.0.squareRoot() + 1e-6
    return zip(segments, distances).filter { $1 <= limit }.map(\.0)
}

/// Segments among which every pixel of a block has its nearest.
private struct Candidates {
    private let segments: [Segment]
    /// The one annotation to which all belong.
    let onlyAnnotation: Int?
    let arePoints: Bool

    init(_ segments: [Segment]) {
        self.segments = segments
        onlyAnnotation = segments.allSatisfy { $0.annotation == segments[0].annotation } ? segments[0].annotation : nil
        // Points of one annotation are one point each, so that what an annotation gets of a row is one piece.
        arePoints = segments.allSatisfy(\.isExactPoint) && zip(segments, segments.dropFirst()).allSatisfy { $0.annotation < $1.annotation }
    }

    @inline(__always) private func owner(_ segments: UnsafeBufferPointer<Segment>, _ x: Int, _ y: Int32) -> Int {
        var (best, bestDistance) = (0, Double.infinity)
        for segment in segments {
            let distance = segment.squaredDistance(Double(x), Double(y))
            if distance < bestDistance { (best, bestDistance) = (segment.annotation, distance) }
        }
        return best
    }

    /// Gives each pixel of a piece of a row to its nearest segment's annotation.
    func divide(y: Int32, first: Int, last: Int, _ give: (Int32, Int, Int, Int) -> Void) {
        segments.withUnsafeBufferPointer { segments in
            var (start, current) = (first, -1)
            for x in first...last {
                let best = owner(segments, x, y)
                if best != current {
                    if current >= 0 { give(y, start, x - 1, current) }
                    (start, current) = (x, best)
                }
            }
            give(y, start, last, current)
        }
    }

    /// The same where each annotation's pixels of a row are one piece: looks only for the pieces' ends.
    func bisect(y: Int32, first: Int, last: Int, _ give: (Int32, Int, Int, Int) -> Void) {
        segments.withUnsafeBufferPointer { segments in
            let final = owner(segments, last, y)
            var (start, current) = (first, owner(segments, first, y))
            while current != final {
                // The piece ends somewhere in low ..< high.
                var (low, high) = (start, last)
                while low + 1 < high {
                    let middle = (low + high) / 2
                    if owner(segments, middle, y) == current { low = middle } else { high = middle }
                }
                give(y, start, low, current)
                (start, current) = (low + 1, owner(segments, low + 1, y))
            }
            give(y, start, last, final)
        }
    }
}
