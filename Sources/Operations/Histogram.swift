import Raster

/// How many pixels have each gray level; `counts[level]`, 256 or 65,536 levels.
public struct Histogram: Hashable, Sendable {
    public let counts: [Int]

    public init(counts: [Int]) { self.counts = counts }

    /// Number of pixels.
    public var total: Int { counts.reduce(0, +) }

    /// Lowest and highest level that occurs; nil without pixels.
    public var range: ClosedRange<Int>? {
        guard let low = counts.firstIndex(where: { $0 > 0 }), let high = counts.lastIndex(where: { $0 > 0 }) else { return nil }
        return low...high
    }

    /// Gray level below which the fraction `q` of the pixels lies, by linear interpolation between neighbours in order of gray level.
    ///
    /// - Parameter q: 0 (minimum) to 1 (maximum); 0.5 is the median.
    /// - Returns: nil without pixels or for a `q` outside 0 ... 1.
    /// - Source: equals `numpy.quantile(method="linear")`.
    public func quantile(_ q: Double) -> Double? {
        let total = total
        guard total > 0, q >= 0, q <= 1 else { return nil }
        let position = q * Double(total - 1)
        let below = Int(position)
        let low = level(ofRank: below)
        let high = below + 1 < total ? level(ofRank: below + 1) : low
        return Double(low) + (position - Double(below)) * Double(high - low)
    }

    /// Gray level of the pixel at place `rank` (from 0) when pixels are sorted; `rank` must be below `total`.
    func level(ofRank rank: Int) -> Int {
        var seen = 0
        for (level, count) in counts.enumerated() {
            seen += count
            if seen > rank { return level }
        }
        preconditionFailure("rank \(rank) is not below \(seen) pixels")
    }

    /// Mean and population standard deviation; nil without pixels.
    public var moments: (mean: Double, deviation: Double)? {
        let total = total
        guard total > 0 else { return nil }
        let mean = counts.enumerated().reduce(0.0) { $0 + Double($1.offset) * Double($1.element) } / Double(total)
        let variance = counts.enumerated().reduce(0.0) { sum, entry in
            let distance = Double(entry.offset) - mean
            return sum + distance * distance * Double(entry.element)
        } / Double(total)
        return (mean, variance.squareRoot())
    }
}

extension Image where Pixel == UInt8 {
    /// Counts of the 256 gray levels.
    ///
    /// - Complexity: one pass. Four tables in turn, because equal neighbours would wait for one counter (2,000 against 700 MP/s).
    public func histogram() -> Histogram {
        var tables = [UInt32](repeating: 0, count: 4 * 256)
        tables.withUnsafeMutableBufferPointer { tables in
            let table = tables.baseAddress!
            withBuffer { pixels in
                guard let start = pixels.baseAddress else { return }
                let bytes = UnsafeRawPointer(start)
                var index = 0
                while index + 8 <= pixels.count {
                    let word = bytes.loadUnaligned(fromByteOffset: index, as: UInt64.self)
                    table[Int(word & 0xFF)] &+= 1
                    table[256 &+ Int((word &>> 8) & 0xFF)] &+= 1
                    table[512 &+ Int((word &>> 16) & 0xFF)] &+= 1
                    table[768 &+ Int((word &>> 24) & 0xFF)] &+= 1
                    table[Int((word &>> 32) & 0xFF)] &+= 1
                    table[256 &+ Int((word &>> 40) & 0xFF)] &+= 1
                    table[512 &+ Int((word &>> 48) & 0xFF)] &+= 1
                    table[768 &+ Int(word &>> 56)] &+= 1
                    index &+= 8
                }
                while index < pixels.count {
                    table[Int(start[index])] &+= 1
                    index &+= 1
                }
            }
        }
        let counts = (0..<256).map { level in stride(from: level, to: 1024, by: 256).reduce(0) { $0 + Int(tables[$1]) } }
        return Histogram(counts: counts)
    }
}

extension Image where Pixel == UInt8 {
    /// Counts of the 256 gray levels under the mask, in one pass over its pixels; what of it lies outside the image counts for nothing.
    public func histogram(under mask: Mask) -> Histogram { counted(under: mask, levels: 256) }
}

extension Image where Pixel == UInt16 {
    /// Counts of the 65,536 gray levels under the mask, see the 8-bit version.
    public func histogram(under mask: Mask) -> Histogram { counted(under: mask, levels: 65536) }
}

extension Image where Pixel: FixedWidthInteger {
    @inline(__always)
    fileprivate func counted(under mask: Mask, levels: Int) -> Histogram {
        // Two tables in turn, because equal neighbours would wait for one counter.
        var tables = [Int](repeating: 0, count: 2 * levels)
        tables.withUnsafeMutableBufferPointer { tables in
            let (even, odd) = (tables.baseAddress!, tables.baseAddress! + levels)
            withBuffer { pixels in
                for run in mask.clipped(to: bounds).runs {
                    let row = pixels.baseAddress! + (Int(run.y) * width + Int(run.first))
                    var index = 0
                    while index &+ 2 <= run.count {
                        even[Int(truncatingIfNeeded: row[index])] &+= 1
                        odd[Int(truncatingIfNeeded: row[index &+ 1])] &+= 1
                        index &+= 2
                    }
                    if index < run.count { even[Int(truncatingIfNeeded: row[index])] &+= 1 }
                }
            }
        }
        return Histogram(counts: (0..<levels).map { tables[$0] + tables[levels + $0] })
    }
}

extension Image where Pixel == UInt16 {
    /// Counts of the 65,536 gray levels, in one pass.
    public func histogram() -> Histogram {
        var counts = [Int](repeating: 0, count: 65536)
        counts.withUnsafeMutableBufferPointer { counts in
            let table = counts.baseAddress!
            withBuffer { pixels in
                for pixel in pixels { table[Int(pixel)] &+= 1 }
            }
        }
        return Histogram(counts: counts)
    }
}
