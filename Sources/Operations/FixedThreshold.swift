import Raster

extension Image where Pixel == UInt8 {
    /// Foreground = pixels ≤ `level` (dark objects).
    ///
    /// - Returns: mask over the whole image.
    /// - Complexity: one pass, 64 pixels at a time; cost grows with the number of runs, not of foreground pixels.
    public func mask(darkerThanOrEqual level: UInt8) -> Mask { thresholded(level, flip: 0) }

    /// Foreground = pixels > `level` (bright objects); the complement of `mask(darkerThanOrEqual:)`.
    public func mask(brighterThan level: UInt8) -> Mask { thresholded(level, flip: ~0) }

    private func thresholded(_ level: UInt8, flip: UInt64) -> Mask {
        var writer = RunWriter()
        let levels = SIMD64<UInt8>(repeating: level)
        withBuffer { pixels in
            guard let base = pixels.baseAddress else { return }
            for y in 0..<height {
                let row = base + y * width
                let bytes = UnsafeRawPointer(row)
                var x = 0
                while x &+ 64 <= width {
                    let dark = bytes.loadUnaligned(fromByteOffset: x, as: SIMD64<UInt8>.self) .<= levels
                    writer.append(bits(unsafeBitCast(dark, to: SIMD8<UInt64>.self)) ^ flip, y: Int32(y), x: Int32(truncatingIfNeeded: x))
                    x &+= 64
                }
                if x < width {
                    var word: UInt64 = 0
                    for bit in 0..<(width &- x) where (row[x &+ bit] <= level) != (flip != 0) { word |= 1 &<< UInt64(bit) }
                    writer.append(word, y: Int32(y), x: Int32(x))
                }
                writer.endRow(y: Int32(y), end: Int32(width))
            }
        }
        return Mask(bounds: bounds, sortedRuns: writer.runs)
    }
}

extension Image where Pixel == UInt16 {
    /// Foreground = pixels ≤ `level` (dark objects).
    public func mask(darkerThanOrEqual level: UInt16) -> Mask { thresholded(level, flip: 0) }

    /// Foreground = pixels > `level` (bright objects).
    public func mask(brighterThan level: UInt16) -> Mask { thresholded(level, flip: ~0) }

    private func thresholded(_ level: UInt16, flip: UInt64) -> Mask {
        var writer = RunWriter()
        withBuffer { pixels in
            guard let base = pixels.baseAddress else { return }
            for y in 0..<height {
                let row = base + y * width
                for x in stride(from: 0, to: width, by: 64) {
                    var word: UInt64 = 0
                    let count = min(64, width - x)
                    for bit in 0..<count { word |= (row[x &+ bit] <= level ? 1 : 0) &<< UInt64(truncatingIfNeeded: bit) }
                    word ^= flip & (count == 64 ? ~0 : (1 &<< UInt64(count)) &- 1)
                    writer.append(word, y: Int32(y), x: Int32(x))
                }
                writer.endRow(y: Int32(y), end: Int32(width))
            }
        }
        return Mask(bounds: bounds, sortedRuns: writer.runs)
    }
}

/// One bit per byte of eight words of bytes 0 or 255, the lowest byte first.
@inline(__always)
private func bits(_ bytes: SIMD8<UInt64>) -> UInt64 {
    let (low, high) = (bytes.lowHalf, bytes.highHalf)
    let (any, all) = (low | high, low & high)
    // Most blocks of a sparse picture are all one class.
    if any[0] | any[1] | any[2] | any[3] == 0 { return 0 }
    if all[0] & all[1] & all[2] & all[3] == ~0 { return ~0 }
    var word: UInt64 = 0
    for lane in 0..<8 {
        // The product moves the lowest bit of byte i to bit 56 + i.
        let gathered = ((bytes[lane] & 0x0101_0101_0101_0101) &* 0x0102_0408_1020_4080) &>> 56
        word |= gathered &<< UInt64(truncatingIfNeeded: lane &* 8)
    }
    return word
}
