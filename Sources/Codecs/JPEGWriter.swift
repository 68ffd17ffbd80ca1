import CJPEG
import Raster

package enum JPEGWriter {
    /// JPEG file of an 8-bit picture, gray or colour with chroma halved both ways.
    ///
    /// - Parameters: `quality` 1 to 100; `fullChroma` keeps colour at full size.
    /// - Throws: `.cannotEncode` for 16 bits a sample, sides above 65,500 pixels, or an empty picture.
    package static func encode(_ image: AnyImage, quality: Int = 90, fullChroma: Bool = false) throws(CodecError) -> [UInt8] {
        guard image.bitsPerSample == 8 else { throw .cannotEncode(reason: "JPEG holds 8 bits a sample; write PNG or TIFF for 16") }
        guard image.width > 0, image.height > 0 else { throw .cannotEncode(reason: "it has no pixels") }
        guard image.width <= 65_500, image.height <= 65_500 else {
            throw .cannotEncode(reason: "JPEG holds at most 65,500 pixels a side; write PNG or TIFF")
        }
        guard let encoder = ship_jpeg_encoder_create() else { throw .cannotEncode(reason: "out of memory") }
        defer { ship_jpeg_encoder_destroy(encoder) }
        var text = [CChar](repeating: 0, count: Int(SHIP_JPEG_TEXT))
        var bytes: UnsafePointer<UInt8>?
        var size = 0
        let code = image.withRows { rows, stride in
            var code = ship_jpeg_encoder_start(
                encoder, UInt32(image.width), UInt32(image.height), UInt32(image.channels), UInt32(min(100, max(1, quality))),
                fullChroma ? 1 : 0, &text)
            if Int(code) == SHIP_JPEG_OK { code = ship_jpeg_encoder_rows(encoder, rows, stride, UInt32(image.height), &text) }
            if Int(code) == SHIP_JPEG_OK { code = ship_jpeg_encoder_finish(encoder, &bytes, &size, &text) }
            return code
        }
        guard Int(code) == SHIP_JPEG_OK, let bytes else { throw .cannotEncode(reason: message(text)) }
        return Array(UnsafeBufferPointer(start: bytes, count: size))
    }
}
