import Raster

extension Histogram {
    /// Level that best splits the pixels into dark (≤ level) and bright (> level); nil without pixels.
    ///
    /// The level of largest between-class variance, of equal maxima the lowest. When all pixels have one level, that level.
    /// - Complexity: one pass over the levels that occur.
    /// - Source: Otsu 1979, doi:10.1109/TSMC.1979.4310076; equals `threshold_otsu` of scikit-image 0.26.
    public func otsuLevel() -> Int? {
        guard let range else { return nil }
        let total = Double(self.total)
        var sum = 0.0
        for level in range { sum += Double(level) * Double(counts[level]) }
        var (weight, part) = (0.0, 0.0)
        var (best, bestVariance) = (range.lowerBound, -1.0)
        for level in range.dropLast() {
            weight += Double(counts[level])
            part += Double(level) * Double(counts[level])
            let difference = part / weight - (sum - part) / (total - weight)
            // scikit-image multiplies the weights in single precision; between near-equal maxima this decides. Above 2²⁴ pixels
            // its weights themselves are no longer exact, and the level here is the true one.
            let weights = total <= 16_777_216 ? Double(Float(weight) * Float(total - weight)) : weight * (total - weight)
            let variance = weights * (difference * difference)
            if variance > bestVariance { (best, bestVariance) = (level, variance) }
        }
        return best
    }
}

extension Image where Pixel == UInt8 {
    /// Gray level that best splits the pixels into dark (≤ level) and bright (> level).
    ///
    /// - Throws: `.emptyImage` when width or height is 0.
    /// - Complexity: one pass over width × height pixels, then at most 256 steps.
    /// - Source: see ``Histogram/otsuLevel()``.
    public func otsuLevel() throws(OperationError) -> UInt8 {
        guard let level = histogram().otsuLevel() else { throw .emptyImage(operation: "Otsu threshold") }
        return UInt8(level)
    }
}

extension Image where Pixel == UInt16 {
    /// Gray level that best splits the pixels into dark (≤ level) and bright (> level), over all 65,536 levels.
    public func otsuLevel() throws(OperationError) -> UInt16 {
        guard let level = histogram().otsuLevel() else { throw .emptyImage(operation: "Otsu threshold") }
        return UInt16(level)
    }
}
