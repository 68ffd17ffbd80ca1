import CTIFF

/// One page of a TIFF by rows: strips row by row, tiles by bands of tiles, contiguous or in separate planes.
///
/// Samples of 1 to 16 bits, unsigned; gray, palette, RGB, CMYK, and whatever libtiff turns to RGB (YCbCr, CIE L*a*b*, old JPEG).
final class TIFFRowReader: ImageRowReader {
    let header: ImageHeader
    private let source: ImageSource
    private let reader: OpaquePointer
    private let info: ship_tiff_info
    private let layout: Layout
    private var row = 0

    /// What the stored samples mean.
    private enum Meaning { case gray(inverted: Bool), palette, color, ink, rgba }

    private struct Layout {
        var meaning: Meaning
        /// Position of the alpha sample, or nil.
        var alpha: Int?
        /// Alpha is already multiplied into the colours.
        var associated: Bool
        var planes: Int
    }

    private var palette: [(UInt16, UInt16, UInt16)] = []
    /// Unpacked samples of one row, all planes interleaved, as stored.
    private var samples: [UInt16] = []
    /// Stored bytes of one row, or of one band of tiles for each plane.
    private var stored: [UInt8] = []
    private var tile: [UInt8] = []
    private var bandStart = 0
    private var bandEnd = 0
    private var band: [UInt32] = []

    init(_ source: ImageSource, page: Int, limits: DecodeLimits) throws(CodecError) {
        self.source = source
        var info = ship_tiff_info()
        var code: Int32 = 0
        var text = [CChar](repeating: 0, count: Int(SHIP_TIFF_TEXT))
        guard page >= 0, page < Int(UInt32.max) else { throw .noSuchPage(file: source.name, page: page, pages: 1) }
        guard
            let reader = ship_tiff_open(
                source.descriptor, source.bytes, UInt64(source.size), UInt64(limits.maxDecoderBytes), UInt32(page), &info, &code, &text)
        else {
            if Int(code) == SHIP_TIFF_NO_PAGE { throw .noSuchPage(file: source.name, page: page, pages: Int(message(text)) ?? 1) }
            throw Self.error(code, message(text), source.name, row: nil)
        }
        self.reader = reader
        self.info = info
        do {
            (header, layout) = try Self.describe(info, source.name, limits, reader)
        } catch {
            ship_tiff_close(reader)
            throw error
        }
        if case .palette = layout.meaning { palette = Self.palette(reader, bits: Int(info.bits)) }
        if case .rgba = layout.meaning { return }
        samples = [UInt16](repeating: 0, count: header.width * Int(info.samples))
        if info.tiled == 0 { stored = [UInt8](repeating: 0, count: Int(info.row_bytes) * layout.planes) }
    }

    deinit { ship_tiff_close(reader) }

