#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// Tiles of one image, ready to be sent: a tile is one positioned read, without decoding. Usable from any thread.
package final class PyramidFile: Sendable {
    package let path: String
    package let layout: PyramidLayout
    /// Last part of the path without its ending.
    package let name: Substring
    package let byteCount: Int
    /// 1 gray, 3 colour.
    package let channels: Int
    /// 8: tiles are JPEG files; 16: they hold the samples as they are, for windows of full depth.
    package let bitsPerSample: Int
    private let descriptor: Int32
    /// Of each level, row by row: offset and byte count.
    private let tiles: [[(offset: UInt64, count: UInt32)]]

    package var width: Int { layout.levels[layout.levels.count - 1].width }
    package var height: Int { layout.levels[layout.levels.count - 1].height }
    package var tileSize: Int { layout.tileSize }
    /// z goes from 0, the whole image in one tile, to levels - 1, the image itself.
    package var levels: Int { layout.levels.count }

    package init(path: String) throws(PyramidError) {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw .cannotRead(file: path, reason: String(cString: strerror(errno))) }
        do throws(PyramidError) {
            let parser = try TIFFDirectoryReader(descriptor: descriptor, path: path)
            let directories = try parser.directories(limit: 40)
            guard let native = directories.first, let size = native.one(322), size >= 16, size <= 8192 else {
                throw PyramidError.notAPyramid(file: path, reason: "it has no tiles")
            }
            guard let width = native.one(256), let height = native.one(257), width > 0, height > 0, width <= 1 << 24, height <= 1 << 24 else {
                throw PyramidError.notAPyramid(file: path, reason: "it has no size")
            }
            let layout = PyramidLayout(width: width, height: height, tileSize: size)
            let channels = native.one(277) ?? 1
            let isDeep = native.one(259) == 1
            guard channels == 1 || channels == 3 else { throw PyramidError.notAPyramid(file: path, reason: "it has \(channels) channels") }
            guard directories.count == layout.levels.count else {
                throw PyramidError.notAPyramid(file: path, reason: "it has \(directories.count) of \(layout.levels.count) levels")
            }
            for (level, directory) in zip(layout.levels, directories.reversed()) {
                guard directory.one(256) == level.width, directory.one(257) == level.height else {
                    throw PyramidError.notAPyramid(file: path, reason: "its levels do not fit its size")
                }
            }
            guard let text = try native.text(270, parser), text.hasPrefix(PyramidWriter.description),
                let index = UInt64(text.dropFirst(PyramidWriter.description.count))
            else { throw PyramidError.notAPyramid(file: path, reason: "it has no index of tiles") }
            let count = layout.levels.reduce(0) { $0 + $1.columns * $1.rows }
            let list = try parser.bytes(at: index, count: 12 * count)
            var tiles: [[(offset: UInt64, count: UInt32)]] = []
            var next = 0
            for level in layout.levels {
                var row: [(offset: UInt64, count: UInt32)] = []
                row.reserveCapacity(level.columns * level.rows)
                for _ in 0..<(level.columns * level.rows) {
                    let (offset, count) = list.withUnsafeBytes {
                        (
                            UInt64(littleEndian: $0.loadUnaligned(fromByteOffset: next, as: UInt64.self)),
                            UInt32(littleEndian: $0.loadUnaligned(fromByteOffset: next + 8, as: UInt32.self))
                        )
                    }
                    guard count > 0, offset <= UInt64(parser.size), UInt64(count) <= UInt64(parser.size) - offset else {
                        throw PyramidError.notAPyramid(file: path, reason: "a tile lies outside the file")
                    }
                    guard !isDeep || Int(count) == size * size * channels * 2 else {
                        throw PyramidError.notAPyramid(file: path, reason: "a tile has the wrong size")
                    }
                    row.append((offset, count))
                    next += 12
                }
                tiles.append(row)
            }
            self.path = path
            name = path.split(separator: "/").last?.dropLast(4) ?? ""
            self.layout = layout
            self.tiles = tiles
            self.descriptor = descriptor
            self.channels = channels
            bitsPerSample = isDeep ? 16 : 8
            byteCount = parser.size
        } catch {
            close(descriptor)
            throw error
        }
    }

    deinit { close(descriptor) }

    /// Where a tile's JPEG lies in the file; nil outside the image.
    package func tileRange(z: Int, x: Int, y: Int) -> (offset: Int, count: Int)? {
        guard layout.levels.indices.contains(z), x >= 0, y >= 0, x < layout.levels[z].columns, y < layout.levels[z].rows else { return nil }
        let tile = tiles[z][y * layout.levels[z].columns + x]
        return (Int(tile.offset), Int(tile.count))
    }

    /// A tile as a JPEG file, cropped at the right and lower edge of the image; nil outside the image.
    package func tile(z: Int, x: Int, y: Int) throws(PyramidError) -> [UInt8]? {
        guard let (offset, count) = tileRange(z: z, x: x, y: y) else { return nil }
        return try Self.read(descriptor, offset: offset, count: count, path: path)
    }

    /// Reads bytes of the file as they are; returns how many there were.
    package func read(offset: Int, into target: UnsafeMutableRawBufferPointer) -> Int {
        var done = 0
        while done < target.count {
            let got = pread(descriptor, target.baseAddress! + done, target.count - done, off_t(offset + done))
            if got < 0 && errno == EINTR { continue }
            if got <= 0 { break }
            done += got
        }
        return done
    }

    static func read(_ descriptor: Int32, offset: Int, count: Int, path: String) throws(PyramidError) -> [UInt8] {
        var failure: Int32 = 0
        let bytes = [UInt8](unsafeUninitializedCapacity: count) { buffer, done in
            done = 0
            while done < count {
                let got = pread(descriptor, buffer.baseAddress! + done, count - done, off_t(offset + done))
                if got < 0 && errno == EINTR { continue }
                if got < 0 { failure = errno }
                if got <= 0 { break }
                done += got
            }
        }
        if failure != 0 { throw .cannotRead(file: path, reason: String(cString: strerror(failure))) }
        guard bytes.count == count else { throw .cannotRead(file: path, reason: "it ends too early") }
        return bytes
    }
}
