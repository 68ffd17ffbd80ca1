/// The list of entries at the end of a ZIP archive, with the sizes and offsets of ZIP64.
///
/// What it states is believed as far as it can be true: every entry lies before the directory, and packed sizes do not go beyond it.
/// - Source: APPNOTE.TXT 6.3.10, 4.3 and 4.5.3.
struct ZipDirectory {
    struct Record: Sendable {
        let name: [UInt8]
        /// As stated; what it unpacks to may be anything.
        let size: UInt64
        let compressedSize: Int
        let crc: UInt32
        let method: Int
        let isEncrypted: Bool
        let isLink: Bool
        /// Of the entry's own header in the file.
        let start: Int
        /// Its packed bytes end here or later.
        var leastEnd: Int { start + 30 + name.count + compressedSize }
    }

    /// Number of entries that the archive's end speaks of.
    let stated: UInt64
    private let file: ZipFile
    private let start: Int
    private let end: Int
    /// Bytes before the archive, as in programs that unpack themselves; offsets do not count them.
    private let before: Int
    private var position: Int
    /// Part of the directory that was read, larger than the largest record (46 bytes and three times 65,535).
    private var window: [UInt8] = []
    private var windowStart = 0

    private static let saturated: UInt64 = 0xffff_ffff

    /// - Throws: `.notZip` without an end record; `.damaged` when it cannot be true.
    init(_ file: ZipFile) throws(ZipError) {
        let tailStart = max(0, file.size - 22 - 0xffff)
        let tail = try file.bytes(at: tailStart, count: file.size - tailStart)
        let last = stride(from: tail.count - 22, through: 0, by: -1).first { at in
            tail[at] == 0x50 && tail.zipNumber(at, 4) == 0x0605_4b50 && at + 22 + Int(tail.zipNumber(at + 20, 2)) <= tail.count
        }
        guard let last else { throw .notZip(file: file.path) }
        var (limit, count, countHere) = (tailStart + last, tail.zipNumber(last + 10, 2), tail.zipNumber(last + 8, 2))
        var (size, offset, disks) = (tail.zipNumber(last + 12, 4), tail.zipNumber(last + 16, 4), tail.zipNumber(last + 4, 4))
        if let (place, record) = try Self.zip64End(file, before: limit) {
            (limit, count, countHere) = (place, record.zipNumber(32, 8), record.zipNumber(24, 8))
            (size, offset, disks) = (record.zipNumber(40, 8), record.zipNumber(48, 8), record.zipNumber(16, 8))
        } else if size == Self.saturated || offset == Self.saturated {
            throw .damaged(file: file.path, entry: nil)
        }
        guard disks == 0, countHere == count, size <= UInt64(limit), offset <= UInt64(limit) - size else { throw .damaged(file: file.path, entry: nil) }
        (self.file, stated, end, start) = (file, count, limit, limit - Int(size))
        before = start - Int(offset)
        position = start
    }

    /// The end record of ZIP64 and where it lies, when there is one.
    private static func zip64End(_ file: ZipFile, before end: Int) throws(ZipError) -> (place: Int, record: [UInt8])? {
        let (locatorSize, recordSize) = (20, 56)
        guard end >= locatorSize + recordSize else { return nil }
        let locator = try file.bytes(at: end - locatorSize, count: locatorSize)
        guard locator.zipNumber(0, 4) == 0x0706_4b50 else { return nil }
        let last = end - locatorSize - recordSize
        // Where the locator says, or, with other bytes before the archive, right before the locator.
        for place in [locator.zipNumber(8, 8), UInt64(last)] where place <= UInt64(last) {
            let record = try file.bytes(at: Int(place), count: recordSize)
            if record.zipNumber(0, 4) == 0x0606_4b50 { return (Int(place), record) }
        }
        return nil
    }

    /// - Throws: `.damaged` when the next record cannot be true.
    mutating func next() throws(ZipError) -> Record? {
        if position == end { return nil }
        try need(46)
        guard number(0, 4) == 0x0201_4b50 else { throw damaged }
        let (nameLength, extraLength, commentLength) = (Int(number(28, 2)), Int(number(30, 2)), Int(number(32, 2)))
        let length = 46 + nameLength + extraLength + commentLength
        try need(length)
        let at = position - windowStart
        let name = Array(window[at + 46..<at + 46 + nameLength])
        var (packed, size, offset) = (number(20, 4), number(24, 4), number(42, 4))
        try readZip64(46 + nameLength..<46 + nameLength + extraLength, &size, &packed, &offset)
        // No sum here can overflow: each part is at most the size of the file.
        let room = UInt64(start)
        guard packed <= room, offset <= room, UInt64(before) + offset + 30 + UInt64(nameLength) + packed <= room else { throw damaged }
        let host = number(4, 2) >> 8
        // Unix and macOS keep the file's mode, in which 0xa000 is a symbolic link.
        let mode = host == 3 || host == 19 ? number(40, 2) : 0
        let record = Record(
            name: name, size: size, compressedSize: Int(packed), crc: UInt32(number(16, 4)), method: Int(number(10, 2)), isEncrypted: number(8, 2) & 1 != 0,
            isLink: mode & 0xf000 == 0xa000, start: before + Int(offset))
        position += length
        return record
    }

    /// Reads what did not fit into 32 bits: of size, packed size and offset those that are saturated, in this order.
    private func readZip64(_ extra: Range<Int>, _ size: inout UInt64, _ packed: inout UInt64, _ offset: inout UInt64) throws(ZipError) {
        if size != Self.saturated && packed != Self.saturated && offset != Self.saturated { return }
        var at = extra.lowerBound
        while at + 4 <= extra.upperBound {
            let (kind, length) = (number(at, 2), Int(number(at + 2, 2)))
            at += 4
            guard at + length <= extra.upperBound else { break }
            if kind != 1 {
                at += length
                continue
            }
            let end = at + length
            for field in 0..<3 where [size, packed, offset][field] == Self.saturated {
                guard at + 8 <= end else { throw damaged }
                let value = number(at, 8)
                if field == 0 { size = value } else if field == 1 { packed = value } else { offset = value }
                at += 8
            }
            return
        }
        throw damaged
    }

    private var damaged: ZipError { .damaged(file: file.path, entry: nil) }

    /// Sees to it that so many bytes from the position on can be looked at.
    private mutating func need(_ count: Int) throws(ZipError) {
        guard count <= end - position else { throw damaged }
        if position >= windowStart, position + count <= windowStart + window.count { return }
        window = try file.bytes(at: position, count: min(1 << 18, end - position))
        windowStart = position
    }

    /// - Parameter at: from the position on.
    private func number(_ at: Int, _ count: Int) -> UInt64 { window.zipNumber(position - windowStart + at, count) }
}
