import Codecs
import Foundation

/// What decodes as a mask must come back from its own file.
func fuzz(_ data: UnsafePointer<UInt8>, _ count: Int) -> CInt {
    let bytes = Array(UnsafeBufferPointer(start: data, count: count))
    _ = try? MaskPNG.recolored(bytes, color: 0x123456)
    let limits = DecodeLimits(maxPixelBytes: 1 << 26, maxSide: 1 << 16)
    guard let mask = try? MaskPNG.decode(bytes, limits: limits), mask.bounds.area < 1 << 24 else { return 0 }
    guard let again = try? MaskPNG.decode(MaskPNG.encode(mask)), again == mask else { fatalError("a mask changed") }
    return 0
}

exit(runFuzzer(fuzz))
