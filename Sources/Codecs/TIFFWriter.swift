import CTIFF
import Raster

package enum TIFFWriter {
    package enum Compression: UInt32, Sendable { case none = 1, lzw = 5, deflate = 8 }

    /// TIFF file of 8 or 16 bits a sample in strips; BigTIFF above 3.5 GB of pixels. Compressed files use the horizontal predictor.
    package static func encode(
        _ image: AnyImage, compression: Compression = .deflate, pixelSizeMicrometres: Double? = nil
    ) throws(CodecError) -> [UInt8] {
        guard image.width > 0, image.height > 0 else { throw .cannotEncode(reason: "it has no pixels") }
        var bytes: UnsafeMutablePointer<UInt8>?
        var size = 0
        var text = [CChar](repeating: 0, count: Int(SHIP_TIFF_TEXT))
        let perCentimetre = pixelSizeMicrometres.map { $0 > 0 ? 10_000 / $0 : 0 } ?? 0
        let code = image.withRows { rows, stride in
            ship_tiff_encode(
                rows, stride, UInt32(image.width), UInt32(image.height), UInt32(image.channels), UInt32(image.bitsPerSample),
                compression.rawValue, perCentimetre, &bytes, &size, &text)
        }
        defer { ship_tiff_free(bytes) }
        guard Int(code) == SHIP_TIFF_OK, let bytes else { throw .cannotEncode(reason: message(text)) }
        return Array(UnsafeBufferPointer(start: bytes, count: size))
    }
}
