/// Deflate (RFC 1951) for 1-bit pictures: literals, repeats of the last byte and matches one row back, in one block of fixed or,
/// where that is smaller, of fitted Huffman codes. Setting up zlib costs more than this whole work on a small mask.
enum BitmapDeflate {
    /// Bits of a code, lowest first, and how many they are.
    private struct Code {
        var bits: UInt32 = 0
        var count: UInt32 = 0
    }

    /// Literal and length symbols; 256 ends the block.
    private static let symbols = 286
    private static let distanceSymbols = 30

    private static let fixedLengths: [UInt8] = (0..<288).map { $0 < 144 ? 8 : $0 < 256 ? 9 : $0 < 280 ? 7 : 8 }
    private static let fixedCodes: [Code] = {
        var codes = [Code](repeating: Code(), count: 288)
        codes.withUnsafeMutableBufferPointer { codes in fixedLengths.withUnsafeBufferPointer { makeCodes($0, into: codes.baseAddress!) } }
        return codes
    }()

    /// Symbol and extra bits of a length from 3 to 258.
    @inline(__always) private static func length(_ length: Int) -> (symbol: Int, extra: Code) {
        if length == 258 { return (285, Code()) }
        let above = length &- 3
        if above < 8 { return (257 &+ above, Code()) }
        let extra = 61 &- above.leadingZeroBitCount
        return (257 &+ 4 &* extra &+ above &>> extra, Code(bits: UInt32(truncatingIfNeeded: above & (1 &<< extra &- 1)), count: UInt32(truncatingIfNeeded: extra)))
    }

    /// Symbol and extra bits of a distance.
    private static func distance(_ distance: Int) -> (symbol: Int, extra: Code) {
        if distance <= 4 { return (distance - 1, Code()) }
        let above = distance - 1
        let extra = 62 - above.leadingZeroBitCount
        return (2 * extra + above >> extra, Code(bits: UInt32(above & (1 << extra - 1)), count: UInt32(extra)))
    }

    /// `value` of `count` bits turned round.
    @inline(__always) private static func reversed(_ value: UInt32, _ count: UInt32) -> UInt32 {
        // Turned round in 16 bits, then moved down.
        var value = (value & 0x5555) &<< 1 | (value & 0xAAAA) &>> 1
        value = (value & 0x3333) &<< 2 | (value & 0xCCCC) &>> 2
        value = (value & 0x0F0F) &<< 4 | (value & 0xF0F0) &>> 4
        value = (value & 0x00FF) &<< 8 | (value & 0xFF00) &>> 8
        return value &>> (16 &- count)
    }

    /// Canonical codes of the given lengths.
    private static func makeCodes(_ lengths: UnsafeBufferPointer<UInt8>, into codes: UnsafeMutablePointer<Code>) {
        withUnsafeTemporaryAllocation(of: UInt32.self, capacity: 34) { numbers in
            numbers.initialize(repeating: 0)
            let (counts, next) = (numbers.baseAddress!, numbers.baseAddress! + 17)
            for length in lengths { counts[Int(length)] &+= 1 }
            counts[0] = 0
            for length in 1...16 { next[length] = (next[length - 1] &+ counts[length - 1]) &<< 1 }
            for symbol in 0..<lengths.count {
                let length = lengths[symbol]
                if length == 0 {
                    codes[symbol] = Code()
                    continue
                }
                codes[symbol] = Code(bits: reversed(next[Int(length)], UInt32(length)), count: UInt32(length))
                next[Int(length)] &+= 1
            }
        }
    }

