import Raster

/// Component number of every run, counted from 0 in raster order of first pixels.
struct RunLabels {
    let labels: [Int32]
    let count: Int
    /// Pairs of touching runs in neighbouring rows; runs − pairs = components − holes.
    let contacts: Int

    /// - Complexity: linear in the runs (union-find with path halving).
    init(_ runs: [Run], connectivity: Connectivity) {
        let reach = connectivity.reach
        var contacts = 0
        var components = 0
        labels = [Int32](unsafeUninitializedCapacity: runs.count) { buffer, written in
            written = runs.count
            guard let parent = buffer.baseAddress else { return }
            runs.withUnsafeBufferPointer { buffer in
                let run = buffer.baseAddress!
                let count = buffer.count
                var (above, aboveEnd) = (0, 0)
                var start = 0
                while start < count {
                    let y = run[start].y
                    if aboveEnd > above, run[above].y &+ 1 != y { above = aboveEnd }
                    var index = start
                    var candidate = above
                    while index < count, run[index].y == y {
                        parent[index] = Int32(truncatingIfNeeded: index)
                        let (first, last) = (run[index].first &- reach, run[index].last &+ reach)
                        while candidate < aboveEnd, run[candidate].last < first { candidate &+= 1 }
                        var touching = candidate
                        while touching < aboveEnd, run[touching].first <= last {
                            join(parent, index, touching)
                            contacts &+= 1
                            touching &+= 1
                        }
                        if touching > candidate { candidate = touching &- 1 }
                        index &+= 1
                    }
                    (above, aboveEnd, start) = (start, index, index)
                }
                // A root comes before its members, so one pass forward numbers them all.
                var next: Int32 = 0
                for index in 0..<count {
                    let up = Int(parent[index])
                    if up == index {
                        parent[index] = next
                        next &+= 1
                    } else {
                        parent[index] = parent[up]
                    }
                }
                components = Int(next)
            }
        }
        (count, self.contacts) = (components, contacts)
    }
}

/// Unites the sets of two runs; the smaller index stays root.
@inline(__always)
private func join(_ parent: UnsafeMutablePointer<Int32>, _ a: Int, _ b: Int) {
    var (a, b) = (a, b)
    while Int(parent[a]) != a {
        parent[a] = parent[Int(parent[a])]
        a = Int(parent[a])
    }
    while Int(parent[b]) != b {
        parent[b] = parent[Int(parent[b])]
        b = Int(parent[b])
    }
    if a < b { parent[b] = Int32(truncatingIfNeeded: a) } else if b < a { parent[a] = Int32(truncatingIfNeeded: b) }
}

extension Mask {
    /// Parts of the foreground that hang together, each in its own tight box, in raster order of their first pixels.
    ///
    /// - Complexity: linear in the number of runs; pixels are not touched.
    public func components(connectivity: Connectivity = .eight) -> [Mask] {
        let labelled = RunLabels(runs, connectivity: connectivity)
        return Mask.grouped(runs, by: labelled.labels, count: labelled.count)
    }

    /// Number of components, without making them.
    public func componentCount(connectivity: Connectivity = .eight) -> Int {
        RunLabels(runs, connectivity: connectivity).count
    }

    /// One tight mask per label; runs keep their order.
    static func grouped(_ runs: [Run], by labels: [Int32], count: Int) -> [Mask] {
        var ends = [Int](repeating: 0, count: count + 1)
        for label in labels { ends[Int(label) + 1] += 1 }
        for index in 0..<count { ends[index + 1] += ends[index] }
        let starts = ends
        let sorted = [Run](unsafeUninitializedCapacity: runs.count) { buffer, written in
            written = runs.count
            guard let target = buffer.baseAddress else { return }
            runs.withUnsafeBufferPointer { runs in
                labels.withUnsafeBufferPointer { labels in
                    ends.withUnsafeMutableBufferPointer { next in
                        for index in 0..<runs.count {
                            let label = Int(labels[index])
                            (target + next[label]).initialize(to: runs[index])
                            next[label] &+= 1
                        }
                    }
                }
            }
        }
        return (0..<count).map { Mask(tightSortedRuns: Array(sorted[starts[$0]..<starts[$0 + 1]])) }
    }
}
