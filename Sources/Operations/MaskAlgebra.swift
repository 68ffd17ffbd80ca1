import Raster

extension Mask {
    /// Foreground of either mask; `bounds` around both.
    ///
    /// - Complexity: this and all set operations are linear in the runs of both masks.
    public func union(_ other: Mask) -> Mask {
        Mask(bounds: bounds.union(other.bounds), sortedRuns: combine(runs, other.runs) { $0 || $1 })
    }

    /// Foreground common to both; `bounds` common to both.
    public func intersection(_ other: Mask) -> Mask {
        let common = combine(runs, other.runs) { $0 && $1 }
        return Mask(bounds: bounds.intersection(other.bounds), sortedRuns: common)
    }

    /// Foreground that is not in `other`; `bounds` stay.
    public func subtracting(_ other: Mask) -> Mask {
        Mask(bounds: bounds, sortedRuns: combine(runs, other.runs) { $0 && !$1 })
    }

    /// Foreground of exactly one of both; `bounds` around both.
    public func symmetricDifference(_ other: Mask) -> Mask {
        Mask(bounds: bounds.union(other.bounds), sortedRuns: combine(runs, other.runs) { $0 != $1 })
    }

    /// Background inside `bounds`, as foreground.
    public var inverted: Mask {
        guard !bounds.isEmpty else { return self }
        let (left, right) = (Int32(bounds.x), Int32(bounds.maxX - 1))
        var ground: [Run] = []
        ground.reserveCapacity(runs.count + bounds.height)
        runs.withUnsafeBufferPointer { runs in
            var index = 0
            for y in Int32(bounds.y)..<Int32(bounds.maxY) {
                var from = left
                while index < runs.count, runs[index].y == y {
                    if runs[index].first > from { ground.append(Run(y: y, first: from, last: runs[index].first &- 1)) }
                    from = runs[index].last &+ 1
                    index &+= 1
                }
                if from <= right { ground.append(Run(y: y, first: from, last: right)) }
            }
        }
        return Mask(bounds: bounds, sortedRuns: ground)
    }

    /// All of `bounds` as foreground.
    public static func full(_ bounds: Rect) -> Mask {
        guard !bounds.isEmpty else { return Mask(bounds: bounds, sortedRuns: []) }
        return Mask(bounds: bounds, sortedRuns: (bounds.y..<bounds.maxY).map { Run(y: $0, first: bounds.x, last: bounds.maxX - 1) })
    }

    /// Part inside `box`, which becomes the bounds.
    public func clipped(to box: Rect) -> Mask {
        guard !box.isEmpty else { return Mask(bounds: box, sortedRuns: []) }
        let (left, right) = (Int32(clamping: box.x), Int32(clamping: box.maxX - 1))
        var inside: [Run] = []
        for run in runs[firstRun(atOrBelow: box.y)...] {
            if Int(run.y) >= box.maxY { break }
            let (first, last) = (max(run.first, left), min(run.last, right))
            if first <= last { inside.append(Run(y: run.y, first: first, last: last)) }
        }
        return Mask(bounds: box, sortedRuns: inside)
    }

    /// Moved by whole pixels, bounds too.
    public func translated(x: Int, y: Int) -> Mask {
        let (dx, dy) = (Int32(x), Int32(y))
        return Mask(
            bounds: Rect(x: bounds.x + x, y: bounds.y + y, width: bounds.width, height: bounds.height),
            sortedRuns: runs.map { Run(y: $0.y + dy, first: $0.first + dx, last: $0.last + dx) })
    }

    /// Whether both have a pixel in common, without making the common part.
    public func intersects(_ other: Mask) -> Bool {
        var (i, j) = (0, 0)
        while i < runs.count, j < other.runs.count {
            let (a, b) = (runs[i], other.runs[j])
            if a.y == b.y, a.first <= b.last, b.first <= a.last { return true }
            if (a.y, a.last) < (b.y, b.last) { i += 1 } else { j += 1 }
        }
        return false
    }

    /// Union of many masks; sorts all runs once, so it does not slow down with their number.
    public static func union(of masks: [Mask]) -> Mask {
        let bounds = masks.reduce(Rect(x: 0, y: 0, width: 0, height: 0)) { $0.union($1.bounds) }
        return Mask(bounds: bounds, joining: masks.flatMap(\.runs))
    }

    /// Index of the first run in row `y` or below it.
    func firstRun(atOrBelow y: Int) -> Int {
        var (low, high) = (0, runs.count)
        while low < high {
            let middle = (low + high) / 2
            if Int(runs[middle].y) < y { low = middle + 1 } else { high = middle }
        }
        return low
    }
}

/// Runs of the pixels where `keep(in a, in b)`; `keep(false, false)` must be false.
@inline(__always)
private func combine(_ a: [Run], _ b: [Run], keep: (Bool, Bool) -> Bool) -> [Run] {
    var result: [Run] = []
    result.reserveCapacity(max(a.count, b.count))
    a.withUnsafeBufferPointer { a in
        b.withUnsafeBufferPointer { b in
            var (i, j) = (0, 0)
            while i < a.count || j < b.count {
                let y = min(i < a.count ? a[i].y : .max, j < b.count ? b[j].y : .max)
                var (inA, inB) = (false, false)
                var start = Int32.min
                while true {
                    let nextA = i < a.count && a[i].y == y ? (inA ? a[i].last &+ 1 : a[i].first) : .max
                    let nextB = j < b.count && b[j].y == y ? (inB ? b[j].last &+ 1 : b[j].first) : .max
                    let x = min(nextA, nextB)
                    if x == .max { break }
                    if nextA == x {
                        if inA { i &+= 1 }
                        inA.toggle()
                    }
                    if nextB == x {
                        if inB { j &+= 1 }
                        inB.toggle()
                    }
                    if keep(inA, inB) {
                        if start == .min { start = x }
                    } else if start != .min {
                        result.append(Run(y: y, first: start, last: x &- 1))
                        start = .min
                    }
                }
            }
        }
    }
    return result
}
