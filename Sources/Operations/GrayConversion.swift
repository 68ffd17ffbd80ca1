import Raster

extension AnyImage {
    /// The image as 8-bit gray.
    ///
    /// - Parameter window: of 16-bit images, the gray levels that become 0 and 255; without it 0 ... 65,535.
    /// - Returns: same width and height; colour by the weights of ``Image/gray()``, rounded.
    /// - Complexity: one pass. An 8-bit gray image is returned as it is, without a copy.
    public func gray8(window: ClosedRange<UInt16>? = nil) -> Image<UInt8> {
        switch self {
        case .gray8(let image): image
        case .color8(let image): image.gray()
        case .gray16(let image): image.windowed(window ?? 0...UInt16.max)
        case .color16(let image): image.gray().windowed(window ?? 0...UInt16.max)
        }
    }

    /// The image as 16-bit gray; 8-bit levels are multiplied by 257, so that 255 becomes 65,535.
    ///
    /// - Complexity: one pass. A 16-bit gray image is returned as it is, without a copy.
    public func gray16() -> Image<UInt16> {
        switch self {
        case .gray8(let image): image.mapped { UInt16($0) &* 257 }
        case .color8(let image): image.gray().mapped { UInt16($0) &* 257 }
        case .gray16(let image): image
        case .color16(let image): image.gray()
        }
    }
}

extension Image where Pixel == BGR<UInt8> {
    /// Gray levels (9798 R + 19235 G + 3735 B + 16384) >> 15.
    ///
    /// - Complexity: one pass over width × height pixels.
    /// - Source: OpenCV's `COLOR_BGR2GRAY`, equal on all 16.7 million colours.
    public func gray() -> Image<UInt8> {
        Image<UInt8>(width: width, height: height) { target in
            guard let to = target.baseAddress else { return }
            withBuffer { source in
                let bytes = UnsafeRawPointer(source.baseAddress!)
                var index = 0
                // The last pixel has no byte behind it, which `grayOfFour` would read.
                while index &+ 16 < source.count {
                    let from = bytes + index &* 3
                    let upper = SIMD8(lowHalf: grayOfFour(from), highHalf: grayOfFour(from + 12))
                    let lower = SIMD8(lowHalf: grayOfFour(from + 24), highHalf: grayOfFour(from + 36))
                    let gray = SIMD16<UInt8>(truncatingIfNeeded: SIMD16(lowHalf: upper, highHalf: lower))
                    UnsafeMutableRawPointer(to + index).storeBytes(of: gray, as: SIMD16<UInt8>.self)
                    index &+= 16
                }
                while index < source.count {
                    let pixel = source[index]
                    let sum = 9798 &* UInt32(pixel.red) &+ 19235 &* UInt32(pixel.green) &+ 3735 &* UInt32(pixel.blue)
                    to[index] = UInt8(truncatingIfNeeded: (sum &+ 16384) &>> 15)
                    index &+= 1
                }
            }
        }
    }
}

/// Gray of four colour pixels in the low bytes; reads one byte behind them.
///
/// Each pixel is taken as a word, so that the bytes need not be sorted by channel; a channel is weighted where it lies in the word.
/// Single precision holds every sum exactly: multiples of 2⁻¹⁵ below 256, and 2⁻¹⁶ more, so that halves are rounded up.
@inline(__always)
private func grayOfFour(_ bytes: UnsafeRawPointer) -> SIMD4<UInt32> {
    let words = SIMD4<UInt32>(
        bytes.loadUnaligned(as: UInt32.self), bytes.loadUnaligned(fromByteOffset: 3, as: UInt32.self),
        bytes.loadUnaligned(fromByteOffset: 6, as: UInt32.self), bytes.loadUnaligned(fromByteOffset: 9, as: UInt32.self))
    @inline(__always) func channel(_ bits: UInt32) -> SIMD4<Float> { SIMD4<Float>(unsafeBitCast(words & bits, to: SIMD4<Int32>.self)) }
    let (blue, green, red): (Float, Float, Float) = (3735 / 0x1p15, 19235 / 0x1p23, 9798 / 0x1p31)
    var sum = channel(0xFF) * blue
    sum += channel(0xFF00) * green
    sum += channel(0xFF0000) * red
    sum += Float(0x1p-16)
    // 1.5 · 2²³ leaves the nearest whole number in the low bits.
    sum += Float(12_582_912)
    return unsafeBitCast(sum, to: SIMD4<UInt32>.self)
}

extension Image where Pixel == BGR<UInt16> {
    /// Gray levels by the same weights as for 8 bits.
    public func gray() -> Image<UInt16> {
        mapped { pixel in
            let sum = 9798 &* UInt32(pixel.red) &+ 19235 &* UInt32(pixel.green) &+ 3735 &* UInt32(pixel.blue)
            return UInt16(truncatingIfNeeded: (sum &+ 16384) &>> 15)
        }
    }
}

extension Image where Pixel == UInt16 {
    /// 8-bit image in which the gray levels of `window` are spread over 0 ... 255, rounded; what lies outside is clipped.
    ///
    /// A window of one level gives 0 up to that level and 255 above it.
    public func windowed(_ window: ClosedRange<UInt16>) -> Image<UInt8> {
        let (low, span) = (UInt32(window.lowerBound), UInt32(window.upperBound - window.lowerBound))
        let table = (0..<65536).map { level -> UInt8 in
            let above = UInt32(level) > low ? UInt32(level) - low : 0
            if span == 0 { return above > 0 ? 255 : 0 }
            return UInt8((min(above, span) * 255 + span / 2) / span)
        }
        return table.withUnsafeBufferPointer { table in mapped { table[Int($0)] } }
    }
}

extension Image {
    /// Image of the same size with every pixel replaced by `transform` of it.
    @inlinable public func mapped<Other: Sendable & BitwiseCopyable>(_ transform: (Pixel) -> Other) -> Image<Other> {
        Image<Other>(width: width, height: height) { target in
            guard let to = target.baseAddress else { return }
            withBuffer { source in
                guard let from = source.baseAddress else { return }
                for index in 0..<source.count { (to + index).initialize(to: transform(from[index])) }
            }
        }
    }
}
