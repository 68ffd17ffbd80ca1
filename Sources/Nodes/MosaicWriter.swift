import Codecs
import Operations
import Raster

/// Writes a mosaic from top to bottom: each strip from the frames that cross it, which are read strip by strip too.
///
/// Memory grows with the mosaic's width, never with its height. Levels are not resampled: frames lie at whole pixels.
package struct MosaicWriter {
    private let stitched: StitchedFrames
    private let boxes: [Rect?]
    private let weights: MosaicWeights
    private let fill: [Double]
    package let shape: PictureShape

    private static let stripHeight = 32

    /// - Parameter fill: level where there is no frame; that of the background when nil.
    /// - Precondition: at least one frame has a position.
    package init(_ stitched: StitchedFrames, settings: StitchSettings, fill: Double? = nil) {
        let bounds = stitched.bounds
        precondition(!bounds.isEmpty, "a mosaic of no frames")
        self.stitched = stitched
        boxes = stitched.boxes
        weights = MosaicWeights(stitched.levels, boxes: boxes, blend: settings.blend, transition: settings.transition)
        self.fill = fill.map { [Double](repeating: $0, count: stitched.kind.channels) } ?? stitched.background
        shape = PictureShape(width: bounds.maxX, height: bounds.maxY, channels: stitched.kind.channels, bitsPerSample: stitched.kind.bitsPerSample)
    }

    /// Reads the frames and writes the mosaic's rows.
    ///
    /// - Parameter rows: of a frame, from its top.
    package func write(
        to writer: any ImageRowWriter, rows: @escaping @Sendable (Int) throws -> any ImageRowReader, work: any ParallelWork
    ) async throws {
        precondition(writer.shape == shape, "a writer of \(writer.shape) for a mosaic of \(shape)")
        var streams: [Int: FrameStream] = [:]
        let order = boxes.indices.filter { boxes[$0] != nil }.sorted { (boxes[$0]!.y, $0) < (boxes[$1]!.y, $1) }
        var next = 0
        let strip = UnsafeMutableRawBufferPointer.allocate(byteCount: Self.stripHeight * shape.rowBytes, alignment: 64)
        defer { strip.deallocate() }
        let parts = (0..<4).map { ($0 * Self.stripHeight / 4)..<(($0 + 1) * Self.stripHeight / 4) }
        for top in stride(from: 0, to: shape.height, by: Self.stripHeight) {
            let height = min(Self.stripHeight, shape.height - top)
            while next < order.count, boxes[order[next]]!.y < top + height {
                streams[order[next]] = FrameStream(order[next], boxes[order[next]]!, rows)
                next += 1
            }
            let active = streams.keys.sorted().compactMap { streams[$0] }
            _ = try await work.concurrently(active) { try $0.read(upTo: top + height) }
            let target = Target(base: strip.baseAddress!)
            _ = try await work.concurrently(parts) { part in
                let room = Room(width: shape.width, channels: shape.channels, columns: weights.largestWidth)
                for row in part where row < height { blend(top + row, active, target.base + row * shape.rowBytes, room) }
            }
            try writer.writeRows(UnsafeRawBufferPointer(rebasing: strip[..<(height * shape.rowBytes)]), count: height)
            for frame in active where frame.box.maxY <= top + height { streams[frame.number] = nil }
            try work.progress(top + height, of: shape.height)
        }
        try writer.finish()
    }

    // Parts of a strip are written by different threads, each its own rows.
    private struct Target: @unchecked Sendable { let base: UnsafeMutableRawPointer }

    private func blend(_ y: Int, _ active: [FrameStream], _ target: UnsafeMutableRawPointer, _ room: Room) {
        if shape.bitsPerSample == 8 { blend(y, active, target.assumingMemoryBound(to: UInt8.self), room) } else {
            blend(y, active, target.assumingMemoryBound(to: UInt16.self), room)
        }
    }

    private func blend<Sample: FixedWidthInteger & UnsignedInteger>(_ y: Int, _ active: [FrameStream], _ target: UnsafeMutablePointer<Sample>, _ room: Room) {
        let (width, channels) = (shape.width, shape.channels)
        let crossing = active.filter { $0.box.y <= y && y < $0.box.maxY }
        room.sums.update(repeating: 0, count: width * channels)
        room.total.update(repeating: 0, count: width)
        func add(_ frame: FrameStream, onlyEmpty: Bool) {
            let count = frame.box.width
            let row = frame.row(y).assumingMemoryBound(to: Sample.self)
            let gain = Float(stitched.gains[frame.number])
            if let shading = stitched.shading { shading.gains(row: y - frame.box.y, into: room.gains, count: count) } else { room.gains.update(repeating: 1, count: count) }
            let (sums, total) = (room.sums + frame.box.x * channels, room.total + frame.box.x)
            if onlyEmpty {
                for x in 0..<count { room.shares[x] = total[x] == 0 ? 1 : 0 }
            } else {
                guard weights.shares(of: frame.number, row: y, left: frame.box.x, into: room.shares, count: count, room: room.line) else { return }
            }
            let (shares, gains) = (room.shares, room.gains)
            if channels == 1 {
                for x in 0..<count {
                    sums[x] += shares[x] * (gains[x] * gain) * Float(row[x])
                    total[x] += shares[x]
                }
            } else {
                for x in 0..<count {
                    let factor = shares[x] * (gains[x] * gain)
                    sums[3 &* x] += factor * Float(row[3 &* x])
                    sums[3 &* x &+ 1] += factor * Float(row[3 &* x &+ 1])
                    sums[3 &* x &+ 2] += factor * Float(row[3 &* x &+ 2])
                    total[x] += shares[x]
                }
            }
        }
        for frame in crossing { add(frame, onlyEmpty: false) }
        // A place that a frame shows, but that fell to one which does not reach there.
        for frame in crossing where (frame.box.x..<frame.box.maxX).contains(where: { room.total[$0] == 0 }) { add(frame, onlyEmpty: true) }
        let highest = Float(Sample.max)
        let empty = (0..<channels).map { Sample(max(0, min(Double(Sample.max), fill[$0].rounded()))) }
        for x in 0..<width {
            let total = room.total[x]
            let share = total > 0 ? 1 / total : 0
            for channel in 0..<channels {
                let level = min(highest, max(0, room.sums[x &* channels &+ channel] * share + 0.5))
                target[x &* channels &+ channel] = total > 0 ? Sample(truncatingIfNeeded: Int32(level)) : empty[channel]
            }
        }
    }

    /// Numbers for one row, so that each thread has its own.
    private final class Room {
        let sums, total, shares, gains, line: UnsafeMutablePointer<Float>

        init(width: Int, channels: Int, columns: Int) {
            func room(_ count: Int) -> UnsafeMutablePointer<Float> {
                let pointer = UnsafeMutablePointer<Float>.allocate(capacity: max(1, count))
                pointer.initialize(repeating: 0, count: max(1, count))
                return pointer
            }
            (sums, total, shares, gains, line) = (room(width * channels), room(width), room(width), room(width), room(columns))
        }

        deinit { for pointer in [sums, total, shares, gains, line] { pointer.deallocate() } }
    }
}

