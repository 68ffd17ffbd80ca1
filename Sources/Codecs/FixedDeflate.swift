/// Deflate (RFC 1951) for 1-bit pictures: one block of fixed Huffman codes, literals, repeats of the last byte, and matches one
/// row back. Setting up zlib costs more than this whole work on a small mask.
enum FixedDeflate {
    private struct Code {
        var bits: UInt32 = 0
        var count: UInt32 = 0
    }

    private static let literals: [Code] = (0..<256).map { (value: UInt32) -> Code in
        if value < 144 { return Code(bits: reversed(0x30 + value, 8), count: 8) }
        return Code(bits: reversed(0x190 + value - 144, 9), count: 9)
    }

    /// Length code with its extra bits, for lengths 3 ... 258.
    private static let lengths: [Code] = {
        let base = [3, 4, 5, 6, 7, 8, 9, 10, 11, 13, 15, 17, 19, 23, 27, 31, 35, 43, 51, 59, 67, 83, 99, 115, 131, 163, 195, 227, 258]
        let extra = [0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5, 0]
        return (0...258).map { length in
            guard length >= 3, let index = base.lastIndex(where: { $0 <= length }) else { return Code() }
            let symbol = 257 + index
            var code =
                symbol < 280
                ? Code(bits: reversed(UInt32(symbol - 256), 7), count: 7) : Code(bits: reversed(UInt32(0xC0 + symbol - 280), 8), count: 8)
            code.bits |= UInt32(length - base[index]) << code.count
            code.count += UInt32(extra[index])
            return code
        }
    }()

    private static func reversed(_ value: UInt32, _ count: UInt32) -> UInt32 {
        var result: UInt32 = 0
        for bit in 0..<count where value >> bit & 1 != 0 { result |= 1 << (count - 1 - bit) }
        return result
    }

    private static func distanceCode(_ distance: Int) -> Code {
        var (index, base) = (0, 1)
        while true {
            let extra = index < 4 ? 0 : index / 2 - 1
            if distance < base + (1 << extra) {
                return Code(bits: reversed(UInt32(index), 5) | UInt32(distance - base) << 5, count: UInt32(5 + extra))
            }
            base += 1 << extra
            index += 1
        }
    }

    /// Writes the block and returns its size, at most `size` * 9 / 8 + 16.
    ///
    /// - Parameters: `raw` holds `size` bytes and 8 more that may be read; `row` bytes from one row to the next.
    static func encode(_ raw: UnsafePointer<UInt8>, size: Int, row: Int, into out: UnsafeMutablePointer<UInt8>) -> Int {
        literals.withUnsafeBufferPointer { literals in
            lengths.withUnsafeBufferPointer { lengths in
                let above = row <= 32768 ? row : 1  // the farthest a match may reach
                let aboveCode = distanceCode(above)
                let lastCode = distanceCode(1)
                var target = UnsafeMutableRawPointer(out)
                var pool: UInt64 = 0b011  // last block, fixed codes
                var have: UInt64 = 3
                func put(_ code: Code) {
                    pool |= UInt64(code.bits) << have
                    have += UInt64(code.count)
                    target.storeBytes(of: pool.littleEndian, as: UInt64.self)
                    target += Int(have >> 3)
                    pool >>= have & ~7
                    have &= 7
                }
                func matching(_ from: Int, _ distance: Int) -> Int {
                    guard from >= distance else { return 0 }
                    let bytes = UnsafeRawPointer(raw)
                    var at = from
                    while at + 8 <= size {
                        let difference = bytes.loadUnaligned(fromByteOffset: at, as: UInt64.self) ^ bytes.loadUnaligned(fromByteOffset: at - distance, as: UInt64.self)
                        if difference != 0 { return at - from + difference.littleEndian.trailingZeroBitCount >> 3 }
                        at += 8
                    }
                    while at < size, raw[at] == raw[at - distance] { at += 1 }
                    return at - from
                }
                var at = 0
                while at < size {
                    var length = matching(at, above)
                    var code = aboveCode
                    if length < 8 {
                        let repeated = matching(at, 1)
                        if repeated >= 3, repeated >= length { (length, code) = (repeated, lastCode) }
                    }
                    if length < 3 {
                        put(literals[Int(raw[at])])
                        at += 1
                        continue
                    }
                    at += length
                    while length > 0 {
                        let part = length <= 258 ? length : length < 261 ? length - 3 : 258
                        put(lengths[part])
                        put(code)
                        length -= part
                    }
                }
                put(Code(bits: 0, count: 7))  // end of block
                if have > 0 {
                    target.storeBytes(of: UInt8(truncatingIfNeeded: pool), as: UInt8.self)
                    target += 1
                }
                return UnsafeMutableRawPointer(out).distance(to: target)
            }
        }
    }
}
