import CPOSIX
import Foundation

/// The lock file of a project that is open: an advisory lock, and inside, for people, who holds it. Removed on a clean close.
///
/// SQLite's own exclusive lock refuses a second writer too; this one comes first, works for readers and can say who it is.
final class ProjectLock: Sendable {
    static let fileName = "project.lock"

    private let descriptor: Int32
    private let path: String
    /// What a process left that ended without closing (crash, unplugged stick): its lock is void and was taken over.
    let stale: ProjectOwner?

    /// - Throws: `.inUse` with the other process, `.readOnly`, `.io`.
    init(folder: String, owner: ProjectOwner) throws(StoreError) {
        let path = folder + "/" + Self.fileName
        var found: ProjectOwner?
        for attempt in 0... {
            let file = ship_open_component(AT_FDCWD, path, O_RDWR | O_CREAT, 0o666)
            guard file >= 0 else { throw StoreError(code: -file, path: folder, doing: "create its lock file") }
            let status = ship_lock(file, 1)
            // Another program that only asks whether it is held (`holder`) has it for an instant.
            if status == -EWOULDBLOCK, attempt < 5 {
                close(file)
                usleep(2000)
                continue
            }
            if status == -EWOULDBLOCK {
                let owner = Self.readOwner(file)
                close(file)
                throw .inUse(path: folder, owner: owner)
            }
            guard status == 0 else {
                close(file)
                throw StoreError(code: -status, path: path, doing: "lock it")
            }
            // The holder may have removed the file between our open and our lock: then we hold a lock on nothing.
            var (mine, there) = (stat(), stat())
            if fstat(file, &mine) == 0, stat(path, &there) == 0, mine.st_ino == there.st_ino, mine.st_dev == there.st_dev {
                found = Self.readOwner(file)
                guard Self.write(owner, to: file) else {
                    let code = errno
                    close(file)
                    throw StoreError(code: code, path: path, doing: "write its lock file")
                }
                (descriptor, self.path, stale) = (file, path, found)
                return
            }
            close(file)
            guard attempt < 100 else { throw .inUse(path: folder, owner: nil) }
        }
        fatalError("the loop above has no end")
    }

    deinit { release() }

    private let released = Released()

    /// Removes the file while the lock is still held, then lets go. Idempotent.
    func release() {
        guard released.first() else { return }
        unlink(path)
        ship_unlock(descriptor)
        close(descriptor)
    }

    /// Lets go as a crash would: the file stays. For tests.
    func abandon() {
        guard released.first() else { return }
        ship_unlock(descriptor)
        close(descriptor)
    }

    /// The process that holds the lock now, without taking it; nil when nobody does.
    static func holder(folder: String) -> (isHeld: Bool, owner: ProjectOwner?) {
        let file = ship_open_component(AT_FDCWD, folder + "/" + fileName, O_RDONLY, 0)
        guard file >= 0 else { return (false, nil) }
        defer { close(file) }
        if ship_lock(file, 0) == -EWOULDBLOCK { return (true, readOwner(file)) }
        ship_unlock(file)
        return (false, nil)
    }

    /// Puts the server's address into the file once it is known.
    func note(_ owner: ProjectOwner) {
        _ = Self.write(owner, to: descriptor)
    }

    /// First the text, then its end: a reader in between finds an owner all the same.
    private static func write(_ owner: ProjectOwner, to file: Int32) -> Bool {
        var text = (try? JSONEncoder.owner.encode(owner)).map([UInt8].init) ?? []
        let count = text.count
        // Spaces over what a longer text left, so that what is read is one JSON value at any moment.
        text += [UInt8](repeating: UInt8(ascii: " "), count: max(0, 1024 - count))
        return pwrite(file, text, text.count, 0) == text.count && ftruncate(file, off_t(count)) == 0
    }

    private static func readOwner(_ file: Int32) -> ProjectOwner? {
        var bytes = [UInt8](repeating: 0, count: 4096)
        let count = pread(file, &bytes, bytes.count, 0)
        guard count > 0 else { return nil }
        return try? JSONDecoder.owner.decode(ProjectOwner.self, from: Data(bytes[..<count]))
    }
}

private final class Released: Sendable {
    private let flag = NSLock()
    private nonisolated(unsafe) var done = false
    func first() -> Bool {
        flag.withLock {
            defer { done = true }
            return !done
        }
    }
}

extension JSONEncoder {
    fileprivate static var owner: JSONEncoder {
        let encoder = JSONEncoder()
        encoder.dateEncodingStrategy = .iso8601
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return encoder
    }
}

extension JSONDecoder {
    fileprivate static var owner: JSONDecoder {
        let decoder = JSONDecoder()
        decoder.dateDecodingStrategy = .iso8601
        return decoder
    }
}

extension ProjectOwner {
    /// This process.
    package static func current(url: String? = nil) -> ProjectOwner {
        let boot = (try? String(contentsOfFile: "/proc/sys/kernel/random/boot_id", encoding: .utf8)) ?? ""
        return ProjectOwner(
            pid: getpid(), host: ProcessInfo.processInfo.hostName, boot: boot.trimmingCharacters(in: .whitespacesAndNewlines), url: url, since: Date())
    }
}
