import Codecs
import Raster
import Synchronization

/// A coarse picture of a whole image, which stands in for the pyramid until that is made. It fills from the top while the file
/// is read; JPEG is decoded at a fraction of its size, uncompressed TIFF by some of its rows.
///
/// Usable from any thread; one of them calls `fill`.
package final class EarlyPicture: Sendable {
    package let layout: PyramidLayout
    private let divisor: Int
    /// Pixels of the decoded rows, both ways, that make one of the picture.
    private let step: Int
    private let orientation: Int
    private let stored: ImageHeader
    private let rows: Rows
    private let state: Mutex<State>

    /// Used by `fill` alone.
    private struct Rows: @unchecked Sendable { let reader: any ImageRowReader }

    private struct State {
        /// Means in the stored orientation; rows that have not come are mid-gray.
        var means: [UInt16]
        var rows = 0
        /// The finished picture, upright.
        var picture: AnyImage?
        /// No more rows will come.
        var hasFailed = false
    }

    package var channels: Int { stored.channels }
    package var bitsPerSample: Int { stored.bitsPerSample }
    /// All rows have come.
    package var isComplete: Bool { state.withLock { $0.picture != nil } }
    /// The file ended too early or is damaged; what was read before is shown.
    package var hasFailed: Bool { state.withLock { $0.hasFailed } }

    /// - Parameters:
    ///   - descriptor: open for reading; it may be closed afterwards.
    ///   - maxPixels: of the picture; 2 million show a screen sharply.
    package init(descriptor: Int32, name: String, page: Int = 0, orientation: Int = 1, tileSize: Int = 512, maxPixels: Int = 2_000_000) throws(CodecError) {
        precondition(maxPixels > 0, "a picture of \(maxPixels) pixels")
        let (rows, full, divisor) = try ImageFile.scaledRows(descriptor: descriptor, name: name, page: page, maxPixels: maxPixels)
        self.rows = Rows(reader: rows)
        (self.divisor, self.orientation) = (divisor, orientation)
        stored = rows.header
        var step = 1
        while (stored.width + step - 1) / step * ((stored.height + step - 1) / step) > maxPixels { step += 1 }
        self.step = step
        let isTurned = (5...8).contains(orientation)
        layout = PyramidLayout(width: isTurned ? full.height : full.width, height: isTurned ? full.width : full.height, tileSize: tileSize)
        let count = (stored.width + step - 1) / step * ((stored.height + step - 1) / step) * stored.channels
        state = Mutex(State(means: Array(repeating: stored.bitsPerSample == 8 ? 128 : 32_768, count: count)))
    }

    private var width: Int { (stored.width + step - 1) / step }
    private var height: Int { (stored.height + step - 1) / step }

    /// Reads the file to its end; `pixels` shows more and more of it meanwhile. To be called once.
    ///
    /// - Parameter isCancelled: asked at every row of the picture.
    package func fill(isCancelled: () -> Bool = { false }) throws(CodecError) {
        do throws(CodecError) { try read(isCancelled) } catch {
            state.withLock { $0.hasFailed = true }
            throw error
        }
    }

    private func read(_ isCancelled: () -> Bool) throws(CodecError) {
        let reader = rows.reader
        let samples = stored.width * stored.channels
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: max(2, stored.rowBytes), alignment: 16)
        defer { buffer.deallocate() }
        var sums = [UInt32](repeating: 0, count: samples)
        var means = [UInt16](repeating: 0, count: width * stored.channels)
        for y in 0..<height {
            if isCancelled() { return }
            let available = min(step, stored.height - y * step)
            // Two rows of each square are enough to look at where the others cost nothing to leave out.
            let taken = stored.format == .tiff ? min(2, available) : available
            for index in sums.indices { sums[index] = 0 }
            for _ in 0..<taken {
                try reader.readRows(into: buffer, count: 1)
                sums.withUnsafeMutableBufferPointer { sums in
                    if stored.bitsPerSample == 8 {
                        let row = buffer.assumingMemoryBound(to: UInt8.self)
                        for index in 0..<samples { sums[index] &+= UInt32(row[index]) }
                    } else {
                        let row = buffer.assumingMemoryBound(to: UInt16.self)
                        for index in 0..<samples { sums[index] &+= UInt32(row[index]) }
                    }
                }
            }
            if taken < available { try reader.skipRows(available - taken) }
            gather(sums, rows: taken, into: &means)
            state.withLock { state in
                state.means.replaceSubrange((y * means.count)..<((y + 1) * means.count), with: means)
                state.rows = y + 1
            }
        }
        let picture = state.withLock { image($0.means) }.oriented(orientation)
        state.withLock { $0 = State(means: [], rows: height, picture: picture) }
    }

    private func gather(_ sums: [UInt32], rows: Int, into means: inout [UInt16]) {
        let channels = stored.channels
        for x in 0..<width {
            let columns = (x * step)..<min(stored.width, (x + 1) * step)
            let count = UInt64(rows * columns.count)
            for channel in 0..<channels {
                var sum = count / 2
                for column in columns { sum += UInt64(sums[column * channels + channel]) }
                means[x * channels + channel] = UInt16(truncatingIfNeeded: sum / count)
            }
        }
    }

    private func image(_ means: [UInt16]) -> AnyImage {
        func narrow(_ value: UInt16) -> UInt8 { UInt8(truncatingIfNeeded: value) }
        func pixel<Sample>(_ index: Int, _ sample: (UInt16) -> Sample) -> BGR<Sample> {
            BGR(blue: sample(means[3 * index]), green: sample(means[3 * index + 1]), red: sample(means[3 * index + 2]))
        }
        switch (stored.channels, stored.bitsPerSample) {
        case (1, 8): return .gray8(Image(width: width, height: height, pixels: means.map(narrow)))
        case (1, _): return .gray16(Image(width: width, height: height, pixels: means))
        case (_, 8): return .color8(Image(width: width, height: height, pixels: (0..<(width * height)).map { pixel($0, narrow) }))
        default: return .color16(Image(width: width, height: height, pixels: (0..<(width * height)).map { pixel($0) { $0 } }))
        }
    }

    /// The picture as far as it has come, upright; nil while nothing can be shown, which with a turned image is until all is there.
    package var picture: AnyImage? {
        state.withLock { state in
            if let picture = state.picture { return picture }
            return orientation == 1 && state.rows > 0 ? image(state.means) : nil
        }
    }
}

extension EarlyPicture: TileSource {
    package func pixels(_ part: Rect, level: Int) -> AnyImage? {
        guard let picture else { return nil }
        let unit = 1 << (layout.levels.count - 1 - level)
        let native = layout.levels[layout.levels.count - 1]
        let scale = Double(divisor * step)
        func taps(_ start: Int, _ end: Int, count: Int, size: Int, wanted: Int) -> [Resampling.Tap] {
            let low = min(Double(start * unit) / scale, Double(count) - 1e-6)
            return Resampling.taps(from: low, to: max(low + 1e-6, min(Double(count), Double(min(size, end * unit)) / scale)), count: count, wanted: wanted)
        }
        return Resampling.image(
            picture, columns: taps(part.x, part.maxX, count: picture.width, size: native.width, wanted: part.width),
            rows: taps(part.y, part.maxY, count: picture.height, size: native.height, wanted: part.height))
    }
}
