import Codecs
import Dispatch
import Synchronization

/// One level while it is built: a strip of rows, padded to whole tiles, and an encoder for each column of tiles.
final class PyramidLevel: @unchecked Sendable {  // each column is touched by one thread at a time, all else by the caller
    private let z: Int
    private let size: PyramidLayout.Level
    private let tileSize: Int
    private let channels: Int
    private let quality: Int
    /// Bytes from one row of the strip to the next.
    let stride: Int
    /// Room for `stripRows` rows, and one to pair an odd last row with.
    var strip: UnsafeMutableRawBufferPointer
    /// Rows in the strip.
    var rows = 0
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

    init(layout: PyramidLayout, z: Int, channels: Int, quality: Int) throws(CodecError) {
        self.z = z
        size = layout.levels[z]
        tileSize = layout.tileSize
        self.channels = channels
        self.quality = quality
        stride = size.columns * layout.tileSize * channels
        var columns: [Column] = []
        for _ in 0..<size.columns { columns.append(try Column()) }
        self.columns = columns
        strip = .allocate(byteCount: stride * (PyramidBuilder.stripRows + 1), alignment: 64)
    }

    deinit { strip.deallocate() }

    /// The strip is full or holds the last rows.
    var isReady: Bool { rows > 0 && (rows == PyramidBuilder.stripRows || done + rows == size.height) }

    /// Encodes the strip and adds its 2 × 2 means to the strip of the next smaller level, columns in parallel; `other` work
    /// is done beside it.
    func encode(beside other: (() throws -> Void)?, halvingInto smaller: PyramidLevel?) throws {
        pad()
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
        if let smaller { smaller.rows += (rows + 1) / 2 }
        done += rows
        rows = 0
    }

    /// Repeats the last pixel of each row up to whole tiles, and an odd last row.
    private func pad() {
        let bytes = strip.baseAddress!.assumingMemoryBound(to: UInt8.self)
        for y in 0..<rows {
            let row = bytes + y * stride
            for at in Swift.stride(from: size.width * channels, to: stride, by: 1) { row[at] = row[at - channels] }
        }
        if rows % 2 != 0 { (bytes + rows * stride).update(from: bytes + (rows - 1) * stride, count: stride) }
    }

    private func encodeColumn(_ x: Int, halvingInto smaller: PyramidLevel?) throws(CodecError) {
        let from = UnsafePointer(strip.baseAddress!.assumingMemoryBound(to: UInt8.self)) + x * tileSize * channels
        let width = min(tileSize, size.width - x * tileSize)
        let tileRow = done / tileSize
        let height = min(tileSize, size.height - tileRow * tileSize)
        let edge = width < tileSize || height < tileSize
        let column = columns[x]
        if done % tileSize == 0 {
            try column.padded.start(width: tileSize, height: tileSize, channels: channels, quality: quality)
            if edge {
                if column.cropped == nil { column.cropped = try JPEGTileEncoder() }
                try column.cropped?.start(width: width, height: height, channels: channels, quality: quality)
            }
        }
        try column.padded.write(from, stride: stride, count: rows)
        if edge { try column.cropped?.write(from, stride: stride, count: rows) }
        let end = done + rows - tileRow * tileSize
        if end == height {
            if height < tileSize { try column.padded.write(from + (rows - 1) * stride, stride: 0, count: tileSize - height) }
            column.paddedFile = try column.padded.finish()
            if edge { column.croppedFile = try column.cropped?.finish() }
        }
        if let smaller {
            let to = smaller.strip.baseAddress!.assumingMemoryBound(to: UInt8.self) + smaller.rows * smaller.stride + x * tileSize / 2 * channels
            halve(
                from, stride: stride, width: tileSize / 2, height: (rows + 1) / 2, channels: channels, into: to, stride: smaller.stride)
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
