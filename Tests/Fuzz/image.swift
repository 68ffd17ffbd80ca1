import Codecs
import Foundation

/// Header, rows, preview and pixels of whatever the bytes may be.
func fuzz(_ data: UnsafePointer<UInt8>, _ count: Int) -> CInt {
    let bytes = Array(UnsafeBufferPointer(start: data, count: count))
    let limits = DecodeLimits(maxPixelBytes: 1 << 25, maxSide: 1 << 16, maxDecoderBytes: 1 << 26)
    guard let header = try? ImageFile.header(bytes: bytes, name: "fuzz", limits: limits) else { return 0 }
    _ = try? ImageFile.decode(bytes: bytes, name: "fuzz", page: header.pages - 1, limits: limits, orientation: 6)
    if header.pixelBytes < 1 << 25 { _ = try? ImageFile.preview(bytes: bytes, name: "fuzz", maxSide: 32, limits: limits) }
    return 0
}

exit(runFuzzer(fuzz))