    private static func describe(
        _ info: ship_tiff_info, _ file: String, _ limits: DecodeLimits, _ reader: OpaquePointer
    ) throws(CodecError) -> (ImageHeader, Layout) {
        let (width, height) = (Int(info.width), Int(info.height))
        guard width > 0, height > 0 else { throw .damaged(file: file, reason: "its size is \(width) × \(height) pixels") }
        guard width <= limits.maxSide, height <= limits.maxSide else {
            throw .tooLarge(file: file, reason: "it says it has \(width) × \(height) pixels, more than \(limits.maxSide) a side; cut it into parts")
        }
        var header = ImageHeader(width: width, height: height, channels: 3, bitsPerSample: 8, format: .tiff, pages: Int(info.pages))
        if info.x_resolution > 0, info.y_resolution > 0, info.x_resolution.isFinite, info.y_resolution.isFinite, 2...3 ~= info.resolution_unit {
            header.resolution = Resolution(
                x: Double(info.x_resolution), y: Double(info.y_resolution), unit: info.resolution_unit == 2 ? .inch : .centimetre, source: .tiff)
        }
        let bandRows = info.tiled != 0 ? Int(info.tile_height) : Int(min(info.rows_per_strip, UInt32(height)))
        if info.rgba_only != 0 {
            guard bandRows > 0, width.multipliedReportingOverflow(by: 4 * bandRows).partialValue <= limits.maxDecoderBytes else {
                throw .tooLarge(file: file, reason: "one strip or row of tiles takes too much memory; save it in strips of fewer rows")
            }
            header.notes.append("Colours were turned to RGB by libtiff")
            return (header, Layout(meaning: .rgba, alpha: nil, associated: false, planes: 1))
        }
        let (bits, count) = (Int(info.bits), Int(info.samples))
        guard info.sample_format == 1 || info.sample_format == 4 else {
            let kind = info.sample_format == 2 ? "signed" : info.sample_format == 3 ? "floating-point" : "complex"
            throw .unsupported(file: file, reason: "its samples are \(kind) numbers")
        }
        guard (1...16).contains(bits) else { throw .unsupported(file: file, reason: "its samples have \(bits) bits") }
        guard count >= 1, count <= 64 else { throw .unsupported(file: file, reason: "it has \(count) channels") }
        var layout = Layout(meaning: .gray(inverted: false), alpha: nil, associated: false, planes: info.planar == 2 ? count : 1)
        let colors: Int
        switch info.photometric {
        case 0, 1:
            layout.meaning = .gray(inverted: info.photometric == 0)
            if info.photometric == 0 { header.notes.append("0 is white in the file; levels were turned round") }
            (colors, header.channels) = (1, 1)
        case 2, 6:
            layout.meaning = .color
            colors = 3
        case 3:
            guard bits <= 8 || bits == 16 else { throw .unsupported(file: file, reason: "its palette has \(bits)-bit indices") }
            guard bits <= 8 else { throw .unsupported(file: file, reason: "its palette has 16-bit indices") }
            var (red, green, blue): (UnsafePointer<UInt16>?, UnsafePointer<UInt16>?, UnsafePointer<UInt16>?)
            guard ship_tiff_palette(reader, &red, &green, &blue) != 0 else { throw .damaged(file: file, reason: "its palette is missing") }
            layout.meaning = .palette
            colors = 1
            header.notes.append("Palette colours were turned to RGB")
        case 5:
            guard info.ink_set <= 1 else { throw .unsupported(file: file, reason: "its inks are not cyan, magenta, yellow and black") }
            layout.meaning = .ink
            colors = 4
            header.notes.append("CMYK was turned to RGB without a colour profile")
        default: throw .unsupported(file: file, reason: "its colour model (TIFF photometric \(info.photometric)) is not supported")
        }
        guard count >= colors else { throw .damaged(file: file, reason: "it has \(count) of \(colors) colour channels") }
        if count > colors {
            if info.extra_samples > 0, info.first_extra == 1 || info.first_extra == 2, colors != 4 {
                layout.alpha = colors
                layout.associated = info.first_extra == 1
                header.hadAlpha = true
                header.notes.append("Transparency was composed on white")
            } else {
                header.notes.append("Only the first \(colors) of \(count) channels are used")
            }
        }
        if case .palette = layout.meaning {} else {
            header.bitsPerSample = bits > 8 ? 16 : 8
            if bits < 8 { header.notes.append("\(bits)-bit samples were spread to 0 … 255") }
            if bits > 8, bits < 16 { header.notes.append("Samples have \(bits) bits: values lie between 0 and \((1 << bits) - 1)") }
        }
        if info.tiled != 0 {
            let (tileWidth, tileHeight) = (Int(info.tile_width), Int(info.tile_height))
            guard tileWidth > 0, tileHeight > 0, tileWidth <= limits.maxSide * 2, tileHeight <= limits.maxSide * 2 else {
                throw .damaged(file: file, reason: "its tiles are \(tileWidth) × \(tileHeight) pixels")
            }
            let across = (width + tileWidth - 1) / tileWidth
            let bytes = Int(clamping: info.tile_bytes).multipliedReportingOverflow(by: across * layout.planes)
            guard !bytes.overflow, bytes.partialValue > 0, bytes.partialValue <= limits.maxDecoderBytes else {
                throw .tooLarge(file: file, reason: "one row of its tiles takes too much memory; save it with smaller tiles")
            }
            let bitsPerRow = tileWidth * bits * (layout.planes > 1 ? 1 : count)
            guard bitsPerRow % 8 == 0 else { throw .unsupported(file: file, reason: "rows of its tiles, \(tileWidth) pixels wide, do not end on whole bytes") }
            // A tile row must hold its samples, or unpacking would read past it.
            let perRow = bitsPerRow / 8
            guard Int(info.tile_row_bytes) >= perRow, Int(info.tile_bytes) >= perRow * tileHeight else {
                throw .damaged(file: file, reason: "its tiles are shorter than their size says")
            }
        } else {
            let perRow = (width * bits * (layout.planes > 1 ? 1 : count) + 7) / 8
            guard Int(clamping: info.row_bytes) >= perRow, Int(clamping: info.row_bytes) <= limits.maxDecoderBytes / layout.planes else {
                throw .damaged(file: file, reason: "its rows are shorter than its width says")
            }
        }
        return (header, layout)
    }

