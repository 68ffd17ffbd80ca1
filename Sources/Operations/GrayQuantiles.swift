import Raster

/// Quantiles of the gray levels under a mask beside those that `GrayMeasures` has.
public struct GrayQuantiles: Hashable, Sendable {
    /// Percentages of `levels`.
    public static let percentages = [1, 10, 90, 99]

    /// Gray level below which each of `percentages` of the pixels lies, interpolated between the neighbours in order.
    public let levels: [Double]

    /// Measures the pixels of `mask` that lie inside `image`; nil when there are none.
    ///
    /// - Complexity: one pass over the mask's pixels, then 256 steps.
    /// - Source: equals `numpy.quantile`.
    public init?(_ mask: Mask, image: Image<UInt8>) {
        let inside = image.bounds.contains(mask.bounds) ? mask : mask.clipped(to: image.bounds)
        guard !inside.isEmpty else { return nil }
        levels = withUnsafeTemporaryAllocation(of: UInt32.self, capacity: 256) { counts in
            counts.initialize(repeating: 0)
            image.withBuffer { pixels in
                for run in inside.runs {
                    let row = pixels.baseAddress! + (Int(run.y) &* image.width &+ Int(run.first))
                    for x in 0..<run.count { counts[Int(row[x])] &+= 1 }
                }
            }
            return quantiles(UnsafeBufferPointer(counts), count: inside.area)
        }
    }

    /// The same for 16 bits, by counts of all 65536 levels for large masks and by sorting for small ones.
    public init?(_ mask: Mask, image: Image<UInt16>) {
        let inside = image.bounds.contains(mask.bounds) ? mask : mask.clipped(to: image.bounds)
        guard !inside.isEmpty else { return nil }
        let count = inside.area
        levels = image.withBuffer { pixels in
            if count > 16384 {
                var counts = [UInt32](repeating: 0, count: 65536)
                counts.withUnsafeMutableBufferPointer { counts in
                    for run in inside.runs {
                        let row = pixels.baseAddress! + (Int(run.y) &* image.width &+ Int(run.first))
                        for x in 0..<run.count { counts[Int(row[x])] &+= 1 }
                    }
                }
                return counts.withUnsafeBufferPointer { quantiles($0, count: count) }
            }
            var sorted: [UInt16] = []
            sorted.reserveCapacity(count)
            for run in inside.runs { sorted.append(contentsOf: pixels[(Int(run.y) * image.width + Int(run.first))...(Int(run.y) * image.width + Int(run.last))]) }
            sorted.sort()
            return GrayQuantiles.percentages.map { percentage in
                let (below, part) = place(percentage, count: count)
                return interpolated(Int(sorted[below]), Int(sorted[min(below + 1, count - 1)]), part)
            }
        }
    }

    /// nil when no pixels were added.
    public init?(_ sums: GraySums) {
        guard sums.count > 0 else { return nil }
        levels = sums.counts.withUnsafeBufferPointer { quantiles($0, count: sums.count) }
    }

    /// Columns in the order of `values()`.
    public static let columns: [MeasureColumn] = table.columns

    /// Values in the order of `columns`.
    public func values() -> [Double?] { GrayQuantiles.table.values(self, pixelSize: nil) }

    private static let table: MeasureTable<GrayQuantiles> = {
        var table = MeasureTable<GrayQuantiles>()
        for (index, percentage) in percentages.enumerated() {
            let number = percentage < 10 ? "0\(percentage)" : "\(percentage)"
            table.add(
                "intensity_q\(number)", .gray, "Gray level of \(percentage) %", "gray level below which \(percentage) % of the pixels lie, interpolated",
                source: "Hyndman & Fan 1996, definition 7", equals: "NumPy quantile(gray, 0.\(number))") { $0.levels[index] }
        }
        return table
    }()
}

/// Index of the pixel at or below the quantile, in order of gray level, and how far the quantile lies toward the next.
private func place(_ percentage: Int, count: Int) -> (below: Int, part: Double) {
    let hundredths = percentage * (count - 1)
    return (hundredths / 100, Double(hundredths % 100) / 100)
}

private func interpolated(_ low: Int, _ high: Int, _ part: Double) -> Double { Double(low) + part * Double(high - low) }

private func quantiles<Count: FixedWidthInteger>(_ counts: UnsafeBufferPointer<Count>, count: Int) -> [Double] {
    // Level whose pixels reach beyond each quantile's place; percentages ascend.
    var (level, seen) = (0, Int(counts[0]))
    return GrayQuantiles.percentages.map { percentage in
        let (below, part) = place(percentage, count: count)
        while seen <= below {
            level += 1
            seen += Int(counts[level])
        }
        if seen > below + 1 || below + 1 >= count { return Double(level) }
        var next = level + 1
        while counts[next] == 0 { next += 1 }
        return interpolated(level, next, part)
    }
}
