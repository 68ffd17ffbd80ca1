import Foundation

/// A file without a name that holds what is too large for memory; gone when the process ends, however it ends.
final class TemporaryFile {
    private let descriptor: Int32
    private let folder: String
    private(set) var size = 0

    /// - Throws: a sentence when the folder for temporary files (`TMPDIR`, or `/var/tmp`, which unlike `/tmp` is not kept in memory) takes none.
    init() throws {
        folder = ProcessInfo.processInfo.environment["TMPDIR"] ?? (access("/var/tmp", W_OK) == 0 ? "/var/tmp" : "/tmp")
        var name = Array("\(folder)/ship-XXXXXX".utf8CString)
        descriptor = mkstemp(&name)
        guard descriptor >= 0 else {
            throw Sentence("\(folder) takes no temporary file: \(String(cString: strerror(errno))); set TMPDIR to a folder that you may write to")
        }
        unlink(name)
    }

    deinit { close(descriptor) }

    /// - Returns: where the bytes begin.
    func append(_ bytes: UnsafeRawBufferPointer) throws -> Int {
        var done = 0
        while done < bytes.count {
            let written = pwrite(descriptor, bytes.baseAddress! + done, bytes.count - done, off_t(size + done))
            if written < 0 && errno == EINTR { continue }
            guard written > 0 else {
                throw Sentence("\(folder) cannot hold what does not fit in memory: \(String(cString: strerror(errno))); free some space or set TMPDIR to another folder")
            }
            done += written
        }
        defer { size += bytes.count }
        return size
    }

    /// Fills `target` with what was written from `offset` on.
    func read(into target: UnsafeMutableRawBufferPointer, at offset: Int) throws {
        var done = 0
        while done < target.count {
            let got = pread(descriptor, target.baseAddress! + done, target.count - done, off_t(offset + done))
            if got < 0 && errno == EINTR { continue }
            guard got > 0 else { throw Sentence("a temporary file in \(folder) cannot be read back: \(String(cString: strerror(errno)))") }
            done += got
        }
    }
}