    private static func palette(_ reader: OpaquePointer, bits: Int) -> [(UInt16, UInt16, UInt16)] {
        var (red, green, blue): (UnsafePointer<UInt16>?, UnsafePointer<UInt16>?, UnsafePointer<UInt16>?)
        guard ship_tiff_palette(reader, &red, &green, &blue) != 0, let red, let green, let blue else { return [] }
        let count = 1 << bits
        // Some writers store 8-bit colours where 16 belong.
        let narrow = (0..<count).allSatisfy { red[$0] < 256 && green[$0] < 256 && blue[$0] < 256 }
        let shift = narrow ? 0 : 8
        return (0..<count).map { (blue[$0] >> shift, green[$0] >> shift, red[$0] >> shift) }
    }

    func readRows(into target: UnsafeMutableRawBufferPointer, count: Int) throws(CodecError) {
        precondition(count >= 0 && count <= header.height - row && target.count >= count * header.rowBytes, "\(count) rows from row \(row)")
        guard count > 0, let base = target.baseAddress else { return }
        for index in 0..<count {
            let out = base + index * header.rowBytes
            if case .rgba = layout.meaning {
                try readRGBA(into: out)
            } else if info.tiled != 0 {
                try readTiledRow(into: out)
            } else {
                try readStripRow(into: out)
            }
            row += 1
        }
    }

    /// Whole strips or rows of tiles are passed over unread; within one, rows depend on those before.
    func skipRows(_ count: Int) throws(CodecError) {
        precondition(count >= 0 && count <= header.height - row, "skipping \(count) rows from row \(row)")
        let isDirect = info.compression == 1 && info.tiled == 0 && info.rgba_only == 0
        let unit = isDirect ? 1 : max(1, info.tiled != 0 ? Int(info.tile_height) : Int(min(info.rows_per_strip, info.height)))
        let target = row + count
        // A band that has been unpacked serves on; else its reading starts at its first row.
        if target >= max(bandEnd, (row / unit + 1) * unit) { row = target / unit * unit }
        var scratch = [UInt8](repeating: 0, count: header.rowBytes)
        while row < target {
            try scratch.withUnsafeMutableBufferPointer { bytes throws(CodecError) in try readRows(into: UnsafeMutableRawBufferPointer(bytes), count: 1) }
        }
    }

    // MARK: Stored rows

    private func readStripRow(into out: UnsafeMutableRawPointer) throws(CodecError) {
        let bytes = Int(info.row_bytes)
        for plane in 0..<layout.planes {
            try check { text in
                stored.withUnsafeMutableBufferPointer {
                    ship_tiff_row(reader, $0.baseAddress! + plane * bytes, UInt32(row), UInt16(plane), text)
                }
            }
        }
        stored.withUnsafeBytes { convert($0.baseAddress!, planeStep: bytes, into: out) }
    }

