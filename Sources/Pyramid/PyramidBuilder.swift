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
        let native = Native(header: source.header, form: .rows(channels: source.header.channels), quality: quality, smallerQuality: quality)
        try build(native, to: path, tileSize: tileSize, pixelSizeMicrometres, bigTIFF, sync, progress) { strip in
            RowFeed(source: source, window: window, strip: strip)
        }
    }

    /// The same of a JPEG whose planes are taken as they are, without turning them to colours and back. Means are taken in each plane.
    ///
    /// - Parameter isLossless: tiles of the native level hold the coefficients of the source, so that they decode to the same
    ///   planes. Otherwise they are encoded anew with `quality`, as smaller levels are.
    package static func build(
        planes source: JPEGPlaneReader, isLossless: Bool, to path: String, tileSize: Int = 512, quality: Int = 85,
        pixelSizeMicrometres: Double? = nil, bigTIFF: Bool? = nil, sync: Bool = true, progress: (Double) throws -> Void = { _ in }
    ) throws {
        let native = Native(header: source.header, form: .planes(source.layout), quality: isLossless ? nil : quality, smallerQuality: quality)
        try build(native, to: path, tileSize: tileSize, pixelSizeMicrometres, bigTIFF, sync, progress) { strip in
            PlaneFeed(source: source, strip: strip)
        }
    }

    private struct Native {
        var header: ImageHeader
        var form: PixelForm
        /// Of the native level; nil keeps the source's coefficients.
        var quality: Int?
        /// Of smaller levels.
        var smallerQuality: Int
    }

    private static func build(
        _ source: Native, to path: String, tileSize: Int, _ pixelSizeMicrometres: Double?, _ bigTIFF: Bool?, _ sync: Bool,
        _ progress: (Double) throws -> Void, _ makeFeed: (Strip) -> any StripFeed
    ) throws {
        precondition(tileSize > 0 && tileSize % Strip.height == 0, "tile size \(tileSize) is no multiple of \(Strip.height)")
        precondition((1...100).contains(source.smallerQuality), "JPEG quality \(source.smallerQuality)")
        let header = source.header
        let layout = PyramidLayout(width: header.width, height: header.height, tileSize: tileSize)
        let writer = try PyramidWriter(path: path, layout: layout, channels: header.channels, chroma: source.form.chroma, bigTIFF: bigTIFF)
        let top = layout.levels.count - 1
        var levels: [PyramidLevel] = []
        for z in layout.levels.indices {
            levels.append(try PyramidLevel(layout: layout, z: z, form: source.form, quality: z == top ? source.quality : source.smallerQuality))
        }
        let native = levels[top]
        let feed = makeFeed(native.newStrip())
        var row = 0
        try feed.read()
        while row < header.height {
            native.exchange(&feed.strip)
            row += native.strip.rows
            // The next strip is decoded while this one is encoded.
            try native.encode(beside: row < header.height ? { try feed.read() } : nil, halvingInto: top > 0 ? levels[top - 1] : nil)
            try native.flush(to: writer)
            for z in stride(from: top - 1, through: 0, by: -1) {
                guard levels[z].isReady else { break }
                try levels[z].encode(beside: nil, halvingInto: z > 0 ? levels[z - 1] : nil)
                try levels[z].flush(to: writer)
            }
            try progress(Double(row) / Double(header.height))
        }
        try writer.finish(pixelSizeMicrometres: pixelSizeMicrometres, sync: sync)
    }
}

/// Fills strip after strip. Reading and exchanging the strip never happen at the same time.
private protocol StripFeed: AnyObject, Sendable {
    var strip: Strip { get set }
    func read() throws
}

/// Strips of 8-bit rows, 16-bit samples turned by the window.
private final class RowFeed: StripFeed, @unchecked Sendable {
    var strip: Strip
    private let source: any ImageRowReader
    private let wide: UnsafeMutableRawBufferPointer?
    private let table: [UInt8]
    private var row = 0

    init(source: any ImageRowReader, window: (low: Int, high: Int)?, strip: Strip) {
        (self.source, self.strip) = (source, strip)
        let header = source.header
        if header.bitsPerSample == 16 {
            wide = .allocate(byteCount: header.rowBytes, alignment: 64)
            let (low, high) = (window?.low ?? 0, max(window?.high ?? 65_535, (window?.low ?? 0) + 1))
            table = (0...65_535).map { UInt8(clamping: (($0 - low) * 255 + (high - low) / 2) / (high - low)) }
        } else {
            (wide, table) = (nil, [])
        }
    }

    deinit { wide?.deallocate() }

    func read() throws {
        let header = source.header
        let plane = strip.planes[0]
        strip.rows = min(Strip.height, header.height - row)
        for y in 0..<strip.rows {
            let target = UnsafeMutableRawBufferPointer(start: plane.samples + y * plane.stride, count: plane.stride)
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
        row += strip.rows
    }
}

/// Strips of planes.
private final class PlaneFeed: StripFeed, @unchecked Sendable {
    var strip: Strip
    private let source: JPEGPlaneReader
    private var row = 0

    init(source: JPEGPlaneReader, strip: Strip) { (self.source, self.strip) = (source, strip) }

    func read() throws {
        strip.rows = min(Strip.height, source.header.height - row)
        let unit = source.rowsPerReading
        for number in 0..<((strip.rows + unit - 1) / unit) { try source.read(into: strip.part(number, left: 0, layout: source.layout)) }
        row += strip.rows
    }
}
