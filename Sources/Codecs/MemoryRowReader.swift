import Raster

/// Rows of an image that is in memory already, for everything that takes a reader.
package final class MemoryRowReader: ImageRowReader {
    package let header: ImageHeader
    private let image: AnyImage
    private var row = 0

    /// - Parameter format: of the file the image came from.
    package init(_ image: AnyImage, format: ImageFormat) {
        self.image = image
        header = ImageHeader(
            width: image.width, height: image.height, channels: image.channels, bitsPerSample: image.bitsPerSample, format: format)
    }

    package func readRows(into target: UnsafeMutableRawBufferPointer, count: Int) throws(CodecError) {
        precondition(row + count <= header.height, "rows \(row) ..< \(row + count) of \(header.height)")
        let bytes = header.rowBytes
        precondition(target.count >= count * bytes, "\(target.count) bytes for \(count) rows of \(bytes)")
        let range = (row * bytes)..<((row + count) * bytes)
        switch image {
        case .gray8(let image): MemoryRowReader.copy(image, range, target)
        case .gray16(let image): MemoryRowReader.copy(image, range, target)
        case .color8(let image): MemoryRowReader.copy(image, range, target)
        case .color16(let image): MemoryRowReader.copy(image, range, target)
        }
        row += count
    }

    private static func copy<Pixel>(_ image: Image<Pixel>, _ bytes: Range<Int>, _ target: UnsafeMutableRawBufferPointer) {
        image.withBuffer { target.copyMemory(from: UnsafeRawBufferPointer(rebasing: UnsafeRawBufferPointer($0)[bytes])) }
    }
}
