#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// Two frames that may overlap, and how they may lie to each other.
public struct FrameLink: Hashable, Sendable {
    public let first: Int
    public let second: Int
    /// Displacements of the second frame seen from the first, the most likely first.
    public var candidates: [OverlapCandidate]
    /// Whether more than the pair itself bears out its best candidate, so that it counts as clear.
    public var isBorneOut = false

    public init(_ first: Int, _ second: Int, _ candidates: [OverlapCandidate]) {
        precondition(first != second, "frame \(first) beside itself")
        (self.first, self.second, self.candidates) = (first, second, candidates)
    }

    /// How far the best candidate stands out from the next that is not the same place: 0 when not at all.
    ///
    /// Difference of Fisher's z values, so that 0.98 beside 0.9 counts as much as 0.7 beside 0.1.
    public var margin: Double {
        guard let best = candidates.first else { return 0 }
        let next = others.map(\.evidence).max() ?? 0
        return max(0, atanh(min(0.995, best.evidence)) - atanh(min(0.995, max(0, next))))
    }

    /// Candidates that are not the same place as the best.
    private var others: [OverlapCandidate] {
        guard let best = candidates.first else { return [] }
        return candidates.filter { ($0.displacement - best.displacement).length > 6 }
    }

    /// Whether the best candidate can be trusted alone, where grid or stage bound the search.
    public var isClear: Bool { isClear(unbounded: false) }

    /// The same; `unbounded` where the frames might as well not overlap at all, so that the best of all places may be none.
    ///
    /// The limits are such that of some thousand pairs of drawn and real scans, sparse and dense, next to none is wrong: without any bounds a
    /// place needs about two things that fit, within bounds one.
    public func isClear(unbounded: Bool) -> Bool {
        guard let best = candidates.first else { return false }
        if isBorneOut { return true }
        let isRanked = best.correlation >= (unbounded ? 0.4 : 0.25) && best.evidence >= (unbounded ? 0.35 : 0.15) && margin >= (unbounded ? 0.35 : 0.25)
        guard let strength = best.strength else { return isRanked }
        let isAlone = others.allSatisfy { ($0.strength ?? 0) < 0.5 * strength }
        if unbounded { return isAlone && strength >= 1.75 && best.evidence >= 0.2 }
        return isRanked && best.agreement * (best.breadth ?? 0) >= 0.6 || isAlone && strength >= 0.5 && best.evidence >= 0.05
    }

    /// Weight of a measured displacement among others: the better two frames agree, and at the more places, the more exactly they tell where they lie.
    static func weight(_ candidate: OverlapCandidate) -> Double {
        let share = max(0.05, candidate.agreement) * max(0.05, candidate.agreement)
        return share / (1.05 - share) * (candidate.breadth.map { $0 / ($0 + 3) } ?? 1)
    }
}
