import Glibc

/// An archive open for reading; by places, so that nothing depends on what was read before.
final class ZipFile {
    let path: String
    let size: Int
    private let descriptor: Int32

    init(path: String) throws(ZipError) {
        let opened = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard opened >= 0 else { throw ZipWriter.systemError(path, errno) }
        var status = stat()
        let code = fstat(opened, &status) == 0 ? (status.st_mode & S_IFMT == S_IFDIR ? EISDIR : 0) : errno
        guard code == 0 else {
            close(opened)
            throw ZipWriter.systemError(path, code)
        }
        (self.path, descriptor, size) = (path, opened, status.st_mode & S_IFMT == S_IFREG ? Int(status.st_size) : 0)
    }

    deinit { close(descriptor) }

    /// Fills the buffer.
    /// - Throws: `.io`; `.damaged` where the file ends before.
    func read(at offset: Int, into buffer: UnsafeMutableRawBufferPointer) throws(ZipError) {
        var filled = 0
        while filled < buffer.count {
            let got = pread(descriptor, buffer.baseAddress! + filled, buffer.count - filled, off_t(offset + filled))
            if got < 0 && errno == EINTR { continue }
            guard got >= 0 else { throw ZipWriter.systemError(path, errno) }
            guard got > 0 else { throw .damaged(file: path, entry: nil) }
            filled += got
        }
    }

    /// - Throws: `.damaged` where they do not lie in the file.
    func bytes(at offset: Int, count: Int) throws(ZipError) -> [UInt8] {
        guard offset >= 0, count >= 0, offset <= size, count <= size - offset else { throw .damaged(file: path, entry: nil) }
        var failure: ZipError?
        let bytes = [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
            do throws(ZipError) {
                try read(at: offset, into: UnsafeMutableRawBufferPointer(buffer))
                filled = count
            } catch { failure = error }
        }
        if let failure { throw failure }
        return bytes
    }

    /// Where the packed bytes of an entry lie; nil when its own header says otherwise than the directory.
    func place(of record: ZipDirectory.Record) throws(ZipError) -> Range<Int>? {
        let header = try bytes(at: record.start, count: 30)
        let start = record.start + 30 + record.name.count + Int(header.zipNumber(28, 2))
        guard header.zipNumber(0, 4) == 0x0403_4b50, header.zipNumber(8, 2) == UInt64(record.method), Int(header.zipNumber(26, 2)) == record.name.count,
            start <= size, record.compressedSize <= size - start
        else { return nil }
        return start..<start + record.compressedSize
    }
}

extension [UInt8] {
    /// Number of so many bytes, the lowest first, as all are in ZIP archives.
    func zipNumber(_ at: Int, _ count: Int) -> UInt64 {
        var number: UInt64 = 0
        for index in (at..<at + count).reversed() { number = number << 8 | UInt64(self[index]) }
        return number
    }
}
