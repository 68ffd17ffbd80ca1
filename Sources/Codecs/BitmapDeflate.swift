/// Deflate (RFC 1951) for 1-bit pictures: literals, repeats of the last byte and matches one row back, in one block of fixed or,
/// where that is smaller, of fitted Huffman codes. Setting up zlib costs more than this whole work on a small mask.
enum BitmapDeflate {
    private struct Code {
        var bits: UInt32 = 0
        var count: UInt32 = 0
    }

    /// Literal and length symbols; 256 ends the block.
    private static let symbols = 286
    private static let lengthBase = [3, 4, 5, 6, 7, 8, 9, 10, 11, 13, 15, 17, 19, 23, 27, 31, 35, 43, 51, 59, 67, 83, 99, 115, 131, 163, 195, 227, 258]
    private static let lengthExtra = [0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5, 0]

    /// Symbol and extra bits of the lengths 3 ... 258.
    private static let lengths: [(symbol: Int, extra: Code)] = (0...258).map { length in
        guard length >= 3, let index = lengthBase.lastIndex(where: { $0 <= length }) else { return (0, Code()) }
        return (257 + index, Code(bits: UInt32(length - lengthBase[index]), count: UInt32(lengthExtra[index])))
    }

    private static let fixedLengths: [UInt8] = (0..<288).map { $0 < 144 ? 8 : $0 < 256 ? 9 : $0 < 280 ? 7 : 8 }
    private static let fixedCodes = codes(fixedLengths)

    /// Symbol and extra bits of a distance.
    private static func distance(_ distance: Int) -> (symbol: Int, extra: Code) {
        var (index, base) = (0, 1)
        while true {
            let extra = index < 4 ? 0 : index / 2 - 1
            if distance < base + (1 << extra) { return (index, Code(bits: UInt32(distance - base), count: UInt32(extra))) }
            base += 1 << extra
            index += 1
        }
    }

    private static func reversed(_ value: UInt32, _ count: UInt32) -> UInt32 {
        var result: UInt32 = 0
        for bit in 0..<count where value >> bit & 1 != 0 { result |= 1 << (count - 1 - bit) }
        return result
    }

    /// Canonical codes of the given lengths, lowest bit first.
    private static func codes(_ lengths: [UInt8]) -> [Code] {
        var counts = [UInt32](repeating: 0, count: 17)
        for length in lengths { counts[Int(length)] += 1 }
        counts[0] = 0
        var next = [UInt32](repeating: 0, count: 17)
        for length in 1...16 { next[length] = (next[length - 1] + counts[length - 1]) << 1 }
        var result = [Code](repeating: Code(), count: lengths.count)
        for (symbol, length) in lengths.enumerated() where length > 0 {
            // Turned round in 16 bits, then moved down.
            var value = next[Int(length)]
            next[Int(length)] += 1
            value = (value & 0x5555) << 1 | (value & 0xAAAA) >> 1
            value = (value & 0x3333) << 2 | (value & 0xCCCC) >> 2
            value = (value & 0x0F0F) << 4 | (value & 0xF0F0) >> 4
            value = (value & 0x00FF) << 8 | (value & 0xFF00) >> 8
            result[symbol] = Code(bits: value >> (16 - UInt32(length)), count: UInt32(length))
        }
        return result
    }

