import Foundation

/// Checksums stop most changes at once, so every file is tried as it is and with the checksums its chunks should have.
func fuzz(_ data: UnsafePointer<UInt8>, _ count: Int) -> CInt {
    var bytes = Array(UnsafeBufferPointer(start: data, count: count))
    _ = fuzzPixels(bytes, .png)
    repairChecksums(&bytes)
    return fuzzPixels(bytes, .png)
}

private func repairChecksums(_ png: inout [UInt8]) {
    var at = 8
    while at + 12 <= png.count {
        let length = png[at..<(at + 4)].reduce(0) { $0 << 8 | Int($1) }
        guard length <= png.count - at - 12 else { return }
        var crc = ~UInt32(0)
        for byte in png[(at + 4)..<(at + 8 + length)] {
            crc ^= UInt32(byte)
            for _ in 0..<8 { crc = crc & 1 != 0 ? crc >> 1 ^ 0xEDB8_8320 : crc >> 1 }
        }
        for index in 0..<4 { png[at + 8 + length + index] = UInt8(~crc >> UInt32(24 - 8 * index) & 255) }
        at += 12 + length
    }
}

exit(runFuzzer(fuzz))
