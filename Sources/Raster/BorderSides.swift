/// Sides of the frame (or of a restricted area) that an object touches; the raw value is stored and exported.
public struct BorderSides: OptionSet, Sendable, Hashable {
    public let rawValue: Int
    public init(rawValue: Int) { self.rawValue = rawValue }
    public static let left = BorderSides(rawValue: 1)
    public static let top = BorderSides(rawValue: 2)
    public static let right = BorderSides(rawValue: 4)
    public static let bottom = BorderSides(rawValue: 8)
}