    /// Lengths of Huffman codes for the given frequencies, none above `limit`; complete whenever two symbols occur.
    private static func fitted(_ frequencies: [Int], limit: Int) -> [UInt8] {
        // Frequency and symbol in one number, so that sorting compares plain integers.
        var keys: [Int] = []
        keys.reserveCapacity(64)
        for symbol in frequencies.indices where frequencies[symbol] > 0 { keys.append(frequencies[symbol] << 9 | symbol) }
        var result = [UInt8](repeating: 0, count: frequencies.count)
        guard keys.count > 2 else {
            for key in keys { result[key & 511] = 1 }
            return result
        }
        keys.sort()
        // Two queues: leaves by frequency, inner nodes in the order they arise.
        let leaves = keys.count
        var weight = keys.map { $0 >> 9 }
        weight.reserveCapacity(2 * leaves)
        var parent = [Int](repeating: 0, count: 2 * leaves - 1)
        var (leaf, inner) = (0, leaves)
        func smallest() -> Int {
            if leaf < leaves, inner >= weight.count || weight[leaf] <= weight[inner] {
                leaf += 1
                return leaf - 1
            }
            inner += 1
            return inner - 1
        }
        while weight.count < 2 * leaves - 1 {
            let (first, second) = (smallest(), smallest())
            (parent[first], parent[second]) = (weight.count, weight.count)
            weight.append(weight[first] + weight[second])
        }
        var depth = [Int](repeating: 0, count: 2 * leaves - 1)
        for node in stride(from: 2 * leaves - 3, through: 0, by: -1) { depth[node] = depth[parent[node]] + 1 }
        // Too deep codes are cut, then the sum of 2^-length is brought back to 1: lengthen rare symbols, shorten frequent ones.
        var sum = 0
        for index in 0..<leaves {
            depth[index] = min(depth[index], limit)
            sum += 1 << (limit - depth[index])
        }
        var index = 0
        while sum > 1 << limit {
            if depth[index] < limit {
                depth[index] += 1
                sum -= 1 << (limit - depth[index])
            } else {
                index += 1
            }
        }
        index = leaves - 1
        while sum < 1 << limit {
            if depth[index] > 1, sum + (1 << (limit - depth[index])) <= 1 << limit {
                sum += 1 << (limit - depth[index])
                depth[index] -= 1
            } else {
                index = index > 0 ? index - 1 : leaves - 1
            }
        }
        for index in 0..<leaves { result[keys[index] & 511] = UInt8(depth[index]) }
        return result
    }

    /// Lengths of both alphabets as the head of a block holds them: runs of zeros and repeats are counted.
    private static func packed(_ lengths: [UInt8]) -> [(symbol: Int, extra: Code)] {
        var result: [(symbol: Int, extra: Code)] = []
        var at = 0
        while at < lengths.count {
            var end = at
            while end < lengths.count, lengths[end] == lengths[at] { end += 1 }
            var count = end - at
            if lengths[at] == 0 {
                while count >= 11 {
                    let part = min(138, count)
                    result.append((18, Code(bits: UInt32(part - 11), count: 7)))
                    count -= part
                }
                if count >= 3 {
                    result.append((17, Code(bits: UInt32(count - 3), count: 3)))
                    count = 0
                }
            } else {
                result.append((Int(lengths[at]), Code()))
                count -= 1
                while count >= 3 {
                    let part = min(6, count)
                    result.append((16, Code(bits: UInt32(part - 3), count: 2)))
                    count -= part
                }
            }
            for _ in 0..<count { result.append((Int(lengths[at]), Code())) }
            at = end
        }
        return result
    }

    private struct BitWriter {
        var target: UnsafeMutableRawPointer
        var pool: UInt64 = 0
        var have: UInt64 = 0

        @inline(__always) mutating func put(_ code: Code) {
            pool |= UInt64(code.bits) << have
            have += UInt64(code.count)
            target.storeBytes(of: pool.littleEndian, as: UInt64.self)
            target += Int(have >> 3)
            pool >>= have & ~7
            have &= 7
        }

        @inline(__always) mutating func put(_ bits: Int, _ count: Int) { put(Code(bits: UInt32(bits), count: UInt32(count))) }
    }

    /// What stands before the symbols: fixed codes, or the lengths of fitted ones.
    private struct BlockHead {
        private var literals = BitmapDeflate.fixedLengths
        private var distances: [UInt8] = []
        private var order: [UInt8] = []
        private var packed: [(symbol: Int, extra: Code)] = []
        private var packing: [UInt8] = []
        private(set) var bits = 3

