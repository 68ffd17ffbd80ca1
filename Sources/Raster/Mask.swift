/// Unbroken stretch of foreground in one row: the pixels first ... last, both included.
@frozen public struct Run: Hashable, BitwiseCopyable, Sendable, Comparable {
    public var y: Int32
    public var first: Int32
    public var last: Int32

    @inlinable public init(y: Int32, first: Int32, last: Int32) {
        (self.y, self.first, self.last) = (y, first, last)
    }

    @inlinable public init(y: Int, first: Int, last: Int) {
        (self.y, self.first, self.last) = (Int32(y), Int32(first), Int32(last))
    }

    @inlinable public var count: Int { Int(last) - Int(first) + 1 }

    /// Raster order: by row, then from left to right.
    @inlinable public static func < (a: Run, b: Run) -> Bool {
        (a.y, a.first, a.last) < (b.y, b.first, b.last)
    }
}

/// True or false per pixel of `bounds`, true = foreground, held as runs instead of a byte per pixel.
///
/// Invariant: runs are in raster order, lie inside `bounds`, and of one row neither overlap nor touch
/// (so that equal foregrounds have equal runs). Coordinates are those of the image, not of the box.
public struct Mask: Hashable, Sendable {
    public let bounds: Rect
    public let runs: [Run]

    /// Takes runs that already keep the invariant (checked in debug builds).
    @inlinable public init(bounds: Rect, sortedRuns: [Run]) {
        assert(Mask.invariantHolds(bounds: bounds, runs: sortedRuns), "runs are unsorted, touch each other or leave \(bounds)")
        (self.bounds, self.runs) = (bounds, sortedRuns)
    }

    /// Foreground in its own bounding box; the empty mask gets a box of 0 × 0.
    @inlinable public init(tightSortedRuns runs: [Run]) {
        self.init(bounds: Mask.boundingBox(of: runs), sortedRuns: runs)
    }

    /// Takes runs in any order, overlapping or touching, and joins them. All must lie inside `bounds`.
    public init(bounds: Rect, joining runs: [Run]) {
        var joined: [Run] = []
        joined.reserveCapacity(runs.count)
        for run in runs.sorted() {
            precondition(
                bounds.contains(Rect(minX: Int(run.first), minY: Int(run.y), maxX: Int(run.last) + 1, maxY: Int(run.y) + 1)),
                "run \(run) is outside \(bounds)")
            if let end = joined.indices.last, joined[end].y == run.y, run.first <= joined[end].last + 1 {
                joined[end].last = max(joined[end].last, run.last)
            } else {
                joined.append(run)
            }
        }
        (self.bounds, self.runs) = (bounds, joined)
    }

    /// Picture of a mask for tests and documentation: one string a row, `#` is foreground.
    public init(_ rows: String...) {
        let width = rows.first?.count ?? 0
        var runs: [Run] = []
        for (y, row) in rows.enumerated() {
            precondition(row.count == width, "row \(y) of the picture has \(row.count) pixels, not \(width)")
            for (x, character) in row.enumerated() where character == "#" {
                if let end = runs.indices.last, runs[end].y == Int32(y), runs[end].last == Int32(x) - 1 {
                    runs[end].last = Int32(x)
                } else {
                    runs.append(Run(y: y, first: x, last: x))
                }
            }
        }
        self.init(bounds: Rect(x: 0, y: 0, width: width, height: rows.count), sortedRuns: runs)
    }

    @inlinable public var isEmpty: Bool { runs.isEmpty }

    /// Number of foreground pixels.
    @inlinable public var area: Int { runs.reduce(0) { $0 + $1.count } }

    /// Smallest box around the foreground; 0 × 0 when there is none.
    @inlinable public var boundingBox: Rect { Mask.boundingBox(of: runs) }

    /// Same foreground, `bounds` shrunk to it.
    @inlinable public var tight: Mask { Mask(bounds: boundingBox, sortedRuns: runs) }

    /// Binary search over the runs.
    @inlinable public func contains(x: Int, y: Int) -> Bool {
        var (low, high) = (0, runs.count)
        while low < high {
            let middle = (low + high) / 2
            let run = runs[middle]
            if Int(run.y) < y || (Int(run.y) == y && Int(run.last) < x) { low = middle + 1 } else { high = middle }
        }
        return low < runs.count && Int(runs[low].y) == y && Int(runs[low].first) <= x
    }

    @inlinable public static func boundingBox(of runs: [Run]) -> Rect {
        guard let top = runs.first, let bottom = runs.last else { return Rect(x: 0, y: 0, width: 0, height: 0) }
        var (left, right) = (Int32.max, Int32.min)
        for run in runs {
            left = min(left, run.first)
            right = max(right, run.last)
        }
        return Rect(minX: Int(left), minY: Int(top.y), maxX: Int(right) + 1, maxY: Int(bottom.y) + 1)
    }

    @usableFromInline static func invariantHolds(bounds: Rect, runs: [Run]) -> Bool {
        for (index, run) in runs.enumerated() {
            guard run.first <= run.last, bounds.contains(x: Int(run.first), y: Int(run.y)), Int(run.last) < bounds.maxX else { return false }
            if index > 0 {
                let before = runs[index - 1]
                guard before.y < run.y || (before.y == run.y && before.last + 1 < run.first) else { return false }
            }
        }
        return true
    }
}
