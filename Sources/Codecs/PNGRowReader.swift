import CPNG

/// PNG by rows, every bit depth and colour type. Interlaced pictures are held whole.
final class PNGRowReader: ImageRowReader {
    let header: ImageHeader
    private let source: ImageSource
    private let reader: OpaquePointer
    private let info: ship_png_info
    private var row = 0
    private var withAlpha: [UInt8] = []

    init(_ source: ImageSource, limits: DecodeLimits) throws(CodecError) {
        self.source = source
        var info = ship_png_info()
        var code: Int32 = 0
        var text = [CChar](repeating: 0, count: Int(SHIP_PNG_TEXT))
        guard
            let reader = ship_png_open(
                source.descriptor, source.bytes, UInt64(source.size), UInt64(limits.maxPixelBytes), UInt32(clamping: limits.maxSide), 0,
                &info, &code, &text)
        else { throw Self.error(code, message(text), source.name, row: nil) }
        self.reader = reader
        self.info = info
        var header = ImageHeader(
            width: Int(info.width), height: Int(info.height), channels: info.channels <= 2 ? 1 : 3, bitsPerSample: Int(info.bits), format: .png)
        header.hadAlpha = info.channels == 2 || info.channels == 4
        if header.hadAlpha {
            header.notes.append("Transparency was composed on white")
            withAlpha = [UInt8](repeating: 0, count: header.width * Int(info.channels * info.bits / 8))
        }
        if info.palette != 0 { header.notes.append("Palette colours were turned to RGB") }
        if info.stored_bits < 8, info.palette == 0 {
            header.notes.append("\(info.stored_bits)-bit gray was spread to 0 … 255")
        }
        if info.x_per_unit > 0, info.y_per_unit > 0, info.unit_is_metre != 0 {
            header.resolution = Resolution(x: Double(info.x_per_unit), y: Double(info.y_per_unit), unit: .metre, source: .png)
        }
        self.header = header
        // Deflate packs at most 1,032 : 1, so a file this small cannot hold what its header claims.
        let stored = (header.width * Int(info.stored_bits * info.stored_channels) + 7) / 8 * header.height
        if stored / 1100 > source.size { throw .truncated(file: source.name, row: 0) }
        if info.interlaced != 0, header.pixelBytes / header.channels * Int(info.channels) > limits.maxPixelBytes {
            throw .tooLarge(
                file: source.name,
                reason: "an interlaced PNG of \(header.width) × \(header.height) pixels takes \(megabytes(header.pixelBytes)); save it without interlacing")
        }
    }

    deinit { ship_png_close(reader) }

    func readRows(into target: UnsafeMutableRawBufferPointer, count: Int) throws(CodecError) {
        precondition(count >= 0 && count <= header.height - row && target.count >= count * header.rowBytes, "\(count) rows from row \(row)")
        guard count > 0, let base = target.baseAddress?.assumingMemoryBound(to: UInt8.self) else { return }
        guard header.hadAlpha else { return try read(base, stride: header.rowBytes, count: count) }
        for index in 0..<count {
            try withAlpha.withUnsafeMutableBufferPointer { buffer throws(CodecError) in try read(buffer.baseAddress!, stride: 0, count: 1) }
            let out = base + index * header.rowBytes
            withAlpha.withUnsafeBytes {
                if info.bits == 8 {
                    composeOnWhite(
                        $0.assumingMemoryBound(to: UInt8.self).baseAddress!, samples: Int(info.channels), colors: header.channels,
                        width: header.width, into: out)
                } else {
                    composeOnWhite(
                        $0.assumingMemoryBound(to: UInt16.self).baseAddress!, samples: Int(info.channels), colors: header.channels,
                        width: header.width, into: UnsafeMutableRawPointer(out).assumingMemoryBound(to: UInt16.self))
                }
            }
        }
    }

    private func read(_ out: UnsafeMutablePointer<UInt8>, stride: Int, count: Int) throws(CodecError) {
        var text = [CChar](repeating: 0, count: Int(SHIP_PNG_TEXT))
        let code = ship_png_read(reader, out, stride, UInt32(count), &text)
        guard Int(code) == SHIP_PNG_OK else { throw Self.error(code, message(text), source.name, row: row) }
        row += count
    }

    static func error(_ code: Int32, _ text: String, _ file: String, row: Int?) -> CodecError {
        switch Int(code) {
        case SHIP_PNG_TRUNCATED: .truncated(file: file, row: row)
        case SHIP_PNG_MEMORY: .tooLarge(file: file, reason: "\(text); save it without interlacing")
        default: .damaged(file: file, reason: text)
        }
    }
}
