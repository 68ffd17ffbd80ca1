import CPNG
import CTIFF
import Raster

/// Picture whose stored samples are numbers of objects or classes, 0 is background: PNG of 1 to 16 bits, TIFF of 1 to 32 bits.
///
/// Unlike `ImageFile`, samples are taken as stored: a palette's index is the label, whatever its colour; 1-bit masks are 0 and 1.
/// Of colour pictures each colour is a label (red × 65536 + green × 256 + blue), black and transparent is background.
package struct LabelFile: Sendable {
    package struct Label: Sendable, Equatable {
        package let value: UInt32
        /// In the coordinates of the picture.
        package let mask: Mask

        package init(value: UInt32, mask: Mask) { (self.value, self.mask) = (value, mask) }
    }

    package let width: Int
    package let height: Int
    /// By value.
    package let labels: [Label]
    /// Further pages of a TIFF hold further objects.
    package let pages: Int

    /// - Throws: `CodecError`; `.tooLarge` when the labels are so fragmented that they would take more than `limits.maxPixelBytes`.
    package static func read(bytes: [UInt8], name: String, page: Int = 0, limits: DecodeLimits = .standard) throws(CodecError) -> LabelFile {
        try read(ImageSource(bytes: bytes, name: name), page, limits)
    }

    package static func read(descriptor: Int32, name: String, page: Int = 0, limits: DecodeLimits = .standard) throws(CodecError) -> LabelFile {
        try read(ImageSource(descriptor: descriptor, name: name), page, limits)
    }

    /// Size without the pixels.
    package static func size(descriptor: Int32, name: String, limits: DecodeLimits = .standard) throws(CodecError) -> (width: Int, height: Int) {
        let rows = try rows(ImageSource(descriptor: descriptor, name: name), 0, limits)
        return (rows.width, rows.height)
    }

    private static func rows(_ source: ImageSource, _ page: Int, _ limits: DecodeLimits) throws(CodecError) -> any LabelRows {
        switch try source.sniff() {
        case .png:
            guard page == 0 else { throw .noSuchPage(file: source.name, page: page, pages: 1) }
            return try PNGLabelRows(source, limits)
        case .tiff: return try TIFFLabelRows(source, page, limits)
        case .jpeg: throw .unsupported(file: source.name, reason: "JPEG changes values, so it holds no labels; write labels as PNG or TIFF")
        }
    }

    private static func read(_ source: ImageSource, _ page: Int, _ limits: DecodeLimits) throws(CodecError) -> LabelFile {
        let rows = try rows(source, page, limits)
        var indices: [UInt32: Int] = [:]
        var runs: [[Run]] = []
        var count = 0
        var row = [UInt32](repeating: 0, count: rows.width)
        let most = limits.maxPixelBytes / (2 * MemoryLayout<Run>.stride)
        var (last, lastIndex): (UInt32, Int) = (0, -1)
        for y in 0..<rows.height {
            try rows.read(into: &row)
            var x = 0
            while x < row.count {
                let value = row[x]
                let start = x
                repeat { x += 1 } while x < row.count && row[x] == value
                guard value != 0 else { continue }
                if value != last {
                    last = value
                    if let known = indices[value] { lastIndex = known } else {
                        lastIndex = runs.count
                        indices[value] = lastIndex
                        runs.append([])
                    }
                }
                runs[lastIndex].append(Run(y: y, first: start, last: x - 1))
                count += 1
            }
            guard count <= most else {
                throw .tooLarge(file: source.name, reason: "its labels are in so many pieces that they take more than \(megabytes(limits.maxPixelBytes / 2)); remove specks")
            }
        }
        let bounds = Rect(x: 0, y: 0, width: rows.width, height: rows.height)
        let labels = indices.sorted { $0.key < $1.key }.map { Label(value: $0.key, mask: Mask(bounds: bounds, sortedRuns: runs[$0.value])) }
        return LabelFile(width: rows.width, height: rows.height, labels: labels, pages: rows.pages)
    }

    /// Writes one picture of labels row by row; objects must not overlap.
    ///
    /// - Parameter bits: 1 (label 1 only), 8, 16, or 32 in TIFF.
    /// - Throws: `.cannotEncode`, for example when the disk is full.
    package static func write(_ labels: [Label], width: Int, height: Int, bits: Int, as format: ImageFormat, to descriptor: Int32) throws(CodecError) {
        _ = try writer(labels, width, height, bits, format, .descriptor(descriptor))
    }

    /// The same as a file in memory.
    package static func encode(_ labels: [Label], width: Int, height: Int, bits: Int, as format: ImageFormat) throws(CodecError) -> [UInt8] {
        let writer = try writer(labels, width, height, bits, format, .memory)
        return withExtendedLifetime(writer) { Array(writer.file) }
    }

    private static func writer(
        _ labels: [Label], _ width: Int, _ height: Int, _ bits: Int, _ format: ImageFormat, _ target: RowTarget
    ) throws(CodecError) -> any ImageRowWriter {
        let shape = PictureShape(width: width, height: height, channels: 1, bitsPerSample: bits)
        let writer = try ImageFile.writer(format, to: target, shape: shape)
        var runs: [(run: Run, value: UInt32)] = []
        for label in labels {
            precondition(bits == 32 || label.value < 1 << bits, "label \(label.value) in \(bits) bits")
            runs += label.mask.runs.map { ($0, label.value) }
        }
        runs.sort { $0.run < $1.run }
        var next = 0
        var row = [UInt8](repeating: 0, count: shape.rowBytes)
        for y in 0..<height {
            let isEmpty = next == runs.count || Int(runs[next].run.y) > y
            if !isEmpty {
                row.withUnsafeMutableBytes { row in
                    while next < runs.count, Int(runs[next].run.y) == y {
                        let (run, value) = runs[next]
                        for x in Int(run.first)...Int(run.last) {
                            switch bits {
                            case 1: row[x >> 3] |= 0x80 >> UInt8(x & 7)
                            case 8: row[x] = UInt8(value)
                            case 16: row.storeBytes(of: UInt16(value), toByteOffset: 2 * x, as: UInt16.self)
                            default: row.storeBytes(of: value, toByteOffset: 4 * x, as: UInt32.self)
                            }
                        }
                        next += 1
                    }
                }
            }
            let failure = row.withUnsafeBytes { bytes -> CodecError? in
                do throws(CodecError) { try writer.writeRows(bytes, count: 1) } catch { return error }
                return nil
            }
            if let failure { throw failure }
            if !isEmpty { row.withUnsafeMutableBytes { _ = $0.initializeMemory(as: UInt8.self, repeating: 0) } }
        }
        try writer.finish()
        return writer
    }
}

