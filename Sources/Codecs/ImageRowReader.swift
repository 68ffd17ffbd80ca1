import Raster

/// Pixels of one picture from top to bottom, in bounded memory. Not to be used from two threads at once.
package protocol ImageRowReader: AnyObject {
    var header: ImageHeader { get }

    /// Decodes the next `count` rows into `target`, `header.rowBytes` each: gray or blue green red, 16-bit samples in native order.
    ///
    /// - Throws: `.truncated`, `.damaged` or `.tooLarge`; rows after that are not defined.
    func readRows(into target: UnsafeMutableRawBufferPointer, count: Int) throws(CodecError)

    /// Leaves out the next `count` rows, at less cost than reading them where the format allows.
    func skipRows(_ count: Int) throws(CodecError)
}

extension ImageRowReader {
    package func skipRows(_ count: Int) throws(CodecError) {
        let rowBytes = header.rowBytes
        var scratch = [UInt8](repeating: 0, count: rowBytes * min(16, max(1, count)))
        for done in stride(from: 0, to: count, by: 16) {
            try scratch.withUnsafeMutableBufferPointer { bytes throws(CodecError) in
                try readRows(into: UnsafeMutableRawBufferPointer(bytes), count: min(16, count - done))
            }
        }
    }
}

extension ImageRowReader {
    /// Decodes all rows at once, for readers that have not begun.
    ///
    /// - Parameter isCancelled: asked every 64 rows; true ends with `.cancelled`.
    func readAll(limits: DecodeLimits, name: String, isCancelled: () -> Bool = { false }) throws(CodecError) -> AnyImage {
        let header = header
        guard header.pixelBytes <= limits.maxPixelBytes else {
            throw .tooLarge(
                file: name,
                reason: "\(header.width) × \(header.height) pixels take \(megabytes(header.pixelBytes)) in memory, more than the \(megabytes(limits.maxPixelBytes)) allowed")
        }
        return try readImage(rows: header.height, name: name, isCancelled: isCancelled)
    }

    /// The next rows as a picture of their own.
    package func readImage(rows: Int, name: String = "", isCancelled: () -> Bool = { false }) throws(CodecError) -> AnyImage {
        switch (header.channels, header.bitsPerSample) {
        case (1, 8): .gray8(try readImage(rows, name, isCancelled))
        case (1, 16): .gray16(try readImage(rows, name, isCancelled))
        case (3, 8): .color8(try readImage(rows, name, isCancelled))
        default: .color16(try readImage(rows, name, isCancelled))
        }
    }

    private func readImage<Pixel>(_ height: Int, _ name: String, _ isCancelled: () -> Bool) throws(CodecError) -> Image<Pixel> {
        let (width, rowBytes) = (header.width, header.rowBytes)
        // `rethrows` cannot carry the error's type through the initializer.
        var failure: CodecError?
        let image = Image<Pixel>(width: width, height: height) { pixels in
            do throws(CodecError) {
                let bytes = UnsafeMutableRawBufferPointer(pixels)
                for row in stride(from: 0, to: height, by: 64) {
                    if isCancelled() { throw .cancelled(file: name) }
                    let count = min(64, height - row)
                    let part = UnsafeMutableRawBufferPointer(rebasing: bytes[(row * rowBytes)..<((row + count) * rowBytes)])
                    try readRows(into: part, count: count)
                }
            } catch { failure = error }
        }
        if let failure { throw failure }
        return image
    }
}

func megabytes(_ bytes: Int) -> String { "\((bytes + 999_999) / 1_000_000) MB" }
