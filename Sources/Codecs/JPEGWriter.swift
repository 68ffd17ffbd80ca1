import Raster

package enum JPEGWriter {
    /// JPEG file of an 8-bit picture, gray or colour with chroma halved both ways.
    ///
    /// - Parameters: `quality` 1 to 100; `fullChroma` keeps colour at full size.
    /// - Throws: `.cannotEncode` for 16 bits a sample, sides above 65,500 pixels, or an empty picture.
    package static func encode(_ image: AnyImage, quality: Int = 90, fullChroma: Bool = false) throws(CodecError) -> [UInt8] {
        let writer = try JPEGRowWriter(to: .memory, shape: image.shape, quality: quality, fullChroma: fullChroma)
        try writer.writeAll(image)
        return Array(writer.file)
    }
}
