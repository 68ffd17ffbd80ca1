/// What a drawn object shows.
package enum DemoKind: String, CaseIterable, Sendable {
    case copepod, nauplius, chain, centric, ceratium, radiolarian, foraminifer, pellet, aggregate
    /// Dirt of a few pixels, below any sensible size limit.
    case speck

    /// How many a frame of 2,000 × 1,500 pixels holds on average.
    var density: Double {
        switch self {
        case .copepod: 9
        case .nauplius: 5
        case .chain: 8
        case .centric: 8
        case .ceratium: 6
        case .radiolarian: 4
        case .foraminifer: 4
        case .pellet: 8
        case .aggregate: 3.6
        case .speck: 45
        }
    }
}