        /// Fixed codes.
        init() {}

        /// Codes fitted to how often each symbol occurs; `bits` then counts head and symbols.
        init(_ frequencies: [Int], _ distanceFrequencies: [Int]) {
            literals = fitted(frequencies, limit: 15)
            distances = fitted(distanceFrequencies, limit: 15)
            if distances.allSatisfy({ $0 == 0 }) { distances[0] = 1 }
            literals.removeLast(literals.count - 1 - (literals.lastIndex { $0 > 0 } ?? 256))
            distances.removeLast(distances.count - 1 - (distances.lastIndex { $0 > 0 } ?? 0))
            packed = BitmapDeflate.packed(literals + distances)
            var counts = [Int](repeating: 0, count: 19)
            for (symbol, _) in packed { counts[symbol] += 1 }
            packing = fitted(counts, limit: 7)
            order = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15]
            while order.count > 4, packing[Int(order[order.count - 1])] == 0 { order.removeLast() }
            bits = 17 + 3 * order.count
            for (symbol, extra) in packed { bits += Int(packing[symbol]) + Int(extra.count) }
            for (symbol, length) in literals.enumerated() { bits += frequencies[symbol] * Int(length) }
            for (symbol, length) in distances.enumerated() { bits += distanceFrequencies[symbol] * Int(length) }
        }

        func write(to writer: inout BitWriter) {
            guard !order.isEmpty else { return writer.put(0b011, 3) }  // last block, fixed codes
            writer.put(0b101, 3)  // last block, codes follow
            writer.put(literals.count - 257, 5)
            writer.put(distances.count - 1, 5)
            writer.put(order.count - 4, 4)
            for symbol in order { writer.put(Int(packing[Int(symbol)]), 3) }
            let packingCodes = BitmapDeflate.codes(packing)
            for (symbol, extra) in packed {
                writer.put(packingCodes[symbol])
                writer.put(extra)
            }
        }

