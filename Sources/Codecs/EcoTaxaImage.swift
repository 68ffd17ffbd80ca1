import CZip

/// What EcoTaxa would say to the bytes of an image: it takes PNG, JPEG and GIF, told apart by content.
package enum EcoTaxaImage {
    /// Longest edge; width and height are 16-bit numbers in its database.
    package static let longestEdge = 32_767

    /// Why the image is unfit, or nil. Checks the structure (PNG chunks with their checksums, JPEG segments), not the pixels.
    package static func fault(_ bytes: [UInt8]) -> (message: String, remedy: String)? {
        let save = "Save it again as PNG or JPEG."
        let size: (width: Int, height: Int)?
        if bytes.starts(with: [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]) {
            size = pngSize(bytes)
        } else if bytes.starts(with: [0xff, 0xd8, 0xff]) {
            size = jpegSize(bytes)
        } else if bytes.starts(with: Array("GIF8".utf8)), bytes.count > 13 {
            size = (Int(bytes[6]) | Int(bytes[7]) << 8, Int(bytes[8]) | Int(bytes[9]) << 8)
        } else if bytes.starts(with: [0x49, 0x49, 0x2a, 0]) || bytes.starts(with: [0x4d, 0x4d, 0, 0x2a]) {
            return ("is a TIFF file; EcoTaxa takes PNG, JPEG and GIF", save)
        } else if bytes.starts(with: Array("BM".utf8)) {
            return ("is a BMP file; EcoTaxa takes PNG, JPEG and GIF", save)
        } else {
            return ("is no image that EcoTaxa can read", save)
        }
        guard let size, size.width > 0, size.height > 0 else { return ("is damaged or cut off", "Export it again.") }
        guard max(size.width, size.height) <= longestEdge else {
            return ("is \(size.width) × \(size.height) pixels, more than \(longestEdge) a side", "Cut it or make it smaller.")
        }
        return nil
    }

    private static func number32(_ bytes: [UInt8], _ at: Int) -> Int {
        Int(bytes[at]) << 24 | Int(bytes[at + 1]) << 16 | Int(bytes[at + 2]) << 8 | Int(bytes[at + 3])
    }

    private static func pngSize(_ bytes: [UInt8]) -> (width: Int, height: Int)? {
        var size: (width: Int, height: Int)?
        var at = 8
        var hasPixels = false
        while bytes.count - at >= 12 {
            let length = number32(bytes, at)
            guard length <= bytes.count - at - 12 else { return nil }
            let crc = bytes.withUnsafeBytes { ship_zip_crc32(0, $0.baseAddress! + at + 4, UInt64(length + 4)) }
            guard Int(crc) == number32(bytes, at + 8 + length) else { return nil }
            switch String(decoding: bytes[(at + 4)..<(at + 8)], as: UTF8.self) {
            case "IHDR":
                guard length == 13 else { return nil }
                size = (number32(bytes, at + 8), number32(bytes, at + 12))
            case "IDAT": hasPixels = true
            case "IEND": return hasPixels ? size : nil
            default: break
            }
            at += 12 + length
        }
        return nil
    }

    private static func jpegSize(_ bytes: [UInt8]) -> (width: Int, height: Int)? {
        var at = 2
        var size: (width: Int, height: Int)?
        while bytes.count - at >= 4, bytes[at] == 0xff {
            let marker = bytes[at + 1]
            if marker == 0xff {
                at += 1
                continue
            }
            let length = Int(bytes[at + 2]) << 8 | Int(bytes[at + 3])
            guard length >= 2, length <= bytes.count - at - 2 else { return nil }
            if 0xc0...0xcf ~= marker, ![0xc4, 0xc8, 0xcc].contains(marker) {
                guard length >= 8 else { return nil }
                size = (Int(bytes[at + 7]) << 8 | Int(bytes[at + 8]), Int(bytes[at + 5]) << 8 | Int(bytes[at + 6]))
            }
            if marker == 0xda {  // pixels follow, up to the end mark; some writers pad behind it
                let tail = bytes.suffix(64)
                let ends = zip(tail, tail.dropFirst()).contains { $0 == 0xff && $1 == 0xd9 }
                return ends ? size : nil
            }
            at += 2 + length
        }
        return nil
    }
}
