import Operations
import Raster

/// Gray levels of 8 or 16 bits, and what differs between them.
protocol GraySample: FixedWidthInteger & UnsignedInteger & BitwiseCopyable & Sendable {
    static func histogram(_ image: Image<Self>) -> Histogram
    static func mask(_ image: Image<Self>, level: Self, isBright: Bool) -> Mask
    static func gray(_ image: Image<BGR<Self>>) -> Image<Self>
    static func any(_ image: Image<Self>) -> AnyImage
    static func any(_ image: Image<BGR<Self>>) -> AnyImage
    /// Level of an 8-bit copy of the image.
    static func level8(_ level: Self) -> UInt8
}

extension UInt8: GraySample {
    static func histogram(_ image: Image<UInt8>) -> Histogram { image.histogram() }
    static func mask(_ image: Image<UInt8>, level: UInt8, isBright: Bool) -> Mask {
        isBright ? image.mask(brighterThan: level) : image.mask(darkerThanOrEqual: level)
    }
    static func gray(_ image: Image<BGR<UInt8>>) -> Image<UInt8> { image.gray() }
    static func any(_ image: Image<UInt8>) -> AnyImage { .gray8(image) }
    static func any(_ image: Image<BGR<UInt8>>) -> AnyImage { .color8(image) }
    static func level8(_ level: UInt8) -> UInt8 { level }
}

extension UInt16: GraySample {
    static func histogram(_ image: Image<UInt16>) -> Histogram { image.histogram() }
    static func mask(_ image: Image<UInt16>, level: UInt16, isBright: Bool) -> Mask {
        isBright ? image.mask(brighterThan: level) : image.mask(darkerThanOrEqual: level)
    }
    static func gray(_ image: Image<BGR<UInt16>>) -> Image<UInt16> { image.gray() }
    static func any(_ image: Image<UInt16>) -> AnyImage { .gray16(image) }
    static func any(_ image: Image<BGR<UInt16>>) -> AnyImage { .color16(image) }
    /// Rounded level / 257.
    static func level8(_ level: UInt16) -> UInt8 { UInt8(truncatingIfNeeded: (UInt32(level) &+ 128) / 257) }
}
