/// Polynomial of degree up to six in two variables; terms are ordered by degree, so lower degrees are beginnings of the list.
struct SurfacePolynomial {
    static let size = 28
    private var coefficients: [Double]

    static func append(_ terms: inout [Double], _ x: Double, _ y: Double) {
        powers(x) { xs in
            powers(y) { ys in
                for degree in 0...6 { for power in 0...degree { terms.append(xs[degree - power] * ys[power]) } }
            }
        }
    }

    /// The powers 0 to 6 of a number.
    private static func powers(_ number: Double, _ body: (UnsafeBufferPointer<Double>) -> Void) {
        withUnsafeTemporaryAllocation(of: Double.self, capacity: 7) { powers in
            powers.initialize(repeating: 1)
            for power in 1...6 { powers[power] = powers[power - 1] * number }
            body(UnsafeBufferPointer(powers))
        }
    }

    /// Values at all combinations of these places, row after row.
    func values(xs: [Double], ys: [Double]) -> [Double] {
        var values: [Double] = []
        values.reserveCapacity(xs.count * ys.count)
        var columns = [Double](repeating: 0, count: 7 * xs.count)
        for (column, x) in xs.enumerated() { SurfacePolynomial.powers(x) { for power in 0..<7 { columns[7 * column + power] = $0[power] } } }
        coefficients.withUnsafeBufferPointer { coefficients in
            columns.withUnsafeBufferPointer { columns in
                for y in ys {
                    SurfacePolynomial.powers(y) { rows in
                        for column in xs.indices {
                            let powers = columns.baseAddress! + 7 * column
                            var (sum, term) = (0.0, 0)
                            for degree in 0...6 {
                                for power in 0...degree {
                                    sum += coefficients[term] * (powers[degree - power] * rows[power])
                                    term += 1
                                }
                            }
                            values.append(sum)
                        }
                    }
                }
            }
        }
        return values
    }

    /// Robust fit to the used cells, and what remains of all cells.
    static func fit(_ levels: [Double], _ terms: [Double], _ block: [Int], _ used: [Bool]) -> (SurfacePolynomial, [Double]) {
        let count = levels.count
        // Start from the brightest sixth of each part of the frame: objects are darker than background.
        var weights = [Double](repeating: 0, count: count)
        var members = [[Int]](repeating: [], count: 64)
        for index in 0..<count where used[index] { members[block[index]].append(index) }
        for member in members where !member.isEmpty {
            for index in member.sorted(by: { (levels[$0], $0) > (levels[$1], $1) }).prefix(max(1, member.count / 6)) { weights[index] = 1 }
        }
        var polynomial = SurfacePolynomial(coefficients: [])
        var residuals = levels
        func refit(size: Int) {
            polynomial = solve(levels, terms, weights, size: size)
            for index in 0..<count {
                var value = 0.0
                for term in 0..<size { value += polynomial.coefficients[term] * terms[index * SurfacePolynomial.size + term] }
                residuals[index] = levels[index] - value
            }
        }
        func refit(size: Int, tolerances: [Double]) {
            for tolerance in tolerances {
                for index in 0..<count {
                    let part = residuals[index] / tolerance
                    weights[index] = used[index] && abs(part) < 1 ? (1 - part * part) * (1 - part * part) : 0
                }
                refit(size: size)
            }
        }
        refit(size: 6)
        refit(size: 6, tolerances: [0.3, 0.2, 0.14, 0.1, 0.07])
        refit(size: 15, tolerances: [0.1, 0.08, 0.06, 0.05, 0.04, 0.04, 0.04])
        refit(size: 28, tolerances: [0.15, 0.12, 0.1, 0.08, 0.06, 0.05, 0.04, 0.04])
        return (polynomial, residuals)
    }

