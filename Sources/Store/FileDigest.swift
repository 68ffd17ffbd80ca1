import Crypto

/// SHA-256 as lower-case hexadecimal.
package enum FileDigest {
    package static func sha256(_ bytes: [UInt8]) -> String { hexadecimal(SHA256.hash(data: bytes)) }

    /// Reads the file in pieces of 1 MiB.
    /// - Parameter progress: called after each piece with the bytes read so far; may throw to stop.
    package static func sha256(_ file: OpenFile, progress: (Int) throws -> Void = { _ in }) throws -> (sha256: String, bytes: Int) {
        var digest = SHA256()
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 20, alignment: 16)
        defer { buffer.deallocate() }
        var offset = 0
        while true {
            let count = try file.read(into: buffer, at: offset)
            if count == 0 { break }
            digest.update(bufferPointer: UnsafeRawBufferPointer(rebasing: buffer[..<count]))
            offset += count
            try progress(offset)
        }
        return (hexadecimal(digest.finalize()), offset)
    }

    static func hexadecimal(_ digest: some Sequence<UInt8>) -> String {
        let digits = Array("0123456789abcdef".utf8)
        var text: [UInt8] = []
        text.reserveCapacity(64)
        for byte in digest {
            text.append(digits[Int(byte >> 4)])
            text.append(digits[Int(byte & 15)])
        }
        return String(decoding: text, as: UTF8.self)
    }
}
