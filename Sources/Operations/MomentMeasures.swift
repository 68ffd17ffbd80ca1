import Raster

/// Central moments, inertia and Hu's invariants of one object as columns.
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
        table.add("inertia_tensor_eigvals_0", .squarePixels, "Inertia, larger", "larger eigenvalue of the covariance of the pixel centres") { $0.moments.eigenvalues.0 }
        table.add("inertia_tensor_eigvals_1", .squarePixels, "Inertia, smaller", "smaller eigenvalue of the covariance of the pixel centres") { $0.moments.eigenvalues.1 }
        for index in 0..<7 {
            table.add("moments_hu_\(index)", .ratio, "Hu invariant \(index)", "not changed by moving, turning or scaling (Hu 1962)") { $0.moments.hu[index] }
        }
        let central: [(String, @Sendable (ShapeMoments) -> Double)] = [
            ("0_2", { $0.mu20 }), ("1_1", { $0.mu11 }), ("2_0", { $0.mu02 }),
            ("0_3", { $0.mu30 }), ("1_2", { $0.mu21 }), ("2_1", { $0.mu12 }), ("3_0", { $0.mu03 }),
        ]
        for (order, value) in central {
            table.add("moments_central_\(order)", .ratio, "Central moment \(order)",
                "sum over pixels of (y − mean)^p (x − mean)^q for orders p_q, in pixels^(p + q)") { value($0.moments) }
        }
        return table
    }()
}
