/// Where the frames of a mosaic lie, by all pairs together.
///
/// Pairs that are clear hold the frames together; least squares over them tells which contradict the rest, and these are dropped. Groups of
/// frames that only unclear pairs join are put together where several of these pairs agree, or where one agrees with what the stage or the
/// grid lets expect. What is left is placed as expected, or not at all.
public struct FrameLayout: Sendable {
    public enum Placement: Hashable, Sendable {
        /// By what its overlaps show.
        case measured(Displacement)
        /// By the stage or the grid only, because no overlap of it could be matched.
        case expected(Displacement)
        /// Not at all; `group` holds the frames that hang together with this one, itself included.
        case none(group: [Int])

        public var position: Displacement? {
            switch self {
            case .measured(let position), .expected(let position): position
            case .none: nil
            }
        }
    }

    /// What became of a pair.
    public enum Verdict: String, Hashable, Sendable {
        /// Its displacement is part of the result.
        case used
        /// It was found, but contradicts the other pairs.
        case dropped
        /// Nothing could be found out from it.
        case unclear
    }

    /// One for each frame; the upper left corner of all is (0, 0).
    public let placements: [Placement]
    /// One for each pair that was given.
    public let verdicts: [Verdict]
    /// How far used pairs are from the result, in pixels; nil for the others.
    public let residuals: [Double?]
    /// Frames that pairs hold together, the largest group first.
    public let groups: [[Int]]
    /// The expectation as the pairs corrected it.
    private let model: Expectation?

    /// - Parameters:
    ///   - expected: positions by stage or grid in pixels, one for each frame; nil without any.
    ///   - tolerance: how far in pixels a displacement may be from the expected one.
    public init(frameCount: Int, links: [FrameLink], expected: [Displacement]? = nil, tolerance: Double = .infinity) {
        precondition(expected.map { $0.count == frameCount } ?? true, "\(expected?.count ?? 0) expected positions for \(frameCount) frames")
        typealias Link = LeastSquaresPlacement.Link
        // The clear pairs, less those that contradict the others.
        var clear: [Int: Link] = [:]
        for (name, link) in links.enumerated() where link.isClear(unbounded: expected == nil) {
            let best = link.candidates[0]
            if let expected {
                let difference = best.displacement - (expected[link.second] - expected[link.first])
                guard abs(difference.x) <= tolerance, abs(difference.y) <= tolerance else { continue }
            }
            clear[name] = Link(
                first: link.first, second: link.second, displacement: best.displacement, weight: FrameLink.weight(best), name: name)
        }
        var used = clear
        var wasDropped: Set<Int> = []
        var positions = Self.solve(frameCount, &used, &wasDropped)
        // A pair that no other bears out has to lie about where the measured pairs on the whole let expect it. What it ousted gets another chance.
        if let expected {
            var refused: Set<Int> = []
            while true {
                let model = Expectation(expected, Array(used.values))
                let doubtful = used.values.filter { !model.allows($0.displacement, $0.first, $0.second) && Self.isBridge($0, used, frameCount) }.map(\.name)
                if doubtful.isEmpty { break }
                for name in doubtful { clear[name] = nil }
                refused.formUnion(doubtful)
                (used, wasDropped) = (clear, refused)
                positions = Self.solve(frameCount, &used, &wasDropped)
            }
        } else {
            // Without any expectation such a pair has to be beyond doubt: of many pairs two particles fit by chance now and then.
            let doubtful = used.values.filter { link in
                !links[link.name].isBorneOut && (links[link.name].candidates[0].strength ?? .infinity) < Self.beyondDoubt && Self.isBridge(link, used, frameCount)
            }.map(\.name)
            if !doubtful.isEmpty {
                for name in doubtful { used[name] = nil }
                positions = Self.solve(frameCount, &used, &wasDropped)
            }
        }
        // Groups joined by what several unclear pairs agree on.
        var model = expected.map { Expectation($0, Array(used.values)) }
        for _ in 0..<frameCount {
            guard let joining = Self.bestJoint(frameCount, links, used, positions, model) else { break }
            for link in joining { used[link.name] = link }
            positions = Self.solve(frameCount, &used, &wasDropped)
            // A joint that was dropped at once would be found again.
            if joining.allSatisfy({ used[$0.name] == nil }) { break }
            model = expected.map { Expectation($0, Array(used.values)) }
        }
        let groups = LeastSquaresPlacement.groups(count: frameCount, used.values)
        (self.groups, self.model) = (groups, model)
        var placements = [Placement](repeating: .none(group: []), count: frameCount)
        let main = groups.first ?? []
        if let model {
            let offsets = Self.offsets(groups, links, positions, model)
            for (group, offset) in zip(groups, offsets) {
                // A frame alone is not measured by anything; a group beside the largest is measured only in itself.
                for member in group {
                    placements[member] = group.count > 1 && group == main ? .measured(positions[member] + offset) : .expected(positions[member] + offset)
                }
            }
            if main.count == 1, let only = main.first { placements[only] = frameCount == 1 ? .measured(Displacement(x: 0, y: 0)) : placements[only] }
        } else {
            for member in main where main.count > 1 || frameCount == 1 { placements[member] = .measured(positions[member]) }
            for group in groups {
                for member in group where placements[member].position == nil { placements[member] = .none(group: group) }
            }
        }
        let (left, top) = (placements.compactMap(\.position?.x).min() ?? 0, placements.compactMap(\.position?.y).min() ?? 0)
        let corner = Displacement(x: left, y: top)
        self.placements = placements.map {
            switch $0 {
            case .measured(let position): .measured(position - corner)
            case .expected(let position): .expected(position - corner)
            case .none(let group): .none(group: group)
            }
        }
        verdicts = links.indices.map { used[$0] != nil ? .used : wasDropped.contains($0) ? .dropped : .unclear }
        residuals = links.indices.map { used[$0].map { LeastSquaresPlacement.residual($0, positions) } }
    }

