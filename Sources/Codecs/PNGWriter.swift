import CPNG
import Glibc
import Raster

package enum PNGWriter {
    /// PNG file of 8 or 16 bits a sample, gray or colour.
    ///
    /// - Parameters:
    ///   - compression: zlib level, 0 (none) to 9 (smallest, slowest).
    ///   - pixelSizeMicrometres: stored as resolution when given.
    package static func encode(_ image: AnyImage, compression: Int = 3, pixelSizeMicrometres: Double? = nil) throws(CodecError) -> [UInt8] {
        if pixelSizeMicrometres == nil, compression > 0, let bytes = quick(image, level: max(1, compression - 2)) { return bytes }
        let metadata = FileMetadata(pixelSizeMicrometres: pixelSizeMicrometres)
        let writer = try PNGRowWriter(to: .memory, shape: image.shape, metadata: metadata, compression: compression)
        try writer.writeAll(image)
        return Array(writer.file)
    }

    /// Pictures of 8 bits of ordinary size, which are most of all that is encoded.
    private static func quick(_ image: AnyImage, level: Int) -> [UInt8]? {
        guard image.width > 0, image.height > 0, image.width * image.height <= 64 << 20 else { return nil }
        func encoded(_ pixels: UnsafeRawBufferPointer, _ channels: UInt32) -> [UInt8]? {
            guard let base = pixels.baseAddress?.assumingMemoryBound(to: UInt8.self) else { return nil }
            var size = 0
            guard let file = ship_png_encode8(base, UInt32(image.width), UInt32(image.height), channels, Int32(level), &size) else { return nil }
            defer { free(file) }
            return Array(UnsafeBufferPointer(start: file, count: size))
        }
        switch image {
        case .gray8(let image): return image.withBuffer { encoded(UnsafeRawBufferPointer($0), 1) }
        case .color8(let image): return image.withBuffer { encoded(UnsafeRawBufferPointer($0), 3) }
        case .gray16, .color16: return nil
        }
    }
}
