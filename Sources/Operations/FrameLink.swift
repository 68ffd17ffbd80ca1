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

    public init(_ first: Int, _ second: Int, _ candidates: [OverlapCandidate]) {
        precondition(first != second, "frame \(first) beside itself")
        (self.first, self.second, self.candidates) = (first, second, candidates)
    }

    /// How far the best candidate stands out from the next that is not the same place: 0 when not at all.
    ///
    /// Difference of Fisher's z values, so that 0.98 beside 0.9 counts as much as 0.7 beside 0.1.
    public var margin: Double {
        guard let best = candidates.first else { return 0 }
        let next = candidates.dropFirst().first { ($0.displacement - best.displacement).length > 6 }
        return max(0, atanh(min(0.995, best.evidence)) - atanh(min(0.995, max(0, next?.evidence ?? 0))))
    }

    /// Whether the best candidate can be trusted alone, where grid or stage bound the search.
    public var isClear: Bool { isClear(unbounded: false) }

    /// The same; `unbounded` where the frames might as well not overlap at all, so that the best of all places may be none.
    public func isClear(unbounded: Bool) -> Bool {
        guard let best = candidates.first else { return false }
        return best.correlation >= (unbounded ? 0.4 : 0.25) && best.evidence >= (unbounded ? 0.35 : 0.15) && margin >= (unbounded ? 0.35 : 0.25)
    }

    /// Weight of a measured displacement among others: the better two frames agree, the more exactly they tell where they lie.
    static func weight(correlation: Double) -> Double {
        let share = max(0.05, correlation) * max(0.05, correlation)
        return share / (1.05 - share)
    }
}
