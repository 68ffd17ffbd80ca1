import CPNG
import Raster

/// A mask as 1-bit palette PNG: index 0 is transparent, index 1 the foreground's colour. The picture is the mask's `bounds`.
package enum MaskPNG {
    /// - Parameters: `color` of the foreground, 0xRRGGBB; black when nil.
    /// - Returns: a PNG file; of an empty box one transparent pixel, as PNG knows no empty pictures.
    /// - Complexity: bits are set by runs, then packed by matches with the row above; 15 to 40 times faster than libpng.
    package static func encode(_ mask: Mask, color: UInt32? = nil) -> [UInt8] {
        let (width, height) = (max(1, mask.bounds.width), max(1, mask.bounds.height))
        let rowBytes = (width + 7) / 8 + 1  // filter byte first
        let raw = [UInt8](unsafeUninitializedCapacity: rowBytes * height + 8) { buffer, count in
            let base = buffer.baseAddress!
            base.initialize(repeating: 0, count: rowBytes * height + 8)
            count = rowBytes * height + 8  // 8 more, so that eight bytes at a time can be compared
            for run in mask.runs {
                let row = base + (Int(run.y) - mask.bounds.y) * rowBytes + 1
                setBits(row, from: Int(run.first) - mask.bounds.x, through: Int(run.last) - mask.bounds.x)
            }
        }
        return file(raw: raw, rowBytes: rowBytes, width: width, height: height, color: color ?? 0)
    }

    /// The same for a picture that was drawn as bits.
    package static func encode(_ raster: BitRaster, color: UInt32? = nil) -> [UInt8] {
        let (width, height) = (max(1, raster.width), max(1, raster.height))
        let rowBytes = (width + 7) / 8 + 1
        let raw = [UInt8](unsafeUninitializedCapacity: rowBytes * height + 8) { buffer, count in
            let base = UnsafeMutableRawPointer(buffer.baseAddress!)
            base.initializeMemory(as: UInt8.self, repeating: 0, count: rowBytes * height + 8)
            count = rowBytes * height + 8
            raster.words.withUnsafeBufferPointer { words in
                // A row's last word may run over into the next row, which is written after it, or into the 8 bytes at the end.
                for y in 0..<raster.height {
                    let row = base + y * rowBytes
                    row.storeBytes(of: 0, as: UInt8.self)
                    for index in 0..<raster.wordsPerRow {
                        (row + 1 + 8 * index).storeBytes(of: words[y * raster.wordsPerRow + index].bigEndian, as: UInt64.self)
                    }
                }
                (base + rowBytes * height).initializeMemory(as: UInt8.self, repeating: 0, count: 8)
            }
        }
        return file(raw: raw, rowBytes: rowBytes, width: width, height: height, color: color ?? 0)
    }

    /// The same file with another foreground colour: only the palette and its checksum change.
    ///
    /// - Throws: `.damaged` when `png` has no palette of two colours.
    package static func recolored(_ png: [UInt8], color: UInt32) throws(CodecError) -> [UInt8] {
        var png = png
        var offset = 8
        while offset + 12 <= png.count {
            let length = Int(bigEndian(png, offset))
            guard length <= png.count - offset - 12 else { break }
            if png[(offset + 4)..<(offset + 8)].elementsEqual([0x50, 0x4C, 0x54, 0x45]), length >= 6 {
                let entry = offset + 11
                (png[entry], png[entry + 1], png[entry + 2]) = (UInt8(color >> 16 & 255), UInt8(color >> 8 & 255), UInt8(color & 255))
                let check = png.withUnsafeBufferPointer { ship_crc32($0.baseAddress! + offset + 4, length + 4) }
                png.replaceSubrange((offset + 8 + length)..<(offset + 12 + length), with: bytes(check))
                return png
            }
            offset += 12 + length
        }
        throw .damaged(file: "The mask", reason: "it has no palette")
    }

    /// Mask from any PNG of 1 bit a pixel; its top left pixel becomes `origin`. Foreground is the opaque palette entry where the
    /// other is transparent, else index 1, which in gray pictures is white.
    ///
    /// - Throws: `.tooLarge` when the runs would take more than `maxPixelBytes`; else as for any PNG.
    package static func decode(
        _ png: [UInt8], origin: (x: Int, y: Int) = (0, 0), name: String = "The mask", limits: DecodeLimits = .standard
    ) throws(CodecError) -> Mask {
        if let own = decodeOwn(png, origin: origin, limits: limits) { return own }
        var info = ship_png_info()
        var code: Int32 = 0
        var text = [CChar](repeating: 0, count: Int(SHIP_PNG_TEXT))
        let source = ImageSource(bytes: png, name: name)
        guard png.count > 0 else { throw .empty(file: name) }
        guard
            let reader = ship_png_open(
                -1, source.bytes, UInt64(png.count), UInt64(limits.maxPixelBytes), UInt32(clamping: limits.maxSide), 1, &info, &code, &text)
        else { throw PNGRowReader.error(code, message(text), name, row: nil) }
        defer { ship_png_close(reader) }
        let (width, height) = (Int(info.width), Int(info.height))
        guard width / 8 * height / 1100 <= png.count else { throw .truncated(file: name, row: 0) }
        var flip = false
        if info.palette != 0 {
            let (first, second) = (ship_png_palette(reader, 0) >> 24, ship_png_palette(reader, 1) >> 24)
            flip = first != 0 && second == 0
        }
        var runs: [Run] = []
        let rowBytes = (width + 7) / 8
        var row = [UInt8](repeating: 0, count: rowBytes + 8)
        for y in 0..<height {
            let code = row.withUnsafeMutableBufferPointer { ship_png_read(reader, $0.baseAddress!, rowBytes, 1, &text) }
            guard Int(code) == SHIP_PNG_OK else { throw PNGRowReader.error(code, message(text), name, row: y) }
            row.withUnsafeBytes { appendRuns($0.baseAddress!, width: width, flip: flip, x: origin.x, y: origin.y + y, to: &runs) }
            // A picture of specks takes a hundred times the memory of its bits.
            guard runs.count <= limits.maxPixelBytes / MemoryLayout<Run>.stride else {
                throw .tooLarge(file: name, reason: "its specks take more than \(megabytes(limits.maxPixelBytes)); remove specks or cut it into parts")
            }
        }
        return Mask(bounds: Rect(x: origin.x, y: origin.y, width: width, height: height), sortedRuns: runs)
    }

    /// A file as `encode` makes it, ten times faster than any; nil for all others, damaged ones too.
    private static func decodeOwn(_ png: [UInt8], origin: (x: Int, y: Int), limits: DecodeLimits) -> Mask? {
        let (head, tail) = (head, tail)
        guard png.count >= head.count + 8 + tail.count else { return nil }
        // All but the size, the colour, checksums and the length of the data.
        for index in head.indices where !(16..<24).contains(index) && !(29..<33).contains(index) && !(44..<51).contains(index) {
            guard png[index] == head[index] || (head.count - 10..<head.count - 6).contains(index) else { return nil }
        }
        let (width, height, length) = (Int(bigEndian(png, 16)), Int(bigEndian(png, 20)), Int(bigEndian(png, head.count - 10)))
        guard width > 0, height > 0, max(width, height) <= limits.maxSide, head.count - 2 + length + 4 + tail.count == png.count else { return nil }
        let rowBytes = (width + 7) / 8 + 1
        // Large ones are read row by row.
        guard height <= 1 << 24, rowBytes * height <= 16 << 20, width / 8 * height / 1100 <= png.count else { return nil }
        return png.withUnsafeBufferPointer { png -> Mask? in
            let data = png.baseAddress! + head.count - 2
            guard ship_crc32(data - 4, length + 4) == UInt32(bigEndian: UnsafeRawPointer(data + length).loadUnaligned(as: UInt32.self))
            else { return nil }
            return withUnsafeTemporaryAllocation(byteCount: rowBytes * height + 8, alignment: 8) { raw -> Mask? in
                let base = raw.baseAddress!
                guard ship_inflate_whole(data, length, base.assumingMemoryBound(to: UInt8.self), rowBytes * height) != 0 else { return nil }
                (base + rowBytes * height).initializeMemory(as: UInt8.self, repeating: 0, count: 8)
                var runs: [Run] = []
                runs.reserveCapacity(height)
                for y in 0..<height {
                    let row = base + y * rowBytes
                    guard row.load(as: UInt8.self) == 0 else { return nil }
                    appendRuns(UnsafeRawPointer(row + 1), width: width, flip: false, x: origin.x, y: origin.y + y, to: &runs)
                }
                guard runs.count <= limits.maxPixelBytes / MemoryLayout<Run>.stride else { return nil }
                return Mask(bounds: Rect(x: origin.x, y: origin.y, width: width, height: height), sortedRuns: runs)
            }
        }
    }

    // MARK: Bits

    /// Sets the bits `first` ... `last` of a row, highest bit of a byte first.
    private static func setBits(_ row: UnsafeMutablePointer<UInt8>, from first: Int, through last: Int) {
        let (start, end) = (first >> 3, last >> 3)
        let head = UInt8(0xFF) >> UInt8(first & 7)
        let tail = UInt8(truncatingIfNeeded: 0xFF00 >> ((last & 7) + 1))
        if start == end {
            row[start] |= head & tail
        } else {
            row[start] |= head
            if end > start + 1 { (row + start + 1).update(repeating: 0xFF, count: end - start - 1) }
            row[end] |= tail
        }
    }

    /// - Parameter row: with eight bytes more than it needs.
    private static func appendRuns(_ row: UnsafeRawPointer, width: Int, flip: Bool, x: Int, y: Int, to runs: inout [Run]) {
        var position = 0
        var begin = -1
        while position < width {
            var word = UInt64(bigEndian: row.loadUnaligned(fromByteOffset: position >> 3, as: UInt64.self))
            if flip { word = ~word }
            let count = min(64, width - position)
            var at = 0
            while at < count {
                // Distance to the next bit that ends the present state.
                let rest = (begin < 0 ? word : ~word) << UInt64(at)
                let skip = rest.leadingZeroBitCount
                if at + skip >= count { break }
                at += skip
                if begin < 0 {
                    begin = position + at
                } else {
                    runs.append(Run(y: y, first: x + begin, last: x + position + at - 1))
                    begin = -1
                }
            }
            position += 64
        }
        if begin >= 0 { runs.append(Run(y: y, first: x + begin, last: x + width - 1)) }
    }

    // MARK: File

    /// All before the picture's data, of an empty picture.
    private static let head: [UInt8] = {
        var head: [UInt8] = [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]
        appendChunk("IHDR", [0, 0, 0, 0, 0, 0, 0, 0, 1, 3, 0, 0, 0], to: &head)
        appendChunk("PLTE", [255, 255, 255, 0, 0, 0], to: &head)
        appendChunk("tRNS", [0], to: &head)
        return head + [0, 0, 0, 0] + Array("IDAT".utf8) + [0x78, 0x01]
    }()
    private static let tail: [UInt8] = {
        var tail: [UInt8] = []
        appendChunk("IEND", [], to: &tail)
        return tail
    }()

    private static func file(raw: [UInt8], rowBytes: Int, width: Int, height: Int, color: UInt32) -> [UInt8] {
        let size = rowBytes * height
        let (head, tail) = (head, tail)
        return raw.withUnsafeBufferPointer { raw in
            var file = BitmapDeflate.encode(raw.baseAddress!, size: size, row: rowBytes, prefix: head.count, suffix: 8 + tail.count)
            file.withUnsafeMutableBytes { bytes in
                let file = bytes.baseAddress!
                func put(_ value: UInt32, _ at: Int) { file.storeBytes(of: value.bigEndian, toByteOffset: at, as: UInt32.self) }
                func check(_ from: Int, _ to: Int) { put(ship_crc32((file + from).assumingMemoryBound(to: UInt8.self), to - from), to) }
                head.withUnsafeBytes { file.copyMemory(from: $0.baseAddress!, byteCount: $0.count) }
                put(UInt32(width), 16)
                put(UInt32(height), 20)
                check(12, 29)
                for index in 0..<3 { file.storeBytes(of: UInt8(truncatingIfNeeded: color >> UInt32(16 - 8 * index)), toByteOffset: 44 + index, as: UInt8.self) }
                check(37, 47)
                let end = bytes.count - tail.count - 4
                put(UInt32(end - head.count + 2), head.count - 10)
                put(ship_adler32(raw.baseAddress!, size), end - 4)
                check(head.count - 6, end)
                tail.withUnsafeBytes { (file + end + 4).copyMemory(from: $0.baseAddress!, byteCount: $0.count) }
            }
            return file
        }
    }

    private static func bytes(_ value: UInt32) -> [UInt8] {
        [UInt8(value >> 24), UInt8(value >> 16 & 255), UInt8(value >> 8 & 255), UInt8(value & 255)]
    }

    private static func appendChunk(_ name: String, _ data: [UInt8], to file: inout [UInt8]) {
        let body = Array(name.utf8) + data
        file += bytes(UInt32(data.count)) + body + bytes(body.withUnsafeBufferPointer { ship_crc32($0.baseAddress!, $0.count) })
    }

    private static func bigEndian(_ bytes: [UInt8], _ at: Int) -> UInt32 {
        UInt32(bytes[at]) << 24 | UInt32(bytes[at + 1]) << 16 | UInt32(bytes[at + 2]) << 8 | UInt32(bytes[at + 3])
    }
}