/// Rows of labels from top to bottom.
private protocol LabelRows: AnyObject {
    var width: Int { get }
    var height: Int { get }
    var pages: Int { get }
    func read(into row: inout [UInt32]) throws(CodecError)
}

/// One label a pixel from stored samples.
private func unpackLabels(_ stored: [UInt8], bits: Int, channels: Int, bgr: Bool, alpha: Bool, into row: inout [UInt32]) {
    stored.withUnsafeBytes { stored in
        func sample(_ index: Int) -> UInt32 {
            switch bits {
            case 8: UInt32(stored[index])
            case 16: UInt32(stored.loadUnaligned(fromByteOffset: 2 * index, as: UInt16.self))
            case 32: stored.loadUnaligned(fromByteOffset: 4 * index, as: UInt32.self)
            default: UInt32(stored[(index * bits) >> 3] >> UInt8(8 - bits - ((index * bits) & 7))) & ((1 << UInt32(bits)) - 1)
            }
        }
        let colors = alpha ? channels - 1 : channels
        if colors == 1 {
            for x in row.indices { row[x] = alpha && sample(2 * x + 1) == 0 ? 0 : sample(x * channels) }
        } else {
            for x in row.indices {
                let (a, b, c) = (sample(x * channels), sample(x * channels + 1), sample(x * channels + 2))
                let high: UInt32 = bits == 16 ? 8 : 0
                let (red, green, blue) = bgr ? (c >> high, b >> high, a >> high) : (a >> high, b >> high, c >> high)
                row[x] = alpha && sample(x * channels + 3) == 0 ? 0 : red == green && green == blue ? red : red << 16 | green << 8 | blue
            }
        }
    }
}

