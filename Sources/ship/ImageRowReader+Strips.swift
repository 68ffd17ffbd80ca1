import Codecs
import Raster

extension ImageRowReader {
    /// Replaces all pixels by those of the next rows.
    func read<Pixel>(into image: inout Image<Pixel>) throws(CodecError) {
        let rows = image.height
        var failure: CodecError?
        image.withMutableBuffer { pixels in
            do throws(CodecError) { try readRows(into: UnsafeMutableRawBufferPointer(pixels), count: rows) } catch { failure = error }
        }
        if let failure { throw failure }
    }

    /// The next rows as an image.
    func strip<Pixel>(width: Int, rows: Int) throws(CodecError) -> Image<Pixel> {
        // `rethrows` cannot carry the error's type through the initializer.
        var failure: CodecError?
        let image = Image<Pixel>(width: width, height: rows) { pixels in
            do throws(CodecError) { try readRows(into: UnsafeMutableRawBufferPointer(pixels), count: rows) } catch { failure = error }
        }
        if let failure { throw failure }
        return image
    }
}
