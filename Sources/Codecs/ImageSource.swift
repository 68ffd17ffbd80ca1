#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// Bytes of an image file, on disk or in memory. Reads are positioned, so a descriptor can be shared.
final class ImageSource: @unchecked Sendable {  // immutable after init; reads by pread
    let name: String
    let descriptor: Int32
    /// Null when the bytes come from the descriptor.
    let bytes: UnsafePointer<UInt8>?
    let size: Int
    private let memory: UnsafeMutablePointer<UInt8>?

    /// Opens a file for reading. `name` for messages; the path's last part when nil.
    init(path: String, name: String? = nil) throws(CodecError) {
        let shown = name ?? path.split(separator: "/").last.map(String.init) ?? path
        // Non-blocking, so that a named pipe cannot hold the process; a regular file does not notice.
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else { throw .unreadable(file: shown, reason: String(cString: strerror(errno))) }
        self.descriptor = descriptor
        self.name = shown
        (bytes, memory) = (nil, nil)
        do { size = try Self.sizeOfRegularFile(descriptor, shown) } catch {
            close(descriptor)
            throw error
        }
    }

    /// Reads from a duplicate of an open descriptor, whose file position stays as it is.
    init(descriptor original: Int32, name: String) throws(CodecError) {
        let descriptor = fcntl(original, F_DUPFD_CLOEXEC, 0)
        guard descriptor >= 0 else { throw .unreadable(file: name, reason: String(cString: strerror(errno))) }
        self.descriptor = descriptor
        self.name = name
        (bytes, memory) = (nil, nil)
        do { size = try Self.sizeOfRegularFile(descriptor, name) } catch {
            close(descriptor)
            throw error
        }
    }

    init(bytes: [UInt8], name: String) {
        self.name = name
        descriptor = -1
        size = bytes.count
        let memory = UnsafeMutablePointer<UInt8>.allocate(capacity: max(1, bytes.count))
        memory.initialize(repeating: 0, count: 1)
        bytes.withUnsafeBufferPointer { if let base = $0.baseAddress { memory.update(from: base, count: bytes.count) } }
        self.memory = memory
        self.bytes = UnsafePointer(memory)
    }

    deinit {
        memory?.deallocate()
        if descriptor >= 0 { close(descriptor) }
    }

    private static func sizeOfRegularFile(_ descriptor: Int32, _ name: String) throws(CodecError) -> Int {
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw .unreadable(file: name, reason: String(cString: strerror(errno))) }
        guard status.st_mode & S_IFMT == S_IFREG else { throw .unreadable(file: name, reason: "it is not an ordinary file") }
        return Int(status.st_size)
    }

    /// Up to `count` bytes from `offset`; fewer at the end of the file.
    func read(at offset: Int, count: Int) throws(CodecError) -> [UInt8] {
        guard offset >= 0, offset < size, count > 0 else { return [] }
        let wanted = min(count, size - offset)
        if let bytes { return Array(UnsafeBufferPointer(start: bytes + offset, count: wanted)) }
        var failure: Int32 = 0
        let result = [UInt8](unsafeUninitializedCapacity: wanted) { buffer, done in
            done = 0
            while done < wanted {
                let got = pread(descriptor, buffer.baseAddress! + done, wanted - done, off_t(offset + done))
                if got < 0 && errno == EINTR { continue }
                if got < 0 { failure = errno }
                if got <= 0 { break }
                done += got
            }
        }
        if failure != 0 { throw .unreadable(file: name, reason: String(cString: strerror(failure))) }
        return result
    }

    /// Format by the first bytes; the file's name does not matter.
    func sniff() throws(CodecError) -> ImageFormat {
        guard size > 0 else { throw .empty(file: name) }
        let start = try read(at: 0, count: 8)
        if start.starts(with: [0xFF, 0xD8, 0xFF]) { return .jpeg }
        if start.starts(with: [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]) { return .png }
        for mark: [UInt8] in [[0x49, 0x49, 42, 0], [0x4D, 0x4D, 0, 42], [0x49, 0x49, 43, 0], [0x4D, 0x4D, 0, 43]] where start.starts(with: mark) {
            return .tiff
        }
        throw .notAnImage(file: name)
    }
}

/// Text that a C function left in its buffer.
func message(_ text: [CChar]) -> String {
    let end = text.firstIndex(of: 0) ?? text.endIndex
    return String(decoding: text[..<end].map { UInt8(bitPattern: $0) }, as: UTF8.self)
}