    private func readTiledRow(into out: UnsafeMutableRawPointer) throws(CodecError) {
        let (tileWidth, tileHeight) = (Int(info.tile_width), Int(info.tile_height))
        let across = (header.width + tileWidth - 1) / tileWidth
        let perTile = layout.planes > 1 ? 1 : Int(info.samples)
        let bits = Int(info.bits)
        // Tile rows are joined; that they end on whole bytes was checked.
        let tileRow = Int(info.tile_row_bytes)
        let used = (tileWidth * bits * perTile + 7) / 8
        let rowBytes = across * used
        if row >= bandEnd {
            let rows = min(tileHeight, header.height - row)
            if stored.isEmpty {
                stored = [UInt8](repeating: 0, count: rowBytes * tileHeight * layout.planes)
                tile = [UInt8](repeating: 0, count: Int(info.tile_bytes))
            }
            for plane in 0..<layout.planes {
                for column in 0..<across {
                    try check { text in
                        tile.withUnsafeMutableBufferPointer {
                            ship_tiff_tile(
                                reader, $0.baseAddress!, UInt64($0.count), UInt32(column * tileWidth), UInt32(row), UInt16(plane), text)
                        }
                    }
                    stored.withUnsafeMutableBytes { stored in
                        tile.withUnsafeBytes { tile in
                            for y in 0..<rows {
                                let to = stored.baseAddress! + (plane * tileHeight + y) * rowBytes + column * used
                                to.copyMemory(from: tile.baseAddress! + y * tileRow, byteCount: used)
                            }
                        }
                    }
                }
            }
            (bandStart, bandEnd) = (row, row + rows)
        }
        stored.withUnsafeBytes {
            convert($0.baseAddress! + (row - bandStart) * rowBytes, planeStep: rowBytes * tileHeight, into: out)
        }
    }

    private func readRGBA(into out: UnsafeMutableRawPointer) throws(CodecError) {
        let width = header.width
        if row >= bandEnd {
            let bandRows = info.tiled != 0 ? Int(info.tile_height) : Int(min(info.rows_per_strip, info.height))
            let rows = min(max(1, bandRows), header.height - row)
            if band.isEmpty { band = [UInt32](repeating: 0, count: width * rows) }
            try check { text in
                band.withUnsafeMutableBufferPointer { ship_tiff_rgba(reader, $0.baseAddress!, UInt32(row), UInt32(rows), text) }
            }
            (bandStart, bandEnd) = (row, row + rows)
        }
        let out = out.assumingMemoryBound(to: UInt8.self)
        band.withUnsafeBufferPointer { band in
            let start = (row - bandStart) * width
            for x in 0..<width {
                let pixel = band[start + x]
                out[3 * x] = UInt8(truncatingIfNeeded: pixel >> 16)
                out[3 * x + 1] = UInt8(truncatingIfNeeded: pixel >> 8)
                out[3 * x + 2] = UInt8(truncatingIfNeeded: pixel)
            }
        }
    }

    private func check(_ body: (UnsafeMutablePointer<CChar>) -> Int32) throws(CodecError) {
        var text = [CChar](repeating: 0, count: Int(SHIP_TIFF_TEXT))
        let code = text.withUnsafeMutableBufferPointer { body($0.baseAddress!) }
        guard Int(code) == SHIP_TIFF_OK else { throw Self.error(code, message(text), source.name, row: row) }
    }

    static func error(_ code: Int32, _ text: String, _ file: String, row: Int?) -> CodecError {
        switch Int(code) {
        case SHIP_TIFF_TRUNCATED: .truncated(file: file, row: row)
        case SHIP_TIFF_MEMORY: .tooLarge(file: file, reason: text)
        default: .damaged(file: file, reason: text)
        }
    }

    // MARK: Samples

