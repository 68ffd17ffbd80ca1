import Raster

/// How the objects of two maps of one image differ. What has the same mask in both is left aside; the rest is matched in pairs that overlap, the
/// best first.
package struct ObjectDifference: Sendable, Equatable {
    package struct Pair: Sendable, Equatable {
        package var from: Int64
        package var to: Int64
        /// Pixels of both by pixels of either.
        package var iou: Double
    }

    package let counts: (from: Int, to: Int)
    /// Ascending.
    package let added: [Int64]
    package let lost: [Int64]
    /// Pairs that are not equal pixel for pixel, by `from`.
    package let changed: [Pair]
    /// Objects that are the same in both, pixel for pixel.
    package var unchanged: Int { counts.from - lost.count - changed.count }

    package init(from before: ObjectMap, to after: ObjectMap, _ filter: ObjectMap.Filter) {
        let (old, new) = (before.revisions(filter), after.revisions(filter))
        counts = (old.count, new.count)
        let left = old.filter { new[$0.key] != $0.value }.keys.sorted()
        let right = new.filter { old[$0.key] != $0.value }.keys.sorted()
        let isLeft = Set(left)
        let masks = Dictionary(uniqueKeysWithValues: left.compactMap { id in before.mask(of: id).map { (id, $0) } })
        var pairs: [Pair] = []
        for id in right {
            guard let mask = after.mask(of: id) else { continue }
            for other in before.objects(touching: mask.bounds, filter) where isLeft.contains(other) {
                guard let otherMask = masks[other] else { continue }
                let common = Self.common(mask.runs, otherMask.runs)
                if common > 0 { pairs.append(Pair(from: other, to: id, iou: Double(common) / Double(mask.area + otherMask.area - common))) }
            }
        }
        pairs.sort { ($1.iou, $0.from, $0.to) < ($0.iou, $1.from, $1.to) }
        var (usedLeft, usedRight): (Set<Int64>, Set<Int64>) = ([], [])
        var matched: [Pair] = []
        for pair in pairs where !usedLeft.contains(pair.from) && !usedRight.contains(pair.to) {
            usedLeft.insert(pair.from)
            usedRight.insert(pair.to)
            matched.append(pair)
        }
        added = right.filter { !usedRight.contains($0) }
        lost = left.filter { !usedLeft.contains($0) }
        changed = matched.filter { $0.iou < 1 }.sorted { $0.from < $1.from }
    }

    package static func == (a: ObjectDifference, b: ObjectDifference) -> Bool {
        a.counts == b.counts && a.added == b.added && a.lost == b.lost && a.changed == b.changed
    }

    /// Pixels that two lists of runs share.
    private static func common(_ a: [Run], _ b: [Run]) -> Int {
        var (i, j, sum) = (0, 0, 0)
        while i < a.count, j < b.count {
            if a[i].y != b[j].y {
                if a[i].y < b[j].y { i += 1 } else { j += 1 }
                continue
            }
            sum += max(0, Int(min(a[i].last, b[j].last)) - Int(max(a[i].first, b[j].first)) + 1)
            if a[i].last < b[j].last { i += 1 } else { j += 1 }
        }
        return sum
    }
}
