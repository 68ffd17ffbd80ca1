import Raster

extension Mask {
    /// Foreground pixels with a background pixel among their four neighbours; beyond `bounds` is background.
    ///
    /// - Complexity: linear in the runs.
    public func outline() -> Mask {
        let narrowed = runs.compactMap { $0.count > 2 ? Run(y: $0.y, first: $0.first + 1, last: $0.last - 1) : nil }
        let inside = Mask(bounds: bounds, sortedRuns: narrowed).intersection(translated(x: 0, y: 1)).intersection(translated(x: 0, y: -1))
        return subtracting(inside)
    }
}
