import CJPEG

/// JPEG by rows: 8-bit gray or colour. Metadata go to the JFIF header, APP1 segments (EXIF, XMP) and a comment.
package final class JPEGRowWriter: ImageRowWriter {
    package let shape: PictureShape
    private let encoder: OpaquePointer
    private var row = 0
    package private(set) var file: UnsafeBufferPointer<UInt8> = .init(start: nil, count: 0)

    /// - Parameters: `quality` 1 to 100; `fullChroma` keeps colour at full size, else it is halved both ways.
    /// - Throws: `.cannotEncode` for 16 bits a sample, sides above 65,500 pixels, or an empty picture.
    package init(
        to target: RowTarget, shape: PictureShape, metadata: FileMetadata = FileMetadata(), quality: Int = 90, fullChroma: Bool = false
    ) throws(CodecError) {
        guard shape.bitsPerSample == 8 else {
            throw .cannotEncode(reason: "JPEG holds 8 bits a sample, and it has \(shape.bitsPerSample); write PNG or TIFF")
        }
        try shape.checked(format: "JPEG", most: 65_500)
        guard let encoder = ship_jpeg_encoder_create() else { throw .cannotEncode(reason: "out of memory") }
        (self.shape, self.encoder) = (shape, encoder)
        var exif = metadata.exif
        var picture = ship_jpeg_picture(
            width: UInt32(shape.width), height: UInt32(shape.height), channels: UInt32(shape.channels), quality: UInt32(min(100, max(1, quality))),
            full_chroma: fullChroma ? 1 : 0, density_unit: 0, x_density: 0, y_density: 0)
        if let resolution = exif.resolution {
            let inch = resolution.unit == .inch
            if let density = resolution.whole(per: inch ? .inch : .centimetre, most: 65_535) {
                (picture.density_unit, picture.x_density, picture.y_density) = (inch ? 1 : 2, density.x, density.y)
                if density.isExact { exif.resolution = nil }
            }
        }
        try encoding { ship_jpeg_encoder_start(encoder, target.number, &picture, $0) }
        if let block = exif.block() { try marker(0xE1, Array("Exif\0\0".utf8) + block) }
        if let xmp = metadata.xmp { try marker(0xE1, Array("http://ns.adobe.com/xap/1.0/\0".utf8) + Array(xmp.utf8)) }
        for text in metadata.texts where text.keyword == FileMetadata.commentKeyword { try marker(0xFE, Array(text.text.utf8)) }
    }

    deinit { ship_jpeg_encoder_destroy(encoder) }

    /// What is longer than a segment is left out.
    private func marker(_ number: Int32, _ bytes: [UInt8]) throws(CodecError) {
        guard !bytes.isEmpty, bytes.count <= 65_533 else { return }
        try encoding { text in bytes.withUnsafeBufferPointer { ship_jpeg_encoder_marker(encoder, number, $0.baseAddress!, UInt32($0.count), text) } }
    }

    package func writeRows(_ rows: UnsafeRawBufferPointer, count: Int) throws(CodecError) {
        check(rows, count, written: row)
        guard count > 0, let base = rows.baseAddress?.assumingMemoryBound(to: UInt8.self) else { return }
        try encoding { ship_jpeg_encoder_rows(encoder, base, shape.rowBytes, UInt32(count), $0) }
        row += count
    }

    package func finish() throws(CodecError) {
        precondition(row == shape.height, "\(row) of \(shape.height) rows were written")
        var bytes: UnsafePointer<UInt8>?
        var size = 0
        try encoding { ship_jpeg_encoder_finish(encoder, &bytes, &size, $0) }
        file = UnsafeBufferPointer(start: bytes, count: size)
    }
}
