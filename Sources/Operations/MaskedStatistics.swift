import Raster

/// What the pixels under a mask tell, as with NumPy's masked arrays: a pixel that is masked out never enters.
public struct MaskedStatistics: Hashable, Sendable {
    /// Number of pixels that entered.
    public let count: Int
    public let mean: Double
    /// Population standard deviation.
    public let deviation: Double
    public let minimum: Double
    public let maximum: Double
    /// Of an even number of pixels the mean of the two middle ones.
    public let median: Double

    /// From how often each level occurs; nil when none does.
    fileprivate init?(counts: UnsafeBufferPointer<UInt64>) {
        var (count, sum) = (0, 0)
        var (least, most) = (-1, 0)
        for (level, number) in counts.enumerated() where number > 0 {
            count += Int(number)
            sum += level * Int(number)
            if least < 0 { least = level }
            most = level
        }
        guard count > 0 else { return nil }
        let mean = Double(sum) / Double(count)
        var squares = 0.0
        var seen = 0
        var middle: (Int?, Int?) = (nil, nil)
        for level in least...most where counts[level] > 0 {
            let offset = Double(level) - mean
            squares += offset * offset * Double(counts[level])
            seen += Int(counts[level])
            if middle.0 == nil, 2 * seen >= count { middle.0 = level }
            if middle.1 == nil, seen > count / 2 { middle.1 = level }
        }
        self.count = count
        self.mean = mean
        deviation = (squares / Double(count)).squareRoot()
        (minimum, maximum) = (Double(least), Double(most))
        median = (Double(middle.0!) + Double(middle.1!)) / 2
    }

    /// From the values themselves, all finite; nil when there are none. Sorts them.
    fileprivate init?<Value: BinaryFloatingPoint>(_ values: inout [Value]) {
        guard !values.isEmpty else { return nil }
        values.sort()
        count = values.count
        (minimum, maximum) = (Double(values[0]), Double(values[values.count - 1]))
        // About the least one, and in parts, so that sums of large values stay finite and lose nothing.
        let (base, scale) = (minimum, Double(values.count))
        let mean = values.reduce(base) { $0 + (Double($1) / scale - base / scale) }
        self.mean = mean
        let widest = max(maximum - mean, mean - minimum)
        if widest > 0, widest.isFinite {
            let squares = values.reduce(0.0) { $0 + (Double($1) - mean) / widest * ((Double($1) - mean) / widest) }
            deviation = widest * (squares / scale).squareRoot()
        } else {
            deviation = 0
        }
        median = Double(values[(count - 1) / 2]) / 2 + Double(values[count / 2]) / 2
    }
}

extension Image where Pixel == UInt8 {
    /// Statistics of the pixels under the mask that lie inside the image; nil when there are none.
    ///
    /// - Parameter mask: in coordinates of the image.
    /// - Complexity: one pass over the mask's pixels.
    /// - Source: equals mean, std, min, max of `numpy.ma` arrays and `numpy.ma.median`.
    public func statistics(under mask: Mask) -> MaskedStatistics? { countedStatistics(mask, levels: 256) }

    /// Statistics of the pixels that are not in the mask; nil when there are none.
    public func statistics(excluding mask: Mask) -> MaskedStatistics? { statistics(under: mask.clipped(to: bounds).inverted) }
}

extension Image where Pixel == UInt16 {
    /// Statistics of the pixels under the mask that lie inside the image, see the 8-bit version; nil when there are none.
    public func statistics(under mask: Mask) -> MaskedStatistics? { countedStatistics(mask, levels: 65536) }

    /// Statistics of the pixels that are not in the mask; nil when there are none.
    public func statistics(excluding mask: Mask) -> MaskedStatistics? { statistics(under: mask.clipped(to: bounds).inverted) }
}

extension Image where Pixel == Float {
    /// Statistics of the pixels under the mask that lie inside the image; pixels that are not finite are masked out; nil when none is left.
    ///
    /// - Complexity: sorts the mask's pixels. Sums are made in double precision.
    public func statistics(under mask: Mask) -> MaskedStatistics? { sortedStatistics(mask) }

    /// Statistics of the pixels that are not in the mask; nil when there are none.
    public func statistics(excluding mask: Mask) -> MaskedStatistics? { statistics(under: mask.clipped(to: bounds).inverted) }
}

extension Image where Pixel: FixedWidthInteger {
    @inline(__always)
    fileprivate func countedStatistics(_ mask: Mask, levels: Int) -> MaskedStatistics? {
        withUnsafeTemporaryAllocation(of: UInt64.self, capacity: levels) { counts in
            counts.initialize(repeating: 0)
            let inside = mask.clipped(to: bounds)
            withBuffer { pixels in
                for run in inside.runs {
                    let row = pixels.baseAddress! + (Int(run.y) * width + Int(run.first))
                    for index in 0..<run.count { counts[Int(row[index])] &+= 1 }
                }
            }
            return MaskedStatistics(counts: UnsafeBufferPointer(counts))
        }
    }
}

extension Image where Pixel: BinaryFloatingPoint {
    fileprivate func sortedStatistics(_ mask: Mask) -> MaskedStatistics? {
        var values: [Pixel] = []
        withBuffer { pixels in
            for run in mask.clipped(to: bounds).runs {
                let start = Int(run.y) * width + Int(run.first)
                for value in pixels[start..<(start + run.count)] where value.isFinite { values.append(value) }
            }
        }
        return MaskedStatistics(&values)
    }
}

extension Image {
    /// The image with every pixel outside the mask set to `value`.
    ///
    /// - Complexity: linear in the pixels of the image.
    public func filled(outside mask: Mask, with value: Pixel) -> Image { filled(inside: mask.clipped(to: bounds).inverted, with: value) }

    /// The image with every pixel under the mask set to `value`.
    ///
    /// - Complexity: one copy of the image and the mask's pixels.
    public func filled(inside mask: Mask, with value: Pixel) -> Image {
        var result = self
        let inside = mask.clipped(to: bounds)
        result.withMutableBuffer { pixels in
            for run in inside.runs {
                (pixels.baseAddress! + (Int(run.y) * width + Int(run.first))).update(repeating: value, count: run.count)
            }
        }
        return result
    }
}
