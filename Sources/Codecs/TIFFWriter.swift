import Raster

package enum TIFFWriter {
    package enum Compression: UInt32, Sendable { case none = 1, lzw = 5, deflate = 8 }

    /// TIFF file of 8 or 16 bits a sample in strips; BigTIFF above 3.5 GB of pixels. Compressed files use the horizontal predictor.
    package static func encode(
        _ image: AnyImage, compression: Compression = .deflate, pixelSizeMicrometres: Double? = nil
    ) throws(CodecError) -> [UInt8] {
        let metadata = FileMetadata(pixelSizeMicrometres: pixelSizeMicrometres)
        let writer = try TIFFRowWriter(to: .memory, shape: image.shape, metadata: metadata, compression: compression)
        try writer.writeAll(image)
        return Array(writer.file)
    }
}
