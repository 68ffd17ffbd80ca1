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
    /// Begins at two places, and goes on from the one at which more links agree: along a tree of links that others bear out, and at plain
    /// least squares. From there narrows, step by step, what residual still counts (graduated non-convexity), so that the links that agree
    /// with each other win. What a link weighs plays no part before it is known which ones agree: a wrong link of great weight would bend
    /// all around it. Each group's first member lies at (0, 0).
    /// - Parameter exactness: residual, in pixels, at which a link has lost three quarters of its weight in the end.
    /// - Source: Blake & Zisserman 1987; Geman & McClure's weights as in Zhou, Park & Koltun 2016, doi:10.1007/978-3-319-46475-6_47.
    static func robust(count: Int, _ links: [Link], exactness: Double = 2) -> [Displacement] {
        let origin = [Displacement](repeating: Displacement(x: 0, y: 0), count: count)
        guard !links.isEmpty else { return origin }
        let middle = links.map(\.weight).sorted()[links.count / 2]
        // Links worth next to nothing stay so; no link is worth more than most.
        let capped = links.map { min($0.weight, middle) }
        func narrowed(_ start: [Displacement], _ weights: [Double], from first: Double, to last: Double) -> [Displacement] {
            var (positions, scale) = (start, max(first, last))
            while true {
                for _ in 0..<3 {
                    let current = zip(links, weights).map { link, weight -> Double in
                        let share = residual(link, positions) / scale
                        return weight / ((1 + share * share) * (1 + share * share))
                    }
                    positions = solve(count: count, links, weights: current, from: positions)
                }
                if scale <= last { return positions }
                scale = max(last, scale / 1.6)
            }
        }
        func cost(_ positions: [Displacement]) -> Double {
            zip(links, capped).reduce(0) { sum, pair in
                let share = residual(pair.0, positions) / exactness
                return sum + pair.1 * share * share / (1 + share * share)
            }
        }
        let tree = alongTree(count: count, links, supports(count: count, links, within: 1.5 * exactness))
        let plain = solve(count: count, links, weights: capped, from: origin)
        let starts = [(tree, 8 * exactness), (plain, links.map { residual($0, plain) }.max() ?? 0)]
        let found = starts.map { narrowed($0.0, capped, from: $0.1, to: exactness) }
        var positions = cost(found[1]) < 0.999 * cost(found[0]) ? found[1] : found[0]
        // Now those that tell more exactly count more; and one that is off by a pixel less where most agree much better than that.
        positions = narrowed(positions, links.map(\.weight), from: exactness, to: exactness)
        let residuals = links.map { residual($0, positions) }.sorted()
        let last = min(exactness, max(0.15 * exactness, 5 * residuals[residuals.count / 2]))
        return narrowed(positions, links.map(\.weight), from: last, to: last)
    }

    /// For each link the number of ways over one or two other members that lead to the same place.
    private static func supports(count: Int, _ links: [Link], within tolerance: Double) -> [Int] {
        // Steps from each member: to whom, over which link, how far.
        var steps = [[(to: Int, link: Int, by: Displacement)]](repeating: [], count: count)
        for (index, link) in links.enumerated() {
            steps[link.first].append((link.second, index, link.displacement))
            steps[link.second].append((link.first, index, Displacement(x: -link.displacement.x, y: -link.displacement.y)))
        }
        return links.indices.map { index in
            let link = links[index]
            var found = 0
            for first in steps[link.first] where first.link != index {
                if first.to == link.second {
                    if (first.by - link.displacement).length <= tolerance { found += 1 }
                    continue
                }
                for second in steps[first.to] where second.link != first.link && second.to != link.first {
                    let by = first.by + second.by
                    if second.to == link.second {
                        if (by - link.displacement).length <= tolerance { found += 1 }
                        continue
                    }
                    for third in steps[second.to] where third.to == link.second && third.link != index && third.link != second.link {
                        if (by + third.by - link.displacement).length <= tolerance { found += 1 }
                    }
                }
            }
            return found
        }
    }

    /// Positions along a tree of the links that most others bear out, of equal ones those of most weight.
    private static func alongTree(count: Int, _ links: [Link], _ supports: [Int]) -> [Displacement] {
        var parent = Array(0..<count)
        func root(_ member: Int) -> Int {
            var at = member
            while parent[at] != at {
                parent[at] = parent[parent[at]]
                at = parent[at]
            }
            return at
        }
        var steps = [[(to: Int, by: Displacement)]](repeating: [], count: count)
        for index in links.indices.sorted(by: { (supports[$0], links[$0].weight, $1) > (supports[$1], links[$1].weight, $0) }) {
            let link = links[index]
            let (a, b) = (root(link.first), root(link.second))
            if a == b { continue }
            parent[max(a, b)] = min(a, b)
            steps[link.first].append((link.second, link.displacement))
            steps[link.second].append((link.first, Displacement(x: -link.displacement.x, y: -link.displacement.y)))
        }
        var positions = [Displacement?](repeating: nil, count: count)
        for start in 0..<count where positions[start] == nil {
            positions[start] = Displacement(x: 0, y: 0)
            var queue = [start]
            while let member = queue.popLast() {
                guard let place = positions[member] else { continue }
                for step in steps[member] where positions[step.to] == nil {
                    positions[step.to] = place + step.by
                    queue.append(step.to)
                }
            }
        }
        return positions.map { $0 ?? Displacement(x: 0, y: 0) }
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
