import Glibc

/// Bytes of a file or of memory, read in pieces: metadata sit at the start of files that may be gigabytes large.
struct MetadataSource: ~Copyable {
    private enum Kind {
        case file(Int32)
        case memory([UInt8])
    }
    private let kind: Kind
    let count: Int

    /// Nil when the file cannot be opened or is no plain file.
    init?(path: String) {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else { return nil }
        var status = stat()
        guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
            close(descriptor)
            return nil
        }
        kind = .file(descriptor)
        count = Int(status.st_size)
    }

    init(bytes: [UInt8]) {
        kind = .memory(bytes)
        count = bytes.count
    }

    deinit {
        if case .file(let descriptor) = kind { close(descriptor) }
    }

    /// Up to `length` bytes from `offset`; fewer at the end of the file, none beyond it or on a read error.
    func read(at offset: Int, count length: Int) -> [UInt8] {
        guard offset >= 0, length > 0, offset < count else { return [] }
        let wanted = min(length, count - offset)
        switch kind {
        case .memory(let bytes):
            return Array(bytes[offset..<(offset + wanted)])
        case .file(let descriptor):
            return Array(unsafeUninitializedCapacity: wanted) { buffer, filled in
                filled = 0
                while filled < wanted {
                    let got = pread(descriptor, buffer.baseAddress! + filled, wanted - filled, off_t(offset + filled))
                    if got < 0 && errno == EINTR { continue }
                    guard got > 0 else { break }
                    filled += got
                }
            }
        }
    }

    /// Hands the whole source to one of two C functions.
    func withSource<R>(file: (Int32) -> R, memory: (UnsafeBufferPointer<UInt8>) -> R) -> R {
        switch kind {
        case .file(let descriptor): file(descriptor)
        case .memory(let bytes): bytes.withUnsafeBufferPointer(memory)
        }
    }
}
