import Foundation
import Raster

/// What the gray levels under a mask tell; pixels outside the mask never enter.
public struct GrayMeasures: Hashable, Sendable {
    /// Number of pixels measured.
    public let count: Int
    public let mean: Double
    /// Population standard deviation.
    public let deviation: Double
    public let minimum: Int
    public let maximum: Int
    /// Of an even number of pixels the mean of the two middle ones.
    public let median: Double
    /// Most frequent level, of equal ones the darkest.
    public let mode: Int
    /// Sum of all levels.
    public let integratedDensity: Int
    /// Population skewness and excess kurtosis; nil where all pixels are equal.
    public let skewness: Double?
    public let kurtosis: Double?
    public let quantile05: Double
    public let quantile25: Double
    public let quantile75: Double
    public let quantile95: Double
    /// Centroid weighted by gray level; nil where all levels are 0.
    public let weightedCentroid: Point?

    /// Measures the pixels of `mask` that lie inside `image`; nil when there are none.
    ///
    /// - Complexity: one pass over the mask's pixels.
    public init?(_ mask: Mask, image: Image<UInt8>) {
        guard let inside = mask.inside(image.bounds) else { return nil }
        self = GrayMeasures.with(inside, image: image) { measures, _ in measures }
    }

    /// - Parameters:
    ///   - mask: not empty, inside the image.
    ///   - body: gets the number of pixels of each of the 256 levels too.
    static func with<Result>(_ mask: Mask, image: Image<UInt8>, _ body: (GrayMeasures, UnsafePointer<UInt32>) -> Result) -> Result {
        // Two tables take turns, because a level often follows itself and its count would be waited for.
        withUnsafeTemporaryAllocation(of: UInt32.self, capacity: 512) { memory in
            let (counts, others) = (memory.baseAddress!, memory.baseAddress! + 256)
            memory.initialize(repeating: 0)
            var sums = WeightedSums(origin: mask.runs[0])
            image.withBuffer { pixels in
                for run in mask.runs {
                    let row = pixels.baseAddress! + (Int(run.y) &* image.width &+ Int(run.first))
                    let length = run.count
                    var (sum, moment) = (0, 0)
                    var index = 0
                    while index &+ 1 < length {
                        let (a, b) = (Int(row[index]), Int(row[index &+ 1]))
                        counts[a] &+= 1
                        others[b] &+= 1
                        sum &+= a &+ b
                        moment &+= (a &+ b) &* index &+ b
                        index &+= 2
                    }
                    if index < length {
                        let a = Int(row[index])
                        counts[a] &+= 1
                        sum &+= a
                        moment &+= a &* index
                    }
                    sums.add(run, sum: sum, moment: moment)
                }
            }
            for level in 0..<256 { counts[level] &+= others[level] }
            let measures = withUnsafeTemporaryAllocation(of: GrayLevel.self, capacity: 257) { entries in
                var (number, total) = (0, 0)
                for level in 0..<256 {
                    let count = counts[level]
                    (entries.baseAddress! + number).initialize(to: GrayLevel(level: Int32(truncatingIfNeeded: level), count: Int(count)))
                    number &+= count > 0 ? 1 : 0
                    total &+= Int(count)
                }
                return GrayMeasures(UnsafeBufferPointer(rebasing: entries[0..<number]), count: total, sums)
            }
            return body(measures, counts)
        }
    }

    /// Measures the pixels of `mask` that lie inside `image`; nil when there are none.
    ///
    /// - Complexity: one pass over the mask's pixels, and sorting the levels of small masks.
    public init?(_ mask: Mask, image: Image<UInt16>) {
        guard let inside = mask.inside(image.bounds) else { return nil }
        var sums = WeightedSums(origin: inside.runs[0])
        var values: [UInt16] = []
        values.reserveCapacity(inside.area)
        image.withBuffer { pixels in
            for run in inside.runs {
                let row = pixels.baseAddress! + Int(run.y) * image.width + Int(run.first)
                var (sum, moment) = (0, 0)
                for index in 0..<run.count {
                    let level = Int(row[index])
                    values.append(row[index])
                    sum &+= level
                    moment &+= level &* index
                }
                sums.add(run, sum: sum, moment: moment)
            }
        }
        let levels = GrayLevel.all(values)
        self = levels.withUnsafeBufferPointer { GrayMeasures($0, count: values.count, sums) }
    }