    /// Lengths of Huffman codes for the given frequencies, none above `limit`; complete whenever two symbols occur.
    private static func fit(_ frequencies: UnsafeBufferPointer<UInt32>, limit: Int, into lengths: UnsafeMutablePointer<UInt8>) {
        lengths.initialize(repeating: 0, count: frequencies.count)
        let most = frequencies.count
        withUnsafeTemporaryAllocation(of: Int.self, capacity: 5 * most) { numbers in
            // Frequency and symbol in one number, so that sorting compares plain integers.
            let keys = numbers.baseAddress!
            var leaves = 0
            for symbol in 0..<most where frequencies[symbol] > 0 {
                keys[leaves] = Int(frequencies[symbol]) &<< 9 | symbol
                leaves &+= 1
            }
            guard leaves > 2 else {
                for index in 0..<leaves { lengths[keys[index] & 511] = 1 }
                return
            }
            var sorted = UnsafeMutableBufferPointer(start: keys, count: leaves)
            sorted.sort()
            // Two queues: leaves by frequency, inner nodes in the order they arise. First a node's weight, then its parent, then
            // its depth stand in the same place; leaves in front.
            let weight = keys + most
            let parent = weight + 2 * most
            for index in 0..<leaves { weight[index] = keys[index] &>> 9 }
            var (leaf, inner, made) = (0, leaves, leaves)
            while made < 2 &* leaves &- 1 {
                var sum = 0
                for _ in 0..<2 {
                    let smallest: Int
                    if leaf < leaves, inner >= made || weight[leaf] <= weight[inner] {
                        smallest = leaf
                        leaf &+= 1
                    } else {
                        smallest = inner
                        inner &+= 1
                    }
                    parent[smallest] = made
                    sum &+= weight[smallest]
                }
                weight[made] = sum
                made &+= 1
            }
            let depth = weight
            depth[2 &* leaves &- 2] = 0
            var node = 2 &* leaves &- 3
            while node >= 0 {
                depth[node] = depth[parent[node]] &+ 1
                node &-= 1
            }
            // Too deep codes are cut, then the sum of 2^-length is brought back to 1: lengthen rare symbols, shorten frequent ones.
            var sum = 0
            for index in 0..<leaves {
                depth[index] = min(depth[index], limit)
                sum &+= 1 &<< (limit &- depth[index])
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
            for index in 0..<leaves { lengths[keys[index] & 511] = UInt8(truncatingIfNeeded: depth[index]) }
        }
    }

    private struct BitWriter {
        var target: UnsafeMutableRawPointer
        var pool: UInt64 = 0
        var have: UInt64 = 0

        /// At most 57 bits at a time.
        @inline(__always) mutating func put(_ bits: UInt64, _ count: UInt64) {
            pool |= bits &<< have
            have &+= count
            target.storeBytes(of: pool.littleEndian, as: UInt64.self)
            target += Int(truncatingIfNeeded: have &>> 3)
            pool &>>= have & ~7
            have &= 7
        }

        @inline(__always) mutating func put(_ code: Code) { put(UInt64(code.bits), UInt64(code.count)) }
    }

    /// What one picture needs: counted symbols, fitted codes, and the head of the block. All in one piece of memory.
    private struct Tables {
        let frequencies, distanceFrequencies, packingFrequencies: UnsafeMutablePointer<UInt32>
        let codes, distanceCodes, packingCodes: UnsafeMutablePointer<Code>
        /// Literals, then distances without a gap once both are cut to what is used.
        let lengths, distanceLengths, packingLengths: UnsafeMutablePointer<UInt8>
        /// Packed lengths: a symbol and its extra bits each.
        let packed: UnsafeMutablePointer<UInt8>

        static let capacity = 4 * (symbols + distanceSymbols + 20) + 8 * (symbols + distanceSymbols + 20) + 3 * (symbols + distanceSymbols + 20)

        init(_ memory: UnsafeMutableRawPointer) {
            memory.initializeMemory(as: UInt8.self, repeating: 0, count: Self.capacity)
            let all = symbols + distanceSymbols + 20
            codes = memory.assumingMemoryBound(to: Code.self)
            distanceCodes = codes + symbols
            packingCodes = distanceCodes + distanceSymbols
            frequencies = (memory + 8 * all).assumingMemoryBound(to: UInt32.self)
            distanceFrequencies = frequencies + symbols
            packingFrequencies = distanceFrequencies + distanceSymbols
            lengths = (memory + 12 * all).assumingMemoryBound(to: UInt8.self)
            distanceLengths = lengths + symbols
            packingLengths = distanceLengths + distanceSymbols
            packed = packingLengths + 20
        }

        /// Fits codes to the frequencies.
        ///
        /// - Returns: bits of head and symbols without the extra bits of lengths and distances, and what `writeHead` needs.
        func fit() -> (bits: Int, literals: Int, distances: Int, packed: Int, order: Int) {
            BitmapDeflate.fit(UnsafeBufferPointer(start: frequencies, count: symbols), limit: 15, into: lengths)
            BitmapDeflate.fit(UnsafeBufferPointer(start: distanceFrequencies, count: distanceSymbols), limit: 15, into: distanceLengths)
            var (literals, distances) = (symbols, distanceSymbols)
            while lengths[literals - 1] == 0 { literals -= 1 }  // 256 always occurs
            while distances > 1, distanceLengths[distances - 1] == 0 { distances -= 1 }
            if distances == 1 { distanceLengths[0] = 1 }
            var bits = 17
            for symbol in 0..<literals { bits &+= Int(frequencies[symbol]) &* Int(lengths[symbol]) }
            for symbol in 0..<distances { bits &+= Int(distanceFrequencies[symbol]) &* Int(distanceLengths[symbol]) }
            let count = pack(literals: literals, distances: distances)
            BitmapDeflate.fit(UnsafeBufferPointer(start: packingFrequencies, count: 19), limit: 7, into: packingLengths)
            var order = 19
            while order > 4, packingLengths[Int(BitmapDeflate.order(order - 1))] == 0 { order -= 1 }
            bits &+= 3 * order
            for symbol in 0..<19 {
                let extra = symbol == 16 ? 2 : symbol == 17 ? 3 : symbol == 18 ? 7 : 0
                bits &+= Int(packingFrequencies[symbol]) &* (Int(packingLengths[symbol]) &+ extra)
            }
            return (bits, literals, distances, count, order)
        }

        /// Lengths of both alphabets as the head of a block holds them: runs of zeros and repeats are counted.
        private func pack(literals: Int, distances: Int) -> Int {
            let all = literals + distances
            @inline(__always) func at(_ index: Int) -> UInt8 { index < literals ? lengths[index] : distanceLengths[index &- literals] }
            var (index, filled) = (0, 0)
            func add(_ symbol: Int, _ extra: Int) {
                packed[filled] = UInt8(truncatingIfNeeded: symbol)
                packed[filled &+ 1] = UInt8(truncatingIfNeeded: extra)
                filled &+= 2
                packingFrequencies[symbol] &+= 1
            }
            while index < all {
                let length = at(index)
                var end = index &+ 1
                while end < all, at(end) == length { end &+= 1 }
                var count = end &- index
                index = end
                if length == 0 {
                    while count >= 11 {
                        add(18, min(138, count) - 11)
                        count -= min(138, count)
                    }
                    if count >= 3 {
                        add(17, count - 3)
                        count = 0
                    }
                } else {
                    add(Int(length), 0)
                    count -= 1
                    while count >= 3 {
                        add(16, min(6, count) - 3)
                        count -= min(6, count)
                    }
                }
                for _ in 0..<count { add(Int(length), 0) }
            }
            return filled / 2
        }

        func writeHead(_ fitted: (bits: Int, literals: Int, distances: Int, packed: Int, order: Int), to writer: inout BitWriter) {
            BitmapDeflate.makeCodes(UnsafeBufferPointer(start: packingLengths, count: 19), into: packingCodes)
            writer.put(0b101, 3)  // last block, codes follow
            writer.put(UInt64(fitted.literals - 257), 5)
            writer.put(UInt64(fitted.distances - 1), 5)
            writer.put(UInt64(fitted.order - 4), 4)
            for index in 0..<fitted.order { writer.put(UInt64(packingLengths[Int(BitmapDeflate.order(index))]), 3) }
            for index in 0..<fitted.packed {
                let symbol = packed[2 * index]
                writer.put(packingCodes[Int(symbol)])
                if symbol >= 16 { writer.put(UInt64(packed[2 * index + 1]), symbol == 16 ? 2 : symbol == 17 ? 3 : 7) }
            }
            BitmapDeflate.makeCodes(UnsafeBufferPointer(start: lengths, count: fitted.literals), into: codes)
            BitmapDeflate.makeCodes(UnsafeBufferPointer(start: distanceLengths, count: fitted.distances), into: distanceCodes)
        }
    }

    /// Order in which the lengths of the packing codes are written: 16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15.
    private static func order(_ index: Int) -> Int {
        if index < 4 { return index < 3 ? 16 + index : 0 }
        return index & 1 == 0 ? 8 + (index - 4) / 2 : 7 - (index - 5) / 2
    }

    /// The block in an array with `prefix` bytes before it and `suffix` bytes after it, all 0.
    ///
    /// - Parameters: `raw` holds `size` bytes and 8 more that may be read; `row` bytes from one row to the next.
    static func encode(_ raw: UnsafePointer<UInt8>, size: Int, row: Int, prefix: Int, suffix: Int) -> [UInt8] {
        withUnsafeTemporaryAllocation(byteCount: Tables.capacity + 2 * size + 2 * (symbols + distanceSymbols), alignment: 8) { memory in
            let tables = Tables(memory.baseAddress!)
            let tokens = (memory.baseAddress! + Tables.capacity + 2 * (symbols + distanceSymbols)).assumingMemoryBound(to: UInt16.self)
            let far = row <= 32768 ? row : 1  // the farthest a match may reach
            let (near, above) = (distance(1), distance(far))
            let (count, nears, aboves) = tokenize(raw, size: size, far: far, into: tokens, tables.frequencies)
            tables.distanceFrequencies[near.symbol] &+= UInt32(nears)
            tables.distanceFrequencies[above.symbol] &+= UInt32(aboves)
            tables.frequencies[256] = 1

            // Which block is smaller; both sums leave out the extra bits of lengths and distances, which are the same.
            var (extraBits, fixedBits) = (nears * Int(near.extra.count) + aboves * Int(above.extra.count), 3 + 5 * (nears + aboves))
            for symbol in 0..<symbols {
                fixedBits &+= Int(tables.frequencies[symbol]) &* (symbol < 144 ? 8 : symbol < 256 ? 9 : symbol < 280 ? 7 : 8)
                if symbol > 264, symbol < 285 { extraBits &+= Int(tables.frequencies[symbol]) &* ((symbol &- 261) &>> 2) }
            }
            let fitted = count >= 24 ? tables.fit() : (bits: Int.max, literals: 0, distances: 0, packed: 0, order: 0)
            let isFitted = fitted.bits < fixedBits
            let capacity = prefix + (min(fitted.bits, fixedBits) + extraBits) / 8 + 1 + max(8, suffix)
            return [UInt8](unsafeUninitializedCapacity: capacity) { out, written in
                out.baseAddress!.initialize(repeating: 0, count: prefix)
                var writer = BitWriter(target: UnsafeMutableRawPointer(out.baseAddress! + prefix))
                var (nearCode, aboveCode): (Code, Code)
                if isFitted {
                    tables.writeHead(fitted, to: &writer)
                    (nearCode, aboveCode) = (tables.distanceCodes[near.symbol], tables.distanceCodes[above.symbol])
                } else {
                    writer.put(0b011, 3)  // last block, fixed codes
                    nearCode = Code(bits: reversed(UInt32(near.symbol), 5), count: 5)
                    aboveCode = Code(bits: reversed(UInt32(above.symbol), 5), count: 5)
                }
                nearCode = Code(bits: nearCode.bits | near.extra.bits << nearCode.count, count: nearCode.count + near.extra.count)
                aboveCode = Code(bits: aboveCode.bits | above.extra.bits << aboveCode.count, count: aboveCode.count + above.extra.count)
                fixedCodes.withUnsafeBufferPointer { fixed in
                    let codes = isFitted ? UnsafePointer(tables.codes) : fixed.baseAddress!
                    for index in 0..<count {
                        let token = tokens[index]
                        if token < 256 {
                            writer.put(codes[Int(token)])
                        } else {
                            let (symbol, extra) = length(Int(token &>> 1 & 0x1FF))
                            let (code, back) = (codes[symbol], token & 1 != 0 ? aboveCode : nearCode)
                            // At most 15 + 5 + 15 + 13 bits.
                            let bits = UInt64(code.bits) | UInt64(extra.bits) &<< UInt64(code.count) | UInt64(back.bits) &<< UInt64(code.count &+ extra.count)
                            writer.put(bits, UInt64(code.count &+ extra.count &+ back.count))
                        }
                    }
                    writer.put(codes[256])
                }
                if writer.have > 0 {
                    writer.target.storeBytes(of: UInt8(truncatingIfNeeded: writer.pool), as: UInt8.self)
                    writer.target += 1
                }
                writer.target.initializeMemory(as: UInt8.self, repeating: 0, count: suffix)
                written = UnsafeMutableRawPointer(out.baseAddress!).distance(to: writer.target) + suffix
            }
        }
    }

    /// Splits into literals (below 256) and matches (0x8000 + 2 * length, + 1 when one row back) and counts them.
    private static func tokenize(
        _ raw: UnsafePointer<UInt8>, size: Int, far: Int, into tokens: UnsafeMutablePointer<UInt16>, _ frequencies: UnsafeMutablePointer<UInt32>
    ) -> (count: Int, nears: Int, aboves: Int) {
        let bytes = UnsafeRawPointer(raw)
        @inline(__always) func matching(_ from: Int, _ distance: Int) -> Int {
            guard from >= distance else { return 0 }
            var at = from
            while at &+ 8 <= size {
                let here = bytes.loadUnaligned(fromByteOffset: at, as: UInt64.self)
                let difference = here ^ bytes.loadUnaligned(fromByteOffset: at &- distance, as: UInt64.self)
                if difference != 0 { return at &- from &+ difference.littleEndian.trailingZeroBitCount &>> 3 }
                at &+= 8
            }
            while at < size, raw[at] == raw[at &- distance] { at &+= 1 }
            return at &- from
        }
        var (at, count, nears, aboves) = (0, 0, 0, 0)
        while at < size {
            var match = matching(at, far)
            var above: UInt16 = 1
            if match < 16 {
                let repeated = matching(at, 1)
                if repeated >= match { (match, above) = (repeated, 0) }
            }
            if match < 3 {
                tokens[count] = UInt16(raw[at])
                frequencies[Int(raw[at])] &+= 1
                count &+= 1
                at &+= 1
                continue
            }
            at &+= match
            while match > 0 {
                let part = match <= 258 ? match : match < 261 ? match &- 3 : 258
                tokens[count] = 0x8000 | UInt16(truncatingIfNeeded: part) &<< 1 | above
                frequencies[length(part).symbol] &+= 1
                if above != 0 { aboves &+= 1 } else { nears &+= 1 }
                count &+= 1
                match &-= part
            }
        }
        return (count, nears, aboves)
    }
}
