import Raster

extension Mask {
    /// The mask in a picture made `factor` times smaller: a pixel counts when any foreground lies in it, so that thin parts stay.
    ///
    /// - Parameters:
    ///   - factor: pixels of this mask on one of the result, 1 or more; need not be whole.
    ///   - origin: pixel of this mask's plane at which the small picture begins.
    ///   - bounds: of the result, which is cut to it.
    /// - Complexity: linear in the runs, and sorting what remains of them.
    public func reduced(by factor: Double, origin: Point, bounds: Rect) -> Mask {
        precondition(factor >= 1, "a mask cannot be reduced \(factor) times")
        var small: [Run] = []
        small.reserveCapacity(runs.count)
        func place(_ value: Double) -> Int { Int((value / factor).rounded(.down)) }
        for run in runs {
            let y = place(Double(run.y) - origin.y)
            let (first, last) = (max(bounds.x, place(Double(run.first) - origin.x)), min(bounds.maxX - 1, place(Double(run.last) - origin.x)))
            guard y >= bounds.y, y < bounds.maxY, first <= last else { continue }
            small.append(Run(y: y, first: first, last: last))
        }
        return Mask(bounds: bounds, joining: small)
    }
}
