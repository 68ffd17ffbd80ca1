/// Sums over an object's pixels about their centroid, each pixel weighted by 1 or by its gray level.
public protocol CentralMoments {
    /// Sum of the weights.
    var mass: Double { get }
    /// Σ weight · (x − x̄)ᵖ (y − ȳ)^q.
    var mu20: Double { get }
    var mu11: Double { get }
    var mu02: Double { get }
    var mu30: Double { get }
    var mu21: Double { get }
    var mu12: Double { get }
    var mu03: Double { get }
}

extension CentralMoments {
    /// Hu's seven invariants in scikit-image's order; not changed by moving, turning or, with weights of 1, scaling.
    ///
    /// - Source: Hu 1962, doi:10.1109/TIT.1962.1057692; equals scikit-image's `moments_hu`.
    public var hu: [Double] {
        // The first index counts rows here, as in scikit-image.
        let (n20, n11, n02) = (normalized(2, 0), normalized(1, 1), normalized(0, 2))
        let (n30, n21, n12, n03) = (normalized(3, 0), normalized(2, 1), normalized(1, 2), normalized(0, 3))
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

    /// Σ weight · (y − ȳ)ᵖ (x − x̄)^q of second or third order.
    func central(_ p: Int, _ q: Int) -> Double {
        switch (p, q) {
        case (0, 2): mu20
        case (1, 1): mu11
        case (2, 0): mu02
        case (0, 3): mu30
        case (1, 2): mu21
        case (2, 1): mu12
        case (3, 0): mu03
        default: preconditionFailure("no central moment of orders \(p) and \(q)")
        }
    }

    /// The central moment free of scale: divided by mass^(order / 2 + 1).
    func normalized(_ p: Int, _ q: Int) -> Double { central(p, q) / (p + q == 2 ? mass * mass : mass * mass * mass.squareRoot()) }
}

/// Orders (power of y, power of x) that tables of moments hold.
enum MomentOrders {
    static let secondAndThird = [(0, 2), (1, 1), (2, 0), (0, 3), (1, 2), (2, 1), (3, 0)]
}
