import Raster

package enum PNGWriter {
    /// PNG file of 8 or 16 bits a sample, gray or colour.
    ///
    /// - Parameters:
    ///   - compression: zlib level, 0 (none) to 9 (smallest, slowest).
    ///   - pixelSizeMicrometres: stored as resolution when given.
    package static func encode(_ image: AnyImage, compression: Int = 3, pixelSizeMicrometres: Double? = nil) throws(CodecError) -> [UInt8] {
        let metadata = FileMetadata(pixelSizeMicrometres: pixelSizeMicrometres)
        let writer = try PNGRowWriter(to: .memory, shape: image.shape, metadata: metadata, compression: compression)
        try writer.writeAll(image)
        return Array(writer.file)
    }
}
