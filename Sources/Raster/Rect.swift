/// Box of whole pixels, half-open: it holds x ..< x + width, y ..< y + height. x goes right, y goes down.
public struct Rect: Hashable, Sendable, Codable {
    public var x: Int
    public var y: Int
    public var width: Int
    public var height: Int

    @inlinable public init(x: Int, y: Int, width: Int, height: Int) {
        precondition(width >= 0 && height >= 0, "box size \(width) × \(height) is negative")
        (self.x, self.y, self.width, self.height) = (x, y, width, height)
    }

    /// Box from its corners, `maxX` and `maxY` not included.
    @inlinable public init(minX: Int, minY: Int, maxX: Int, maxY: Int) {
        self.init(x: minX, y: minY, width: maxX - minX, height: maxY - minY)
    }

    @inlinable public var maxX: Int { x + width }
    @inlinable public var maxY: Int { y + height }
    @inlinable public var area: Int { width * height }
    @inlinable public var isEmpty: Bool { width == 0 || height == 0 }

    @inlinable public func contains(x px: Int, y py: Int) -> Bool {
        px >= x && px < maxX && py >= y && py < maxY
    }

    @inlinable public func contains(_ other: Rect) -> Bool {
        other.x >= x && other.y >= y && other.maxX <= maxX && other.maxY <= maxY
    }

    /// Common part; of size 0 × 0 when the boxes do not overlap.
    @inlinable public func intersection(_ other: Rect) -> Rect {
        let (left, top) = (max(x, other.x), max(y, other.y))
        let (right, bottom) = (min(maxX, other.maxX), min(maxY, other.maxY))
        guard right > left, bottom > top else { return Rect(x: left, y: top, width: 0, height: 0) }
        return Rect(minX: left, minY: top, maxX: right, maxY: bottom)
    }

    @inlinable public func intersects(_ other: Rect) -> Bool { !intersection(other).isEmpty }

    /// Smallest box around both; an empty box counts for nothing.
    @inlinable public func union(_ other: Rect) -> Rect {
        if isEmpty { return other }
        if other.isEmpty { return self }
        return Rect(minX: min(x, other.x), minY: min(y, other.y), maxX: max(maxX, other.maxX), maxY: max(maxY, other.maxY))
    }

    /// Box grown by `margin` pixels on each side.
    @inlinable public func expanded(by margin: Int) -> Rect {
        Rect(x: x - margin, y: y - margin, width: width + 2 * margin, height: height + 2 * margin)
    }
}
