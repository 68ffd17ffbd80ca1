#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// A file that appears under its name only when it is complete: written beside it as `NAME.part`, synced, then renamed.
///
/// Until `commit` a file of that name stays as it is; without `commit` nothing is left behind.
package final class PartFile {
    /// Open for reading and writing, empty at first.
    package let descriptor: Int32
    private let path: String
    /// Path of the unfinished file.
    package let part: String
    private var isOpen = true

    /// - Parameters:
    ///   - path: of the finished file, replaced when it exists.
    ///   - sources: files that are read meanwhile; refused when one is the same as the result or its part.
    /// - Throws: `.unwritable`.
    package init(path: String, sources: [String] = []) throws(CodecError) {
        (self.path, part) = (path, path + ".part")
        let name = path.split(separator: "/").last.map(String.init) ?? path
        var (own, other) = (stat(), stat())
        if stat(path, &own) == 0 {
            if own.st_mode & S_IFMT == S_IFDIR { throw .unwritable(file: name, reason: "it is a folder; name a file in it") }
            guard own.st_mode & S_IFMT == S_IFREG else { throw .unwritable(file: name, reason: "it is not an ordinary file") }
        }
        for source in sources where stat(source, &other) == 0 {
            for target in [path, part] where stat(target, &own) == 0 && own.st_dev == other.st_dev && own.st_ino == other.st_ino {
                throw .unwritable(file: name, reason: "it is the file that is read; choose another name")
            }
        }
        descriptor = try Self.openLocked(part, name)
    }

    /// Opens the unfinished file for this program alone; what an earlier, killed run left of it is replaced.
    private static func openLocked(_ part: String, _ name: String) throws(CodecError) -> Int32 {
        for _ in 0..<100 {
            let descriptor = open(part, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0o666)
            guard descriptor >= 0 else {
                // A link is no leftover of ours, and what it leads to is nobody's to write.
                if errno == ELOOP, unlink(part) == 0 { continue }
                throw .unwritable(file: name, reason: Self.reason(errno))
            }
            guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
                close(descriptor)
                throw .unwritable(file: name, reason: "another program is writing it; wait until that has ended")
            }
            var (own, there) = (stat(), stat())
            fstat(descriptor, &own)
            // Between opening and locking the other program may have finished: then this is its result, or nothing any more.
            let isStillThere = lstat(part, &there) == 0 && there.st_dev == own.st_dev && there.st_ino == own.st_ino
            if isStillThere, own.st_mode & S_IFMT == S_IFREG, own.st_nlink == 1 {
                if ftruncate(descriptor, 0) == 0 { return descriptor }
                let reason = Self.reason(errno)
                close(descriptor)
                throw .unwritable(file: name, reason: reason)
            }
            close(descriptor)
            // Another name of some file, or no file at all: only the name is ours.
            if isStillThere { unlink(part) }
        }
        throw .unwritable(file: name, reason: "\(name).part keeps changing; write to another folder")
    }

    deinit {
        guard isOpen else { return }
        close(descriptor)
        unlink(part)
    }

    /// The system's word with what to do about it.
    private static func reason(_ code: Int32) -> String {
        let text = String(cString: strerror(code))
        return switch code {
        case ENOENT, ENOTDIR: "\(text); its folder must be there"
        case EACCES, EPERM, EROFS: "\(text); choose a folder that you may write to"
        case ENOSPC, EDQUOT, EFBIG: "\(text); free space or choose another disk"
        case EIO, ENODEV, ENXIO: "\(text); check that its disk is connected"
        default: text
        }
    }

    /// Adds bytes at the end.
    package func write(_ bytes: UnsafeRawBufferPointer) throws(CodecError) {
        var done = 0
        while done < bytes.count {
            #if canImport(Glibc)
                let written = Glibc.write(descriptor, bytes.baseAddress! + done, bytes.count - done)
            #else
                let written = Darwin.write(descriptor, bytes.baseAddress! + done, bytes.count - done)
            #endif
            if written < 0 && errno == EINTR { continue }
            guard written > 0 else { throw .unwritable(file: path.split(separator: "/").last.map(String.init) ?? path, reason: Self.reason(errno)) }
            done += written
        }
    }

    /// Makes the file durable and gives it its name.
    package func commit() throws(CodecError) {
        precondition(isOpen, "\(path) was committed before")
        let name = path.split(separator: "/").last.map(String.init) ?? path
        guard fsync(descriptor) == 0, rename(part, path) == 0 else { throw .unwritable(file: name, reason: Self.reason(errno)) }
        isOpen = false
        close(descriptor)
        // The name is durable once its folder is; a file system that cannot sync folders has no need of it.
        let folder = path.contains("/") ? String(path[...path.lastIndex(of: "/")!]) : "."
        let folderDescriptor = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard folderDescriptor >= 0 else { return }
        fsync(folderDescriptor)
        close(folderDescriptor)
    }
}