    /// Where the second frame is to be expected from the first, and how far it may be from there, in pixels; nil when nothing is known.
    public func expectation(_ first: Int, _ second: Int) -> (displacement: Displacement, tolerance: Double)? {
        if let a = placements[first].position, let b = placements[second].position, isMeasured(first), isMeasured(second) { return (b - a, 4) }
        guard let model else { return nil }
        return (model.displacement(first, second), model.spread(first, second))
    }

    /// Whether what its overlaps show holds a frame in its place.
    public func isMeasured(_ frame: Int) -> Bool {
        if case .measured = placements[frame] { true } else { false }
    }

    /// ``OverlapCandidate/strength`` from which on a pair that no other bears out is believed without grid or stage.
    private static let beyondDoubt = 2.6

    /// Whether without this pair what it joins would fall apart.
    private static func isBridge(_ link: LeastSquaresPlacement.Link, _ used: [Int: LeastSquaresPlacement.Link], _ count: Int) -> Bool {
        let others = used.values.filter { $0.name != link.name }
        return !LeastSquaresPlacement.groups(count: count, others).contains { $0.contains(link.first) && $0.contains(link.second) }
    }

    /// Solves, and drops what contradicts the rest until nothing does.
    private static func solve(_ count: Int, _ used: inout [Int: LeastSquaresPlacement.Link], _ dropped: inout Set<Int>) -> [Displacement] {
        while true {
            let links = used.values.sorted { $0.name < $1.name }
            let positions = LeastSquaresPlacement.robust(count: count, links)
            let residuals = links.map { LeastSquaresPlacement.residual($0, positions) }
            let middle = residuals.sorted()[safe: residuals.count / 2] ?? 0
            let limit = max(3, 5 * middle)
            let bad = zip(links, residuals).filter { $1 > limit }.map(\.0.name)
            if bad.isEmpty { return positions }
            for name in bad {
                used[name] = nil
                dropped.insert(name)
            }
        }
    }

