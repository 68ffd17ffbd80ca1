#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// Writes finished JPEG tiles one after the other, then the TIFF directories that list them.
///
/// The file is a pyramidal tiled TIFF (BigTIFF when it might pass 4 GiB): native level first, smaller ones after it with
/// NewSubfileType 1. TIFF wants every tile at full size, a viewer wants edge tiles cropped, so an edge tile is stored twice. The
/// tiles as they are served are listed in an index of our own, which the ImageDescription points to: other readers warn about
/// private tags. The index holds, for z = 0 and up and row by row, offset (8 bytes) and byte count (4 bytes) of each tile.
final class PyramidWriter {
    /// ImageDescription of the native level, before the index' offset.
    static let description = "ship tiles 1, index at "

    /// What tiles hold.
    enum Coding {
        /// JPEG files of 8 bits a sample.
        case jpeg
        /// Samples of 16 bits as they are, always of whole tiles.
        case deep
    }

    private struct Slot {
        var offset: UInt64 = 0
        var count: UInt64 = 0
    }

    private struct Directory {
        var padded: [Slot]
        var served: [Slot]
    }

    private let path: String
    private let descriptor: Int32
    private let layout: PyramidLayout
    private let channels: Int
    private let coding: Coding
    private let chroma: (across: Int, down: Int)
    private let big: Bool
    private var directories: [Directory]
    private var position: UInt64
    private var buffer: [UInt8] = []

    init(path: String, layout: PyramidLayout, channels: Int, coding: Coding = .jpeg, chroma: (across: Int, down: Int) = (2, 2), bigTIFF: Bool?) throws(PyramidError) {
        self.path = path
        (self.coding, self.chroma) = (coding, chroma)
        self.layout = layout
        self.channels = channels
        let native = layout.levels[layout.levels.count - 1]
        // JPEG tiles are hardly ever larger than their pixels; all levels take 4/3, and edge tiles are there twice.
        let sampleBytes = coding == .deep ? 2 : 1
        big = bigTIFF ?? (native.columns * native.rows * layout.tileSize * layout.tileSize * channels * sampleBytes > 1 << 31)
        directories = layout.levels.map { level in
            Directory(
                padded: Array(repeating: Slot(), count: level.columns * level.rows),
                served: Array(repeating: Slot(), count: level.columns * level.rows))
        }
        descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else { throw .cannotWrite(file: path, reason: String(cString: strerror(errno))) }
        position = big ? 16 : 8
        buffer.reserveCapacity(1 << 20)
        buffer.append(contentsOf: [UInt8](repeating: 0, count: Int(position)))
    }

    deinit { close(descriptor) }

    /// Adds a tile of full size, padded at the edges.
    func addPadded(_ bytes: UnsafeBufferPointer<UInt8>, z: Int, x: Int, y: Int) throws(PyramidError) {
        let index = y * layout.levels[z].columns + x
        directories[z].padded[index] = Slot(offset: position, count: UInt64(bytes.count))
        // Inner tiles serve as they are; edge tiles are replaced by `addCropped`, whichever comes first.
        if directories[z].served[index].count == 0 { directories[z].served[index] = directories[z].padded[index] }
        try append(bytes)
    }

    /// Adds a tile as it is shown.
    func addCropped(_ bytes: UnsafeBufferPointer<UInt8>, z: Int, x: Int, y: Int) throws(PyramidError) {
        directories[z].served[y * layout.levels[z].columns + x] = Slot(offset: position, count: UInt64(bytes.count))
        try append(bytes)
    }

    private func append(_ bytes: UnsafeBufferPointer<UInt8>) throws(PyramidError) {
        buffer.append(contentsOf: bytes)
        position += UInt64(bytes.count)
        if position & 1 != 0 {  // TIFF wants even offsets
            buffer.append(0)
            position += 1
        }
        if buffer.count >= 1 << 20 { try flush() }
    }

    private func flush() throws(PyramidError) {
        var done = 0
        while done < buffer.count {
            let got = buffer.withUnsafeBytes { write(descriptor, $0.baseAddress! + done, $0.count - done) }
            if got < 0 {
                if errno == EINTR { continue }
                throw .cannotWrite(file: path, reason: String(cString: strerror(errno)))
            }
            done += got
        }
        buffer.removeAll(keepingCapacity: true)
    }

    /// Writes directories and header; with `sync` the file is on the medium when this returns.
    func finish(pixelSizeMicrometres: Double?, sync: Bool) throws(PyramidError) {
        let index = try writeIndex()
        var first: UInt64 = 0
        var links: [UInt64] = []  // where each directory keeps the offset of the next
        for z in layout.levels.indices.reversed() {
            let (start, link) = try writeDirectory(z, pixelSizeMicrometres, index: index)
            if links.isEmpty { first = start }
            if let last = links.last { try patch(start, at: last) }
            links.append(link)
        }
        try flush()
        let head: [UInt8] = big ? [0x49, 0x49, 43, 0, 8, 0, 0, 0] : [0x49, 0x49, 42, 0]
        try overwrite(head + bytes(first, big ? 8 : 4), at: 0)
        if sync, fsync(descriptor) != 0 { throw .cannotWrite(file: path, reason: String(cString: strerror(errno))) }
    }

