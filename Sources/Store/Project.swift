import Foundation
import GRDB
import Synchronization

/// An open project: its folder, its database, its lock. Used from any task; requests run one after the other.
///
/// Whatever changes the project is one transaction, on the disk before the function returns. A function that throws changed nothing.
package final class Project: Sendable {
    /// Name of the database inside the project folder.
    package static let databaseName = "project.sqlite"

    /// As given to `open`.
    package let folder: String
    package let isReadOnly: Bool
    /// Why, when it was not asked for.
    package let readOnlyReason: String?
    /// Stable identity of the project, for uids and exports.
    package let uid: String
    /// The process that had it open before and ended without closing it; worth a line in the log.
    package let tookOverFrom: ProjectOwner?
    /// Files below the project folder.
    package let files: FolderHandle

    let connection: Connection
    /// The graph as it is stored; every edit asks for it.
    let knownGraph = Mutex<StoredGraph?>(nil)
    /// Originals that changed after they were brought in and were found to have the same bytes, with when they changed.
    let verifiedOriginals = Mutex<[ObjectID: Int64]>([:])
    private let lock: ProjectLock?
    /// Copy of a project that could not be read where it is.
    private let temporaryFolder: String?

    /// Opens a project. On a read-only medium it opens read-only by itself (`isReadOnly`, `readOnlyReason`).
    ///
    /// A database that was not closed cleanly is brought in order; where that is impossible because the medium is read-only,
    /// a private copy of the database is opened, so that no edit is missing.
    /// - Parameters:
    ///   - title: of a project that has none yet, because whoever created it was killed on the way; nil: its folder's name.
    ///   - allowLog: false keeps to a rollback journal also where a write-ahead log works.
    /// - Throws: `.notAProject`, `.inUse` (naming the other process), `.newerVersion`, `.corrupt`, `.io`, `.diskFull`.
    package static func open(
        folder: String, readOnly: Bool = false, title: String? = nil, owner: ProjectOwner = .current(), allowLog: Bool = true
    ) throws(StoreError) -> Project {
        let path = withoutTrailingSlash(folder)
        guard access(path + "/" + databaseName, F_OK) == 0 else { throw .notAProject(path: path) }
        try refuseEmptied(path)
        if readOnly { return try Project(reading: path, reason: nil) }
        do throws(StoreError) {
            return try Project(writing: path, title: title, owner: owner, journal: allowLog ? .automatic : .truncate)
        } catch .readOnly(_, let reason) {
            return try Project(reading: path, reason: reason)
        }
    }

    /// An empty database beside files of a project would open as a new project, without a word of what was lost. Where there is nothing beside
    /// it, whoever created the project was killed before the first line was written.
    private static func refuseEmptied(_ path: String) throws(StoreError) {
        let files = try FolderHandle(path: path)
        guard try files.size(databaseName) == 0, try files.size(databaseName + "-wal") ?? 0 == 0 else { return }
        guard try files.list().contains(where: { $0.kind == .folder }) else { return }
        throw .corrupt(path: path + "/" + databaseName, detail: "it is empty, while other files of the project are there")
    }

    /// Creates the folder (its parent must exist) with an empty project and opens it.
    /// - Throws: `.exists` when the folder holds a project or anything else.
    package static func create(folder: String, title: String, owner: ProjectOwner = .current()) throws(StoreError) -> Project {
        let path = Self.withoutTrailingSlash(folder)
        let isNew = mkdir(path, 0o777) == 0
        if !isNew {
            guard errno == EEXIST else { throw StoreError(code: errno, path: path, doing: "create the folder") }
            guard try FolderHandle(path: path).list().isEmpty else { throw .exists(path: path) }
        }
        do throws(StoreError) {
            let parent = (path as NSString).deletingLastPathComponent
            try FolderHandle(path: parent.isEmpty ? "." : parent).sync()
            return try Project(writing: path, title: title, owner: owner, journal: .automatic)
        } catch {
            if case .inUse = error { throw error }
            // Nothing half-made stays in the list of projects.
            for suffix in ["", "-wal", "-journal"] where isNew { unlink(path + "/" + databaseName + suffix) }
            if isNew { rmdir(path) }
            throw error
        }
    }

    private init(writing path: String, title: String?, owner: ProjectOwner, journal: Connection.Journal) throws(StoreError) {
        let files = try FolderHandle(path: path)
        if let error = try Self.obstacle(toWriting: files) { throw error }
        let lock = try Self.gate.withLock { _ throws(StoreError) in try ProjectLock(folder: path, owner: owner) }
        let database = path + "/" + Self.databaseName
        let connection = try Connection(path: database, access: .write(journal))
        do throws(StoreError) {
            try Migrations.run(connection) { version throws(StoreError) in
                try files.makeFolder("backup")
                let name = "backup/format-\(version).sqlite"
                try files.remove(name)
                return files.absolute(name)
            }
            try connection.readNow { try Self.checkNumbers($0, path: path) }
            let name = title ?? (path as NSString).lastPathComponent
            if let known = try connection.readNow({ try String.fetchOne($0, sql: "SELECT uid FROM project") }) {
                uid = known
            } else {
                uid = try connection.writeNow { database in
                    let uid = UUID().uuidString.lowercased()
                    let now = Date().milliseconds
                    try database.execute(sql: "INSERT INTO project (id, uid, title, created_at, changed_at) VALUES (1, ?, ?, ?, ?)", arguments: [uid, name, now, now])
                    return uid
                }
            }
            try connection.writeNow { try Self.requeueInterruptedJobs($0) }
            try files.sync()
        } catch {
            try? connection.close()
            throw error
        }
        (folder, isReadOnly, readOnlyReason, temporaryFolder) = (path, false, nil, nil)
        (self.files, self.lock, self.connection, tookOverFrom) = (files, lock, connection, lock.stale)
        if lock.stale != nil { removeLeftovers() }
    }

    /// Why the project cannot be changed where it lies, nil when it can: `.readOnly` because of the disk or the permissions.
    static func obstacle(toWriting files: FolderHandle) throws(StoreError) -> StoreError? {
        if try files.volume().isReadOnly { return .readOnly(path: files.path, reason: "the disk is mounted read-only") }
        for name in ["", "/" + databaseName] where access(files.path + name, W_OK) != 0 && errno != ENOENT {
            return StoreError(code: errno, path: files.path, doing: "write to it")
        }
        return nil
    }

    private init(reading path: String, reason: String?) throws(StoreError) {
        let files = try FolderHandle(path: path)
        let temporary = try Self.gate.withLock { _ throws(StoreError) in try Self.copyIfHot(path, files) }
        do throws(StoreError) {
            let immutable = try files.volume().isReadOnly || temporary != nil
            connection = try Connection(path: (temporary ?? path) + "/" + Self.databaseName, access: .read(immutable: immutable))
            uid = try connection.readNow { database in
                try Migrations.checkFormat(database, path: path)
                let version = try Int.fetchOne(database, sql: "PRAGMA user_version") ?? 0
                guard version == Migrations.newest else {
                    throw StoreError.readOnly(path: path, reason: "it has the older format \(version), which must be brought up to date first")
                }
                try Self.checkNumbers(database, path: path)
                return try String.fetchOne(database, sql: "SELECT uid FROM project") ?? ""
            }
        } catch {
            if let temporary { try? FileManager.default.removeItem(atPath: temporary) }
            throw error
        }
        (folder, isReadOnly, readOnlyReason, temporaryFolder) = (path, true, reason, temporary)
        (self.files, lock, tookOverFrom) = (files, nil, nil)
    }

    /// Closing any descriptor of the database drops the locks that SQLite holds on it in this process. So whoever opens the file
    /// without SQLite does it in here, after making sure that nobody writes, and whoever begins to write takes the lock in here.
    private static let gate = Mutex<Void>(())

    /// Folder of a private copy of a database that cannot be read where it is without writing; nil when it can.
    /// - Throws: `.inUse`, `.io`, `.diskFull`.
    private static func copyIfHot(_ path: String, _ files: FolderHandle) throws(StoreError) -> String? {
        let (isHeld, owner) = ProjectLock.holder(folder: path)
        if isHeld { throw .inUse(path: path, owner: owner) }
        // Log or journal left by a crash: SQLite would have to write to bring it in, or with `immutable` would silently miss the last edits.
        var hot: [String] = []
        for suffix in ["-wal", "-journal"] where try files.size(databaseName + suffix) ?? 0 > 0 { hot.append(suffix) }
        // In WAL mode, also with an empty log, a reader would have to make files beside the database.
        let isLogged = try files.openFile(databaseName).read(count: 1, at: 18) == [2]
        guard !hot.isEmpty || isLogged else { return nil }
        let copy = FileManager.default.temporaryDirectory.path + "/ship-\(UUID().uuidString)"
        do {
            try FileManager.default.createDirectory(atPath: copy, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
            for name in ([""] + hot).map({ "/" + databaseName + $0 }) {
                try FileManager.default.copyItem(atPath: path + name, toPath: copy + name)
                chmod(copy + name, 0o600)
            }
            try Connection(path: copy + "/" + databaseName, access: .write(.automatic)).close()
        } catch {
            try? FileManager.default.removeItem(atPath: copy)
            throw StoreError(error, path: path)
        }
        return copy
    }

    deinit { try? close() }

    /// Waits for running requests, then leaves the folder in the state that opens anywhere. Later requests throw `.closed`. Idempotent.
    /// - Throws: `.diskFull`, `.io` when the log could not be brought into the database: nothing is lost, the next opening does it.
    package func close() throws(StoreError) {
        defer {
            lock?.release()
            if let temporaryFolder { try? FileManager.default.removeItem(atPath: temporaryFolder) }
        }
        try connection.close()
    }

    /// Tells other processes where this project is being served.
    package func announce(url: String) { lock?.note(.current(url: url)) }

    /// Whether SQLite writes a log (WAL); otherwise a rollback journal.
    package var usesLog: Bool { connection.isWAL }

    /// Whether a write waits for the disk; always true but for benchmarks, which leave out what the disk costs.
    package func setDurable(_ isDurable: Bool) { connection.setDurable(isDurable) }

    /// How often the database had to be opened again after an error of the disk.
    package var reopenings: Int { connection.reopenCount - 1 }

    /// Ends as a crash would, for tests.
    package func abandon() {
        connection.abandon()
        lock?.abandon()
    }

    /// Throws `.readOnly` before anything is tried.
    func requireWritable() throws(StoreError) {
        if isReadOnly { throw .readOnly(path: folder, reason: readOnlyReason ?? "it was opened for reading only") }
    }

    func write<T: Sendable>(_ body: @escaping @Sendable (Database) throws -> T) async throws(StoreError) -> T {
        try requireWritable()
        return try await connection.write(body)
    }

    func read<T: Sendable>(_ body: @escaping @Sendable (Database) throws -> T) async throws(StoreError) -> T {
        try await connection.read(body)
    }

    /// Unfinished files of a process that crashed.
    private func removeLeftovers() {
        guard let paths = try? files.files(enter: { !$0.hasPrefix(".") }) else { return }
        for path in paths where PartName.matches((path as NSString).lastPathComponent) { try? files.remove(path) }
    }

    private static func withoutTrailingSlash(_ path: String) -> String {
        var path = path
        while path.count > 1, path.hasSuffix("/") { path.removeLast() }
        return path
    }
}

extension Date {
    /// Since 1970, as times are stored.
    var milliseconds: Int64 { Int64((timeIntervalSince1970 * 1000).rounded()) }
    init(milliseconds: Int64) { self.init(timeIntervalSince1970: Double(milliseconds) / 1000) }
}
