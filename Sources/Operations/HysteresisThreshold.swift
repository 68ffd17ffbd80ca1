import Raster

extension Mask {
    /// Those components that hold at least one pixel of `seeds`.
    ///
    /// Hysteresis thresholding is `weak.components(touching: strong)`: the mask of the lenient level, kept where the strict one agrees.
    /// - Complexity: linear in the runs of both.
    /// - Source: equals `apply_hysteresis_threshold` of scikit-image (there four-connected).
    public func components(touching seeds: Mask, connectivity: Connectivity = .eight) -> Mask {
        let labelled = RunLabels(runs, connectivity: connectivity)
        var keep = [Bool](repeating: false, count: labelled.count)
        var (i, j) = (0, 0)
        while i < runs.count, j < seeds.runs.count {
            let (a, b) = (runs[i], seeds.runs[j])
            if a.y == b.y, a.first <= b.last, b.first <= a.last { keep[Int(labelled.labels[i])] = true }
            if (a.y, a.last) < (b.y, b.last) { i += 1 } else { j += 1 }
        }
        return Mask(bounds: bounds, sortedRuns: zip(runs, labelled.labels).filter { keep[Int($1)] }.map(\.0))
    }

    /// The mask without components smaller than `area` pixels.
    public func removingSmall(below area: Int, connectivity: Connectivity = .eight) -> Mask {
        let labelled = RunLabels(runs, connectivity: connectivity)
        var areas = [Int](repeating: 0, count: labelled.count)
        for (run, label) in zip(runs, labelled.labels) { areas[Int(label)] += run.count }
        return Mask(bounds: bounds, sortedRuns: zip(runs, labelled.labels).filter { areas[Int($1)] >= area }.map(\.0))
    }
}
