import Raster

/// Moments of an object in which each pixel counts as much as its gray level.
///
/// Orders are named with the row's power first, as in scikit-image. Unlike those of the shape, normalised moments and Hu's
/// invariants are not free of the gray scale: they are divided by powers of the sum of gray levels.
public struct WeightedMoments: Hashable, Sendable {
    /// Sum of the gray levels, never 0.
    public let sum: Double
    /// Centroid weighted by gray level, in image coordinates.
    public let centroid: Point
    /// Σ g (x − x̄)ᵖ (y − ȳ)^q over pixel centres, about the weighted centroid.
    public let mu20, mu11, mu02, mu30, mu21, mu12, mu03: Double

    /// Measures the pixels of `mask` that lie inside `image`; nil when there are none or all are 0.
    ///
    /// - Complexity: one pass over the mask's pixels.
    /// - Source: equals `moments_weighted_central` of scikit-image 0.26.
    public init?(_ mask: Mask, image: Image<UInt8>) { self.init(weighting: mask, image) }

    /// The same for 16 bits.
    public init?(_ mask: Mask, image: Image<UInt16>) { self.init(weighting: mask, image) }

    private init?<Pixel: FixedWidthInteger & UnsignedInteger & BitwiseCopyable & Sendable>(weighting mask: Mask, _ image: Image<Pixel>) {
        let inside = image.bounds.contains(mask.bounds) ? mask : mask.clipped(to: image.bounds)
        let box = inside.boundingBox
        var sums = WeightedMomentSums(box: box)
        image.withBuffer { pixels in
            for run in inside.runs { sums.add(run, pixels.baseAddress! + (Int(run.y) &* image.width &+ Int(run.first))) { _ in } }
        }
        self.init(sums)
    }

    /// nil when no pixels were added or all are 0.
    public init?(_ sums: GraySums) { self.init(sums.moments) }

    private init?(_ sums: WeightedMomentSums) {
        guard sums.m00 > 0 else { return nil }
        let (x, y) = (sums.m10 / sums.m00, sums.m01 / sums.m00)
        sum = sums.m00
        centroid = Point(x: Double(sums.middleX) + x, y: Double(sums.middleY) + y)
        mu20 = sums.m20 - x * sums.m10
        mu11 = sums.m11 - x * sums.m01
        mu02 = sums.m02 - y * sums.m01
        mu30 = sums.m30 - x * (3 * sums.m20 - 2 * x * sums.m10)
        mu21 = sums.m21 - 2 * x * sums.m11 - y * sums.m20 + 2 * x * x * sums.m01
        mu12 = sums.m12 - 2 * y * sums.m11 - x * sums.m02 + 2 * y * y * sums.m10
        mu03 = sums.m03 - y * (3 * sums.m02 - 2 * y * sums.m01)
    }

    /// Hu's seven invariants in scikit-image's order.
    public var hu: [Double] {
        let (second, third) = (MomentOrders.normalisation(sum, order: 2), MomentOrders.normalisation(sum, order: 3))
        return huInvariants(
            n20: mu02 / second, n11: mu11 / second, n02: mu20 / second, n30: mu03 / third, n21: mu12 / third, n12: mu21 / third, n03: mu30 / third)
    }

    /// Columns in the order of `values()`; `GrayMeasures` has the weighted centroid.
    public static let columns: [MeasureColumn] = table.columns

    /// Values in the order of `columns`.
    public func values() -> [Double?] { WeightedMoments.table.values(self, pixelSize: nil) }

    private func central(_ p: Int, _ q: Int) -> Double {
        switch (p, q) {
        case (0, 2): mu20
        case (1, 1): mu11
        case (2, 0): mu02
        case (0, 3): mu30
        case (1, 2): mu21
        case (2, 1): mu12
        case (3, 0): mu03
        default: preconditionFailure("no weighted central moment of orders \(p) and \(q)")
        }
    }

