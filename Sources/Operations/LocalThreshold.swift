import Raster

/// What a pixel is compared with in a local threshold.
public enum LocalAverage: String, Sendable, Hashable, CaseIterable {
    /// Mean of the block.
    case mean
    /// Gaussian of σ = (block − 1) / 6.
    case gaussian
    /// Median of the block.
    case median
}

extension Image where Pixel == UInt8 {
    /// Foreground = pixels ≤ the average around them − `offset` (dark objects on an uneven background).
    ///
    /// The image goes on mirrored beyond its border, the edge pixel twice. Means are compared as whole numbers, without rounding.
    /// - Parameters:
    ///   - block: side of the square around each pixel, odd, in pixels.
    ///   - offset: gray levels; positive for pixels that are darker than the average by more than noise.
    /// - Throws: `.outOfRange` for an even block, one below 1 or above 65,535, and for an offset that is no number.
    /// - Complexity: a few steps a pixel whatever the block (`mean`), as ``gaussianBlurred(sigma:)`` (`gaussian`) and ``medianFiltered(radius:)`` (`median`).
    /// - Source: equals `image <= threshold_local(image, block, method, offset, mode="reflect")` of scikit-image 0.26.
    public func mask(darkerThanLocal average: LocalAverage, block: Int, offset: Double = 0) throws(OperationError) -> Mask {
        try comparedLocally(average, block, offset).mask(darkerThanOrEqual: 0)
    }

    /// Foreground = pixels > the average around them − `offset`; the complement of `mask(darkerThanLocal:block:offset:)`.
    public func mask(brighterThanLocal average: LocalAverage, block: Int, offset: Double = 0) throws(OperationError) -> Mask {
        try comparedLocally(average, block, offset).mask(brighterThan: 0)
    }
}

extension Image where Pixel == UInt16 {
    /// Foreground = pixels ≤ the average around them − `offset`, as for 8 bits.
    public func mask(darkerThanLocal average: LocalAverage, block: Int, offset: Double = 0) throws(OperationError) -> Mask {
        try comparedLocally(average, block, offset).mask(darkerThanOrEqual: 0)
    }

    /// Foreground = pixels > the average around them − `offset`, as for 8 bits.
    public func mask(brighterThanLocal average: LocalAverage, block: Int, offset: Double = 0) throws(OperationError) -> Mask {
        try comparedLocally(average, block, offset).mask(brighterThan: 0)
    }
}

extension Image where Pixel: FilterPixel & SortableSample, Pixel == Pixel.Sample, Pixel: FixedWidthInteger & UnsignedInteger {
    /// 255 where a pixel is brighter than its local threshold, else 0.
    private func comparedLocally(_ average: LocalAverage, _ block: Int, _ offset: Double) throws(OperationError) -> Image<UInt8> {
        guard block > 0, block % 2 == 1, block < 65536 else {
            throw .outOfRange(operation: "local threshold", parameter: "block", value: "\(block)", allowed: "an odd number from 1 to 65535")
        }
        guard offset.isFinite else {
            throw .outOfRange(operation: "local threshold", parameter: "offset", value: "\(offset)", allowed: "a number of gray levels")
        }
        guard !isEmpty else { return Image<UInt8>(width: width, height: height, repeating: 0) }
        // A larger offset than there are levels decides every pixel the same way.
        let offset = min(max(offset, -65536), 65536)
        let middle = average == .median ? medians(radius: block / 2) : nil
        return Image<UInt8>(width: width, height: height) { flags in
            let flags = flags.baseAddress!
            switch average {
            case .mean:
                // p > sum / n − offset is, in whole numbers, p · n − sum > floor(−offset · n).
                let area = block * block
                let limit = Int((-offset * Double(area)).rounded(.down))
                withSamples { plane in
                    if area * 65536 <= Int(Int32.max), abs(limit) <= Int(Int32.max) {
                        forEachRowOfBoxSums(plane, radius: block / 2, as: UInt32.self) { y, sums in
                            let (row, to, area, limit) = (plane.row(y), flags + y &* width, Int32(area), Int32(limit))
                            for x in 0..<width {
                                to[x] = Int32(truncatingIfNeeded: row[x]) &* area &- Int32(bitPattern: sums[x]) > limit ? 255 : 0
                            }
                        }
                    } else {
                        forEachRowOfBoxSums(plane, radius: block / 2, as: UInt64.self) { y, sums in
                            let (row, to) = (plane.row(y), flags + y &* width)
                            for x in 0..<width { to[x] = Int(truncatingIfNeeded: row[x]) &* area &- Int(truncatingIfNeeded: sums[x]) > limit ? 255 : 0 }
                        }
                    }
                }
            case .gaussian:
                withSamples { plane in
                    let offset = Float(offset)
                    forEachBlurredRow(sigma: Double(block - 1) / 6, fineness: 8) { y, levels in
                        let (row, to) = (plane.row(y), flags + y &* width)
                        for x in 0..<width { to[x] = Float(Int32(truncatingIfNeeded: row[x])) > levels[x] - offset ? 255 : 0 }
                    }
                }
            case .median:
                // A whole number is more than another minus the offset when their difference is more than its negative rounded down.
                let limit = Int32((-offset).rounded(.down))
                withSamples { plane in
                    middle?.withSamples { medians in
                        for index in 0..<(plane.rowCount * plane.height) {
                            flags[index] = Int32(truncatingIfNeeded: plane.base[index]) &- Int32(truncatingIfNeeded: medians.base[index]) > limit ? 255 : 0
                        }
                    }
                }
            }
        }
    }
}
