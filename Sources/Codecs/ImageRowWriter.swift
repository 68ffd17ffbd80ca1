import Raster

/// Writes one picture from top to bottom, in memory that does not grow with its height. Not to be used from two threads at once.
package protocol ImageRowWriter: AnyObject {
    var shape: PictureShape { get }

    /// Next `count` rows, `shape.rowBytes` each without gaps: gray or blue green red, 16-bit samples in native order.
    ///
    /// - Throws: `.cannotEncode`, for example when the disk is full; the file is then not usable.
    func writeRows(_ rows: UnsafeRawBufferPointer, count: Int) throws(CodecError)

    /// The finished file when it was collected in memory, else empty. Holds as long as the writer.
    var file: UnsafeBufferPointer<UInt8> { get }

    /// Ends the file once all rows are written. Syncing and closing the descriptor is up to the caller.
    func finish() throws(CodecError)
}

/// Where a writer puts its file.
package enum RowTarget: Sendable {
    /// An empty file, open for reading and writing at its start, that stays open until the writer has finished.
    case descriptor(Int32)
    case memory

    var number: Int32 {
        switch self {
        case .descriptor(let number): number
        case .memory: -1
        }
    }
}

extension ImageFile {
    /// Writer of any format; TIFF is packed by Deflate, PNG at level 3.
    ///
    /// - Parameter quality: of JPEG, 1 to 100.
    /// - Throws: `.cannotEncode` for what the format does not hold.
    package static func writer(
        _ format: ImageFormat, to target: RowTarget, shape: PictureShape, metadata: FileMetadata = FileMetadata(), quality: Int = 90
    ) throws(CodecError) -> any ImageRowWriter {
        switch format {
        case .png: try PNGRowWriter(to: target, shape: shape, metadata: metadata)
        case .jpeg: try JPEGRowWriter(to: target, shape: shape, metadata: metadata, quality: quality)
        case .tiff: try TIFFRowWriter(to: target, shape: shape, metadata: metadata)
        }
    }

    /// A whole picture as a file in memory, with its metadata.
    package static func encode(
        _ image: AnyImage, as format: ImageFormat, metadata: FileMetadata = FileMetadata(), quality: Int = 90
    ) throws(CodecError) -> [UInt8] {
        let writer = try writer(format, to: .memory, shape: image.shape, metadata: metadata, quality: quality)
        try writer.writeAll(image)
        return Array(writer.file)
    }
}

extension ImageRowWriter {
    /// The rows of an image of the writer's width and kind.
    package func writeRows(_ image: AnyImage) throws(CodecError) {
        precondition(
            image.width == shape.width && image.channels == shape.channels && image.bitsPerSample == shape.bitsPerSample,
            "rows of \(image.shape) for \(shape)")
        // The error leaves the closure as a value: `withRows` cannot carry its type.
        let failure = image.withRows { rows, stride -> CodecError? in
            do throws(CodecError) {
                try writeRows(UnsafeRawBufferPointer(start: rows, count: stride * image.height), count: image.height)
                return nil
            } catch { return error }
        }
        if let failure { throw failure }
    }

    /// Writes a whole picture of the writer's shape and ends the file.
    func writeAll(_ image: AnyImage) throws(CodecError) {
        try writeRows(image)
        try finish()
    }

    func check(_ rows: UnsafeRawBufferPointer, _ count: Int, written: Int) {
        precondition(
            count >= 0 && count <= shape.height - written && rows.count >= count * shape.rowBytes,
            "\(count) rows in \(rows.count) bytes after \(written) of \(shape.height)")
    }
}

extension AnyImage {
    package var shape: PictureShape { PictureShape(width: width, height: height, channels: channels, bitsPerSample: bitsPerSample) }

    /// All samples as bytes, and the distance of two rows. Valid inside `body` only; the image must not be empty.
    func withRows<R>(_ body: (UnsafePointer<UInt8>, Int) -> R) -> R {
        func go<Pixel>(_ image: Image<Pixel>) -> R {
            image.withBuffer { pixels in
                body(UnsafeRawPointer(pixels.baseAddress!).assumingMemoryBound(to: UInt8.self), width * MemoryLayout<Pixel>.stride)
            }
        }
        return switch self {
        case .gray8(let image): go(image)
        case .gray16(let image): go(image)
        case .color8(let image): go(image)
        case .color16(let image): go(image)
        }
    }
}

/// Runs a function of a C shim that leaves a text of at most 256 bytes behind when its result is not 0.
func encoding(_ body: (UnsafeMutablePointer<CChar>) -> Int32) throws(CodecError) {
    let failure = withUnsafeTemporaryAllocation(of: CChar.self, capacity: 256) { text -> String? in
        text.initialize(repeating: 0)
        return body(text.baseAddress!) == 0 ? nil : message(Array(text))
    }
    if let failure { throw .cannotEncode(reason: failure) }
}
