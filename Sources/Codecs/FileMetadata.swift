/// All that a picture file says about itself: EXIF and TIFF tags, PNG texts or JPEG comments, and the XMP packet.
///
/// Reading never fails: what is damaged or larger than its limit is left out.
package struct FileMetadata: Sendable, Equatable {
    /// A PNG text chunk (tEXt, zTXt, iTXt), or a JPEG comment under ``commentKeyword``.
    package struct Text: Sendable, Equatable {
        package var keyword: String
        package var text: String

        package init(keyword: String, text: String) { (self.keyword, self.text) = (keyword, text) }
    }

    package static let commentKeyword = "Comment"

    package var exif = EXIF()
    /// In the order of the file; the XMP packet and raw profiles are not among them. At most 256, each at most 1 MB.
    package var texts: [Text] = []
    /// The XMP packet as it stands in the file, not parsed: of JPEG the first segment of Adobe's namespace, of PNG the text
    /// `XML:com.adobe.xmp`, of TIFF tag 700. At most 16 MB.
    package var xmp: String?

    package init() {}

    /// Only a scale: square pixels of this size.
    init(pixelSizeMicrometres size: Double?) {
        guard let size, size > 0, size.isFinite else { return }
        exif.resolution = Resolution(x: 10_000 / size, y: 10_000 / size, unit: .centimetre, source: .tiff)
    }

    /// Metadata of a JPEG, PNG or TIFF file, told apart by content. Nil when the file cannot be read or is none of these.
    package static func read(path: String, page: Int = 0) -> FileMetadata? {
        guard let source = MetadataSource(path: path) else { return nil }
        return EXIF.read(source, page: page, whole: true)
    }

    /// The same from bytes in memory.
    package static func read(bytes: [UInt8], page: Int = 0) -> FileMetadata? {
        EXIF.read(MetadataSource(bytes: bytes), page: page, whole: true)
    }

    /// The same for pixels that were turned upright: no orientation is left to apply, in the XMP packet neither.
    package func turnedUpright() -> FileMetadata {
        var turned = self
        if exif.orientation >= 5 { turned.exif.resolution = exif.resolution?.turned }
        turned.exif.orientation = 1
        turned.xmp = xmp.map { xmp in
            var bytes = Array(xmp.utf8)
            for mark in ["tiff:Orientation=\"", "tiff:Orientation='", "<tiff:Orientation>"].map({ Array($0.utf8) }) where bytes.count > mark.count {
                for start in 0..<(bytes.count - mark.count) where bytes[start] == mark[0] {
                    let digit = start + mark.count
                    if bytes[start..<digit].elementsEqual(mark), (0x32...0x38).contains(bytes[digit]) { bytes[digit] = 0x31 }
                }
            }
            return String(decoding: bytes, as: UTF8.self)
        }
        return turned
    }
}
