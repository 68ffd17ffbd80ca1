import CJPEG

/// JPEG by rows: baseline and progressive, gray, YCbCr, RGB, CMYK and YCCK. Progressive files are held as coefficients.
final class JPEGRowReader: ImageRowReader {
    let header: ImageHeader
    private let source: ImageSource
    private let reader: OpaquePointer
    private let info: ship_jpeg_info
    private var row = 0
    private var ink: [UInt8] = []

    /// `scale` 1, 2, 4 or 8 decodes at a fraction of the size and of the work.
    init(_ source: ImageSource, limits: DecodeLimits, scale: Int = 1) throws(CodecError) {
        self.source = source
        var info = ship_jpeg_info()
        var code: Int32 = 0
        var text = [CChar](repeating: 0, count: Int(SHIP_JPEG_TEXT))
        guard
            let reader = ship_jpeg_open(
                source.descriptor, source.bytes, UInt64(source.size), UInt64(limits.maxDecoderBytes), UInt32(scale), &info, &code, &text)
        else { throw Self.error(code, message(text), source.name, row: nil) }
        self.reader = reader
        self.info = info
        var header = ImageHeader(
            width: Int(info.width), height: Int(info.height), channels: info.components == 1 ? 1 : 3, bitsPerSample: 8, format: .jpeg)
        // Unit 0 only gives the shape of a pixel.
        if info.x_density > 0, info.y_density > 0, info.density_unit == 1 || info.density_unit == 2 {
            header.resolution = Resolution(
                x: Double(info.x_density), y: Double(info.y_density), unit: info.density_unit == 1 ? .inch : .centimetre, source: .jfif)
        }
        if info.components == 4 {
            header.notes.append("CMYK was turned to RGB without a colour profile")
            ink = [UInt8](repeating: 0, count: 4 * header.width)
        }
        self.header = header
        // Each 8 × 8 block takes at least a bit per component in a file that is not progressive, each scan a byte in one that is.
        if info.progressive == 0, header.width * header.height / 64 / 8 / 4 > source.size {
            throw .truncated(file: source.name, row: 0)
        }
    }

    deinit { ship_jpeg_close(reader) }

    func readRows(into target: UnsafeMutableRawBufferPointer, count: Int) throws(CodecError) {
        precondition(count >= 0 && count <= header.height - row && target.count >= count * header.rowBytes, "\(count) rows from row \(row)")
        guard count > 0, let base = target.baseAddress?.assumingMemoryBound(to: UInt8.self) else { return }
        if info.components == 4 {
            for index in 0..<count {
                try ink.withUnsafeMutableBufferPointer { buffer throws(CodecError) in try read(buffer.baseAddress!, stride: 0, count: 1) }
                turnInkToColor(
                    ink, samples: 4, width: header.width, inverted: info.inverted_cmyk != 0, into: base + index * header.rowBytes)
            }
        } else {
            try read(base, stride: header.rowBytes, count: count)
        }
    }

    /// nil where the picture has no planes that another JPEG could take over; then rows can be read as ever.
    func startPlanes() throws(CodecError) -> ship_jpeg_layout? {
        var layout = ship_jpeg_layout()
        var text = [CChar](repeating: 0, count: Int(SHIP_JPEG_TEXT))
        let code = ship_jpeg_start_planes(reader, &layout, &text)
        if Int(code) == SHIP_JPEG_UNSUPPORTED { return nil }
        guard Int(code) == SHIP_JPEG_OK else { throw Self.error(code, message(text), source.name, row: nil) }
        return layout
    }

    func readPlanes(_ planes: ship_jpeg_planes, rows: Int) throws(CodecError) {
        var planes = planes
        var text = [CChar](repeating: 0, count: Int(SHIP_JPEG_TEXT))
        let code = ship_jpeg_read_planes(reader, &planes, &text)
        guard Int(code) == SHIP_JPEG_OK else { throw Self.error(code, message(text), source.name, row: row) }
        row += rows
    }

    /// Entropy-decodes the rows without computing their pixels.
    func skipRows(_ count: Int) throws(CodecError) {
        precondition(count >= 0 && count <= header.height - row, "skipping \(count) rows from row \(row)")
        var text = [CChar](repeating: 0, count: Int(SHIP_JPEG_TEXT))
        let code = ship_jpeg_skip(reader, UInt32(count), &text)
        guard Int(code) == SHIP_JPEG_OK else { throw Self.error(code, message(text), source.name, row: row) }
        row += count
    }

    private func read(_ out: UnsafeMutablePointer<UInt8>, stride: Int, count: Int) throws(CodecError) {
        var text = [CChar](repeating: 0, count: Int(SHIP_JPEG_TEXT))
        let code = ship_jpeg_read(reader, out, stride, UInt32(count), &text)
        guard Int(code) == SHIP_JPEG_OK else { throw Self.error(code, message(text), source.name, row: row) }
        row += count
    }

    private static func error(_ code: Int32, _ text: String, _ file: String, row: Int?) -> CodecError {
        switch Int(code) {
        case SHIP_JPEG_TRUNCATED: .truncated(file: file, row: row)
        case SHIP_JPEG_UNSUPPORTED, SHIP_JPEG_RANGE: .unsupported(file: file, reason: "this kind of JPEG is not supported (\(text))")
        case SHIP_JPEG_MEMORY: .tooLarge(file: file, reason: "a progressive JPEG of this size takes too much memory; save it as baseline JPEG")
        default: .damaged(file: file, reason: text)
        }
    }
}