    /// One stored row to gray or blue green red.
    private func convert(_ stored: UnsafeRawPointer, planeStep: Int, into out: UnsafeMutableRawPointer) {
        let (width, count, bits) = (header.width, Int(info.samples), Int(info.bits))
        // The common kinds need no unpacking.
        if layout.planes == 1, bits == 8, layout.alpha == nil {
            let from = stored.assumingMemoryBound(to: UInt8.self)
            let to = out.assumingMemoryBound(to: UInt8.self)
            switch layout.meaning {
            case .gray(let inverted) where count == 1:
                if inverted { for x in 0..<width { to[x] = ~from[x] } } else { out.copyMemory(from: stored, byteCount: width) }
                return
            case .color where count == 3:
                for x in 0..<width {
                    to[3 * x] = from[3 * x + 2]
                    to[3 * x + 1] = from[3 * x + 1]
                    to[3 * x + 2] = from[3 * x]
                }
                return
            default: break
            }
        }
        if layout.planes == 1, bits == 16, layout.alpha == nil, count == 1, case .gray(inverted: false) = layout.meaning {
            out.copyMemory(from: stored, byteCount: 2 * width)
            return
        }
        samples.withUnsafeMutableBufferPointer { samples in
            let perPlane = layout.planes > 1 ? 1 : count
            for plane in 0..<layout.planes {
                unpack(
                    stored + plane * planeStep, bits: bits, count: width * perPlane, into: samples.baseAddress! + plane,
                    step: layout.planes > 1 ? count : 1)
            }
        }
        let most = (1 << bits) - 1
        switch layout.meaning {
        case .palette:
            let to = out.assumingMemoryBound(to: UInt8.self)
            for x in 0..<width {
                let (blue, green, red) = palette[Int(samples[x * count])]
                to[3 * x] = UInt8(truncatingIfNeeded: blue)
                to[3 * x + 1] = UInt8(truncatingIfNeeded: green)
                to[3 * x + 2] = UInt8(truncatingIfNeeded: red)
            }
        case .ink:
            if header.bitsPerSample == 8 {
                turnInkToColor(
                    samples.map { UInt8(Int($0) * 255 / most) }, samples: count, width: width, inverted: false,
                    into: out.assumingMemoryBound(to: UInt8.self))
            } else {
                turnInkToColor(
                    bits == 16 ? samples : samples.map { UInt16(Int($0) * 65535 / most) }, samples: count, width: width,
                    into: out.assumingMemoryBound(to: UInt16.self))
            }
        case .gray, .color, .rgba:
            finishColors(most: most, into: out)
        }
    }

    /// Inverts, composes on white, orders as blue green red and spreads fewer than 8 bits over 0 ... 255.
    private func finishColors(most: Int, into out: UnsafeMutableRawPointer) {
        let (width, count, channels) = (header.width, Int(info.samples), header.channels)
        var inverted = false
        if case .gray(true) = layout.meaning { inverted = true }
        let narrow = header.bitsPerSample == 8
        samples.withUnsafeBufferPointer { samples in
            for x in 0..<width {
                for channel in 0..<channels {
                    var value = Int(samples[x * count + (channels == 3 ? 2 - channel : 0)])
                    if inverted { value = most - value }
                    if let alpha = layout.alpha {
                        let cover = Int(samples[x * count + alpha])
                        value = layout.associated ? min(most, value + most - cover) : (value * cover + most * (most - cover) + most / 2) / most
                    }
                    if narrow {
                        out.storeBytes(of: UInt8(truncatingIfNeeded: (value * 255 + most / 2) / most), toByteOffset: x * channels + channel, as: UInt8.self)
                    } else {
                        out.storeBytes(of: UInt16(truncatingIfNeeded: value), toByteOffset: 2 * (x * channels + channel), as: UInt16.self)
                    }
                }
            }
        }
    }
}

/// Samples of 1 to 16 bits, packed from the highest bit on (16 bits: native order), to one element each.
private func unpack(_ from: UnsafeRawPointer, bits: Int, count: Int, into out: UnsafeMutablePointer<UInt16>, step: Int) {
    switch bits {
    case 8: for index in 0..<count { out[index * step] = UInt16(from.load(fromByteOffset: index, as: UInt8.self)) }
    case 16: for index in 0..<count { out[index * step] = from.loadUnaligned(fromByteOffset: 2 * index, as: UInt16.self) }
    default:
        let mask = UInt32(1) << UInt32(bits) - 1
        var (pool, have, next) = (UInt32(0), 0, 0)
        for index in 0..<count {
            while have < bits {
                pool = pool << 8 | UInt32(from.load(fromByteOffset: next, as: UInt8.self))
                next += 1
                have += 8
            }
            have -= bits
            out[index * step] = UInt16(truncatingIfNeeded: pool >> UInt32(have) & mask)
        }
    }
}
