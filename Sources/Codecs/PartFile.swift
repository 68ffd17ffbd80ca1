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
    ///   - source: file that is read meanwhile; refused when it is the same as the result or its part.
    /// - Throws: `.unwritable`.
    package init(path: String, source: String? = nil) throws(CodecError) {
        (self.path, part) = (path, path + ".part")
        let name = path.split(separator: "/").last.map(String.init) ?? path
        var (own, other) = (stat(), stat())
        if stat(path, &own) == 0 {
            if own.st_mode & S_IFMT == S_IFDIR { throw .unwritable(file: name, reason: "it is a folder; name a file in it") }
            guard own.st_mode & S_IFMT == S_IFREG else { throw .unwritable(file: name, reason: "it is not an ordinary file") }
        }
        if let source, stat(source, &other) == 0 {
            for target in [path, part] where stat(target, &own) == 0 && own.st_dev == other.st_dev && own.st_ino == other.st_ino {
                throw .unwritable(file: name, reason: "it is the file that is read; choose another name")
            }
        }
        // What an earlier, killed run left is replaced, never written into: it might be a link.
        unlink(part)
        descriptor = open(part, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0o666)
        guard descriptor >= 0 else {
            isOpen = false
            throw .unwritable(file: name, reason: String(cString: strerror(errno)))
        }
    }

    deinit {
        guard isOpen else { return }
        close(descriptor)
        unlink(part)
    }

    /// Makes the file durable and gives it its name.
    package func commit() throws(CodecError) {
        precondition(isOpen, "\(path) was committed before")
        let name = path.split(separator: "/").last.map(String.init) ?? path
        guard fsync(descriptor) == 0, rename(part, path) == 0 else { throw .unwritable(file: name, reason: String(cString: strerror(errno))) }
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
