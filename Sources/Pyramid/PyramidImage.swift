import Codecs

/// An image file as the source of its pyramid: upright, and with a window for 16-bit values.
package struct PyramidImage: Sendable {
    private enum Place: Sendable {
        case path(String)
        case descriptor(Int32)
    }

    private let place: Place
    private let name: String
    private let page: Int
    private let orientation: Int

    package init(path: String, page: Int = 0, orientation: Int = 1) {
        (place, name, self.page, self.orientation) = (.path(path), path, page, orientation)
    }

    /// - Parameters:
    ///   - descriptor: open for reading as long as this is used.
    ///   - name: for messages.
    package init(descriptor: Int32, name: String, page: Int = 0, orientation: Int = 1) {
        (place, self.name, self.page, self.orientation) = (.descriptor(descriptor), name, page, orientation)
    }

    /// Builds the tile file at `path`, by strips; one that has to be turned waits in an unnamed file beside `path` meanwhile.
    ///
    /// - Parameter isLossless: the native level of a JPEG that is not turned keeps the coefficients of the file, where its kind allows.
    /// - Throws: `CodecError` when the image is not readable to its end, `PyramidError` when the file cannot be written, and
    ///   what `progress` throws. The incomplete file is then the caller's to remove.
    package func write(
        to path: String, tileSize: Int = 512, quality: Int = 85, isLossless: Bool = true, pixelSizeMicrometres: Double? = nil,
        progress: (Double) throws -> Void = { _ in }
    ) throws {
        try progress(0)
        if orientation == 1, page == 0, let planes = try planes() {
            do {
                return try PyramidBuilder.build(
                    planes: planes, isLossless: isLossless, to: path, tileSize: tileSize, quality: quality, pixelSizeMicrometres: pixelSizeMicrometres,
                    progress: progress)
            } catch CodecError.unsupported where isLossless {
                // Coefficients that only a damaged or odd file has: its pixels are encoded anew.
                return try write(
                    to: path, tileSize: tileSize, quality: quality, isLossless: false, pixelSizeMicrometres: pixelSizeMicrometres, progress: progress)
            }
        }
        let source = try rows(scratch: path)
        try PyramidBuilder.build(
            source: source, to: path, tileSize: tileSize, quality: quality, window: try window(of: source.header, progress: progress),
            pixelSizeMicrometres: pixelSizeMicrometres, progress: progress)
    }

    private func planes() throws(CodecError) -> JPEGPlaneReader? {
        switch place {
        case .path(let path): try JPEGPlaneReader.open(path: path)
        case .descriptor(let descriptor): try JPEGPlaneReader.open(descriptor: descriptor, name: name)
        }
    }

    /// Builds the file of full depth of a 16-bit image at `path`; see ``DeepPyramidBuilder``.
    package func writeDeep(to path: String, tileSize: Int = 512, progress: (Double) throws -> Void = { _ in }) throws {
        try DeepPyramidBuilder.build(source: try rows(scratch: path), to: path, tileSize: tileSize, progress: progress)
    }

    private func rows(scratch: String) throws(CodecError) -> any ImageRowReader {
        let reader = try storedRows()
        return (2...8).contains(orientation) ? try UprightRowReader(reader, orientation: orientation, scratch: scratch) : reader
    }

    private func storedRows() throws(CodecError) -> any ImageRowReader {
        switch place {
        case .path(let path): try ImageFile.rows(path: path, page: page)
        case .descriptor(let descriptor): try ImageFile.rows(descriptor: descriptor, name: name, page: page)
        }
    }

    /// Values of a 16-bit image that become black and white: all but the outermost ten-thousandth at each end, so that a
    /// few hot pixels do not darken the rest. nil for 8 bits.
    private func window(of header: ImageHeader, progress: (Double) throws -> Void) throws -> (low: Int, high: Int)? {
        guard header.bitsPerSample == 16 else { return nil }
        let reader = try storedRows()
        let samples = reader.header.width * reader.header.channels
        var counts = [Int](repeating: 0, count: 65_536)
        let row = UnsafeMutableRawBufferPointer.allocate(byteCount: max(2, reader.header.rowBytes), alignment: 16)
        defer { row.deallocate() }
        for y in 0..<reader.header.height {
            // A first pass over all pixels: it must be possible to stop it too.
            if y % 64 == 0 { try progress(0) }
            try reader.readRows(into: row, count: 1)
            let values = row.assumingMemoryBound(to: UInt16.self)
            counts.withUnsafeMutableBufferPointer { counts in
                for index in 0..<samples { counts[Int(values[index])] += 1 }
            }
        }
        let window = ChannelHistogram.window(counts)
        return (window.lowerBound, window.upperBound)
    }
}
