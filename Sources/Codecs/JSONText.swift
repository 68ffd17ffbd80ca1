/// Pieces of JSON for writers that hold no tree; equal values give equal bytes.
package enum JSONText {
    /// A text with its quotes.
    package static func append(_ text: String, to bytes: inout [UInt8]) {
        bytes.append(UInt8(ascii: "\""))
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "\""), UInt8(ascii: "\\"): bytes += [UInt8(ascii: "\\"), byte]
            case 0x0A: bytes += Array("\\n".utf8)
            case 0x09: bytes += Array("\\t".utf8)
            case 0..<0x20:
                let digits = Array("0123456789abcdef".utf8)
                bytes += Array("\\u00".utf8) + [digits[Int(byte >> 4)], digits[Int(byte & 15)]]
            default: bytes.append(byte)
            }
        }
        bytes.append(UInt8(ascii: "\""))
    }

    /// The shortest digits that give the same number; null for one that is not finite.
    package static func append(_ number: Double, to bytes: inout [UInt8]) {
        guard number.isFinite else { return bytes += Array("null".utf8) }
        if let whole = Int(exactly: number), abs(whole) < 1 << 53 { append(whole, to: &bytes) } else { bytes += Array("\(number)".utf8) }
    }

    package static func append(_ number: Int, to bytes: inout [UInt8]) { bytes += Array(String(number).utf8) }
}
