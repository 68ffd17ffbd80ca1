import Raster

extension Image where Pixel == UInt8 {
    /// Gray level below which the given fraction of pixels lies, interpolated, rounded down; dark is ≤ level.
    ///
    /// - Throws: `.emptyImage`; `.outOfRange` for a fraction outside 0 ... 1.
    /// - Complexity: one pass.
    /// - Source: `numpy.quantile(method="linear")`.
    public func quantileLevel(_ fraction: Double) throws(OperationError) -> UInt8 { UInt8(try histogram().quantileLevel(fraction)) }
}

extension Image where Pixel == UInt16 {
    /// Gray level below which the given fraction of pixels lies, interpolated, rounded down; dark is ≤ level.
    public func quantileLevel(_ fraction: Double) throws(OperationError) -> UInt16 { UInt16(try histogram().quantileLevel(fraction)) }
}

extension Histogram {
    func quantileLevel(_ fraction: Double) throws(OperationError) -> Int {
        guard fraction >= 0, fraction <= 1 else {
            throw .outOfRange(operation: "quantile threshold", parameter: "fraction", value: "\(fraction)", allowed: "from 0 to 1")
        }
        guard let level = quantile(fraction) else { throw .emptyImage(operation: "quantile threshold") }
        return Int(level)
    }
}
