import Raster

/// Area, box, centroid, second moments and gray sums of every component of a thresholded image, without a mask for each.
///
/// For pictures with many small components, of which most are thrown away by size: making 100,000 masks takes longer than this.
public struct RegionSums: Sendable, Hashable {
    public struct Region: Sendable, Hashable {
        /// First pixel in raster order.
        public let firstX: Int
        public let firstY: Int
        /// Number of pixels, holes not counted.
        public let area: Int
        /// Tight box.
        public let box: Rect
        /// Sums over the pixel centres relative to the first pixel: Σx, Σy, Σx², Σxy, Σy².
        let sumX, sumY: Int
        let sumXX, sumXY, sumYY: Double
        /// Sum of the gray levels and of their squares.
        public let graySum: Int
        public let graySquares: Int
        public let grayMinimum: Int
        public let grayMaximum: Int

        /// Mean of the pixel centres, which lie at whole numbers.
        public var centroid: Point {
            Point(x: Double(firstX) + Double(sumX) / Double(area), y: Double(firstY) + Double(sumY) / Double(area))
        }

        /// Σ (x − x̄)², Σ (x − x̄)(y − ȳ), Σ (y − ȳ)², in px⁴, as ``ShapeMoments`` has them.
        public var secondMoments: (mu20: Double, mu11: Double, mu02: Double) {
            let (n, x, y) = (Double(area), Double(sumX), Double(sumY))
            return (sumXX - x * (x / n), sumXY - x * (y / n), sumYY - y * (y / n))
        }

        public var grayMean: Double { Double(graySum) / Double(area) }

        /// Population standard deviation of the gray levels, from exact sums.
        public var grayDeviation: Double {
            let (sum, squares, n) = (UInt64(graySum), UInt64(graySquares), UInt64(area))
            // n Σg² − (Σg)² in 128 bits, so that a large even object does not get the rounding of its sums as its deviation.
            let (a, b) = (n.multipliedFullWidth(by: squares), sum.multipliedFullWidth(by: sum))
            let (low, borrow) = a.low.subtractingReportingOverflow(b.low)
            let high = a.high - b.high - (borrow ? 1 : 0)
            return (Double(high) * 0x1p64 + Double(low)).squareRoot() / Double(area)
        }
    }

    /// In raster order of first pixels.
    public let regions: [Region]
}

extension Image where Pixel == UInt8 {
    /// Sums of the components of the pixels ≤ `level` (dark objects).
    ///
    /// - Complexity: one pass over the pixels, then linear in the runs; the gray levels are read below runs only.
    public func regionSums(darkerThanOrEqual level: UInt8, connectivity: Connectivity = .eight) -> RegionSums {
        regionSums(of: mask(darkerThanOrEqual: level), connectivity: connectivity)
    }

    /// Sums of the components of the pixels > `level` (bright objects).
    public func regionSums(brighterThan level: UInt8, connectivity: Connectivity = .eight) -> RegionSums {
        regionSums(of: mask(brighterThan: level), connectivity: connectivity)
    }

    /// Sums of the components of a mask that lies inside the image.
    public func regionSums(of mask: Mask, connectivity: Connectivity = .eight) -> RegionSums {
        precondition(mask.isEmpty || bounds.contains(mask.bounds), "mask \(mask.bounds) is outside \(width) × \(height)")
        return withBuffer { RegionSums($0, width: width, mask, connectivity, widest: 0xFF) }
    }
}

extension Image where Pixel == UInt16 {
    /// Sums of the components of the pixels ≤ `level` (dark objects).
    public func regionSums(darkerThanOrEqual level: UInt16, connectivity: Connectivity = .eight) -> RegionSums {
        regionSums(of: mask(darkerThanOrEqual: level), connectivity: connectivity)
    }

    /// Sums of the components of the pixels > `level` (bright objects).
    public func regionSums(brighterThan level: UInt16, connectivity: Connectivity = .eight) -> RegionSums {
        regionSums(of: mask(brighterThan: level), connectivity: connectivity)
    }