    private func writeIndex() throws(PyramidError) -> UInt64 {
        let start = position
        var index: [UInt8] = []
        for directory in directories {
            for slot in directory.served { index += bytes(slot.offset, 8) + bytes(slot.count, 4) }
        }
        try index.withUnsafeBufferPointer { index throws(PyramidError) in try append(index) }
        return start
    }

    private func patch(_ value: UInt64, at offset: UInt64) throws(PyramidError) {
        try flush()
        try overwrite(bytes(value, big ? 8 : 4), at: offset)
    }

    private func overwrite(_ bytes: [UInt8], at offset: UInt64) throws(PyramidError) {
        guard pwrite(descriptor, bytes, bytes.count, off_t(offset)) == bytes.count else {
            throw .cannotWrite(file: path, reason: String(cString: strerror(errno)))
        }
    }

    // MARK: Directories

    private func bytes(_ value: UInt64, _ count: Int) -> [UInt8] { (0..<count).map { UInt8(value >> (8 * UInt64($0)) & 255) } }

    private struct Entry {
        var tag: UInt16
        var type: UInt16  // 2 ASCII, 3 SHORT, 4 LONG, 5 RATIONAL, 16 LONG8
        var count: Int
        var data: [UInt8]
    }

    private func writeDirectory(_ z: Int, _ pixelSize: Double?, index: UInt64) throws(PyramidError) -> (start: UInt64, link: UInt64) {
        let level = layout.levels[z]
        let wordType: UInt16 = big ? 16 : 4
        let word = big ? 8 : 4
        func short(_ tag: UInt16, _ values: [Int]) -> Entry { Entry(tag: tag, type: 3, count: values.count, data: values.flatMap { bytes(UInt64($0), 2) }) }
        func long(_ tag: UInt16, _ value: Int) -> Entry { Entry(tag: tag, type: 4, count: 1, data: bytes(UInt64(value), 4)) }
        func words(_ tag: UInt16, _ values: [UInt64]) -> Entry {
            var data: [UInt8] = []
            data.reserveCapacity(values.count * word)
            for value in values { for shift in 0..<word { data.append(UInt8(truncatingIfNeeded: value >> (8 * UInt64(shift)))) } }
            return Entry(tag: tag, type: wordType, count: values.count, data: data)
        }
        let directory = directories[z]
        var entries = [
            long(254, z == layout.levels.count - 1 ? 0 : 1), long(256, level.width), long(257, level.height),
            short(258, Array(repeating: coding == .deep ? 16 : 8, count: channels)), short(259, [coding == .deep ? 1 : 7]),
            short(262, [channels == 1 ? 1 : coding == .deep ? 2 : 6]), short(277, [channels]),
            short(284, [1]), short(322, [layout.tileSize]), short(323, [layout.tileSize]),
            words(324, directory.padded.map(\.offset)), words(325, directory.padded.map(\.count)),
        ]
        if z == layout.levels.count - 1 {
            let text = Array("\(Self.description)\(index)".utf8) + [0]
            entries.append(Entry(tag: 270, type: 2, count: text.count, data: text))
        }
        if channels == 3, coding == .jpeg { entries.append(short(530, [chroma.across, chroma.down])) }
        if let pixelSize, pixelSize > 0 {
            // Pixels per centimetre; a level's pixels are larger by the same factor that its width is smaller.
            let native = layout.levels[layout.levels.count - 1]
            let perCentimetre = 10_000 / pixelSize * Double(level.width) / Double(native.width)
            let denominator: Double = perCentimetre > 4_000_000 ? 1 : 1000
            let rational = bytes(UInt64(min(4_294_967_295, max(1, (perCentimetre * denominator).rounded()))), 4) + bytes(UInt64(denominator), 4)
            entries.append(Entry(tag: 282, type: 5, count: 1, data: rational))
            entries.append(Entry(tag: 283, type: 5, count: 1, data: rational))
            entries.append(short(296, [3]))
        }
        entries.sort { $0.tag < $1.tag }
        // Values that do not fit an entry come before the directory.
        var fields: [[UInt8]] = []
        for entry in entries {
            if entry.data.count <= word {
                fields.append(entry.data + [UInt8](repeating: 0, count: word - entry.data.count))
            } else {
                fields.append(bytes(position, word))
                try entry.data.withUnsafeBufferPointer { data throws(PyramidError) in try append(data) }
            }
        }
        let start = position
        var directoryBytes = bytes(UInt64(entries.count), big ? 8 : 2)
        for (entry, field) in zip(entries, fields) {
            directoryBytes += bytes(UInt64(entry.tag), 2) + bytes(UInt64(entry.type), 2) + bytes(UInt64(entry.count), word) + field
        }
        let link = start + UInt64(directoryBytes.count)
        directoryBytes += [UInt8](repeating: 0, count: word)
        try directoryBytes.withUnsafeBufferPointer { data throws(PyramidError) in try append(data) }
        return (start, link)
    }
}