/// One frame, of which some rows are in memory.
private final class FrameStream: @unchecked Sendable {  // Rows are read by one thread, then looked at by all.
    let number: Int
    let box: Rect
    private let open: @Sendable (Int) throws -> any ImageRowReader
    private var reader: (any ImageRowReader)?
    private var bytes = UnsafeMutableRawBufferPointer(start: nil, count: 0)
    private var rowBytes = 0
    /// Rows of the mosaic that are in memory.
    private var held = 0..<0

    init(_ number: Int, _ box: Rect, _ open: @escaping @Sendable (Int) throws -> any ImageRowReader) {
        (self.number, self.box, self.open) = (number, box, open)
        held = box.y..<box.y
    }

    deinit { bytes.deallocate() }

    /// Reads on to row `end` of the mosaic, or to the end of the frame; former rows are given up.
    func read(upTo end: Int) throws {
        let end = min(end, box.maxY)
        let count = end - held.upperBound
        guard count > 0 else { return }
        if reader == nil {
            let reader = try open(number)
            self.reader = reader
            rowBytes = reader.header.rowBytes
            // A file that was exchanged meanwhile.
            guard reader.header.width == box.width, reader.header.height == box.height else {
                throw StitchError.changed(frame: number, width: reader.header.width, height: reader.header.height)
            }
        }
        if bytes.count < count * rowBytes {
            bytes.deallocate()
            bytes = .allocate(byteCount: count * rowBytes, alignment: 64)
        }
        try reader?.readRows(into: UnsafeMutableRawBufferPointer(rebasing: bytes[..<(count * rowBytes)]), count: count)
        held = held.upperBound..<end
        if end == box.maxY { reader = nil }
    }

    func row(_ y: Int) -> UnsafeRawPointer {
        precondition(held.contains(y), "row \(y) of a frame of which \(held) are read")
        return UnsafeRawPointer(bytes.baseAddress!) + (y - held.lowerBound) * rowBytes
    }
}

/// What prevents a mosaic.
package enum StitchError: Error, CustomStringConvertible, Equatable {
    case changed(frame: Int, width: Int, height: Int)
    case nothingPlaced(reason: String)
    case table(line: Int, reason: String)
    case other(String)

    package var description: String {
        switch self {
        case .changed(let frame, let width, let height): "frame \(frame + 1) is \(width) × \(height) pixels by now, not as before; leave the files alone while they are stitched"
        case .nothingPlaced(let reason): "no mosaic: \(reason)"
        case .other(let text): text
        case .table(let line, let reason): "line \(line) of the table of positions: \(reason)"
        }
    }
}
