import CPNG
import Raster

package enum PNGWriter {
    /// PNG file of 8 or 16 bits a sample, gray or colour.
    ///
    /// - Parameters:
    ///   - compression: zlib level, 0 (none) to 9 (smallest, slowest).
    ///   - pixelSizeMicrometres: stored as resolution when given.
    package static func encode(_ image: AnyImage, compression: Int = 3, pixelSizeMicrometres: Double? = nil) throws(CodecError) -> [UInt8] {
        guard image.width > 0, image.height > 0 else { throw .cannotEncode(reason: "it has no pixels") }
        var bytes: UnsafeMutablePointer<UInt8>?
        var size = 0
        var text = [CChar](repeating: 0, count: Int(SHIP_PNG_TEXT))
        var perMetre: UInt32 = 0
        if let pixelSizeMicrometres, pixelSizeMicrometres > 0 { perMetre = UInt32(clamping: Int((1e6 / max(pixelSizeMicrometres, 1e-3)).rounded())) }
        let code = image.withRows { rows, stride in
            ship_png_encode(
                rows, stride, UInt32(image.width), UInt32(image.height), UInt32(image.channels), UInt32(image.bitsPerSample),
                Int32(min(9, max(0, compression))), perMetre, &bytes, &size, &text)
        }
        defer { ship_png_free(bytes) }
        guard Int(code) == SHIP_PNG_OK, let bytes else { throw .cannotEncode(reason: message(text)) }
        return Array(UnsafeBufferPointer(start: bytes, count: size))
    }
}

extension AnyImage {
    /// All samples as bytes, and the distance of two rows. Valid inside `body` only; the image must not be empty.
    func withRows<R>(_ body: (UnsafePointer<UInt8>, Int) -> R) -> R {
        func go<Pixel>(_ image: Image<Pixel>) -> R {
            image.withBuffer { pixels in
                body(UnsafeRawPointer(pixels.baseAddress!).assumingMemoryBound(to: UInt8.self), width * MemoryLayout<Pixel>.stride)
            }
        }
        return switch self {
        case .gray8(let image): go(image)
        case .gray16(let image): go(image)
        case .color8(let image): go(image)
        case .color16(let image): go(image)
        }
    }
}
