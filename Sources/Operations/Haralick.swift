import Foundation
import Raster

/// Haralick's texture features of the gray levels under a mask: how often which levels lie side by side.
///
/// Pairs of pixels that both lie under the mask are counted in four directions (0, 45, 90 and 135°), each pair both ways, in one
/// table of levels × levels a direction; each value is the mean over the directions that have pairs. Nothing outside the mask enters.
///
/// - Source: Haralick et al. 1973, doi:10.1109/TSMC.1973.4309314; on a rectangle equal to `graycoprops` of scikit-image 0.26 for
///   `graycomatrix(gray // (256 // levels), [distance], [0, π/4, π/2, 3π/4], levels, symmetric=True, normed=True)`, mean over the angles.
public struct Haralick: Hashable, Sendable {
    /// What is counted.
    public struct Parameters: Hashable, Sendable {
        /// Pixels from one of a pair to the other; along the diagonals round(distance / √2) in x and in y, as in scikit-image.
        public let distance: Int
        /// Steps that the gray scale (256 levels, or 65536 of 16-bit images) is divided into: step = gray · levels / 256, rounded down.
        public let levels: Int

        public static let distances = 1...1000
        public static let allowedLevels = 2...256

        public init(distance: Int = 1, levels: Int = 32) {
            precondition(Parameters.distances.contains(distance), "a distance of \(distance) pixels is outside \(Parameters.distances)")
            precondition(Parameters.allowedLevels.contains(levels), "\(levels) levels are outside \(Parameters.allowedLevels)")
            (self.distance, self.levels) = (distance, levels)
        }

        /// Offsets in x and y from the first to the second pixel of a pair, for 0, 45, 90 and 135°.
        var offsets: [(x: Int, y: Int)] {
            let diagonal = Int((Double(distance) * 0.5.squareRoot()).rounded())
            return [(distance, 0), (diagonal, diagonal), (0, distance), (-diagonal, diagonal)]
        }
    }

    /// Mean squared and mean absolute difference of a pair's levels, in steps² and steps.
    public let contrast, dissimilarity: Double
    /// Mean of 1 / (1 + difference²).
    public let homogeneity: Double
    /// Angular second moment, the sum of squared shares (ASM), and its root.
    public let angularSecondMoment, energy: Double
    /// Correlation of a pair's levels; 1 where all levels are equal, as in scikit-image.
    public let correlation: Double
    /// Mean, variance and standard deviation of the levels of all pairs, in steps and steps².
    public let mean, variance, deviation: Double
    /// −Σ p ln p in nats.
    public let entropy: Double

    /// Measures the pixels of `mask` that lie inside `image`; nil when no two of them lie at the distance.
    ///
    /// - Complexity: four passes over the mask's pixels, then four over levels² / 2 cells between the darkest and the brightest.
    public init?(_ mask: Mask, image: Image<UInt8>, parameters: Parameters = Parameters()) {
        self.init(pairsOf: mask, image, parameters)
    }

    /// The same for 16 bits.
    public init?(_ mask: Mask, image: Image<UInt16>, parameters: Parameters = Parameters()) {
        self.init(pairsOf: mask, image, parameters)
    }

    private init?<Pixel: FixedWidthInteger & UnsignedInteger & BitwiseCopyable & Sendable>(pairsOf mask: Mask, _ image: Image<Pixel>, _ parameters: Parameters) {
        let inside = image.bounds.contains(mask.bounds) ? mask : mask.clipped(to: image.bounds)
        let (runs, levels) = (inside.runs, parameters.levels)
        var features = Sums()
        withUnsafeTemporaryAllocation(of: UInt8.self, capacity: max(1, inside.area)) { steps in
            withUnsafeTemporaryAllocation(of: Int.self, capacity: max(1, runs.count)) { places in
                let range = quantise(runs, image, levels, into: steps.baseAddress!, places: places.baseAddress!)
                withUnsafeTemporaryAllocation(of: UInt32.self, capacity: levels * levels) { cells in
                    for offset in parameters.offsets {
                        cells.update(repeating: 0)
                        let pairs = countPairs(runs, steps.baseAddress!, places.baseAddress!, offset, levels, into: cells.baseAddress!)
                        if pairs > 0 { features.add(cells.baseAddress!, levels: levels, range: range, pairs: pairs) }
                    }
                }
            }
        }
        guard features.directions > 0 else { return nil }
        let n = Double(features.directions)
        (contrast, dissimilarity, homogeneity) = (features.contrast / n, features.dissimilarity / n, features.homogeneity / n)
        (angularSecondMoment, energy, correlation) = (features.secondMoment / n, features.energy / n, features.correlation / n)
        (mean, variance, deviation, entropy) = (features.mean / n, features.variance / n, features.deviation / n, features.entropy / n)
    }

