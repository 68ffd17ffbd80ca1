/// Colour pixel; the bytes lie in the order blue, green, red, as everywhere in `ship`.
@frozen public struct BGR<Sample: FixedWidthInteger & BitwiseCopyable & Sendable>: Hashable, BitwiseCopyable, Sendable {
    public var blue: Sample
    public var green: Sample
    public var red: Sample

    @inlinable public init(blue: Sample, green: Sample, red: Sample) {
        (self.blue, self.green, self.red) = (blue, green, red)
    }
}

/// Pixels of any of the four kinds `ship` works on: 8 or 16 bits a sample, gray or colour.
public enum AnyImage: Sendable, Equatable {
    case gray8(Image<UInt8>)
    case gray16(Image<UInt16>)
    case color8(Image<BGR<UInt8>>)
    case color16(Image<BGR<UInt16>>)

    @inlinable public var width: Int {
        switch self {
        case .gray8(let image): image.width
        case .gray16(let image): image.width
        case .color8(let image): image.width
        case .color16(let image): image.width
        }
    }

    @inlinable public var height: Int {
        switch self {
        case .gray8(let image): image.height
        case .gray16(let image): image.height
        case .color8(let image): image.height
        case .color16(let image): image.height
        }
    }

    @inlinable public var bounds: Rect { Rect(x: 0, y: 0, width: width, height: height) }

    /// 1 for gray, 3 for colour (blue, green, red).
    @inlinable public var channels: Int {
        switch self {
        case .gray8, .gray16: 1
        case .color8, .color16: 3
        }
    }

    /// 8 or 16.
    @inlinable public var bitsPerSample: Int {
        switch self {
        case .gray8, .color8: 8
        case .gray16, .color16: 16
        }
    }

    @inlinable public var byteCount: Int { width * height * channels * bitsPerSample / 8 }

    /// Copy of the part inside `box`, which must lie inside the image.
    @inlinable public func cropped(to box: Rect) -> AnyImage {
        switch self {
        case .gray8(let image): .gray8(image.cropped(to: box))
        case .gray16(let image): .gray16(image.cropped(to: box))
        case .color8(let image): .color8(image.cropped(to: box))
        case .color16(let image): .color16(image.cropped(to: box))
        }
    }

    /// Copy with `part`, of the same kind, laid over it; it must lie inside the image.
    @inlinable public func replacing(x: Int, y: Int, with part: AnyImage) -> AnyImage {
        switch (self, part) {
        case (.gray8(let image), .gray8(let part)): .gray8(image.replacing(x: x, y: y, with: part))
        case (.gray16(let image), .gray16(let part)): .gray16(image.replacing(x: x, y: y, with: part))
        case (.color8(let image), .color8(let part)): .color8(image.replacing(x: x, y: y, with: part))
        case (.color16(let image), .color16(let part)): .color16(image.replacing(x: x, y: y, with: part))
        default: preconditionFailure("a part of another kind of pixels")
        }
    }
}