    /// The two groups whose unclear pairs agree best on how they lie to each other, and these pairs; nil when none agree well enough.
    private static func bestJoint(
        _ count: Int, _ links: [FrameLink], _ used: [Int: LeastSquaresPlacement.Link], _ positions: [Displacement], _ model: Expectation?
    ) -> [LeastSquaresPlacement.Link]? {
        let groups = LeastSquaresPlacement.groups(count: count, used.values)
        var group = [Int](repeating: 0, count: count)
        for (number, members) in groups.enumerated() { for member in members { group[member] = number } }
        struct Vote {
            let offset: Displacement
            let link: LeastSquaresPlacement.Link
            let evidence: Double
            let agreement: Double
            let strength: Double?
            let rank: Int
            let isExpected: Bool
        }
        var votes: [SIMD2<Int>: [Vote]] = [:]
        for (name, link) in links.enumerated() where used[name] == nil && group[link.first] != group[link.second] {
            let isForward = group[link.first] < group[link.second]
            let key = isForward ? SIMD2(group[link.first], group[link.second]) : SIMD2(group[link.second], group[link.first])
            for (rank, candidate) in link.candidates.enumerated() where candidate.evidence > 0.05 {
                // Of the origin of the second frame's group seen from that of the first frame's.
                let offset = positions[link.first] + candidate.displacement - positions[link.second]
                let isExpected = model.map { $0.foresees(candidate.displacement, link.first, link.second) } ?? false
                let weight = 0.2 * FrameLink.weight(candidate)
                votes[key, default: []].append(
                    Vote(
                        offset: isForward ? offset : Displacement(x: -offset.x, y: -offset.y),
                        link: .init(first: link.first, second: link.second, displacement: candidate.displacement, weight: weight, name: name),
                        evidence: candidate.evidence, agreement: candidate.agreement, strength: candidate.strength, rank: rank, isExpected: isExpected))
            }
        }
        var best: (score: Double, links: [LeastSquaresPlacement.Link])?
        for (_, votes) in votes.sorted(by: { ($0.key.x, $0.key.y) < ($1.key.x, $1.key.y) }) {
            // Each vote with those that say the same; a pair has one voice.
            func supporters(_ vote: Vote) -> [Int: Vote] {
                var found: [Int: Vote] = [:]
                for other in votes where (other.offset - vote.offset).length <= 3 {
                    if let before = found[other.link.name], (before.strength ?? 0, before.evidence) >= (other.strength ?? 0, other.evidence) { continue }
                    found[other.link.name] = other
                }
                return found
            }
            let all = votes.map { vote in (vote, supporters(vote)) }
            // Without grid or stage only how much fits tells a true place from a chance.
            let isByStrength = model == nil && votes.allSatisfy { $0.strength != nil }
            func score(_ supporters: [Int: Vote]) -> Double {
                supporters.values.reduce(0) { $0 + (isByStrength ? $1.strength ?? 0 : $1.evidence * ($1.rank == 0 ? 1 : 0.5) * ($1.isExpected ? 2 : 1)) }
            }
            guard let (top, found) = all.max(by: { (score($0.1), $1.0.link.name) < (score($1.1), $0.0.link.name) }) else { continue }
            let total = score(found)
            let rival = all.filter { ($0.0.offset - top.offset).length > 6 }.map { score($0.1) }.max() ?? 0
            // Of many candidates two are near each other by chance; more so where nothing bounds them.
            let isFirstChoice = found.values.allSatisfy { $0.rank == 0 && $0.evidence >= (model == nil ? 0.3 : 0.15) }
            let isMany = found.count >= (model == nil ? 4 : 3) || (found.count == 2 && isFirstChoice)
            let isAgreed = isByStrength ? total >= 3.5 && found.count >= 2 && total >= 2 * rival : total >= 1.4 * rival && isMany
            let isForeseen = found.values.contains { $0.isExpected && $0.evidence >= 0.15 && ($0.strength == nil || $0.agreement >= 0.3) } && total >= 1.2 * rival
            guard isAgreed || isForeseen, total > (best?.score ?? 0) else { continue }
            best = (total, found.values.map(\.link).sorted { $0.name < $1.name })
        }
        return best?.links
    }

    /// How the groups lie to each other by what is expected of the frames at their borders.
    private static func offsets(_ groups: [[Int]], _ links: [FrameLink], _ positions: [Displacement], _ model: Expectation) -> [Displacement] {
        var group = [Int](repeating: 0, count: positions.count)
        for (number, members) in groups.enumerated() { for member in members { group[member] = number } }
        var joints: [LeastSquaresPlacement.Link] = []
        for (name, link) in links.enumerated() where group[link.first] != group[link.second] {
            let offset = positions[link.first] + model.displacement(link.first, link.second) - positions[link.second]
            joints.append(.init(first: group[link.first], second: group[link.second], displacement: offset, weight: 1, name: name))
        }
        // Groups without any pair between them lie as their frames are expected on the whole.
        let islands = LeastSquaresPlacement.groups(count: groups.count, joints)
        func middle(_ number: Int) -> Displacement {
            var sum = Displacement(x: 0, y: 0)
            for member in groups[number] { sum = sum + (model.position(member) - positions[member]) }
            return Displacement(x: sum.x / Double(groups[number].count), y: sum.y / Double(groups[number].count))
        }
        for island in islands.dropFirst() {
            joints.append(.init(first: islands[0][0], second: island[0], displacement: middle(island[0]) - middle(islands[0][0]), weight: 1, name: -1))
        }
        return LeastSquaresPlacement.robust(count: groups.count, joints)
    }
}