    /// Columns in the order of `values()`, for these parameters.
    public static func columns(_ parameters: Parameters = Parameters()) -> [MeasureColumn] { table(parameters).columns }

    /// Columns of the standard parameters.
    public static let columns: [MeasureColumn] = table(Parameters()).columns

    /// Values in the order of `columns`.
    public func values() -> [Double?] {
        [contrast, dissimilarity, homogeneity, angularSecondMoment, energy, correlation, mean, variance, deviation, entropy]
    }

    private static func table(_ parameters: Parameters) -> MeasureTable<Haralick> {
        let counted = "; pairs at distance \(parameters.distance) px, mean over 0, 45, 90, 135°, both ways, gray scale in \(parameters.levels) steps"
        var table = MeasureTable<Haralick>()
        func add(_ name: String, _ property: String, _ unit: MeasureColumn.Unit, _ title: String, _ definition: String, _ value: @escaping @Sendable (Haralick) -> Double) {
            table.add("texture_\(name)", unit, title, definition + counted, source: "Haralick et al. 1973", equals: "scikit-image graycoprops '\(property)'") { value($0) }
        }
        add("contrast", "contrast", .squareSteps, "Contrast", "mean squared difference of neighbouring steps") { $0.contrast }
        add("dissimilarity", "dissimilarity", .steps, "Dissimilarity", "mean difference of neighbouring steps") { $0.dissimilarity }
        add("homogeneity", "homogeneity", .ratio, "Homogeneity", "mean of 1 / (1 + difference²)") { $0.homogeneity }
        add("asm", "ASM", .ratio, "Angular second moment", "sum of the squared shares of all pairs of steps") { $0.angularSecondMoment }
        add("energy", "energy", .ratio, "Energy", "root of the angular second moment of each direction") { $0.energy }
        add("correlation", "correlation", .ratio, "Correlation", "of neighbouring steps; 1 where all are equal") { $0.correlation }
        add("mean", "mean", .steps, "Mean step", "mean step of all pairs") { $0.mean }
        add("variance", "variance", .squareSteps, "Variance of steps", "variance of the steps of all pairs") { $0.variance }
        add("std", "std", .steps, "Deviation of steps", "standard deviation of the steps of all pairs") { $0.deviation }
        add("entropy", "entropy", .nats, "Entropy", "−Σ p ln p over the shares of all pairs of steps") { $0.entropy }
        return table
    }
}

/// Writes the steps of all pixels, run after run, and where each run starts; tells the lowest and highest step.
@inline(__always)
private func quantise<Pixel: FixedWidthInteger & BitwiseCopyable & Sendable>(
    _ runs: [Run], _ image: Image<Pixel>, _ levels: Int, into steps: UnsafeMutablePointer<UInt8>, places: UnsafeMutablePointer<Int>
) -> ClosedRange<Int> {
    var (lowest, highest) = (UInt8.max, UInt8.min)
    image.withBuffer { pixels in
        var place = 0
        for (index, run) in runs.enumerated() {
            places[index] = place
            let row = pixels.baseAddress! + (Int(run.y) &* image.width &+ Int(run.first))
            let target = steps + place
            for x in 0..<run.count {
                let step = UInt8(truncatingIfNeeded: (UInt32(truncatingIfNeeded: row[x]) &* UInt32(truncatingIfNeeded: levels)) &>> UInt32(Pixel.bitWidth))
                target[x] = step
                lowest = min(lowest, step)
                highest = max(highest, step)
            }
            place &+= run.count
        }
    }
    return lowest <= highest ? Int(lowest)...Int(highest) : 0...0
}

