/// FNV-1a of 64 bits, for entity tags and keys of caches; no protection against people.
struct Fingerprint {
    private(set) var value: UInt64 = 0xCBF2_9CE4_8422_2325

    mutating func add(bytes: some Sequence<UInt8>) {
        for byte in bytes { value = (value ^ UInt64(byte)) &* 0x100_0000_01B3 }
    }

    mutating func add(_ numbers: Int64...) {
        for number in numbers { withUnsafeBytes(of: number.littleEndian) { add(bytes: $0) } }
    }
}
