/// Rows of one object at one level, in the memory of its layer.
///
/// Narrow: rows of bits. Wide: runs. First, for every 64th row but row 0, where it begins (32 bits, little-endian, from the first
/// row); then each row: the number of its runs, and of each run how many pixels lie between it and the one before (or the left edge), and its length less one,
/// as numbers of seven bits a byte, lowest first. Reading never leaves the memory, whatever it holds.
struct ObjectRows {
    static let narrow = 64

    let start: UnsafeRawPointer
    let byteCount: Int
    let width: Int
    let height: Int

    var isNarrow: Bool { width <= Self.narrow }
    static func rowBytes(_ width: Int) -> Int { (width + 7) >> 3 }

    /// The row's pixels, the leftmost highest; of a narrow object.
    @inline(__always) func word(_ row: Int) -> UInt64 {
        UInt64(bigEndian: (start + row * Self.rowBytes(width)).loadUnaligned(as: UInt64.self)) & ~0 << UInt64(Self.narrow - width)
    }

    /// The first row's place that can be found without reading on, and its number.
    private func block(_ row: Int) -> (reader: Reader, row: Int) {
        let table = (height - 1) >> 6
        let end = start + byteCount
        let data = start + min(byteCount, 4 * table)
        let block = row >> 6
        guard block > 0, 4 * block <= byteCount else { return (Reader(at: data, end: end), 0) }
        let offset = Int(UInt32(littleEndian: (start + 4 * (block - 1)).loadUnaligned(as: UInt32.self)))
        return (Reader(at: data + min(offset, end - data), end: end), block << 6)
    }

    /// Runs of rows `from ..< to` as (row, first, last), from the left edge of the box. A wide object's rows are read one after the other.
    @inline(__always) func forEachRun(from: Int, to: Int, _ body: (Int, Int, Int) -> Void) {
        guard from < to else { return }
        if isNarrow {
            for row in from..<to {
                var word = word(row)
                var at = 0
                while word != 0 {
                    let skip = word.leadingZeroBitCount
                    word <<= UInt64(skip)
                    let length = (~word).leadingZeroBitCount
                    body(row, at + skip, at + skip + length - 1)
                    at += skip + length
                    word = length == 64 ? 0 : word << UInt64(length)
                }
            }
            return
        }
        var (reader, row) = block(from)
        while row < to {
            var count = reader.next()
            var x = 0
            while count > 0, !reader.isAtEnd {
                let first = x + reader.next()
                let last = first + reader.next()
                if first >= width { break }
                if row >= from { body(row, first, min(last, width - 1)) }
                (x, count) = (last + 1, count - 1)
            }
            row += 1
        }
    }

    func forEachRun(_ row: Int, _ body: (Int, Int) -> Void) {
        forEachRun(from: row, to: row + 1) { body($1, $2) }
    }

    func contains(x: Int, row: Int) -> Bool {
        if isNarrow { return (word(row) << UInt64(x)) >> 63 != 0 }
        var isInside = false
        forEachRun(row) { if $0 <= x && x <= $1 { isInside = true } }
        return isInside
    }

    private struct Reader {
        var at: UnsafeRawPointer
        let end: UnsafeRawPointer

        init(at: UnsafeRawPointer, end: UnsafeRawPointer) { (self.at, self.end) = (at, end) }

        var isAtEnd: Bool { at >= end }

        /// The next number, below 2^28; 0 at the end.
        @inline(__always) mutating func next() -> Int {
            var (value, shift) = (0, 0)
            while at < end, shift < 28 {
                let byte = Int(at.load(as: UInt8.self))
                at += 1
                value |= (byte & 127) << shift
                if byte < 128 { break }
                shift += 7
            }
            return value
        }
    }

    // MARK: - Writing

    /// Appends an object's rows. `runs` are in raster order, from the box's corner.
    static func append(_ runs: [(row: Int32, first: Int32, last: Int32)], width: Int, height: Int, to bytes: inout [UInt8]) {
        let start = bytes.count
        if width <= narrow {
            let rowBytes = rowBytes(width)
            bytes.append(contentsOf: repeatElement(0, count: rowBytes * height))
            bytes.withUnsafeMutableBufferPointer { bytes in
                for run in runs {
                    let word = ~UInt64(0) >> UInt64(run.first) & ~0 << UInt64(63 - run.last)
                    let row = start + Int(run.row) * rowBytes
                    for index in Int(run.first) >> 3...Int(run.last) >> 3 { bytes[row + index] |= UInt8(truncatingIfNeeded: word >> UInt64(56 - 8 * index)) }
                }
            }
            return
        }
        func append(_ number: Int) {
            var number = number
            while number >= 128 {
                bytes.append(UInt8(number & 127 | 128))
                number >>= 7
            }
            bytes.append(UInt8(number))
        }
        let table = (height - 1) >> 6
        bytes.append(contentsOf: repeatElement(0, count: 4 * table))
        let data = bytes.count
        var next = 0
        for row in 0..<height {
            if row > 0, row & 63 == 0 {
                let offset = UInt32(bytes.count - data)
                for index in 0..<4 { bytes[start + 4 * (row >> 6 - 1) + index] = UInt8(truncatingIfNeeded: offset >> UInt32(8 * index)) }
            }
            var end = next
            while end < runs.count, Int(runs[end].row) == row { end += 1 }
            append(end - next)
            var x = 0
            for run in runs[next..<end] {
                append(Int(run.first) - x)
                append(Int(run.last - run.first))
                x = Int(run.last) + 1
            }
            next = end
        }
    }
}
