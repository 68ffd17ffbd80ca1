import Codecs
import Dispatch

/// Makes the tile file of an image, strip by strip.
///
/// Every column of tiles has a JPEG encoder of its own that is fed as strips come, so memory grows with the width only
/// (two strips of 32 rows, and the compressed tiles of one row of tiles), never with the height.
package enum PyramidBuilder {
    /// Reads all rows of `source` and writes all levels to a new file at `path`; a file that is there is replaced.
    ///
    /// Levels are exact means of 2 × 2 pixels, rounded half up, the last row or column repeated where a size is odd.
    /// The file does not depend on the number of processors.
    ///
    /// - Parameters:
    ///   - tileSize: edge of a tile, a multiple of 32.
    ///   - quality: of the JPEG tiles, 1 to 100.
    ///   - window: gray values of a 16-bit image that become 0 and 255; nil takes 0 ... 65,535. Images of 8 bits ignore it.
    ///   - pixelSizeMicrometres: kept as resolution of every level.
    ///   - bigTIFF: 64-bit offsets; nil takes them where the file might pass 4 GiB.
    ///   - sync: the file is on the medium when this returns.
    ///   - progress: gets 0 ... 1 after each strip; what it throws ends the work.
    /// - Complexity: about 4/3 of a JPEG encoding of the image, beside its decoding.
    package static func build(
        source: any ImageRowReader, to path: String, tileSize: Int = 512, quality: Int = 85, window: (low: Int, high: Int)? = nil,
        pixelSizeMicrometres: Double? = nil, bigTIFF: Bool? = nil, sync: Bool = true, progress: (Double) throws -> Void = { _ in }
    ) throws {
        precondition(tileSize > 0 && tileSize % stripRows == 0, "tile size \(tileSize) is no multiple of \(stripRows)")
        precondition((1...100).contains(quality), "JPEG quality \(quality)")
        let header = source.header
        let layout = PyramidLayout(width: header.width, height: header.height, tileSize: tileSize)
        let writer = try PyramidWriter(path: path, layout: layout, channels: header.channels, bigTIFF: bigTIFF)
        var levels: [PyramidLevel] = []
        for z in layout.levels.indices { levels.append(try PyramidLevel(layout: layout, z: z, channels: header.channels, quality: quality)) }
        let native = levels[levels.count - 1]
        let feed = try StripFeed(source: source, window: window, level: native)
        var row = 0
        try feed.read()
        while row < header.height {
            let count = feed.swap(into: native)
            row += count
            // The next strip is decoded while this one is encoded.
            try native.encode(beside: row < header.height ? { try feed.read() } : nil, halvingInto: levels.count > 1 ? levels[levels.count - 2] : nil)
            try native.flush(to: writer)
            for z in stride(from: levels.count - 2, through: 0, by: -1) {
                guard levels[z].isReady else { break }
                try levels[z].encode(beside: nil, halvingInto: z > 0 ? levels[z - 1] : nil)
                try levels[z].flush(to: writer)
            }
            try progress(Double(row) / Double(header.height))
        }
        try writer.finish(pixelSizeMicrometres: pixelSizeMicrometres, sync: sync)
    }

    /// Rows worked on at once; a multiple of the 16 rows that JPEG with halved chroma packs together.
    static let stripRows = 32
}

/// Reads strips of 8-bit rows ahead, turning 16-bit samples by the window.
private final class StripFeed: @unchecked Sendable {  // `read` and `swap` never run at the same time
    private let source: any ImageRowReader
    private let rowBytes: Int
    private var strip: UnsafeMutableRawBufferPointer
    private var wide: UnsafeMutableRawBufferPointer?
    private let table: [UInt8]
    private var row = 0
    private var rows = 0

    init(source: any ImageRowReader, window: (low: Int, high: Int)?, level: PyramidLevel) throws {
        self.source = source
        let header = source.header
        rowBytes = level.stride
        strip = .allocate(byteCount: level.stride * (PyramidBuilder.stripRows + 1), alignment: 64)
        if header.bitsPerSample == 16 {
            wide = .allocate(byteCount: header.rowBytes, alignment: 64)
            let (low, high) = (window?.low ?? 0, max(window?.high ?? 65_535, (window?.low ?? 0) + 1))
            table = (0...65_535).map { UInt8(clamping: (($0 - low) * 255 + (high - low) / 2) / (high - low)) }
        } else {
            table = []
        }
    }

    deinit {
        strip.deallocate()
        wide?.deallocate()
    }

    func read() throws {
        let header = source.header
        rows = min(PyramidBuilder.stripRows, header.height - row)
        for y in 0..<rows {
            let target = UnsafeMutableRawBufferPointer(rebasing: strip[(y * rowBytes)..<((y + 1) * rowBytes)])
            guard let wide else {
                try source.readRows(into: target, count: 1)
                continue
            }
            try source.readRows(into: wide, count: 1)
            let samples = wide.assumingMemoryBound(to: UInt16.self)
            table.withUnsafeBufferPointer { table in
                for index in 0..<(header.width * header.channels) { target[index] = table[Int(samples[index])] }
            }
        }
        row += rows
    }

    /// Hands the strip over to its level, whose old one is filled next.
    func swap(into level: PyramidLevel) -> Int {
        Swift.swap(&strip, &level.strip)
        level.rows = rows
        return rows
    }
}
