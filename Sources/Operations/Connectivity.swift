/// Which pixels touch: by edges only (four), or by corners too (eight).
public enum Connectivity: Int, Sendable, CaseIterable, Codable {
    case four = 4
    case eight = 8

    /// Connectivity of the background that goes with this one of the foreground, so that a closed outline has an inside.
    public var complement: Connectivity { self == .four ? .eight : .four }

    /// Runs of neighbouring rows touch when they overlap after growing one by this many pixels.
    @inline(__always) var reach: Int32 { self == .eight ? 1 : 0 }
}
