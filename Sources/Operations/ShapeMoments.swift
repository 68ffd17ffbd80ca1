import Foundation
import Raster

/// Sums over a mask's pixels about their centroid, up to third order, each run in one step.
public struct ShapeMoments: CentralMoments, Hashable, Sendable {
    public let area: Int
    public let centroid: Point
    /// Σ (x − x̄)ᵖ (y − ȳ)^q over pixel centres.
    public let mu20, mu11, mu02, mu30, mu21, mu12, mu03: Double

    /// nil for the empty mask. Complexity: linear in the runs.
    public init?(_ mask: Mask) {
        guard let origin = mask.runs.first else { return nil }
        var first = FirstSums(origin: origin)
        first.add(mask.runs)
        var central = CentralSums(first)
        central.add(mask.runs)
        self.init(first, central)
    }

    /// The same to the last bit, for a mask taken by bands of rows.
    public init?(_ mask: LargeMask) {
        guard let origin = mask.runs(mask.box.y..<(mask.box.y + 1)).first else { return nil }
        var first = FirstSums(origin: origin)
        mask.forEachBand { first.add($0.runs) }
        var central = CentralSums(first)
        mask.forEachBand { central.add($0.runs) }
        self.init(first, central)
    }

    private init(_ first: FirstSums, _ central: CentralSums) {
        area = first.count
        centroid = Point(x: Double(first.x0) + central.cx, y: Double(first.y0) + central.cy)
        (mu20, mu11, mu02) = (central.m20, central.m11, central.m02)
        (mu30, mu21, mu12, mu03) = (central.m30, central.m21, central.m12, central.m03)
    }

    /// Larger and smaller eigenvalue of the covariance of the pixel centres (population, no 1/12 for the pixel's own extent).
    public var eigenvalues: (Double, Double) {
        let n = Double(area)
        let (a, b, c) = (mu20 / n, mu11 / n, mu02 / n)
        let root = ((a - c) * (a - c) + 4 * b * b).squareRoot()
        return ((a + c + root) / 2, max(0, (a + c - root) / 2))
    }

    /// Angle from the downward row axis to the major axis, above −π/2 up to π/2, counter-clockwise as scikit-image counts it.
    ///
    /// Of objects that lie along the x axis scikit-image tells π/2 or −π/2, depending on rounding; here it is π/2.
    public var orientation: Double {
        let n = Double(area)
        let mixed = abs(mu11) < 1e-12 * (mu20 + mu02) ? 0 : mu11
        let (a, b, c) = (mu20 / n, -mixed / n, mu02 / n)
        if a - c == 0 { return b < 0 ? .pi / 4 : -.pi / 4 }
        return 0.5 * atan2(-2 * b, c - a)
    }

    /// Every pixel weighs 1.
    public var mass: Double { Double(area) }
}

/// Relative to the first run, so that sums stay exact far from the image's corner.
private struct FirstSums {
    let x0, y0: Int
    var (count, sumX2, sumY) = (0, 0, 0)

    init(origin: Run) { (x0, y0) = (Int(origin.first), Int(origin.y)) }

    mutating func add(_ runs: [Run]) {
        for run in runs {
            let length = run.count
            count += length
            sumX2 += length * (Int(run.first) + Int(run.last) - 2 * x0)
            sumY += length * (Int(run.y) - y0)
        }
    }
}

private struct CentralSums {
    let x0, y0: Int
    let cx, cy: Double
    var (m20, m11, m02, m30, m21, m12, m03) = (0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0)

    init(_ first: FirstSums) {
        (x0, y0) = (first.x0, first.y0)
        let n = Double(first.count)
        (cx, cy) = (Double(first.sumX2) / 2 / n, Double(first.sumY) / n)
    }

    mutating func add(_ runs: [Run]) {
        for run in runs {
            let length = Double(run.count)
            let u = Double(Int(run.first) + Int(run.last) - 2 * x0) / 2 - cx
            let v = Double(Int(run.y) - y0) - cy
            // Σ over the run of (x − mean)² = n (n² − 1) / 12.
            let spread = length * (length * length - 1) / 12
            let square = length * u * u + spread
            m20 += square
            m11 += length * u * v
            m02 += length * v * v
            m30 += length * u * u * u + 3 * u * spread
            m21 += square * v
            m12 += length * u * v * v
            m03 += length * v * v * v
        }
    }
}
