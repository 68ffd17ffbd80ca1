import CZip

/// The parts of a JPEG or PNG file that carry metadata, found by walking its segments or chunks.
struct MetadataBlocks {
    /// TIFF-structured EXIF block; the parts of a block that was cut into several segments are joined.
    var exif: [UInt8] = []
    /// Density beside EXIF: the JFIF header or the PNG chunk pHYs.
    var density: Resolution?
    var texts: [FileMetadata.Text] = []
    var xmp: String?

    /// More than any camera writes; a file with more is not searched to its end.
    private static let mostSegments = 4096
    private static let mostBytes = 16 << 20
    private static let mostTexts = 256
    private static let mostTextBytes = 1 << 20

    /// - Complexity: one small read a segment up to the first scan.
    init(jpeg source: borrowing MetadataSource, texts: Bool) {
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
                if body.count > 6, Array(body[0..<5]) == [0x45, 0x78, 0x69, 0x66, 0] {
                    exif += body[6...]
                } else if texts, xmp == nil, body.starts(with: Self.xmpSegment) {
                    xmp = Self.packet(Array(body.dropFirst(Self.xmpSegment.count)))
                }
            } else if texts, head[1] == 0xfe {
                add(FileMetadata.commentKeyword, Self.latinOrUTF8(source.read(at: at + 4, count: length - 2)))
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
    init(png source: borrowing MetadataSource, texts wanted: Bool) {
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
                case "tEXt", "zTXt", "iTXt":
                    if wanted { readText(name, source.read(at: at + 8, count: length)) }
                    if legacy.isEmpty, name != "iTXt", length > Self.legacyKey.count,
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

    // MARK: Texts

    private static let xmpSegment = Array("http://ns.adobe.com/xap/1.0/\0".utf8)

    /// An XMP packet as text without the zeros that some writers end it with; nil when it is empty or not UTF-8.
    static func packet(_ bytes: [UInt8]) -> String? {
        let end = bytes.lastIndex { $0 != 0 } ?? -1
        return end < 0 ? nil : String(validating: bytes[...end], as: UTF8.self)
    }

    /// One tEXt (Latin-1), zTXt (the same, packed) or iTXt chunk (UTF-8, packed or not).
    private mutating func readText(_ kind: String, _ body: [UInt8]) {
        guard let end = body.firstIndex(of: 0), (1...79).contains(end) else { return }
        let keyword = Self.latin(body[..<end])
        var rest = body[(end + 1)...]
        if kind == "iTXt" {
            guard rest.count >= 2, let packed = rest.popFirst(), let method = rest.popFirst(), let language = rest.firstIndex(of: 0) else { return }
            guard let translation = rest[(language + 1)...].firstIndex(of: 0) else { return }
            rest = rest[(translation + 1)...]
            let isPacket = keyword == "XML:com.adobe.xmp"
            var bytes = Array(rest)
            if packed == 1 {
                guard method == 0, let all = Self.inflated(rest, most: isPacket ? Self.mostBytes : Self.mostTextBytes) else { return }
                bytes = all
            }
            if isPacket {
                if xmp == nil { xmp = Self.packet(bytes) }
            } else {
                add(keyword, String(validating: bytes, as: UTF8.self))
            }
        } else if kind == "zTXt" {
            guard rest.popFirst() == 0, let bytes = Self.inflated(rest, most: Self.mostTextBytes) else { return }
            add(keyword, Self.latin(bytes[...]))
        } else {
            add(keyword, Self.latin(rest))
        }
    }

    private mutating func add(_ keyword: String, _ text: String?) {
        // A raw profile is a binary block in disguise.
        guard let text, !text.isEmpty, texts.count < Self.mostTexts, text.utf8.count <= Self.mostTextBytes, !keyword.hasPrefix("Raw profile type") else { return }
        texts.append(FileMetadata.Text(keyword: keyword, text: text))
    }

    private static func latin(_ bytes: ArraySlice<UInt8>) -> String { String(String.UnicodeScalarView(bytes.map { Unicode.Scalar($0) })) }

    /// JPEG comments have no stated encoding.
    private static func latinOrUTF8(_ bytes: [UInt8]) -> String {
        let text = bytes[..<(bytes.firstIndex(of: 0) ?? bytes.count)]
        return String(validating: text, as: UTF8.self) ?? latin(text)
    }

    private static func inflated(_ packed: ArraySlice<UInt8>, most: Int) -> [UInt8]? {
        guard !packed.isEmpty else { return nil }
        var size: Int64 = -1
        let bytes = [UInt8](unsafeUninitializedCapacity: most) { buffer, filled in
            size = packed.withUnsafeBufferPointer { ship_zip_inflate($0.baseAddress, UInt64($0.count), buffer.baseAddress, UInt64(most)) }
            filled = max(0, Int(size))
        }
        return size < 0 ? nil : bytes
    }

    /// Keyword under which ImageMagick wrote EXIF before the chunk eXIf existed.
    private static let legacyKey = Array("Raw profile type exif\0".utf8)

    /// The text behind the keyword: "\nexif\n", the count of bytes, then the bytes as hexadecimal digits.
    private static func legacyBlock(_ chunk: [UInt8], compressed: Bool) -> [UInt8] {
        var text = Array(chunk.dropFirst(legacyKey.count))
        if compressed {
            guard text.count > 1, text[0] == 0 else { return [] }  // method 0: zlib
            text = inflated(text.dropFirst(), most: mostBytes) ?? []
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
