import Codecs
import Raster

/// Header, rows, preview and pixels of bytes that may be a file of `format`; what decodes comes back from our own PNG and TIFF.
func fuzzPixels(_ bytes: [UInt8], _ format: ImageFormat) -> CInt {
    let limits = DecodeLimits(maxPixelBytes: 1 << 24, maxSide: 1 << 16, maxDecoderBytes: 1 << 26)
    guard let header = try? ImageFile.header(bytes: bytes, name: "fuzz", limits: limits), header.format == format else { return 0 }
    guard header.pixelBytes < 1 << 22 else { return 0 }  // large pictures only cost time
    let page = header.pages - 1
    guard let image = try? ImageFile.decode(bytes: bytes, name: "fuzz", page: page, limits: limits) else { return 0 }
    _ = try? ImageFile.preview(bytes: bytes, name: "fuzz", maxSide: 32, page: page, limits: limits, orientation: 6)
    let files = [try? PNGWriter.encode(image, compression: 1), try? TIFFWriter.encode(image, compression: .lzw)]
    for file in files {
        guard let file, (try? ImageFile.decode(bytes: file, name: "again")) == image else { fatalError("pixels changed") }
    }
    return 0
}
