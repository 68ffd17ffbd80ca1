/// Position in image coordinates; the centre of pixel (x, y) is at whole numbers.
@frozen public struct Point: Hashable, Sendable, BitwiseCopyable, Codable {
    public var x: Double
    public var y: Double

    @inlinable public init(x: Double, y: Double) { (self.x, self.y) = (x, y) }
}
