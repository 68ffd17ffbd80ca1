import CPNG

/// PNG by rows: gray of 1, 8 or 16 bits, colour of 8 or 16. Metadata go to pHYs, eXIf, tEXt and iTXt chunks.
package final class PNGRowWriter: ImageRowWriter {
    package let shape: PictureShape
    private let writer: OpaquePointer
    private var row = 0
    package private(set) var file: UnsafeBufferPointer<UInt8> = .init(start: nil, count: 0)

    /// - Parameter compression: zlib level, 0 (none) to 9 (smallest, slowest).
    package init(to target: RowTarget, shape: PictureShape, metadata: FileMetadata = FileMetadata(), compression: Int = 3) throws(CodecError) {
        try shape.checked(format: "PNG", most: Int(Int32.max))
        self.shape = shape
        var text = [CChar](repeating: 0, count: Int(SHIP_PNG_TEXT))
        guard
            let writer = ship_png_writer_create(
                target.number, UInt32(shape.width), UInt32(shape.height), UInt32(shape.channels), UInt32(shape.bitsPerSample),
                Int32(min(9, max(0, compression))), &text)
        else { throw .cannotEncode(reason: message(text)) }
        self.writer = writer
        for (name, data) in metadata.pngChunks {
            try encoding { text in data.withUnsafeBufferPointer { ship_png_writer_chunk(writer, name, $0.baseAddress!, $0.count, text) } }
        }
    }

    deinit { ship_png_writer_destroy(writer) }

    package func writeRows(_ rows: UnsafeRawBufferPointer, count: Int) throws(CodecError) {
        check(rows, count, written: row)
        guard count > 0, let base = rows.baseAddress?.assumingMemoryBound(to: UInt8.self) else { return }
        try encoding { ship_png_writer_rows(writer, base, shape.rowBytes, UInt32(count), $0) }
        row += count
    }

    package func finish() throws(CodecError) {
        precondition(row == shape.height, "\(row) of \(shape.height) rows were written")
        var bytes: UnsafePointer<UInt8>?
        var size = 0
        try encoding { ship_png_writer_finish(writer, &bytes, &size, $0) }
        file = UnsafeBufferPointer(start: bytes, count: size)
    }
}

extension FileMetadata {
    /// Chunks before the pixels.
    fileprivate var pngChunks: [(String, [UInt8])] {
        func big(_ value: UInt32) -> [UInt8] { [UInt8(value >> 24), UInt8(value >> 16 & 255), UInt8(value >> 8 & 255), UInt8(value & 255)] }
        var chunks: [(String, [UInt8])] = []
        var exif = exif
        if let density = exif.resolution?.whole(per: .metre, most: 0x7FFF_FFFF) {
            chunks.append(("pHYs", big(density.x) + big(density.y) + [1]))
            if density.isExact { exif.resolution = nil }
        }
        if let block = exif.block() { chunks.append(("eXIf", block)) }
        for text in texts {
            let key = text.keyword.unicodeScalars.prefix(79).map { $0.value < 256 ? UInt8($0.value) : UInt8(ascii: "?") }
            guard !key.isEmpty, !key.contains(0), !text.text.utf8.contains(0) else { continue }
            if text.text.unicodeScalars.allSatisfy({ $0.value < 256 }) {
                chunks.append(("tEXt", key + [0] + text.text.unicodeScalars.map { UInt8($0.value) }))
            } else {
                chunks.append(("iTXt", key + [0, 0, 0, 0, 0] + Array(text.text.utf8)))
            }
        }
        if let xmp { chunks.append(("iTXt", Array("XML:com.adobe.xmp".utf8) + [0, 0, 0, 0, 0] + Array(xmp.utf8))) }
        return chunks
    }
}
