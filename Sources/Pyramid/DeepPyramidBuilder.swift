import Codecs
import Raster

/// Makes the file that windows of 16-bit images are read from: all levels, tiles of samples as they are.
///
/// Such a file is made when somebody first changes the window, and may be deleted at any time. The original would not do: a PNG, a
/// deflated strip or a turned picture cannot be entered in the middle, and a coarse level would need all of it.
package enum DeepPyramidBuilder {
    /// Reads all rows of `source`, of 16 bits a sample, and writes all levels to a new file at `path`.
    ///
    /// Levels are means of 2 × 2 pixels as in the ordinary pyramid, rounded half up.
    /// - Complexity: one pass; memory for one row of tiles of each level; 8/3 bytes a sample on disk.
    package static func build(
        source: any ImageRowReader, to path: String, tileSize: Int = 512, sync: Bool = true, progress: (Double) throws -> Void = { _ in }
    ) throws {
        let header = source.header
        precondition(header.bitsPerSample == 16, "\(header.bitsPerSample) bits a sample need no file of full depth")
        precondition(tileSize > 0 && tileSize % 16 == 0, "tile size \(tileSize) is no multiple of 16")
        let layout = PyramidLayout(width: header.width, height: header.height, tileSize: tileSize)
        let writer = try PyramidWriter(path: path, layout: layout, channels: header.channels, coding: .deep, bigTIFF: nil)
        let levels = layout.levels.indices.map { Level(layout: layout, z: $0, channels: header.channels) }
        let native = levels[levels.count - 1]
        for y in 0..<header.height {
            try source.readRows(into: native.room, count: 1)
            native.turnToRGB()
            try add(to: levels.count - 1, levels, writer)
            if y % 64 == 63 || y == header.height - 1 { try progress(Double(y + 1) / Double(header.height)) }
        }
        try writer.finish(pixelSizeMicrometres: nil, sync: sync)
    }

    /// The next row of level z is there: what follows from it.
    private static func add(to z: Int, _ levels: [Level], _ writer: PyramidWriter) throws {
        let level = levels[z]
        level.endRow()
        if z > 0, level.rows % 2 == 0 || level.isComplete {
            levels[z - 1].halve(level)
            try add(to: z - 1, levels, writer)
        }
        if level.rows % level.tileSize == 0 || level.isComplete { try level.write(to: writer) }
    }

    /// A row of tiles while it is gathered.
    private final class Level {
        let tileSize: Int
        private let z: Int
        private let size: PyramidLayout.Level
        private let channels: Int
        private let stride: Int  // samples from row to row
        private let band: UnsafeMutableBufferPointer<UInt16>
        /// Finished rows of the level.
        private(set) var rows = 0

        init(layout: PyramidLayout, z: Int, channels: Int) {
            (self.z, size, tileSize, self.channels) = (z, layout.levels[z], layout.tileSize, channels)
            stride = size.columns * tileSize * channels
            band = .allocate(capacity: stride * tileSize)
            band.initialize(repeating: 0)
        }

        deinit { band.deallocate() }

        var isComplete: Bool { rows == size.height }
        private var start: Int { rows % tileSize * stride }

        /// Where the next row goes.
        var room: UnsafeMutableRawBufferPointer {
            UnsafeMutableRawBufferPointer(rebasing: UnsafeMutableRawBufferPointer(band)[(2 * start)..<(2 * (start + size.width * channels))])
        }

        func turnToRGB() {
            guard channels == 3 else { return }
            let start = start
            for x in 0..<size.width { band.swapAt(start + 3 * x, start + 3 * x + 2) }
        }

        /// Repeats the last pixel up to the end of its tile.
        func endRow() {
            let start = start
            for at in (start + size.width * channels)..<(start + stride) { band[at] = band[at - channels] }
            rows += 1
        }

        /// The next row from the last two of `larger`, or from its last one twice.
        func halve(_ larger: Level) {
            let lower = (larger.rows - 1) % tileSize * larger.stride
            let upper = larger.rows % 2 == 0 ? lower - larger.stride : lower
            let (to, above, below) = (band.baseAddress! + start, larger.band.baseAddress! + upper, larger.band.baseAddress! + lower)
            let channels = channels
            for x in 0..<size.width {
                for channel in 0..<channels {
                    // An odd last column has its copy beside it: tiles are of even width.
                    let (left, right) = (2 * x * channels + channel, (2 * x + 1) * channels + channel)
                    let sum = UInt32(above[left]) + UInt32(above[right]) + UInt32(below[left]) + UInt32(below[right])
                    to[x * channels + channel] = UInt16(truncatingIfNeeded: (sum + 2) >> 2)
                }
            }
        }

        func write(to writer: PyramidWriter) throws(PyramidError) {
            let y = (rows - 1) / tileSize
            let filled = rows - y * tileSize
            for row in filled..<tileSize { for at in 0..<stride { band[row * stride + at] = band[(filled - 1) * stride + at] } }
            var tile = [UInt16](repeating: 0, count: tileSize * tileSize * channels)
            for x in 0..<size.columns {
                for row in 0..<tileSize {
                    let from = row * stride + x * tileSize * channels
                    for at in 0..<(tileSize * channels) { tile[row * tileSize * channels + at] = band[from + at].littleEndian }
                }
                try tile.withUnsafeBufferPointer { tile throws(PyramidError) in
                    try writer.addPadded(UnsafeRawBufferPointer(tile).assumingMemoryBound(to: UInt8.self), z: z, x: x, y: y)
                }
            }
        }
    }
}