private final class PNGLabelRows: LabelRows {
    let (width, height, pages): (Int, Int, Int)
    private let source: ImageSource
    private let reader: OpaquePointer
    private let info: ship_png_info
    private var stored: [UInt8]
    private var row = 0

    init(_ source: ImageSource, _ limits: DecodeLimits) throws(CodecError) {
        self.source = source
        var info = ship_png_info()
        var code: Int32 = 0
        var text = [CChar](repeating: 0, count: Int(SHIP_PNG_TEXT))
        guard
            let reader = ship_png_open(
                source.descriptor, source.bytes, UInt64(source.size), UInt64(limits.maxPixelBytes), UInt32(clamping: limits.maxSide), 2, &info, &code, &text)
        else { throw PNGRowReader.error(code, message(text), source.name, row: nil) }
        self.reader = reader
        self.info = info
        (width, height, pages) = (Int(info.width), Int(info.height), 1)
        let rowBytes = (width * Int(info.bits * info.channels) + 7) / 8
        stored = [UInt8](repeating: 0, count: rowBytes + 8)
        // Deflate packs at most 1,032 : 1.
        guard rowBytes * height / 1100 <= source.size else { throw .truncated(file: source.name, row: 0) }
    }

    deinit { ship_png_close(reader) }

    func read(into labels: inout [UInt32]) throws(CodecError) {
        var text = [CChar](repeating: 0, count: Int(SHIP_PNG_TEXT))
        let code = stored.withUnsafeMutableBufferPointer { ship_png_read(reader, $0.baseAddress!, 0, 1, &text) }
        guard Int(code) == SHIP_PNG_OK else { throw PNGRowReader.error(code, message(text), source.name, row: row) }
        row += 1
        unpackLabels(stored, bits: Int(info.bits), channels: Int(info.channels), bgr: true, alpha: info.channels == 2 || info.channels == 4, into: &labels)
    }
}

private final class TIFFLabelRows: LabelRows {
    let (width, height, pages): (Int, Int, Int)
    private let source: ImageSource
    private let reader: OpaquePointer
    private let info: ship_tiff_info
    private var stored: [UInt8]
    private var tile: [UInt8] = []
    private var band: [[UInt8]] = []
    private var row = 0

    init(_ source: ImageSource, _ page: Int, _ limits: DecodeLimits) throws(CodecError) {
        self.source = source
        var info = ship_tiff_info()
        var code: Int32 = 0
        var text = [CChar](repeating: 0, count: Int(SHIP_TIFF_TEXT))
        guard
            let reader = ship_tiff_open(source.descriptor, source.bytes, UInt64(source.size), UInt64(limits.maxDecoderBytes), UInt32(page), &info, &code, &text)
        else {
            if Int(code) == SHIP_TIFF_NO_PAGE { throw .noSuchPage(file: source.name, page: page, pages: Int(message(text)) ?? 1) }
            throw TIFFRowReader.error(code, message(text), source.name, row: nil)
        }
        self.reader = reader
        self.info = info
        (width, height, pages) = (Int(info.width), Int(info.height), Int(info.pages))
        stored = []
        var fault: CodecError?
        let (bits, samples) = (Int(info.bits), Int(info.samples))
        let perRow = (width * bits * samples + 7) / 8
        if width == 0 || height == 0 || max(width, height) > limits.maxSide {
            fault = .tooLarge(file: source.name, reason: "it says it has \(width) × \(height) pixels, more than \(limits.maxSide) a side; cut it into parts")
        } else if info.rgba_only != 0 || !([1, 2, 4, 8, 16, 32].contains(bits)) || !((1...4).contains(samples)) || (samples > 1 && (info.planar == 2 || ![8, 16].contains(bits))) {
            fault = .unsupported(file: source.name, reason: "its samples are no labels; write labels as gray or palette PNG or TIFF")
        } else if info.sample_format == 3 ? bits != 32 : ![1, 2, 4].contains(info.sample_format) {
            fault = .unsupported(file: source.name, reason: "its samples are no whole numbers; write labels as whole numbers")
        } else if info.tiled != 0 {
            let tileRow = (Int(info.tile_width) * bits * samples + 7) / 8
            if info.tile_width == 0 || info.tile_height == 0 || Int(clamping: info.tile_bytes) > limits.maxDecoderBytes / 16 || Int(info.tile_row_bytes) < tileRow
                || Int(info.tile_bytes) < Int(info.tile_row_bytes) * Int(info.tile_height) || (Int(info.tile_width) * bits * samples) % 8 != 0
            {
                fault = .damaged(file: source.name, reason: "its tiles are \(info.tile_width) × \(info.tile_height) pixels")
            } else if min(Int(info.tile_height), height) * (perRow + 8) > limits.maxDecoderBytes {
                fault = .tooLarge(file: source.name, reason: "one row of its tiles takes too much memory; save it with smaller tiles")
            }
        } else if Int(clamping: info.row_bytes) < perRow || Int(clamping: info.row_bytes) > limits.maxDecoderBytes {
            fault = .damaged(file: source.name, reason: "its rows are shorter than its width says")
        }
        if let fault {
            ship_tiff_close(reader)
            throw fault
        }
        stored = [UInt8](repeating: 0, count: max(perRow, info.tiled != 0 ? 0 : Int(info.row_bytes)) + 8)
        if info.tiled != 0 { tile = [UInt8](repeating: 0, count: Int(info.tile_bytes)) }
    }

