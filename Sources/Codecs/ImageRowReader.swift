import Raster

/// Pixels of one picture from top to bottom, in bounded memory. Not to be used from two threads at once.
package protocol ImageRowReader: AnyObject {
    var header: ImageHeader { get }

    /// Decodes the next `count` rows into `target`, `header.rowBytes` each: gray or blue green red, 16-bit samples in native order.
    ///
    /// - Throws: `.truncated`, `.damaged` or `.tooLarge`; rows after that are not defined.
    func readRows(into target: UnsafeMutableRawBufferPointer, count: Int) throws(CodecError)
}

extension ImageRowReader {
    /// Decodes all rows at once, for readers that have not begun.
    func readAll(limits: DecodeLimits, name: String) throws(CodecError) -> AnyImage {
        let header = header
        guard header.pixelBytes <= limits.maxPixelBytes else {
            throw .tooLarge(
                file: name,
                reason: "\(header.width) × \(header.height) pixels take \(megabytes(header.pixelBytes)) in memory, more than the \(megabytes(limits.maxPixelBytes)) allowed")
        }
        switch (header.channels, header.bitsPerSample) {
        case (1, 8): return .gray8(try readImage())
        case (1, 16): return .gray16(try readImage())
        case (3, 8): return .color8(try readImage())
        default: return .color16(try readImage())
        }
    }

    private func readImage<Pixel>() throws(CodecError) -> Image<Pixel> {
        let (width, height) = (header.width, header.height)
        // `rethrows` cannot carry the error's type through the initializer.
        var failure: CodecError?
        let image = Image<Pixel>(width: width, height: height) { pixels in
            do throws(CodecError) {
                try readRows(into: UnsafeMutableRawBufferPointer(pixels), count: height)
            } catch { failure = error }
        }
        if let failure { throw failure }
        return image
    }
}

func megabytes(_ bytes: Int) -> String { "\((bytes + 999_999) / 1_000_000) MB" }