    /// Weighted least squares by normal equations and Cholesky; a trace of ridge keeps it solvable with few cells.
    private static func solve(_ levels: [Double], _ terms: [Double], _ weights: [Double], size: Int) -> SurfacePolynomial {
        // One place more, because rows are written in pairs of places; what comes to lie above the diagonal is never read.
        var matrix = [Double](repeating: 0, count: size * size + 1)
        var right = [Double](repeating: 0, count: size)
        matrix.withUnsafeMutableBufferPointer { matrix in
            terms.withUnsafeBufferPointer { terms in
                withUnsafeTemporaryAllocation(of: Double.self, capacity: 4 * size) { room in
                    let scaled = room.baseAddress!
                    let used = weights.indices.filter { weights[$0] > 0 }
                    var next = 0
                    // Four cells at a time, each added in turn: the sums are those of one after the other, and stay in registers meanwhile.
                    while next + 4 <= used.count {
                        let (a, b, c, d) = (used[next], used[next + 1], used[next + 2], used[next + 3])
                        let base = terms.baseAddress!
                        let (p, q, r, s) = (
                            base + a * SurfacePolynomial.size, base + b * SurfacePolynomial.size, base + c * SurfacePolynomial.size, base + d * SurfacePolynomial.size
                        )
                        for i in 0..<size {
                            let (sp, sq, sr, ss) = (p[i] * weights[a], q[i] * weights[b], r[i] * weights[c], s[i] * weights[d])
                            (scaled[4 &* i], scaled[4 &* i &+ 1], scaled[4 &* i &+ 2], scaled[4 &* i &+ 3]) = (sp, sq, sr, ss)
                            right[i] = right[i] + sp * levels[a] + sq * levels[b] + sr * levels[c] + ss * levels[d]
                        }
                        // Two rows at a time, which look at the same terms.
                        var i = 0
                        while i + 1 < size {
                            add(p, q, r, s, scaled + 4 &* i, matrix.baseAddress! + i &* size, matrix.baseAddress! + (i &+ 1) &* size, count: i &+ 2)
                            i += 2
                        }
                        if i < size { add(p, q, r, s, scaled + 4 &* i, matrix.baseAddress! + i &* size, count: i &+ 1) }
                        next += 4
                    }
                    for index in used[next...] {
                        let term = terms.baseAddress! + index * SurfacePolynomial.size
                        for i in 0..<size {
                            let scaled = term[i] * weights[index]
                            right[i] += scaled * levels[index]
                            let line = matrix.baseAddress! + i * size
                            for j in 0...i { line[j] += scaled * term[j] }
                        }
                    }
                }
            }
        }
        let ridge = 1e-9 * (1 + weights.reduce(0, +))
        for i in 0..<size {
            for j in 0...i {
                var sum = matrix[i * size + j] + (i == j ? ridge : 0)
                for k in 0..<j { sum -= matrix[i * size + k] * matrix[j * size + k] }
                matrix[i * size + j] = i == j ? max(sum, 1e-12).squareRoot() : sum / matrix[j * size + j]
            }
        }
        for i in 0..<size {
            for k in 0..<i { right[i] -= matrix[i * size + k] * right[k] }
            right[i] /= matrix[i * size + i]
        }
        for i in (0..<size).reversed() {
            for k in (i + 1)..<max(size, i + 1) { right[i] -= matrix[k * size + i] * right[k] }
            right[i] /= matrix[i * size + i]
        }
        return SurfacePolynomial(coefficients: right)
    }

    private typealias Pair = SIMD2<Double>

    @inline(__always) private static func pair(_ numbers: UnsafePointer<Double>, _ place: Int) -> Pair {
        UnsafeRawPointer(numbers + place).loadUnaligned(as: Pair.self)
    }

    /// Adds the terms of four cells, one after the other, each times a factor, to a row of sums and the row after it.
    ///
    /// - Parameters:
    ///   - factors: four for the first row, then four for the second.
    ///   - count: even.
    @inline(__always)
    private static func add(
        _ p: UnsafePointer<Double>, _ q: UnsafePointer<Double>, _ r: UnsafePointer<Double>, _ s: UnsafePointer<Double>, _ factors: UnsafePointer<Double>,
        _ first: UnsafeMutablePointer<Double>, _ second: UnsafeMutablePointer<Double>, count: Int
    ) {
        let (fp, fq, fr, fs) = (Pair(repeating: factors[0]), Pair(repeating: factors[1]), Pair(repeating: factors[2]), Pair(repeating: factors[3]))
        let (gp, gq, gr, gs) = (Pair(repeating: factors[4]), Pair(repeating: factors[5]), Pair(repeating: factors[6]), Pair(repeating: factors[7]))
        var j = 0
        while j < count {
            let (pj, qj, rj, sj) = (pair(p, j), pair(q, j), pair(r, j), pair(s, j))
            UnsafeMutableRawPointer(first + j).storeBytes(of: pair(first, j) + fp * pj + fq * qj + fr * rj + fs * sj, as: Pair.self)
            UnsafeMutableRawPointer(second + j).storeBytes(of: pair(second, j) + gp * pj + gq * qj + gr * rj + gs * sj, as: Pair.self)
            j &+= 2
        }
    }

    /// The same for one row; reaches one place beyond an odd count.
    @inline(__always)
    private static func add(
        _ p: UnsafePointer<Double>, _ q: UnsafePointer<Double>, _ r: UnsafePointer<Double>, _ s: UnsafePointer<Double>, _ factors: UnsafePointer<Double>,
        _ row: UnsafeMutablePointer<Double>, count: Int
    ) {
        let (fp, fq, fr, fs) = (Pair(repeating: factors[0]), Pair(repeating: factors[1]), Pair(repeating: factors[2]), Pair(repeating: factors[3]))
        var j = 0
        while j < count {
            UnsafeMutableRawPointer(row + j).storeBytes(of: pair(row, j) + fp * pair(p, j) + fq * pair(q, j) + fr * pair(r, j) + fs * pair(s, j), as: Pair.self)
            j &+= 2
        }
    }
}
