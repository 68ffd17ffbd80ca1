import Foundation

/// A regular file open for reading. Reads are positioned (`pread`), so one may be used from many threads.
package final class OpenFile: Sendable {
    package let descriptor: Int32
    package let path: String
    /// At the time of opening.
    package let size: Int
    /// When its bytes or its place last changed, in milliseconds since 1970.
    let changedAt: Int64

    /// Takes over the descriptor.
    init(descriptor: Int32, path: String) throws(StoreError) {
        var status = stat()
        guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
            Glibc.close(descriptor)
            throw .outside(path: path, detail: "it is not an ordinary file")
        }
        (self.descriptor, self.path, size) = (descriptor, path, Int(status.st_size))
        changedAt = [status.st_mtim, status.st_ctim].map { Int64($0.tv_sec) * 1000 + Int64($0.tv_nsec) / 1_000_000 }.max() ?? 0
    }

    deinit { Glibc.close(descriptor) }

    /// Reads at most the buffer's size from `offset`; fewer bytes at the end of the file only.
    package func read(into buffer: UnsafeMutableRawBufferPointer, at offset: Int) throws(StoreError) -> Int {
        let (count, code) = readAll(into: buffer, at: offset)
        guard code == 0 else { throw StoreError(code: code, path: path, reading: "read it") }
        return count
    }

    package func read(count: Int, at offset: Int) throws(StoreError) -> [UInt8] {
        guard count > 0, offset >= 0 else { return [] }
        // Never allocate what the file cannot hold: count may come from outside.
        var bytes = [UInt8](repeating: 0, count: min(count, max(0, size - offset)))
        let (done, code) = bytes.withUnsafeMutableBytes { readAll(into: $0, at: offset) }
        guard code == 0 else { throw StoreError(code: code, path: path, reading: "read it") }
        bytes.removeLast(bytes.count - done)
        return bytes
    }

    private func readAll(into buffer: UnsafeMutableRawBufferPointer, at offset: Int) -> (count: Int, code: Int32) {
        var done = 0
        while done < buffer.count {
            let count = pread(descriptor, buffer.baseAddress! + done, buffer.count - done, off_t(offset + done))
            if count == 0 { break }
            if count < 0 {
                if errno == EINTR { continue }
                return (done, errno)
            }
            done += count
        }
        return (done, 0)
    }

    package func readAll() throws(StoreError) -> [UInt8] { try read(count: size, at: 0) }
}
