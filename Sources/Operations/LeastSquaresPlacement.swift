/// Positions of things of which pairs know how they lie to each other.
struct LeastSquaresPlacement {
    struct Link {
        let first: Int
        let second: Int
        /// Of the second seen from the first.
        let displacement: Displacement
        let weight: Double
        /// Whatever the caller knows it by.
        let name: Int
    }

    /// The groups that links hold together, each in ascending order; the largest first, of equal ones that with the lowest member.
    static func groups(count: Int, _ links: some Sequence<Link>) -> [[Int]] {
        var parent = Array(0..<count)
        func root(_ member: Int) -> Int {
            var at = member
            while parent[at] != at {
                parent[at] = parent[parent[at]]
                at = parent[at]
            }
            return at
        }
        for link in links {
            let (a, b) = (root(link.first), root(link.second))
            if a != b { parent[max(a, b)] = min(a, b) }
        }
        var members: [Int: [Int]] = [:]
        for member in 0..<count { members[root(member), default: []].append(member) }
        return members.values.sorted { ($1.count, $0[0]) < ($0.count, $1[0]) }
    }

    /// Least squares over links that contradict each other here and there; a link is given up rather than met half-way.
    ///
    /// Begins as plain least squares and narrows, step by step, what residual still counts (graduated non-convexity), so that the links that
    /// agree with each other win, wherever the search began. Each group's first member lies at (0, 0).
    /// - Parameter exactness: residual, in pixels, at which a link has lost three quarters of its weight in the end.
    /// - Source: Blake & Zisserman 1987; Geman & McClure's weights as in Zhou, Park & Koltun 2016, doi:10.1007/978-3-319-46475-6_47.
    static func robust(count: Int, _ links: [Link], exactness: Double = 2) -> [Displacement] {
        var positions = solve(count: count, links, weights: links.map(\.weight), from: [Displacement](repeating: Displacement(x: 0, y: 0), count: count))
        var scale = links.map { residual($0, positions) }.max() ?? 0
        func narrow(_ scale: Double) {
            for _ in 0..<3 {
                let weights = links.map { link -> Double in
                    let share = residual(link, positions) / scale
                    return link.weight / ((1 + share * share) * (1 + share * share))
                }
                positions = solve(count: count, links, weights: weights, from: positions)
            }
        }
        while true {
            scale = max(exactness, scale / 1.6)
            narrow(scale)
            if scale <= exactness { break }
        }
        // Pairs that agree much better than that are worth it: one that is off by a pixel then counts less.
        let residuals = links.map { residual($0, positions) }.sorted()
        if !residuals.isEmpty { narrow(min(exactness, max(0.15 * exactness, 5 * residuals[residuals.count / 2]))) }
        return positions
    }

    static func residual(_ link: Link, _ positions: [Displacement]) -> Double {
        (positions[link.second] - positions[link.first] - link.displacement).length
    }

    /// Conjugate gradients on the normal equations, both axes at once; the first member of each group keeps the position (0, 0).
    private static func solve(count: Int, _ links: [Link], weights: [Double], from start: [Displacement]) -> [Displacement] {
        guard !links.isEmpty else { return start }
        var diagonal = [Double](repeating: 0, count: count)
        for (link, weight) in zip(links, weights) {
            diagonal[link.first] += weight
            diagonal[link.second] += weight
        }
        func times(_ v: [SIMD2<Double>]) -> [SIMD2<Double>] {
            var result = [SIMD2<Double>](repeating: .zero, count: count)
            for (link, weight) in zip(links, weights) {
                let difference = (v[link.second] - v[link.first]) * weight
                result[link.second] += difference
                result[link.first] -= difference
            }
            return result
        }
        var x = start.map { SIMD2($0.x, $0.y) }
        var r = [SIMD2<Double>](repeating: .zero, count: count)
        for (link, weight) in zip(links, weights) {
            let known = SIMD2(link.displacement.x, link.displacement.y)
            let difference = (known - (x[link.second] - x[link.first])) * weight
            r[link.second] += difference
            r[link.first] -= difference
        }
        func scaled(_ v: [SIMD2<Double>]) -> [SIMD2<Double>] { zip(v, diagonal).map { $1 > 0 ? $0 / $1 : .zero } }
        func dot(_ a: [SIMD2<Double>], _ b: [SIMD2<Double>]) -> SIMD2<Double> {
            var sum = SIMD2<Double>.zero
            for index in 0..<count { sum += a[index] * b[index] }
            return sum
        }
        var z = scaled(r)
        var p = z
        var rz = dot(r, z)
        let goal = max(1e-20, 1e-18 * max(rz.x, rz.y))
        for _ in 0..<(20 + 4 * count) where max(rz.x, rz.y) > goal {
            let ap = times(p)
            let pap = dot(p, ap)
            let alpha = SIMD2(pap.x > 0 ? rz.x / pap.x : 0, pap.y > 0 ? rz.y / pap.y : 0)
            for index in 0..<count {
                x[index] += alpha * p[index]
                r[index] -= alpha * ap[index]
            }
            z = scaled(r)
            let next = dot(r, z)
            let beta = SIMD2(rz.x > 0 ? next.x / rz.x : 0, rz.y > 0 ? next.y / rz.y : 0)
            for index in 0..<count { p[index] = z[index] + beta * p[index] }
            rz = next
        }
        var result = x.map { Displacement(x: $0.x, y: $0.y) }
        for group in groups(count: count, links) where !group.isEmpty {
            let origin = result[group[0]]
            for member in group { result[member] = result[member] - origin }
        }
        return result
    }
}
