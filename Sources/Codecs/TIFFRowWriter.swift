import CTIFF

/// TIFF by rows, in strips of a quarter megabyte: gray of 1, 8 or 16 bits, colour of 8 or 16; BigTIFF above 3.5 GB of pixels.
/// Metadata go to tags and to the EXIF and GPS directories.
package final class TIFFRowWriter: ImageRowWriter {
    package let shape: PictureShape
    private let writer: OpaquePointer
    private var row = 0
    package private(set) var file: UnsafeBufferPointer<UInt8> = .init(start: nil, count: 0)

    /// - Parameter compression: with the horizontal predictor, but for one bit a sample.
    package init(
        to target: RowTarget, shape: PictureShape, metadata: FileMetadata = FileMetadata(), compression: TIFFWriter.Compression = .deflate
    ) throws(CodecError) {
        try shape.checked(format: "TIFF", most: Int(Int32.max))
        self.shape = shape
        var picture = ship_tiff_picture(
            width: UInt32(shape.width), height: UInt32(shape.height), channels: UInt32(shape.channels), bits: UInt32(shape.bitsPerSample),
            compression: compression.rawValue, orientation: UInt32(metadata.exif.orientation), resolution_unit: 0, x_resolution: 0, y_resolution: 0)
        if let resolution = metadata.exif.resolution {
            let unit: Resolution.Unit = resolution.unit == .inch ? .inch : .centimetre
            (picture.x_resolution, picture.y_resolution) = resolution.per(unit)
            picture.resolution_unit = unit == .inch ? 2 : 3
        }
        var text = [CChar](repeating: 0, count: Int(SHIP_TIFF_TEXT))
        guard let writer = ship_tiff_writer_create(target.number, &picture, &text) else { throw .cannotEncode(reason: message(text)) }
        self.writer = writer
        let exif = metadata.exif
        for (group, gps) in [(EXIF.Group.exif, Int32(0)), (.gps, 1)] {
            let tags = exif.tags(group)
            guard !tags.isEmpty else { continue }
            try encoding { ship_tiff_writer_folder(writer, gps, $0) }
            put(tags)
            try encoding { ship_tiff_writer_folder_end(writer, gps, $0) }
        }
        put(exif.tags(.image).filter { ![0x0112, 0x011A, 0x011B, 0x0128].contains($0.number) })  // in `picture` already
        if let xmp = metadata.xmp {
            let bytes = Array(xmp.utf8)
            if !bytes.isEmpty { ship_tiff_writer_xmp(writer, bytes, UInt32(bytes.count)) }
        }
        try encoding { ship_tiff_writer_start(writer, $0) }
    }

    deinit { ship_tiff_writer_destroy(writer) }

    private func put(_ tags: [EXIF.Tag]) {
        for tag in tags {
            switch tag.value {
            case .text(let text): ship_tiff_writer_text(writer, tag.number, text)
            case .bytes(let bytes): ship_tiff_writer_numbers(writer, tag.number, bytes.map(Double.init), UInt32(bytes.count))
            case .short(let number): ship_tiff_writer_numbers(writer, tag.number, [Double(number)], 1)
            case .fractions(let numbers): ship_tiff_writer_numbers(writer, tag.number, numbers, UInt32(numbers.count))
            }
        }
    }

    package func writeRows(_ rows: UnsafeRawBufferPointer, count: Int) throws(CodecError) {
        check(rows, count, written: row)
        guard count > 0, let base = rows.baseAddress?.assumingMemoryBound(to: UInt8.self) else { return }
        try encoding { ship_tiff_writer_rows(writer, base, shape.rowBytes, UInt32(count), $0) }
        row += count
    }

    package func finish() throws(CodecError) {
        precondition(row == shape.height, "\(row) of \(shape.height) rows were written")
        var bytes: UnsafePointer<UInt8>?
        var size = 0
        try encoding { ship_tiff_writer_finish(writer, &bytes, &size, $0) }
        file = UnsafeBufferPointer(start: bytes, count: size)
    }
}