        func codes(near: Int, above: Int) -> (literals: [Code], near: Code, above: Code) {
            guard !order.isEmpty else {
                return (fixedCodes, Code(bits: reversed(UInt32(near), 5), count: 5), Code(bits: reversed(UInt32(above), 5), count: 5))
            }
            let codes = BitmapDeflate.codes(distances)
            return (
                BitmapDeflate.codes(literals), near < codes.count ? codes[near] : Code(), above < codes.count ? codes[above] : Code()
            )
        }
    }

    /// The block in an array with `prefix` bytes before it, all 0, and room for `suffix` bytes after it.
    ///
    /// - Parameters: `raw` holds `size` bytes and 8 more that may be read; `row` bytes from one row to the next.
    static func encode(_ raw: UnsafePointer<UInt8>, size: Int, row: Int, prefix: Int, suffix: Int) -> [UInt8] {
        withUnsafeTemporaryAllocation(of: UInt16.self, capacity: size) { tokens in
            let far = row <= 32768 ? row : 1  // the farthest a match may reach
            let (near, above) = (distance(1), distance(far))
            var frequencies = [Int](repeating: 0, count: symbols)
            var distances = [Int](repeating: 0, count: 30)
            let (count, nears, aboves) = tokenize(raw, size: size, far: far, into: tokens, &frequencies)
            distances[near.symbol] += nears
            distances[above.symbol] += aboves
            frequencies[256] = 1

            // Which block is smaller; both sums leave out the extra bits of lengths and distances, which are the same.
            var (extraBits, fixedBits) = (nears * Int(near.extra.count) + aboves * Int(above.extra.count), 3 + 5 * (nears + aboves))
            for symbol in 0..<symbols {
                fixedBits += frequencies[symbol] * Int(fixedLengths[symbol])
                if symbol > 256 { extraBits += frequencies[symbol] * lengthExtra[symbol - 257] }
            }
            var blockBits = fixedBits
            var head = BlockHead()
            if count >= 80 {
                let fitted = BlockHead(frequencies, distances)
                if fitted.bits < fixedBits { (blockBits, head) = (fitted.bits, fitted) }
            }
            let (literalCodes, near1, above1) = head.codes(near: near.symbol, above: above.symbol)
            let nearCode = Code(bits: near1.bits | near.extra.bits << near1.count, count: near1.count + near.extra.count)
            let aboveCode = Code(bits: above1.bits | above.extra.bits << above1.count, count: above1.count + above.extra.count)
            let capacity = prefix + (blockBits + extraBits) / 8 + 1 + max(8, suffix)
            return [UInt8](unsafeUninitializedCapacity: capacity) { out, written in
                out.baseAddress!.initialize(repeating: 0, count: prefix)
                var writer = BitWriter(target: UnsafeMutableRawPointer(out.baseAddress! + prefix))
                head.write(to: &writer)
                literalCodes.withUnsafeBufferPointer { literalCodes in
                    lengths.withUnsafeBufferPointer { lengths in
                        for token in tokens[..<count] {
                            if token < 256 {
                                writer.put(literalCodes[Int(token)])
                            } else {
                                let (symbol, extra) = lengths[Int(token >> 1 & 0x1FF)]
                                let code = literalCodes[symbol]
                                writer.put(Code(bits: code.bits | extra.bits << code.count, count: code.count + extra.count))
                                writer.put(token & 1 != 0 ? aboveCode : nearCode)
                            }
                        }
                        writer.put(literalCodes[256])
                    }
                }
                if writer.have > 0 {
                    writer.target.storeBytes(of: UInt8(truncatingIfNeeded: writer.pool), as: UInt8.self)
                    writer.target += 1
                }
                written = UnsafeMutableRawPointer(out.baseAddress!).distance(to: writer.target)
            }
        }
    }

    /// Splits into literals (below 256) and matches (0x8000 + 2 * length, + 1 when one row back) and counts them.
    private static func tokenize(
        _ raw: UnsafePointer<UInt8>, size: Int, far: Int, into tokens: UnsafeMutableBufferPointer<UInt16>, _ frequencies: inout [Int]
    ) -> (count: Int, nears: Int, aboves: Int) {
        func matching(_ from: Int, _ distance: Int) -> Int {
            guard from >= distance else { return 0 }
            let bytes = UnsafeRawPointer(raw)
            var at = from
            while at + 8 <= size {
                let here = bytes.loadUnaligned(fromByteOffset: at, as: UInt64.self)
                let difference = here ^ bytes.loadUnaligned(fromByteOffset: at - distance, as: UInt64.self)
                if difference != 0 { return at - from + difference.littleEndian.trailingZeroBitCount >> 3 }
                at += 8
            }
            while at < size, raw[at] == raw[at - distance] { at += 1 }
            return at - from
        }
        return frequencies.withUnsafeMutableBufferPointer { frequencies in
            lengths.withUnsafeBufferPointer { lengths in
                var (at, count, nears, aboves) = (0, 0, 0, 0)
                while at < size {
                    var length = matching(at, far)
                    var above: UInt16 = 1
                    if length < 16 {
                        let repeated = matching(at, 1)
                        if repeated >= length { (length, above) = (repeated, 0) }
                    }
                    if length < 3 {
                        tokens[count] = UInt16(raw[at])
                        frequencies[Int(raw[at])] += 1
                        count += 1
                        at += 1
                        continue
                    }
                    at += length
                    while length > 0 {
                        let part = length <= 258 ? length : length < 261 ? length - 3 : 258
                        tokens[count] = 0x8000 | UInt16(part) << 1 | above
                        frequencies[lengths[part].symbol] += 1
                        if above != 0 { aboves += 1 } else { nears += 1 }
                        count += 1
                        length -= part
                    }
                }
                return (count, nears, aboves)
            }
        }
    }
}
