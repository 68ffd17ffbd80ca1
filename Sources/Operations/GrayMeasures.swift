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
    public let quantile25: Double
    public let quantile75: Double
    /// Centroid weighted by gray level; nil where all levels are 0.
    public let weightedCentroid: Point?

    /// Measures the pixels of `mask` that lie inside `image`; nil when there are none.
    ///
    /// - Complexity: one pass over the mask's pixels.
    public init?(_ mask: Mask, image: Image<UInt8>) {
        let inside = image.bounds.contains(mask.bounds) ? mask : mask.clipped(to: image.bounds)
        guard !inside.isEmpty else { return nil }
        var sums = WeightedSums(origin: inside.runs[0])
        let levels = withUnsafeTemporaryAllocation(of: UInt32.self, capacity: 256) { counts in
            counts.initialize(repeating: 0)
            image.withBuffer { pixels in
                for run in inside.runs {
                    let row = pixels.baseAddress! + Int(run.y) * image.width + Int(run.first)
                    var (sum, moment) = (0, 0)
                    for index in 0..<run.count {
                        let level = Int(row[index])
                        counts[level] &+= 1
                        sum &+= level
                        moment &+= level &* index
                    }
                    sums.add(run, sum: sum, moment: moment)
                }
            }
            return GrayLevels(counts)
        }
        self.init(levels, sums)
    }

    /// Measures the pixels of `mask` that lie inside `image`; nil when there are none.
    ///
    /// - Complexity: one pass over the mask's pixels, and sorting the levels of small masks.
    public init?(_ mask: Mask, image: Image<UInt16>) {
        let inside = image.bounds.contains(mask.bounds) ? mask : mask.clipped(to: image.bounds)
        guard !inside.isEmpty else { return nil }
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
        self.init(GrayLevels(values), sums)
    }

    private init(_ levels: GrayLevels, _ sums: WeightedSums) {
        let n = Double(levels.count)
        let mean = Double(sums.sum) / n
        var (second, third, fourth) = (0.0, 0.0, 0.0)
        for (level, count) in levels.entries {
            let distance = Double(level) - mean
            let square = distance * distance
            second += Double(count) * square
            third += Double(count) * square * distance
            fourth += Double(count) * square * square
        }
        let variance = second / n
        count = levels.count
        self.mean = mean
        deviation = variance.squareRoot()
        (minimum, maximum) = (levels.entries[0].level, levels.entries[levels.entries.count - 1].level)
        (quantile25, median, quantile75) = (levels.quantile(0.25), levels.quantile(0.5), levels.quantile(0.75))
        mode = levels.mode
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
        table.add("intensity_mode", .gray, "Mode", "most frequent gray level, of equal ones the darkest", source: "ZooProcess's mode") { Double($0.mode) }
        table.add("intensity_sum", .gray, "Integrated density", "sum of the gray levels", source: "ZooProcess's intden, over the object's pixels") { Double($0.integratedDensity) }
        table.add("intensity_skewness", .ratio, "Skewness", "population skewness of the gray levels; empty when all are equal", source: "SciPy's skew") { $0.skewness }
        table.add("intensity_kurtosis", .ratio, "Kurtosis", "population excess kurtosis of the gray levels; empty when all are equal", source: "SciPy's kurtosis") { $0.kurtosis }
        table.add("intensity_q25", .gray, "First quartile", "gray level below which a quarter of the pixels lies, interpolated", source: "numpy.quantile") { $0.quantile25 }
        table.add("intensity_q75", .gray, "Third quartile", "gray level below which three quarters of the pixels lie, interpolated", source: "numpy.quantile") { $0.quantile75 }
        table.add("centroid_weighted_x", .pixels, "Weighted centroid x", "mean x weighted by gray level") { $0.weightedCentroid?.x }
        table.add("centroid_weighted_y", .pixels, "Weighted centroid y", "mean y weighted by gray level") { $0.weightedCentroid?.y }
        return table
    }()
}

/// Sum of gray levels and of gray levels times position, exact.
private struct WeightedSums {
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

/// Gray levels that occur, in ascending order, with their numbers of pixels.
private struct GrayLevels {
    var entries: [(level: Int, count: Int)] = []
    var count = 0

    init(_ counts: UnsafeMutableBufferPointer<UInt32>) {
        for level in 0..<counts.count where counts[level] > 0 {
            entries.append((level, Int(counts[level])))
            count += Int(counts[level])
        }
    }

    init(_ values: [UInt16]) {
        if values.count > 16384 {
            var counts = [UInt32](repeating: 0, count: 65536)
            for value in values { counts[Int(value)] += 1 }
            self = counts.withUnsafeMutableBufferPointer { GrayLevels($0) }
            return
        }
        for value in values.sorted() {
            if let end = entries.indices.last, entries[end].level == Int(value) { entries[end].count += 1 } else { entries.append((Int(value), 1)) }
        }
        count = values.count
    }

    var mode: Int {
        var best = entries[0]
        for entry in entries where entry.count > best.count { best = entry }
        return best.level
    }

    /// Linear interpolation between the neighbours in order of gray level, as `numpy.quantile`.
    func quantile(_ q: Double) -> Double {
        let position = q * Double(count - 1)
        let below = Int(position)
        var seen = 0
        for (index, entry) in entries.enumerated() {
            seen += entry.count
            if seen > below + 1 { return Double(entry.level) }
            if seen == below + 1 {
                let next = index + 1 < entries.count ? entries[index + 1].level : entry.level
                return Double(entry.level) + (position - Double(below)) * Double(next - entry.level)
            }
        }
        return Double(entries[entries.count - 1].level)
    }
}
