import CZip

/// The parts of a JPEG or PNG file that carry metadata, found by walking its segments or chunks.
struct MetadataBlocks {
    /// TIFF-structured EXIF block; the parts of a block that was cut into several segments are joined.
    var exif: [UInt8] = []
    /// Density beside EXIF: the JFIF header or the PNG chunk pHYs.
    var density: Resolution?

    /// More than any camera writes; a file with more is not searched to its end.
    private static let mostSegments = 4096
    private static let mostBytes = 16 << 20

    /// - Complexity: one small read a segment up to the first scan.
    init(jpeg source: borrowing MetadataSource) {
        var at = 2
        for _ in 0..<Self.mostSegments {
            let head = source.read(at: at, count: 4)
            guard head.count == 4, head[0] == 0xff else { return }
            if head[1] == 0xff {  // fill byte before a marker
                at += 1
                continue
            }
            // Start of scan and end of image close the header; markers without length do not occur in it.
            guard head[1] != 0xda, head[1] != 0xd9 else { return }
            let length = Int(head[2]) << 8 | Int(head[3])
            guard length >= 2 else { return }
            if head[1] == 0xe0 {
                readJFIF(source.read(at: at + 4, count: min(length - 2, 14)))
            } else if head[1] == 0xe1, exif.count < Self.mostBytes {
                let body = source.read(at: at + 4, count: length - 2)
                // "Exif\0\0"; the second zero is 0xff in some files.
                if body.count > 6, Array(body[0..<5]) == [0x45, 0x78, 0x69, 0x66, 0] { exif += body[6...] }
            }
            at += 2 + length
        }
    }

    private mutating func readJFIF(_ body: [UInt8]) {
        guard density == nil, body.count >= 12, Array(body[0..<5]) == [0x4a, 0x46, 0x49, 0x46, 0] else { return }
        let unit: Resolution.Unit
        switch body[7] {
        case 1: unit = .inch
        case 2: unit = .centimetre
        default: return  // 0: only the shape of a pixel
        }
        density = Resolution(
            x: Double(Int(body[8]) << 8 | Int(body[9])), y: Double(Int(body[10]) << 8 | Int(body[11])), unit: unit, source: .jfif)
    }

    /// - Complexity: one small read a chunk.
    init(png source: borrowing MetadataSource) {
        var at = 8
        var legacy: [UInt8] = []
        for _ in 0..<Self.mostSegments * 16 {  // picture data lies in many chunks
            let head = source.read(at: at, count: 8)
            guard head.count == 8 else { break }
            let length = Int(head[0]) << 24 | Int(head[1]) << 16 | Int(head[2]) << 8 | Int(head[3])
            let name = String(decoding: head[4..<8], as: UTF8.self)
            if name == "IEND" { break }
            if length <= Self.mostBytes {
                switch name {
                case "eXIf": exif = source.read(at: at + 8, count: length)
                case "pHYs": readPHYs(source.read(at: at + 8, count: length))
                case "tEXt", "zTXt":
                    if legacy.isEmpty, length > Self.legacyKey.count,
                        source.read(at: at + 8, count: Self.legacyKey.count) == Self.legacyKey
                    {
                        legacy = Self.legacyBlock(source.read(at: at + 8, count: length), compressed: name == "zTXt")
                    }
                default: break
                }
            }
            at += 12 + length
        }
        if exif.isEmpty { exif = legacy }
    }

    private mutating func readPHYs(_ body: [UInt8]) {
        guard body.count >= 9, body[8] == 1 else { return }  // unit 0: only the shape of a pixel
        func number(_ at: Int) -> Double {
            Double(UInt32(body[at]) << 24 | UInt32(body[at + 1]) << 16 | UInt32(body[at + 2]) << 8 | UInt32(body[at + 3]))
        }
        density = Resolution(x: number(0), y: number(4), unit: .metre, source: .png)
    }

    /// Keyword under which ImageMagick wrote EXIF before the chunk eXIf existed.
    private static let legacyKey = Array("Raw profile type exif\0".utf8)

    /// The text behind the keyword: "\nexif\n", the count of bytes, then the bytes as hexadecimal digits.
    private static func legacyBlock(_ chunk: [UInt8], compressed: Bool) -> [UInt8] {
        var text = Array(chunk.dropFirst(legacyKey.count))
        if compressed {
            guard text.count > 1, text[0] == 0 else { return [] }  // method 0: zlib
            let packed = Array(text.dropFirst())
            let capacity = mostBytes
            text = Array(unsafeUninitializedCapacity: capacity) { buffer, filled in
                filled = max(0, Int(ship_zip_inflate(packed, UInt64(packed.count), buffer.baseAddress, UInt64(capacity))))
            }
        }
        let lines = text.split(separator: UInt8(ascii: "\n"))
        guard lines.count > 2 else { return [] }
        var digits: [UInt8] = []
        for byte in lines.dropFirst(2).joined() {
            switch byte {
            case UInt8(ascii: "0")...UInt8(ascii: "9"): digits.append(byte - UInt8(ascii: "0"))
            case UInt8(ascii: "a")...UInt8(ascii: "f"): digits.append(byte - UInt8(ascii: "a") + 10)
            case UInt8(ascii: "A")...UInt8(ascii: "F"): digits.append(byte - UInt8(ascii: "A") + 10)
            default: continue
            }
        }
        let block = stride(from: 0, to: digits.count - 1, by: 2).map { digits[$0] << 4 | digits[$0 + 1] }
        return block.starts(with: Array("Exif\0\0".utf8)) ? Array(block.dropFirst(6)) : block
    }
}
