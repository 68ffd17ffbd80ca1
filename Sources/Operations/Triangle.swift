import Raster

extension Histogram {
    /// Level farthest from the line between the histogram's peak and the end of its longer tail; nil without pixels.
    ///
    /// Good where one class (the background) is far larger than the other. When all pixels have one level, that level.
    /// - Source: Zack, Rogers & Latt 1977, doi:10.1177/25.7.70454; equals `threshold_triangle` of scikit-image 0.26.
    public func triangleLevel() -> Int? {
        guard let range, let highest = counts.max(), let peak = counts.firstIndex(of: highest) else { return nil }
        guard range.count > 1 else { return range.lowerBound }
        let flipped = peak - range.lowerBound < range.upperBound - peak
        // Steps go from the end of the longer tail toward the peak.
        let (end, step) = flipped ? (range.upperBound, -1) : (range.lowerBound, 1)
        let width = abs(peak - end)
        let norm = (Double(highest) * Double(highest) + Double(width) * Double(width)).squareRoot()
        let (height, base) = (Double(highest) / norm, Double(width) / norm)
        var (best, bestLength) = (0, -Double.infinity)
        for distance in 0..<width {
            let length = height * Double(distance) - base * Double(counts[end + step * distance])
            if length > bestLength { (best, bestLength) = (distance, length) }
        }
        return end + step * best
    }
}

extension Image where Pixel == UInt8 {
    /// Threshold of ``Histogram/triangleLevel()``: dark is ≤ level.
    ///
    /// - Throws: `.emptyImage` when width or height is 0.
    public func triangleLevel() throws(OperationError) -> UInt8 {
        guard let level = histogram().triangleLevel() else { throw .emptyImage(operation: "triangle threshold") }
        return UInt8(level)
    }
}

extension Image where Pixel == UInt16 {
    /// Threshold of ``Histogram/triangleLevel()``: dark is ≤ level.
    public func triangleLevel() throws(OperationError) -> UInt16 {
        guard let level = histogram().triangleLevel() else { throw .emptyImage(operation: "triangle threshold") }
        return UInt16(level)
    }
}
