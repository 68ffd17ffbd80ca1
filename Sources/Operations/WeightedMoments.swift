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
        // About the middle of the box, near the centroid, so that little is lost when the sums are moved to it.
        let (middleX, middleY) = (box.x + box.width / 2, box.y + box.height / 2)
        var (m00, m10, m01, m20, m11, m02) = (0.0, 0.0, 0.0, 0.0, 0.0, 0.0)
        var (m30, m21, m12, m03) = (0.0, 0.0, 0.0, 0.0)
        image.withBuffer { pixels in
            for run in inside.runs {
                let v = Double(Int(run.y) &- middleY)
                var start = Int(run.first)
                // In stretches so short that whole numbers hold the sums exactly.
                while start <= Int(run.last) {
                    let count = min(256, Int(run.last) &- start &+ 1)
                    let row = pixels.baseAddress! + (Int(run.y) &* image.width &+ start)
                    var (s0, s1, s2, s3) = (0, 0, 0, 0)
                    for x in 0..<count {
                        let level = Int(truncatingIfNeeded: row[x])
                        let first = level &* x
                        let second = first &* x
                        s0 &+= level
                        s1 &+= first
                        s2 &+= second
                        s3 &+= second &* x
                    }
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
            }
        }
        guard m00 > 0 else { return nil }
        let (x, y) = (m10 / m00, m01 / m00)
        sum = m00
        centroid = Point(x: Double(middleX) + x, y: Double(middleY) + y)
        mu20 = m20 - x * m10
        mu11 = m11 - x * m01
        mu02 = m02 - y * m01
        mu30 = m30 - x * (3 * m20 - 2 * x * m10)
        mu21 = m21 - 2 * x * m11 - y * m20 + 2 * x * x * m01
        mu12 = m12 - 2 * y * m11 - x * m02 + 2 * y * y * m10
        mu03 = m03 - y * (3 * m02 - 2 * y * m01)
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
