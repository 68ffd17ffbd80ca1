import Codecs
import Dispatch
import Synchronization

/// One level while it is built: a strip of rows, and an encoder for each column of tiles.
final class PyramidLevel: @unchecked Sendable {  // each column is touched by one thread at a time, all else by the caller
    private let z: Int
    private let size: PyramidLayout.Level
    private let tileSize: Int
    private let form: PixelForm
    /// nil: the coefficients of the source are kept.
    private let quality: Int?
    private(set) var strip: Strip
    /// Rows encoded before the strip.
    private var done = 0
    private let columns: [Column]

    private final class Column {
        let padded: JPEGTileEncoder
        /// For tiles at the right or lower edge.
        var cropped: JPEGTileEncoder?
        var paddedFile: UnsafeBufferPointer<UInt8>?
        var croppedFile: UnsafeBufferPointer<UInt8>?

        init() throws(CodecError) { padded = try JPEGTileEncoder() }
    }

    init(layout: PyramidLayout, z: Int, form: PixelForm, quality: Int?) throws(CodecError) {
        self.z = z
        size = layout.levels[z]
        tileSize = layout.tileSize
        (self.form, self.quality) = (form, quality)
        var columns: [Column] = []
        for _ in 0..<size.columns { columns.append(try Column()) }
        self.columns = columns
        strip = Strip(size, tileSize: tileSize, form: form, keepsBlocks: quality == nil)
    }

    /// A strip of this level's kind.
    func newStrip() -> Strip { Strip(size, tileSize: tileSize, form: form, keepsBlocks: quality == nil) }

    /// Takes over a filled strip and gives its own away.
    func exchange(_ other: inout Strip) { swap(&strip, &other) }

    /// The strip is full or holds the last rows.
    var isReady: Bool { strip.rows > 0 && (strip.rows == Strip.height || done + strip.rows == size.height) }

    /// Encodes the strip and adds its 2 × 2 means to the strip of the next smaller level, columns in parallel; `other` work
    /// is done beside it.
    func encode(beside other: (() throws -> Void)?, halvingInto smaller: PyramidLevel?) throws {
        strip.pad()
        let failure = Mutex<(any Error)?>(nil)
        // The closure is not kept, and `concurrentPerform` returns only when all has been done.
        nonisolated(unsafe) let other = other
        let extra = other == nil ? 0 : 1
        DispatchQueue.concurrentPerform(iterations: columns.count + extra) { index in
            do {
                if index < extra { try other?() } else { try encodeColumn(index - extra, halvingInto: smaller) }
            } catch {
                failure.withLock { $0 = $0 ?? error }
            }
        }
        if let error = failure.withLock({ $0 }) { throw error }
        if let smaller { smaller.strip.rows += (strip.rows + 1) / 2 }
        done += strip.rows
        strip.rows = 0
    }

    private func encodeColumn(_ x: Int, halvingInto smaller: PyramidLevel?) throws(CodecError) {
        let left = x * tileSize
        let width = min(tileSize, size.width - left)
        let tileRow = done / tileSize
        let height = min(tileSize, size.height - tileRow * tileSize)
        let edge = width < tileSize || height < tileSize
        let column = columns[x]
        if done % tileSize == 0 {
            try start(column.padded, width: tileSize, height: tileSize)
            if edge {
                if column.cropped == nil { column.cropped = try JPEGTileEncoder() }
                if let cropped = column.cropped { try start(cropped, width: width, height: height) }
            }
        }
        try write(to: column.padded, left: left)
        if edge, let cropped = column.cropped { try write(to: cropped, left: left) }
        let end = done + strip.rows - tileRow * tileSize
        if end == height {
            if height < tileSize { try fill(column.padded, left: left, from: end) }
            column.paddedFile = try column.padded.finish()
            if edge { column.croppedFile = try column.cropped?.finish() }
        }
        if let smaller { addMeans(left: left, to: smaller.strip) }
    }

    private func start(_ encoder: JPEGTileEncoder, width: Int, height: Int) throws(CodecError) {
        switch form {
        case .rows(let channels): try encoder.start(width: width, height: height, channels: channels, quality: quality ?? 100)
        case .planes(let layout): try encoder.start(width: width, height: height, layout: layout, quality: quality)
        }
    }

    private func write(to encoder: JPEGTileEncoder, left: Int) throws(CodecError) {
        switch form {
        case .rows(let channels): try encoder.write(strip.planes[0].samples + left * channels, stride: strip.planes[0].stride, count: strip.rows)
        case .planes(let layout):
            let unit = 8 * layout.down
            for number in 0..<((strip.rows + unit - 1) / unit) { try encoder.write(strip.part(number, left: left, layout: layout)) }
        }
    }

    /// Repeats the last row down to the end of the tile.
    private func fill(_ encoder: JPEGTileEncoder, left: Int, from end: Int) throws(CodecError) {
        switch form {
        case .rows(let channels):
            let plane = strip.planes[0]
            try encoder.write(plane.samples + (strip.rows - 1) * plane.stride + left * channels, stride: 0, count: tileSize - end)
        case .planes(let layout):
            let unit = 8 * layout.down
            for _ in ((end + unit - 1) / unit)..<(tileSize / unit) { try encoder.write(strip.part(nil, left: left, layout: layout)) }
        }
    }

    private func addMeans(left: Int, to smaller: Strip) {
        for (plane, target) in zip(strip.planes, smaller.planes) {
            let filled = (strip.rows + plane.down - 1) / plane.down
            let to = target.samples + smaller.rows / target.down * target.stride + left / 2 / plane.across * plane.bytes
            halve(
                plane.samples + left / plane.across * plane.bytes, stride: plane.stride, width: tileSize / 2 / plane.across, height: (filled + 1) / 2,
                channels: plane.bytes, into: to, stride: target.stride)
        }
    }

    /// Writes the tiles that have just been finished, from left to right.
    func flush(to writer: PyramidWriter) throws(PyramidError) {
        guard columns[0].paddedFile != nil else { return }
        let y = (done - 1) / tileSize
        for (x, column) in columns.enumerated() {
            if let file = column.paddedFile { try writer.addPadded(file, z: z, x: x, y: y) }
            if let file = column.croppedFile { try writer.addCropped(file, z: z, x: x, y: y) }
            (column.paddedFile, column.croppedFile) = (nil, nil)
        }
    }
}
