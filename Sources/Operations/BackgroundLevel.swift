import Raster

extension Image where Pixel == UInt8 {
    /// All values shifted alike, so that the median becomes `level`; what would leave the range stays at its end. An image without pixels stays as it is.
    ///
    /// - Complexity: two passes.
    public func withMedian(at level: UInt8) -> Self {
        guard let shift = histogram().shift(ofMedianTo: Int(level)) else { return self }
        let table = (0...255).map { UInt8(clamping: $0 + shift) }
        return table.withUnsafeBufferPointer { table in mapped { table[Int($0)] } }
    }
}

extension Image where Pixel == UInt16 {
    /// All values shifted alike, so that the median becomes `level`; what would leave the range stays at its end. An image without pixels stays as it is.
    public func withMedian(at level: UInt16) -> Self {
        guard let shift = histogram().shift(ofMedianTo: Int(level)) else { return self }
        return mapped { UInt16(clamping: Int($0) + shift) }
    }
}

extension Histogram {
    /// What must be added to each value; nil without pixels. The median of an even number of pixels is the lower of the two in the middle.
    fileprivate func shift(ofMedianTo level: Int) -> Int? {
        let total = total
        return total == 0 ? nil : level - self.level(ofRank: (total - 1) / 2)
    }
}
