import Raster

/// Background between the runs of a mask, in the tight box grown by one pixel on each side.
///
/// Every row of that box holds one background run more than foreground runs, so that the background run left of
/// foreground run i in row y is number i + y − top, and no table is needed to find neighbours.
struct Background {
    let runs: [Run]
    let labels: RunLabels
    /// First row of the grown box.
    let top: Int32

    /// - Precondition: `runs` is not empty.
    init(of foreground: [Run], connectivity: Connectivity) {
        let box = Mask.boundingBox(of: foreground).expanded(by: 1)
        let (left, right) = (Int32(box.x), Int32(box.maxX - 1))
        var runs: [Run] = []
        runs.reserveCapacity(foreground.count + box.height)
        var index = 0
        for y in Int32(box.y)..<Int32(box.maxY) {
            var from = left
            while index < foreground.count, foreground[index].y == y {
                runs.append(Run(y: y, first: from, last: foreground[index].first - 1))
                from = foreground[index].last + 1
                index += 1
            }
            runs.append(Run(y: y, first: from, last: right))
        }
        (self.runs, top) = (runs, Int32(box.y))
        labels = RunLabels(runs, connectivity: connectivity)
    }

    /// Whether this background run belongs to a hole. The outside holds the first run, so it is component 0.
    @inline(__always) func isHole(_ index: Int) -> Bool { labels.labels[index] != 0 }

    /// Background run just left of a foreground run.
    @inline(__always) func index(leftOf foregroundIndex: Int, y: Int32) -> Int { foregroundIndex + Int(y - top) }
}

extension Mask {
    /// The mask with its holes filled.
    ///
    /// - Parameter background: how background pixels hang together. `.four` closes a hole whose rim joins only at corners;
    ///   `.eight` leaves it open, as scikit-image's `area_filled` does.
    /// - Complexity: linear in runs and rows.
    public func filledHoles(background: Connectivity = .four) -> Mask {
        guard !runs.isEmpty else { return self }
        let ground = Background(of: runs, connectivity: background)
        guard ground.labels.count > 1 else { return self }
        var filled: [Run] = []
        filled.reserveCapacity(runs.count)
        for (index, run) in runs.enumerated() {
            if let end = filled.indices.last, filled[end].y == run.y, ground.isHole(ground.index(leftOf: index, y: run.y)) {
                filled[end].last = run.last
            } else {
                filled.append(run)
            }
        }
        return Mask(bounds: bounds, sortedRuns: filled)
    }

    /// Background parts that the foreground encloses, each in its tight box, in raster order of their first pixels.
    public func holes(background: Connectivity = .four) -> [Mask] {
        guard !runs.isEmpty else { return [] }
        let ground = Background(of: runs, connectivity: background)
        return Array(Mask.grouped(ground.runs, by: ground.labels.labels, count: ground.labels.count).dropFirst())
    }
}
