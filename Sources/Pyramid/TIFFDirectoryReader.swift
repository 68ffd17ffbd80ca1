#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// Directories of a little-endian TIFF or BigTIFF, enough to find tiles. Every offset and count is checked against the file's size.
struct TIFFDirectoryReader {
    struct Directory {
        fileprivate var entries: [UInt16: (type: UInt16, count: Int, field: [UInt8])] = [:]

        /// The number of a tag that holds one.
        func one(_ tag: UInt16) -> Int? {
            // A small TIFF has no room for eight bytes here.
            guard let entry = entries[tag], entry.count == 1, let size = TIFFDirectoryReader.sizes[entry.type], size <= entry.field.count else { return nil }
            return Int(exactly: TIFFDirectoryReader.number(entry.field[0..<size]))
        }

        /// The text of an ASCII tag, without the zero at its end.
        func text(_ tag: UInt16, _ reader: TIFFDirectoryReader) throws(PyramidError) -> String? {
            guard let entry = entries[tag], entry.type == 2, entry.count > 0, entry.count <= 1 << 16 else { return nil }
            let data =
                entry.count <= entry.field.count
                ? Array(entry.field[..<entry.count]) : try reader.bytes(at: TIFFDirectoryReader.number(entry.field[...]), count: entry.count)
            return String(decoding: data.prefix { $0 != 0 }, as: UTF8.self)
        }
    }

    fileprivate static let sizes: [UInt16: Int] = [3: 2, 4: 4, 16: 8]

    fileprivate static func number(_ bytes: ArraySlice<UInt8>) -> UInt64 {
        bytes.reversed().reduce(0) { $0 << 8 | UInt64($1) }
    }

    let descriptor: Int32
    let path: String
    let size: Int
    private let big: Bool
    private let first: UInt64

    init(descriptor: Int32, path: String) throws(PyramidError) {
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw .cannotRead(file: path, reason: String(cString: strerror(errno))) }
        guard status.st_mode & S_IFMT == S_IFREG, status.st_size >= 16 else { throw .notAPyramid(file: path, reason: "it is too short") }
        (self.descriptor, self.path, size) = (descriptor, path, Int(status.st_size))
        let head = try PyramidFile.read(descriptor, offset: 0, count: 16, path: path)
        guard head[0] == 0x49, head[1] == 0x49, head[2] == 42 || head[2] == 43, head[3] == 0 else {
            throw .notAPyramid(file: path, reason: "it is not a TIFF")
        }
        big = head[2] == 43
        first = Self.number(big ? head[8..<16] : head[4..<8])
    }

    func bytes(at offset: UInt64, count: Int) throws(PyramidError) -> [UInt8] {
        guard count >= 0, count <= size, offset <= UInt64(size - count) else { throw .notAPyramid(file: path, reason: "it ends too early") }
        return try PyramidFile.read(descriptor, offset: Int(offset), count: count, path: path)
    }

    /// Directories in the file's order, at most `limit`.
    func directories(limit: Int) throws(PyramidError) -> [Directory] {
        var result: [Directory] = []
        var offset = first
        let word = big ? 8 : 4
        let entrySize = 4 + 2 * word
        while offset != 0, result.count <= limit {
            let count = Int(clamping: Self.number(try bytes(at: offset, count: big ? 8 : 2)[...]))
            guard count > 0, count <= 4096 else { throw .notAPyramid(file: path, reason: "a directory is damaged") }
            let start = offset + (big ? 8 : 2)
            let data = try bytes(at: start, count: count * entrySize + word)
            var directory = Directory()
            for index in 0..<count {
                let at = index * entrySize
                let tag = UInt16(Self.number(data[at..<(at + 2)]))
                let type = UInt16(Self.number(data[(at + 2)..<(at + 4)]))
                let values = Int(clamping: Self.number(data[(at + 4)..<(at + 4 + word)]))
                directory.entries[tag] = (type, values, Array(data[(at + 4 + word)..<(at + 4 + 2 * word)]))
            }
            result.append(directory)
            offset = Self.number(data[(count * entrySize)...])
        }
        return result
    }
}