/// What stage or grid lets expect, turned and stretched as the pairs say.
private struct Expectation: Sendable {
    private let nominal: [Displacement]
    private let positions: [Displacement]
    /// How far pairs are from what is expected: a few pixels at least.
    private let spread: Double
    /// How many pairs lie along x, along y, and how both go together.
    private var along = SIMD3<Double>.zero

    init(_ nominal: [Displacement], _ links: [LeastSquaresPlacement.Link]) {
        let links = links.sorted { $0.name < $1.name }
        // Least squares for the matrix that turns expected displacements into measured ones, drawn towards leaving them as they are.
        var matrix = (xx: 1.0, xy: 0.0, yx: 0.0, yy: 1.0)
        func turned(_ d: Displacement) -> Displacement { Displacement(x: matrix.xx * d.x + matrix.xy * d.y, y: matrix.yx * d.x + matrix.yy * d.y) }
        var scale = Double.infinity
        for _ in 0..<6 {
            var (a, b, c, px, py, qx, qy) = (0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0)
            var largest = 0.0
            for link in links {
                let n = nominal[link.second] - nominal[link.first]
                let residual = (turned(n) - link.displacement).length
                let share = scale.isFinite ? residual / scale : 0
                let weight = link.weight / ((1 + share * share) * (1 + share * share))
                a += weight * n.x * n.x
                b += weight * n.x * n.y
                c += weight * n.y * n.y
                // Deviations from leaving it as it is.
                let e = link.displacement - n
                px += weight * n.x * e.x
                py += weight * n.y * e.x
                qx += weight * n.x * e.y
                qy += weight * n.y * e.y
                largest = max(largest, n.x * n.x + n.y * n.y)
            }
            let ridge = 1e-3 * largest + 1e-9
            let determinant = (a + ridge) * (c + ridge) - b * b
            matrix.xx = 1 + ((c + ridge) * px - b * py) / determinant
            matrix.xy = ((a + ridge) * py - b * px) / determinant
            matrix.yx = ((c + ridge) * qx - b * qy) / determinant
            matrix.yy = 1 + ((a + ridge) * qy - b * qx) / determinant
            let residuals = links.map { (turned(nominal[$0.second] - nominal[$0.first]) - $0.displacement).length }.sorted()
            scale = max(3, 3 * (residuals[safe: residuals.count / 2] ?? 0))
        }
        self.nominal = nominal
        positions = nominal.map(turned)
        for link in links {
            let n = nominal[link.second] - nominal[link.first]
            let square = max(1e-9, n.x * n.x + n.y * n.y)
            along += SIMD3(n.x * n.x, n.y * n.y, n.x * n.y) / square
        }
        let residuals = links.map { (turned(nominal[$0.second] - nominal[$0.first]) - $0.displacement).length }.sorted()
        // Without measured pairs nothing is known about it; the range of the search is then the only bound.
        spread = links.isEmpty ? .infinity : max(6, 4 * residuals[residuals.count / 2])
    }

    /// Infinite for a direction in which no two pairs were measured: the range of the search is then the only bound.
    func spread(_ first: Int, _ second: Int) -> Double {
        let n = nominal[second] - nominal[first]
        let square = max(1e-9, n.x * n.x + n.y * n.y)
        let count = (along.x * n.x * n.x + along.y * n.y * n.y + 2 * along.z * n.x * n.y) / square
        return count >= 1.8 ? spread : .infinity
    }

    func foresees(_ displacement: Displacement, _ first: Int, _ second: Int) -> Bool {
        let spread = spread(first, second)
        return spread.isFinite && (self.displacement(first, second) - displacement).length <= spread
    }

    /// Like ``foresees(_:_:_:)``, but true where nothing is known.
    func allows(_ displacement: Displacement, _ first: Int, _ second: Int) -> Bool {
        !spread(first, second).isFinite || foresees(displacement, first, second)
    }

    func position(_ frame: Int) -> Displacement { positions[frame] }
    func displacement(_ first: Int, _ second: Int) -> Displacement { positions[second] - positions[first] }
}

extension Array {
    fileprivate subscript(safe index: Int) -> Element? { indices.contains(index) ? self[index] : nil }
}
