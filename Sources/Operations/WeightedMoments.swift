import Raster

/// Moments of an object in which each pixel counts as much as its gray level.
///
/// Orders are named with the row's power first, as in scikit-image. Unlike those of the shape, normalised moments and Hu's
/// invariants are not free of the gray scale: they are divided by powers of the sum of gray levels.
public struct WeightedMoments: CentralMoments, Hashable, Sendable {
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

    public var mass: Double { sum }

    /// Columns in the order of `values()`; `GrayMeasures` has the weighted centroid.
    public static let columns: [MeasureColumn] = table.columns

    /// Values in the order of `columns`.
    public func values() -> [Double?] { WeightedMoments.table.values(self, pixelSize: nil) }

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
            ) { $0.normalized(p, q) }
        }
        for index in 0..<7 {
            add(
                "moments_weighted_hu_\(index)", "moments_weighted_hu-\(index)", .ratio, "Weighted Hu invariant \(index + 1)",
                "of the weighted normalised moments; not changed by moving or turning") { $0.hu[index] }
        }
        return table
    }()
}