    /// nil when no pixels were added.
    public init?(_ sums: GraySums) {
        guard sums.count > 0 else { return nil }
        let levels = sums.counts.indices.filter { sums.counts[$0] > 0 }.map { GrayLevel(level: Int32($0), count: sums.counts[$0]) }
        self = levels.withUnsafeBufferPointer { GrayMeasures($0, count: sums.count, sums.centroid!) }
    }

    /// - Parameter levels: those that occur, in ascending order.
    private init(_ levels: UnsafeBufferPointer<GrayLevel>, count: Int, _ sums: WeightedSums) {
        let n = Double(count)
        let mean = Double(sums.sum) / n
        var (second, third, fourth) = (0.0, 0.0, 0.0)
        var most = levels[0]
        // Of each quantile the level at the place before it and the one after.
        let shares = (0.05 * Double(count - 1), 0.25 * Double(count - 1), 0.5 * Double(count - 1), 0.75 * Double(count - 1), 0.95 * Double(count - 1))
        for entry in levels {
            let distance = Double(entry.level) - mean
            let square = distance * distance
            let weight = Double(entry.count)
            second += weight * square
            third += weight * square * distance
            fourth += weight * square * square
            if entry.count > most.count { most = entry }
        }
        var (index, seen) = (0, levels[0].count)
        /// Linear interpolation between the neighbours in order of gray level, as `numpy.quantile`; positions must come in ascending order.
        func quantile(_ position: Double) -> Double {
            let below = Int(position)
            while seen <= below {
                index &+= 1
                seen &+= levels[index].count
            }
            let level = Double(levels[index].level)
            guard seen == below &+ 1, index &+ 1 < levels.count else { return level }
            return level + (position - Double(below)) * (Double(levels[index &+ 1].level) - level)
        }
        let variance = second / n
        self.count = count
        self.mean = mean
        deviation = variance.squareRoot()
        (minimum, maximum) = (Int(levels[0].level), Int(levels[levels.count - 1].level))
        quantile05 = quantile(shares.0)
        quantile25 = quantile(shares.1)
        median = quantile(shares.2)
        quantile75 = quantile(shares.3)
        quantile95 = quantile(shares.4)
        mode = Int(most.level)
        integratedDensity = sums.sum
        skewness = minimum == maximum ? nil : third / n / (variance * variance.squareRoot())
        kurtosis = minimum == maximum ? nil : fourth / n / (variance * variance) - 3
        weightedCentroid = sums.centroid
    }

    /// Columns in the order of `values()`.
    public static let columns: [MeasureColumn] = table.columns

    /// Values in the order of `columns`.
    public func values() -> [Double?] { GrayMeasures.table.values(self, pixelSize: nil) }

