import Raster

extension Mask {
    /// The mask without components smaller than `area` pixels.
    ///
    /// - Complexity: linear in the runs.
    /// - Source: equals `remove_small_objects` of scikit-image, whose default is four-connected.
    public func removingSmall(below area: Int, connectivity: Connectivity = .eight) -> Mask {
        let labelled = RunLabels(runs, connectivity: connectivity)
        var areas = [Int](repeating: 0, count: labelled.count)
        for (run, label) in zip(runs, labelled.labels) { areas[Int(label)] += run.count }
        return Mask(bounds: bounds, sortedRuns: zip(runs, labelled.labels).filter { areas[Int($1)] >= area }.map(\.0))
    }
}
