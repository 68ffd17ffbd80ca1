import Raster

/// Reads JPEG, PNG and TIFF, told apart by content.
///
/// Pixels come as stored: gray or blue green red, no colour management, transparency composed on white, palettes and
/// CMYK turned to colour, 1-bit pictures to 0 and 255. Each function exists for a path, for an open descriptor and for bytes.
package enum ImageFile {
    /// Size and kind without decoding pixels.
    package static func header(path: String, page: Int = 0, limits: DecodeLimits = .standard) throws(CodecError) -> ImageHeader {
        try reader(ImageSource(path: path), page, limits).header
    }

    /// Pixels row by row, in memory that does not grow with the height (but for interlaced PNG and progressive JPEG).
    package static func rows(path: String, page: Int = 0, limits: DecodeLimits = .standard) throws(CodecError) -> any ImageRowReader {
        try reader(ImageSource(path: path), page, limits)
    }

    /// The whole picture, turned upright when its EXIF or TIFF `orientation` (1 to 8) is passed.
    package static func decode(
        path: String, page: Int = 0, limits: DecodeLimits = .standard, orientation: Int = 1
    ) throws(CodecError) -> AnyImage {
        try decode(ImageSource(path: path), page, limits, orientation)
    }

    package static func header(
        descriptor: Int32, name: String, page: Int = 0, limits: DecodeLimits = .standard
    ) throws(CodecError) -> ImageHeader {
        try reader(ImageSource(descriptor: descriptor, name: name), page, limits).header
    }

    package static func rows(
        descriptor: Int32, name: String, page: Int = 0, limits: DecodeLimits = .standard
    ) throws(CodecError) -> any ImageRowReader {
        try reader(ImageSource(descriptor: descriptor, name: name), page, limits)
    }

    package static func decode(
        descriptor: Int32, name: String, page: Int = 0, limits: DecodeLimits = .standard, orientation: Int = 1,
        isCancelled: () -> Bool = { false }
    ) throws(CodecError) -> AnyImage {
        try decode(ImageSource(descriptor: descriptor, name: name), page, limits, orientation, isCancelled)
    }

    package static func header(bytes: [UInt8], name: String, page: Int = 0, limits: DecodeLimits = .standard) throws(CodecError) -> ImageHeader {
        try reader(ImageSource(bytes: bytes, name: name), page, limits).header
    }

    package static func rows(
        bytes: [UInt8], name: String, page: Int = 0, limits: DecodeLimits = .standard
    ) throws(CodecError) -> any ImageRowReader {
        try reader(ImageSource(bytes: bytes, name: name), page, limits)
    }

    package static func decode(
        bytes: [UInt8], name: String, page: Int = 0, limits: DecodeLimits = .standard, orientation: Int = 1
    ) throws(CodecError) -> AnyImage {
        try decode(ImageSource(bytes: bytes, name: name), page, limits, orientation)
    }

    private static func decode(
        _ source: ImageSource, _ page: Int, _ limits: DecodeLimits, _ orientation: Int, _ isCancelled: () -> Bool = { false }
    ) throws(CodecError) -> AnyImage {
        try reader(source, page, limits).readAll(limits: limits, name: source.name, isCancelled: isCancelled).oriented(orientation)
    }

    static func reader(_ source: ImageSource, _ page: Int, _ limits: DecodeLimits) throws(CodecError) -> any ImageRowReader {
        switch try source.sniff() {
        case .jpeg:
            guard page == 0 else { throw .noSuchPage(file: source.name, page: page, pages: 1) }
            return try JPEGRowReader(source, limits: limits)
        case .png:
            guard page == 0 else { throw .noSuchPage(file: source.name, page: page, pages: 1) }
            return try PNGRowReader(source, limits: limits)
        case .tiff: return try TIFFRowReader(source, page: page, limits: limits)
        }
    }
}
