import CPOSIX
import Foundation

/// A folder held open by descriptor. Every relative path is resolved beneath it by the kernel (`openat2` with `RESOLVE_BENEATH`
/// and `RESOLVE_NO_SYMLINKS`; on older kernels one component at a time, never following a link), so no name from outside leads out.
///
/// Functions that write follow one order: `.part` file, fsync, rename, fsync of the folder. A failed sync is an error.
package final class FolderHandle: Sendable {
    /// As it was given; for messages and for C libraries.
    package let path: String
    private let descriptor: Int32

    /// - Throws: `.missingFile` when there is no such folder, `.io`.
    package init(path: String) throws(StoreError) {
        let descriptor = Glibc.open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { throw StoreError(code: errno, path: path, reading: "open the folder") }
        (self.path, self.descriptor) = (path, descriptor)
    }

    deinit { Glibc.close(descriptor) }

    /// Opens a file for reading. A folder, a device or a pipe is refused.
    package func openFile(_ relative: String) throws(StoreError) -> OpenFile {
        let descriptor = try openBeneath(relative, flags: O_RDONLY | O_NONBLOCK | O_NOCTTY)
        return try OpenFile(descriptor: descriptor, path: absolute(relative))
    }

    /// Path for libraries that insist on one, after the same check as `openFile`.
    package func checkedPath(_ relative: String) throws(StoreError) -> String {
        try openFile(relative).path
    }

    /// Whole content of a small file.
    package func read(_ relative: String) throws(StoreError) -> [UInt8] {
        try openFile(relative).readAll()
    }

    /// Size in bytes, nil when there is no such file. A link or a folder is refused.
    package func size(_ relative: String) throws(StoreError) -> Int? {
        let file: Int32
        do throws(StoreError) {
            // O_PATH: closing an ordinary descriptor of the database would drop the locks that SQLite holds in this process.
            file = try openBeneath(relative, flags: Self.pathOnly)
        } catch .missingFile {
            return nil
        }
        defer { Glibc.close(file) }
        var status = stat()
        guard fstat(file, &status) == 0 else { throw StoreError(code: errno, path: absolute(relative), reading: "ask for its size") }
        guard status.st_mode & S_IFMT == S_IFREG else { throw .outside(path: absolute(relative), detail: "it is not an ordinary file") }
        return Int(status.st_size)
    }

    private static let pathOnly: Int32 = 0o10000000  // O_PATH, which the C library shows only under _GNU_SOURCE.

    /// Writes a file in one piece: afterwards the path holds either the old or the new content, also after a power cut.
    package func write(_ relative: String, bytes: [UInt8]) throws(StoreError) {
        do {
            try write(relative) { writer in try writer.write(bytes) }
        } catch {
            throw StoreError(error, path: absolute(relative))
        }
    }

    /// Writes a file piece by piece; it appears under its name only when `body` returned and everything is on the medium.
    /// - Throws: what `body` throws (then nothing is left behind), or `StoreError`.
    package func write<R>(_ relative: String, _ body: (FileWriter) throws -> R) throws -> R {
        try writePart(relative) { part, folder, _ in
            let file = ship_open_component(folder, part, O_WRONLY | O_CREAT | O_EXCL, 0o666)
            guard file >= 0 else { throw StoreError(code: -file, path: absolute(relative), doing: "create the file") }
            let writer = FileWriter(descriptor: file, path: absolute(relative))
            defer { Glibc.close(file) }
            let result = try body(writer)
            try writer.finish()
            return result
        }
    }

    /// As `write`, for libraries that want a path: `body` creates and closes the file at the path it is given.
    package func writeAtPath<R>(_ relative: String, _ body: (String) throws -> R) throws -> R {
        try writePart(relative) { part, folder, parentPath in
            let result = try body(parentPath + "/" + part)
            let file = ship_open_component(folder, part, O_RDONLY, 0)
            guard file >= 0 else { throw StoreError(code: -file, path: absolute(relative), doing: "open the finished file") }
            defer { Glibc.close(file) }
            let status = ship_sync(file)
            guard status == 0 else { throw StoreError(code: -status, path: absolute(relative), doing: "bring the file onto the disk") }
            return result
        }
    }

    /// The same for a body that waits for others meanwhile.
    package func writeAtPath<R>(waiting relative: String, _ body: (String) async throws -> R) async throws -> R {
        let (parent, name) = try Self.split(relative)
        try Self.checkName(name, of: relative)
        let folder = try openFolder(parent)
        defer { Glibc.close(folder) }
        let part = PartName.next(for: name)
        do {
            let result = try await body(absolute(parent) + "/" + part)
            let file = ship_open_component(folder, part, O_RDONLY, 0)
            guard file >= 0 else { throw StoreError(code: -file, path: absolute(relative), doing: "open the finished file") }
            let status = ship_sync(file)
            Glibc.close(file)
            guard status == 0 else { throw StoreError(code: -status, path: absolute(relative), doing: "bring the file onto the disk") }
            try putInPlace(part, name, folder, parent, relative)
            return result
        } catch {
            unlinkat(folder, part, 0)
            throw error
        }
    }

    /// Creates a folder and those above it; existing ones are fine. Each new entry is synced.
    package func makeFolder(_ relative: String) throws(StoreError) {
        var done = ""
        for name in try Self.components(relative) {
            let (parent, path) = (done, done.isEmpty ? name : done + "/" + name)
            let folder = try openFolder(parent)
            defer { Glibc.close(folder) }
            if mkdirat(folder, name, 0o777) != 0 {
                guard errno == EEXIST else { throw StoreError(code: errno, path: absolute(path), doing: "create the folder") }
            } else {
                try sync(folder, absolute(parent))
            }
            done = path
        }
        Glibc.close(try openFolder(done))  // Refuses a file or a link of that name.
    }

    /// Moves a file or folder; the target must not exist unless `replacing`.
    package func move(_ from: String, to target: String, replacing: Bool = false) throws(StoreError) {
        let (fromParent, fromName) = try Self.split(from)
        let (toParent, toName) = try Self.split(target)
        let source = try openFolder(fromParent)
        defer { Glibc.close(source) }
        let destination = try openFolder(toParent)
        defer { Glibc.close(destination) }
        if !replacing {
            var status = stat()
            if fstatat(destination, toName, &status, AT_SYMLINK_NOFOLLOW) == 0 { throw .exists(path: absolute(target)) }
        }
        guard renameat(source, fromName, destination, toName) == 0 else {
            throw StoreError(code: errno, path: absolute(from), doing: "move it to \(target)")
        }
        try sync(destination, absolute(toParent))
        if fromParent != toParent { try sync(source, absolute(fromParent)) }
    }

    /// Removes a file, or a folder with everything in it (links are removed, not followed). No error when it is not there.
    package func remove(_ relative: String) throws(StoreError) {
        let (parent, name) = try Self.split(relative)
        let folder: Int32
        do throws(StoreError) {
            folder = try openFolder(parent)
        } catch .missingFile {
            return
        }
        defer { Glibc.close(folder) }
        try remove(name, in: folder, path: absolute(relative))
        try sync(folder, absolute(parent))
    }

    /// Names in a folder, sorted by their bytes; `""` is the folder itself.
    package func list(_ relative: String = "") throws(StoreError) -> [FolderEntry] {
        let folder = try openFolder(relative)
        return try Self.entries(of: folder, path: absolute(relative))  // Closes the descriptor.
    }

    /// All regular files below a folder, sorted by path. Links and devices are left out, as are names that are not UTF-8.
    /// - Parameter visit: return false to leave a sub-folder out.
    package func files(below relative: String = "", enter: (String) -> Bool = { _ in true }) throws(StoreError) -> [String] {
        var found: [String] = []
        var open = [relative]
        while let folder = open.popLast() {
            for entry in try list(folder) {
                let path = folder.isEmpty ? entry.name : folder + "/" + entry.name
                switch entry.kind {
                case .file: found.append(path)
                case .folder: if enter(path) { open.append(path) }
                case .other: break
                }
            }
        }
        return found.sorted()
    }

    /// As `files`, and what it leaves out besides: links, devices, and names that are not UTF-8 (shown with � for what is not);
    /// and folders that cannot be read, with the reason.
    /// - Throws: when the folder itself cannot be read.
    package func survey(enter: (String) -> Bool = { _ in true }) throws(StoreError) -> (files: [String], others: [String], closed: [(path: String, reason: String)]) {
        var (found, others, open) = ([String](), [String](), [""])
        var closed: [(path: String, reason: String)] = []
        while let folder = open.popLast() {
            let entries: [FolderEntry]
            do throws(StoreError) { entries = try list(folder) } catch {
                // One folder that cannot be read does not keep the others away.
                if folder.isEmpty { throw error }
                if case .io(_, let detail) = error { closed.append((folder, detail)) } else { closed.append((folder, "it cannot be opened")) }
                continue
            }
            for entry in entries {
                let path = folder.isEmpty ? entry.name : folder + "/" + entry.name
                switch entry.kind {
                case .file: found.append(path)
                case .folder: if enter(path) { open.append(path) }
                case .other: others.append(path)
                }
            }
        }
        return (found.sorted(), others.sorted(), closed.sorted { $0.path < $1.path })
    }

    /// Brings the folder's own entries onto the medium.
    package func sync() throws(StoreError) { try sync(descriptor, path) }

    package func volume() throws(StoreError) -> Volume {
        var (free, total, readOnly): (UInt64, UInt64, Int32) = (0, 0, 0)
        let status = ship_volume(descriptor, &free, &total, &readOnly)
        guard status == 0 else { throw StoreError(code: -status, path: path, reading: "ask for the free space") }
        return Volume(freeBytes: Int(clamping: free), totalBytes: Int(clamping: total), isReadOnly: readOnly != 0)
    }

    package struct Volume: Sendable, Equatable {
        package var freeBytes: Int
        package var totalBytes: Int
        package var isReadOnly: Bool
    }

    // MARK: - Resolution

    /// A descriptor of a path beneath this folder; the caller closes it.
    func openBeneath(_ relative: String, flags: Int32, mode: UInt32 = 0) throws(StoreError) -> Int32 {
        let components = try Self.components(relative)
        var file = Self.kernelHasOpenat2 ? ship_open_beneath(descriptor, relative, flags, mode) : -ENOSYS
        if file == -ENOSYS || file == -EPERM && flags & O_CREAT == 0 {  // EPERM: some sandboxes answer unknown calls so.
            file = openStepwise(components, flags: flags, mode: mode)
        }
        guard file >= 0 else { throw StoreError(code: -file, path: absolute(relative), reading: "open it") }
        return file
    }

    /// The way of kernels before 5.6; a descriptor, which the caller closes, or -errno.
    package func openStepwise(_ components: [String], flags: Int32, mode: UInt32 = 0) -> Int32 {
        var folder = descriptor
        defer { if folder != descriptor { Glibc.close(folder) } }
        for name in components.dropLast() {
            let next = ship_open_component(folder, name, O_RDONLY | O_DIRECTORY, 0)
            if next < 0 { return next == -ENOTDIR ? Self.linkOrNotFolder(folder, name) : next }
            if folder != descriptor { Glibc.close(folder) }
            folder = next
        }
        return ship_open_component(folder, components.last ?? ".", flags, mode)
    }

    private static func linkOrNotFolder(_ folder: Int32, _ name: String) -> Int32 {
        var status = stat()
        guard fstatat(folder, name, &status, AT_SYMLINK_NOFOLLOW) == 0 else { return -errno }
        return status.st_mode & S_IFMT == S_IFLNK ? -ELOOP : -ENOTDIR
    }

    /// Parts of a relative path from outside.
    /// - Throws: `.outside` for an absolute path, "..", ".", an empty part or NUL.
    static func components(_ relative: String) throws(StoreError) -> [String] {
        let parts = relative.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
        for part in parts {
            if part.isEmpty || part == "." || part == ".." || part.utf8.contains(0) {
                throw .outside(path: relative.replacing("\0", with: "␀"), detail: "it is not a plain path below its folder")
            }
        }
        return parts
    }

    static func split(_ relative: String) throws(StoreError) -> (parent: String, name: String) {
        let parts = try components(relative)
        return (parts.dropLast().joined(separator: "/"), parts[parts.count - 1])
    }

    /// Asked once: a kernel without the call answers every path with ENOSYS.
    private static let kernelHasOpenat2: Bool = {
        let file = ship_open_beneath(AT_FDCWD, ".", O_RDONLY | O_DIRECTORY, 0)
        if file >= 0 { Glibc.close(file) }
        return file >= 0
    }()

    func absolute(_ relative: String) -> String { relative.isEmpty ? path : path + "/" + relative }

    /// A readable descriptor of a folder beneath; the caller closes it.
    private func openFolder(_ relative: String) throws(StoreError) -> Int32 {
        if relative.isEmpty {
            let copy = ship_open_component(descriptor, ".", O_RDONLY | O_DIRECTORY, 0)
            guard copy >= 0 else { throw StoreError(code: -copy, path: path, reading: "open the folder") }
            return copy
        }
        return try openBeneath(relative, flags: O_RDONLY | O_DIRECTORY)
    }

    // MARK: - Writing

    private func writePart<R>(_ relative: String, _ body: (_ part: String, _ folder: Int32, _ parentPath: String) throws -> R) throws -> R {
        let (parent, name) = try Self.split(relative)
        try Self.checkName(name, of: relative)
        let folder = try openFolder(parent)
        defer { Glibc.close(folder) }
        let part = PartName.next(for: name)
        do {
            let result = try body(part, folder, absolute(parent))
            try putInPlace(part, name, folder, parent, relative)
            return result
        } catch {
            unlinkat(folder, part, 0)
            throw error
        }
    }

    private static func checkName(_ name: String, of relative: String) throws(StoreError) {
        guard OnDiskName.isAllowed(name) else {
            throw StoreError.outside(path: relative, detail: "the name “\(name)” is not of the form [a-z0-9_-] with an extension")
        }
    }

    private func putInPlace(_ part: String, _ name: String, _ folder: Int32, _ parent: String, _ relative: String) throws(StoreError) {
        guard renameat(folder, part, folder, name) == 0 else {
            throw StoreError(code: errno, path: absolute(relative), doing: "put the finished file in place")
        }
        try sync(folder, absolute(parent))
    }

    private func sync(_ folder: Int32, _ path: String) throws(StoreError) {
        let status = ship_sync(folder)
        guard status == 0 else { throw StoreError(code: -status, path: path, doing: "bring the folder onto the disk") }
    }

    private func remove(_ name: String, in folder: Int32, path: String) throws(StoreError) {
        if unlinkat(folder, name, 0) == 0 || errno == ENOENT { return }
        guard errno == EISDIR || errno == EPERM else { throw StoreError(code: errno, path: path, doing: "remove it") }
        let inner = ship_open_component(folder, name, O_RDONLY | O_DIRECTORY, 0)
        guard inner >= 0 else { throw StoreError(code: -inner, path: path, doing: "remove it") }
        defer { Glibc.close(inner) }
        for entry in try Self.entries(of: dup(inner), path: path) {
            try remove(entry.name, in: inner, path: path + "/" + entry.name)
        }
        guard unlinkat(folder, name, AT_REMOVEDIR) == 0 else { throw StoreError(code: errno, path: path, doing: "remove the folder") }
    }

    /// Takes over the descriptor.
    private static func entries(of folder: Int32, path: String) throws(StoreError) -> [FolderEntry] {
        guard folder >= 0, let stream = fdopendir(folder) else { throw StoreError(code: errno, path: path, reading: "list the folder") }
        defer { closedir(stream) }
        var entries: [FolderEntry] = []
        while true {
            errno = 0
            guard let entry = readdir(stream) else { break }
            let name: String? = withUnsafeBytes(of: &entry.pointee.d_name) { raw in
                String(validating: raw.prefix { $0 != 0 }, as: UTF8.self)
            }
            guard let name else {
                let lossy = withUnsafeBytes(of: &entry.pointee.d_name) { raw in String(decoding: raw.prefix { $0 != 0 }, as: UTF8.self) }
                entries.append(FolderEntry(name: lossy, kind: .other, size: 0))
                continue
            }
            guard name != ".", name != ".." else { continue }
            var status = stat()
            guard fstatat(folder, name, &status, AT_SYMLINK_NOFOLLOW) == 0 else { continue }
            let kind: FolderEntry.Kind =
                switch status.st_mode & S_IFMT {
                case S_IFREG: .file
                case S_IFDIR: .folder
                default: .other
                }
            entries.append(FolderEntry(name: name, kind: kind, size: Int(status.st_size)))
        }
        guard errno == 0 else { throw StoreError(code: errno, path: path, reading: "list the folder") }
        return entries.sorted { $0.name.utf8.lexicographicallyPrecedes($1.name.utf8) }
    }
}

package struct FolderEntry: Sendable, Equatable {
    package enum Kind: Sendable { case file, folder, other }
    package var name: String
    package var kind: Kind
    package var size: Int
}