    private static let table: MeasureTable<GrayMeasures> = {
        var table = MeasureTable<GrayMeasures>()
        table.add("intensity_mean", .gray, "Mean gray", "mean gray level of the object's pixels") { $0.mean }
        table.add("intensity_std", .gray, "Standard deviation", "population standard deviation of the gray levels") { $0.deviation }
        table.add("intensity_min", .gray, "Darkest", "lowest gray level") { Double($0.minimum) }
        table.add("intensity_max", .gray, "Brightest", "highest gray level") { Double($0.maximum) }
        table.add("intensity_median", .gray, "Median gray", "middle gray level; of an even number of pixels the mean of the two middle ones") { $0.median }
        table.add("intensity_mode", .gray, "Mode", "most frequent gray level, of equal ones the darkest", source: "ZooProcess's mode", equals: "SciPy stats.mode") { Double($0.mode) }
        table.add("intensity_sum", .gray, "Integrated density", "sum of the gray levels", source: "ZooProcess's intden, over the object's pixels", equals: "NumPy sum") { Double($0.integratedDensity) }
        table.add("intensity_skewness", .ratio, "Skewness", "population skewness of the gray levels; empty when all are equal", source: "SciPy's skew", equals: "SciPy stats.skew") { $0.skewness }
        table.add("intensity_kurtosis", .ratio, "Kurtosis", "population excess kurtosis of the gray levels; empty when all are equal", source: "SciPy's kurtosis", equals: "SciPy stats.kurtosis") { $0.kurtosis }
        table.add("intensity_q05", .gray, "5 % quantile", "gray level below which a twentieth of the pixels lies, interpolated", source: "numpy.quantile", equals: "NumPy quantile(0.05)") { $0.quantile05 }
        table.add("intensity_q25", .gray, "First quartile", "gray level below which a quarter of the pixels lies, interpolated", source: "numpy.quantile", equals: "NumPy quantile(0.25)") { $0.quantile25 }
        table.add("intensity_q75", .gray, "Third quartile", "gray level below which three quarters of the pixels lie, interpolated", source: "numpy.quantile", equals: "NumPy quantile(0.75)") { $0.quantile75 }
        table.add("intensity_q95", .gray, "95 % quantile", "gray level below which nineteen twentieths of the pixels lie, interpolated", source: "numpy.quantile", equals: "NumPy quantile(0.95)") { $0.quantile95 }
        table.add("centroid_weighted_x", .pixels, "Weighted centroid x", "mean x weighted by gray level") { $0.weightedCentroid?.x }
        table.add("centroid_weighted_y", .pixels, "Weighted centroid y", "mean y weighted by gray level") { $0.weightedCentroid?.y }
        return table
    }()
}

/// Sum of gray levels and of gray levels times position, exact.
struct WeightedSums {
    private let x0: Int
    private let y0: Int
    private(set) var sum = 0
    private var sumX = 0
    private var sumY = 0

    init(origin: Run) { (x0, y0) = (Int(origin.first), Int(origin.y)) }

    /// - Parameter moment: sum over the run of level × distance from its first pixel.
    @inline(__always) mutating func add(_ run: Run, sum: Int, moment: Int) {
        self.sum &+= sum
        sumX &+= moment &+ sum &* (Int(run.first) &- x0)
        sumY &+= sum &* (Int(run.y) &- y0)
    }

    var centroid: Point? {
        sum > 0 ? Point(x: Double(x0) + Double(sumX) / Double(sum), y: Double(y0) + Double(sumY) / Double(sum)) : nil
    }
}

/// A gray level that occurs, with its number of pixels.
private struct GrayLevel {
    let level: Int32
    var count: Int

    /// In ascending order.
    static func all(_ values: [UInt16]) -> [GrayLevel] {
        var entries: [GrayLevel] = []
        if values.count > 16384 {
            var counts = [Int](repeating: 0, count: 65536)
            for value in values { counts[Int(value)] &+= 1 }
            for (level, count) in counts.enumerated() where count > 0 { entries.append(GrayLevel(level: Int32(level), count: count)) }
            return entries
        }
        for value in values.sorted() {
            if let end = entries.indices.last, entries[end].level == Int32(value) {
                entries[end].count &+= 1
            } else {
                entries.append(GrayLevel(level: Int32(value), count: 1))
            }
        }
        return entries
    }
}

extension Mask {
    /// The mask itself where its foreground lies in `frame`, otherwise what of it does; nil when there is nothing.
    func inside(_ frame: Rect) -> Mask? {
        guard !runs.isEmpty else { return nil }
        if frame.contains(bounds) || frame.contains(boundingBox) { return self }
        let clipped = clipped(to: frame)
        return clipped.isEmpty ? nil : clipped
    }
}
