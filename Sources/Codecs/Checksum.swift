import CPNG

/// CRC-32 as PNG and ZIP have it.
package enum Checksum {
    package static func crc32(_ bytes: [UInt8]) -> Int { crc32(bytes[...]) }

    package static func crc32(_ bytes: ArraySlice<UInt8>) -> Int {
        bytes.withUnsafeBufferPointer { buffer in buffer.baseAddress.map { Int(ship_crc32($0, buffer.count)) } ?? 0 }
    }
}