    private static let table: MeasureTable<WeightedMoments> = {
        var table = MeasureTable<WeightedMoments>()
        func add(_ name: String, _ theirs: String, _ unit: MeasureColumn.Unit, _ title: String, _ definition: String, _ value: @escaping @Sendable (WeightedMoments) -> Double) {
            table.add(name, unit, title, definition + "; empty where all are 0", equals: "scikit-image \(theirs)") { value($0) }
        }
        for (p, q) in MomentOrders.secondAndThird {
            add(
                "moments_weighted_central_\(p)_\(q)", "moments_weighted_central-\(p)-\(q)", p + q == 2 ? .graySquarePixels : .grayPixels3, "Weighted central moment \(p) \(q)",
                "sum over pixels of gray level · (y − weighted mean)^\(p) · (x − weighted mean)^\(q)") { $0.central(p, q) }
        }
        for (p, q) in MomentOrders.secondAndThird {
            add(
                "moments_weighted_normalized_\(p)_\(q)", "moments_weighted_normalized-\(p)-\(q)", .ratio, "Weighted normalised moment \(p) \(q)",
                "moments_weighted_central_\(p)_\(q) / (sum of gray levels)^\(p + q == 2 ? "2" : "2.5"); free of the object's size, not of the gray scale"
            ) { $0.central(p, q) / MomentOrders.normalisation($0.sum, order: p + q) }
        }
        for index in 0..<7 {
            add(
                "moments_weighted_hu_\(index)", "moments_weighted_hu-\(index)", .ratio, "Weighted Hu invariant \(index + 1)",
                "of the weighted normalised moments; not changed by moving or turning") { $0.hu[index] }
        }
        return table
    }()
}

/// Hu's seven invariants of normalised moments; the first index counts rows.
private func huInvariants(n20: Double, n11: Double, n02: Double, n30: Double, n21: Double, n12: Double, n03: Double) -> [Double] {
    let (t0, t1) = (n30 + n12, n21 + n03)
    let (q0, q1) = (t0 * t0, t1 * t1)
    let n4 = 4 * n11
    let (s, d) = (n20 + n02, n20 - n02)
    let (p, q) = (n30 - 3 * n12, 3 * n21 - n03)
    return [
        s, d * d + n4 * n11, p * p + q * q, q0 + q1,
        p * t0 * (q0 - 3 * q1) + q * t1 * (3 * q0 - q1),
        d * (q0 - q1) + n4 * t0 * t1,
        q * t0 * (q0 - 3 * q1) - p * t1 * (3 * q0 - q1),
    ]
}

/// Sums about the middle of an object's box, near the centroid, so that little is lost when they are moved to it.
struct WeightedMomentSums {
    let middleX, middleY: Int
    private(set) var (m00, m10, m01, m20, m11, m02) = (0.0, 0.0, 0.0, 0.0, 0.0, 0.0)
    private(set) var (m30, m21, m12, m03) = (0.0, 0.0, 0.0, 0.0)

    init(box: Rect) { (middleX, middleY) = (box.x + box.width / 2, box.y + box.height / 2) }

    /// - Parameters:
    ///   - row: the run's pixels.
    ///   - see: gets each of them too.
    /// - Returns: sum of the levels, and of the levels times the distance from the run's first pixel.
    @discardableResult
    @inline(__always)
    mutating func add<Pixel: FixedWidthInteger & UnsignedInteger>(_ run: Run, _ row: UnsafePointer<Pixel>, _ see: (Int) -> Void) -> (sum: Int, moment: Int) {
        let v = Double(Int(run.y) &- middleY)
        var (sum, moment) = (0, 0)
        var start = Int(run.first)
        // In stretches so short that whole numbers hold the sums exactly.
        while start <= Int(run.last) {
            let count = min(256, Int(run.last) &- start &+ 1)
            let pixels = row + (start &- Int(run.first))
            var (s0, s1, s2, s3) = (0, 0, 0, 0)
            for x in 0..<count {
                let level = Int(truncatingIfNeeded: pixels[x])
                see(level)
                let first = level &* x
                let second = first &* x
                s0 &+= level
                s1 &+= first
                s2 &+= second
                s3 &+= second &* x
            }
            sum &+= s0
            moment &+= s1 &+ s0 &* (start &- Int(run.first))
            let u = Double(start &- middleX)
            let (t0, t1, t2, t3) = (Double(s0), Double(s1), Double(s2), Double(s3))
            let r1 = t1 + u * t0
            let r2 = t2 + u * (2 * t1 + u * t0)
            let r3 = t3 + u * (3 * t2 + u * (3 * t1 + u * t0))
            m00 += t0
            m10 += r1
            m20 += r2
            m30 += r3
            m01 += v * t0
            m11 += v * r1
            m21 += v * r2
            m02 += v * v * t0
            m12 += v * v * r1
            m03 += v * v * v * t0
            start &+= count
        }
        return (sum, moment)
    }
}