    /// Sums of the components of a mask that lies inside the image.
    public func regionSums(of mask: Mask, connectivity: Connectivity = .eight) -> RegionSums {
        precondition(mask.isEmpty || bounds.contains(mask.bounds), "mask \(mask.bounds) is outside \(width) × \(height)")
        return withBuffer { RegionSums($0, width: width, mask, connectivity, widest: 0xFFFF) }
    }
}

extension RegionSums {
    @inline(__always)
    fileprivate init<Pixel: FixedWidthInteger>(
        _ pixels: UnsafeBufferPointer<Pixel>, width: Int, _ mask: Mask, _ connectivity: Connectivity, widest: UInt32
    ) {
        let labelled = RunLabels(mask.runs, connectivity: connectivity)
        regions = withUnsafeTemporaryAllocation(of: Sums.self, capacity: max(1, labelled.count)) { sums in
            let sum = sums.baseAddress!
            mask.runs.withUnsafeBufferPointer { runs in
                labelled.labels.withUnsafeBufferPointer { labels in
                    var next = 0
                    for index in 0..<runs.count {
                        let run = runs[index]
                        let label = Int(labels[index])
                        if label == next {
                            (sum + label).initialize(to: Sums(startingAt: run, darkest: widest))
                            next &+= 1
                        }
                        sum[label].add(run, pixels.baseAddress! + (Int(run.y) &* width &+ Int(run.first)))
                    }
                }
            }
            return [Region](unsafeUninitializedCapacity: labelled.count) { buffer, written in
                for label in 0..<labelled.count { (buffer.baseAddress! + label).initialize(to: Region(sum[label])) }
                written = labelled.count
            }
        }
    }
}

private struct Sums: BitwiseCopyable {
    private(set) var firstX, firstY, left, right, bottom: Int32
    private(set) var darkest, brightest: UInt32
    private(set) var area = 0
    private(set) var sumX = 0
    private(set) var sumY = 0
    private(set) var graySum = 0
    private(set) var graySquares = 0
    private(set) var sumXX = 0.0
    private(set) var sumXY = 0.0
    private(set) var sumYY = 0.0

    @inline(__always) init(startingAt run: Run, darkest: UInt32) {
        (firstX, firstY, left, right, bottom) = (run.first, run.y, run.first, run.last, run.y)
        (self.darkest, brightest) = (darkest, 0)
    }

    @inline(__always) mutating func add<Pixel: FixedWidthInteger>(_ run: Run, _ pixels: UnsafePointer<Pixel>) {
        let count = Int(run.last &- run.first) &+ 1
        let (a, y) = (Int(run.first &- firstX), Int(run.y &- firstY))
        // 2 Σx over the run; Σx² = n a² + a n (n − 1) + (n − 1) n (2n − 1) / 6.
        let twice = count &* (2 &* a &+ count &- 1)
        area &+= count
        sumX &+= twice / 2
        sumY &+= count &* y
        let n = Double(count)
        let x = Double(a)
        sumXX += n * (x * x + (n - 1) * (x + (2 * n - 1) / 6))
        sumXY += Double(twice / 2) * Double(y)
        sumYY += n * Double(y) * Double(y)
        left = min(left, run.first)
        right = max(right, run.last)
        bottom = run.y
        var (gray, squares) = (0, 0)
        var (low, high) = (darkest, brightest)
        for index in 0..<count {
            let level = UInt32(truncatingIfNeeded: pixels[index])
            gray &+= Int(level)
            squares &+= Int(level &* level)
            low = min(low, level)
            high = max(high, level)
        }
        graySum &+= gray
        graySquares &+= squares
        (darkest, brightest) = (low, high)
    }
}

extension RegionSums.Region {
    @inline(__always) fileprivate init(_ sums: Sums) {
        (firstX, firstY, area) = (Int(sums.firstX), Int(sums.firstY), sums.area)
        box = Rect(minX: Int(sums.left), minY: Int(sums.firstY), maxX: Int(sums.right) + 1, maxY: Int(sums.bottom) + 1)
        (sumX, sumY, sumXX, sumXY, sumYY) = (sums.sumX, sums.sumY, sums.sumXX, sums.sumXY, sums.sumYY)
        (graySum, graySquares) = (sums.graySum, sums.graySquares)
        (grayMinimum, grayMaximum) = (Int(sums.darkest), Int(sums.brightest))
    }
}