    deinit { ship_tiff_close(reader) }

    func read(into labels: inout [UInt32]) throws(CodecError) {
        if info.tiled != 0 {
            let top = Int(info.tile_height)
            if row % top == 0 { try readBand(rows: min(top, height - row)) }
            let line = band[row % top]
            stored.withUnsafeMutableBytes { stored in line.withUnsafeBytes { stored.copyMemory(from: $0) } }
        } else {
            try check { text in stored.withUnsafeMutableBufferPointer { ship_tiff_row(reader, $0.baseAddress!, UInt32(row), 0, text) } }
        }
        row += 1
        let (bits, samples) = (Int(info.bits), Int(info.samples))
        unpackLabels(stored, bits: bits, channels: samples, bgr: false, alpha: samples == 2 || samples == 4, into: &labels)
        if info.sample_format == 3 {
            for x in labels.indices {
                let value = Float(bitPattern: labels[x])
                guard let label = UInt32(exactly: value) else { throw .unsupported(file: source.name, reason: "it holds the number \(value), and labels are whole numbers from 0") }
                labels[x] = label
            }
        } else if info.sample_format == 2, let negative = labels.first(where: { bits >= 8 && $0 >> UInt32(bits - 1) & 1 == 1 }) {
            throw .unsupported(file: source.name, reason: "it holds the number \(Int64(negative) - Int64(1) << Int64(bits)), and labels are whole numbers from 0")
        }
        // 0 is white in the file, and what is white is marked.
        if info.photometric == 0 { for x in labels.indices { labels[x] = (UInt32(truncatingIfNeeded: (UInt64(1) << UInt64(bits)) - 1)) - labels[x] } }
    }

    private func readBand(rows: Int) throws(CodecError) {
        let (bits, samples) = (Int(info.bits), Int(info.samples))
        let (across, used) = ((width + Int(info.tile_width) - 1) / Int(info.tile_width), Int(info.tile_width) * bits * samples / 8)
        band = [[UInt8]](repeating: [UInt8](repeating: 0, count: max(0, stored.count)), count: rows)
        for column in 0..<across {
            try check { text in
                tile.withUnsafeMutableBufferPointer {
                    ship_tiff_tile(reader, $0.baseAddress!, UInt64($0.count), UInt32(column * Int(info.tile_width)), UInt32(row), 0, text)
                }
            }
            for y in 0..<rows {
                let start = column * used
                let count = min(used, stored.count - start)
                guard count > 0 else { continue }
                band[y].replaceSubrange(start..<(start + count), with: tile[(y * Int(info.tile_row_bytes))..<(y * Int(info.tile_row_bytes) + count)])
            }
        }
    }

    private func check(_ body: (UnsafeMutablePointer<CChar>) -> Int32) throws(CodecError) {
        var text = [CChar](repeating: 0, count: Int(SHIP_TIFF_TEXT))
        let code = text.withUnsafeMutableBufferPointer { body($0.baseAddress!) }
        guard Int(code) == SHIP_TIFF_OK else { throw TIFFRowReader.error(code, message(text), source.name, row: row) }
    }
}