/// Counts pairs of pixels `offset` apart that both lie in runs; cell (a, b) is `a * levels + b`.
private func countPairs(
    _ runs: [Run], _ steps: UnsafePointer<UInt8>, _ places: UnsafePointer<Int>, _ offset: (x: Int, y: Int), _ levels: Int,
    into cells: UnsafeMutablePointer<UInt32>
) -> Int {
    runs.withUnsafeBufferPointer { runs in
        var (pairs, next) = (0, 0)
        for index in 0..<runs.count {
            let run = runs[index]
            // The run moved to where its partners lie.
            let (y, first, last) = (Int(run.y) &+ offset.y, Int(run.first) &+ offset.x, Int(run.last) &+ offset.x)
            while next < runs.count, Int(runs[next].y) < y || (Int(runs[next].y) == y && Int(runs[next].last) < first) { next &+= 1 }
            var partner = next
            while partner < runs.count, Int(runs[partner].y) == y, Int(runs[partner].first) <= last {
                let other = runs[partner]
                let (from, to) = (max(first, Int(other.first)), min(last, Int(other.last)))
                let a = steps + (places[index] &+ from &- first)
                let b = steps + (places[partner] &+ from &- Int(other.first))
                let count = to &- from &+ 1
                for x in 0..<count { cells[Int(a[x]) &* levels &+ Int(b[x])] &+= 1 }
                pairs &+= count
                partner &+= 1
            }
        }
        return pairs
    }
}

/// Features of each direction, summed up.
private struct Sums {
    var directions = 0
    var (contrast, dissimilarity, homogeneity, secondMoment, energy) = (0.0, 0.0, 0.0, 0.0, 0.0)
    var (correlation, mean, variance, deviation, entropy) = (0.0, 0.0, 0.0, 0.0, 0.0)

    /// - Parameter range: no cell outside it is counted.
    mutating func add(_ cells: UnsafePointer<UInt32>, levels: Int, range: ClosedRange<Int>, pairs: Int) {
        // A pair counts both ways: the symmetric table holds `count` twice beside the diagonal, and doubled on it.
        var (differences, squares, first, second) = (0, 0, 0, 0)
        var (near, power, logs) = (0.0, 0.0, 0.0)
        var base = -1
        Sums.tables.withUnsafeBufferPointer { tables in
            let (nearness, products) = (tables.baseAddress!, tables.baseAddress! + 256)
            for i in range {
                let own = Int(cells[i &* levels &+ i])
                if own > 0 {
                    // Counted from the darkest step, so that a table of one step has a variance of exactly 0.
                    if base < 0 { base = i }
                    near += Double(2 &* own)
                    power += Double(4 &* own &* own)
                    logs += Sums.product(2 &* own, products)
                    first &+= 2 &* own &* (i &- base)
                    second &+= 2 &* own &* (i &- base) &* (i &- base)
                }
                var j = i &+ 1
                while j <= range.upperBound {
                    let count = Int(cells[i &* levels &+ j] &+ cells[j &* levels &+ i])
                    if count > 0 {
                        if base < 0 { base = i }
                        let (a, b, apart) = (i &- base, j &- base, j &- i)
                        differences &+= count &* apart
                        squares &+= count &* apart &* apart
                        near += 2 * Double(count) * nearness[apart]
                        power += Double(2 &* count &* count)
                        logs += 2 * Sums.product(count, products)
                        first &+= count &* (a &+ b)
                        second &+= count &* (a &* a &+ b &* b)
                    }
                    j &+= 1
                }
            }
        }
        let total = 2 * Double(pairs)
        let (shift, contrast) = (Double(first) / total, 2 * Double(squares) / total)
        let variance = max(0, Double(second) / total - shift * shift)
        directions += 1
        self.contrast += contrast
        dissimilarity += 2 * Double(differences) / total
        homogeneity += near / total
        secondMoment += power / (total * total)
        energy += power.squareRoot() / total
        // Both of a pair have one distribution, so the mean squared difference is 2 · variance · (1 − correlation).
        correlation += variance == 0 ? 1 : 1 - contrast / (2 * variance)
        mean += Double(base) + shift
        self.variance += variance
        deviation += variance.squareRoot()
        entropy += max(0, log(total) - logs / total)
    }

    /// 1 / (1 + d²) for d in 0 ..< 256, then n ln n for n in 0 ..< 1024.
    private static let tables: [Double] =
        (0..<256).map { 1 / Double(1 + $0 * $0) } + [0] + (1..<1024).map { Double($0) * log(Double($0)) }

    @inline(__always) private static func product(_ n: Int, _ products: UnsafePointer<Double>) -> Double {
        n < 1024 ? products[n] : Double(n) * log(Double(n))
    }
}
