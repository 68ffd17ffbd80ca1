import Raster

/// Central and normalised moments, inertia and Hu's invariants of one object as columns.
///
/// Orders are named `p_q` with the row's power first, as in scikit-image. Central moments of first order are 0 by definition and
/// left out; so are orders above three, which no measure here is made from.
public struct MomentMeasures: Hashable, Sendable {
    public let moments: ShapeMoments

    public init(_ moments: ShapeMoments) { self.moments = moments }

    /// nil for the empty mask.
    public init?(_ mask: Mask) {
        guard let moments = ShapeMoments(mask) else { return nil }
        self.init(moments)
    }

    public static let columns: [MeasureColumn] = table.columns
    public func values() -> [Double?] { MomentMeasures.table.values(self, pixelSize: nil) }

    private static let table: MeasureTable<MomentMeasures> = {
        var table = MeasureTable<MomentMeasures>()
        func add(
            _ name: String, _ theirs: String, _ unit: MeasureColumn.Unit, _ title: String, _ definition: String, _ value: @escaping @Sendable (ShapeMoments) -> Double
        ) {
            table.add(name, unit, title, definition, equals: "scikit-image \(theirs)") { value($0.moments) }
        }
        add("inertia_tensor_0_0", "inertia_tensor-0-0", .squarePixels, "Inertia tensor 0 0", "variance of the pixel centres' x") { $0.mu20 / Double($0.area) }
        add("inertia_tensor_0_1", "inertia_tensor-0-1 and inertia_tensor-1-0", .squarePixels, "Inertia tensor 0 1", "covariance of the pixel centres' x and y, negated") {
            -$0.mu11 / Double($0.area)
        }
        add("inertia_tensor_1_1", "inertia_tensor-1-1", .squarePixels, "Inertia tensor 1 1", "variance of the pixel centres' y") { $0.mu02 / Double($0.area) }
        add("inertia_tensor_eigvals_0", "inertia_tensor_eigvals-0", .squarePixels, "Inertia, larger", "larger eigenvalue of the covariance of the pixel centres") {
            $0.eigenvalues.0
        }
        add("inertia_tensor_eigvals_1", "inertia_tensor_eigvals-1", .squarePixels, "Inertia, smaller", "smaller eigenvalue of the covariance of the pixel centres") {
            $0.eigenvalues.1
        }
        for index in 0..<7 {
            add("moments_hu_\(index)", "moments_hu-\(index)", .ratio, "Hu invariant \(index + 1)", "not changed by moving, turning or scaling (Hu 1962)") { $0.hu[index] }
        }
        add("moments_central_0_0", "moments_central-0-0", .squarePixels, "Central moment 0 0", "sum over pixels of 1: the area") { Double($0.area) }
        for (p, q) in MomentOrders.secondAndThird {
            add(
                "moments_central_\(p)_\(q)", "moments_central-\(p)-\(q)", p + q == 2 ? .pixels4 : .pixels5, "Central moment \(p) \(q)",
                "sum over pixels, each of 1 px², of (y − mean)^\(p) · (x − mean)^\(q)") { $0.central(p, q) }
        }
        for (p, q) in MomentOrders.secondAndThird {
            add(
                "moments_normalized_\(p)_\(q)", "moments_normalized-\(p)-\(q)", .ratio, "Normalised moment \(p) \(q)",
                "moments_central_\(p)_\(q) / area^\(p + q == 2 ? "2" : "2.5")") { $0.normalized(p, q) }
        }
        return table
    }()
}
