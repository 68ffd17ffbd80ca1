import Assets
import Dispatch
import Foundation
import GRDB

/// The one SQLite connection to a project. Requests run one after the other on a queue of their own; a request never fails
/// because the task that made it was cancelled, so what was begun is either saved or refused.
///
/// Mode: WAL + `synchronous=FULL` + `locking_mode=EXCLUSIVE`; where WAL does not work, TRUNCATE + FULL. After an I/O error
/// the connection is closed, and the next request opens a new one: SQLite's memory of a failed file cannot be trusted.
final class Connection: Sendable {
    enum Journal: Sendable {
        /// WAL where it works.
        case automatic
        case truncate
    }
    enum Access: Sendable {
        case write(Journal)
        /// Read-only; `immutable` for media that allow no locks.
        case read(immutable: Bool)
    }

    let path: String
    let watch = ObjectWatch()
    private let mode: Access
    private let queue = DispatchQueue(label: "ship.store.connection", qos: .userInitiated)
    private nonisolated(unsafe) var database: DatabaseQueue?  // Only touched on `queue`.
    private nonisolated(unsafe) var isClosed = false
    private nonisolated(unsafe) var usesWAL = false
    private nonisolated(unsafe) var reopenings = 0
    /// Transactions so far.
    private nonisolated(unsafe) var writes = 0
    /// Whether somebody waits for a pause to bring the log in.
    private nonisolated(unsafe) var waitsForPause = false

    /// Opens at once, so that a project that cannot be opened says so here.
    init(path: String, access: Access) throws(StoreError) {
        (self.path, mode) = (path, access)
        try onQueue { connection throws(StoreError) in _ = try connection.opened() }
    }

    var isWAL: Bool { queue.sync { usesWAL } }
    /// How often an I/O error made a new connection necessary.
    var reopenCount: Int { queue.sync { reopenings } }

    // MARK: - Requests

    /// One transaction, durable when this returns.
    func write<T: Sendable>(_ body: @escaping @Sendable (Database) throws -> T) async throws(StoreError) -> T {
        try await request { connection throws(StoreError) in
            let result = try connection.transaction(body)
            connection.checkpointInPause()
            return result
        }
    }

    /// A transaction that the next durable one carries onto the disk: for progress and log lines, of which a power cut may take the last ones.
    func writeRelaxed<T: Sendable>(_ body: @escaping @Sendable (Database) throws -> T) async throws(StoreError) -> T {
        try await request { connection throws(StoreError) in
            // In a rollback journal less than FULL could damage the file, so only WAL takes the short cut.
            guard connection.usesWAL else { return try connection.transaction(body) }
            try connection.run { try $0.execute(sql: "PRAGMA synchronous=NORMAL") }
            let result = Result { () throws(StoreError) -> T in try connection.transaction(body) }
            // A reopened connection has FULL already; a failure here must not go unnoticed.
            try connection.run { try $0.execute(sql: "PRAGMA synchronous=FULL") }
            return try result.get()
        }
    }

    func read<T: Sendable>(_ body: @escaping @Sendable (Database) throws -> T) async throws(StoreError) -> T {
        try await request { connection throws(StoreError) in try connection.run(body) }
    }

    func readNow<T: Sendable>(_ body: @escaping @Sendable (Database) throws -> T) throws(StoreError) -> T {
        try onQueue { connection throws(StoreError) in try connection.run(body) }
    }

    func writeNow<T: Sendable>(_ body: @escaping @Sendable (Database) throws -> T) throws(StoreError) -> T {
        try onQueue { connection throws(StoreError) in try connection.transaction(body) }
    }

    /// Outside of a transaction (`VACUUM INTO`, checkpoints).
    func runNow<T: Sendable>(_ body: @escaping @Sendable (Database) throws -> T) throws(StoreError) -> T { try readNow(body) }

    /// Checkpoints, returns to `journal_mode=DELETE` (a file in WAL mode does not open on a read-only medium) and closes. Idempotent.
    func close() throws(StoreError) {
        try onQueue(evenClosed: true) { connection throws(StoreError) in
            guard !connection.isClosed else { return }
            connection.isClosed = true
            guard let database = connection.database else { return }
            connection.database = nil
            do {
                if case .write = connection.mode {
                    try database.inDatabase { database in
                        if connection.usesWAL { try database.execute(sql: "PRAGMA wal_checkpoint(TRUNCATE)") }
                        let mode = try String.fetchOne(database, sql: "PRAGMA journal_mode=DELETE")
                        guard mode == "delete" else { throw StoreError.io(path: connection.path, detail: "cannot leave journal mode \(mode ?? "?")") }
                    }
                }
                try database.close()
            } catch {
                try? database.close()
                throw StoreError(error, path: connection.path)
            }
        }
    }

    /// Gives up the connection as a crash would, for tests.
    func abandon() { queue.sync { (database, isClosed) = (nil, true) } }

    // MARK: - On the queue

    private func request<T: Sendable>(_ body: @escaping @Sendable (Connection) throws(StoreError) -> T) async throws(StoreError) -> T {
        let result: Result<T, StoreError> = await withCheckedContinuation { continuation in
            queue.async {
                if self.isClosed {
                    continuation.resume(returning: .failure(.closed(path: self.path)))
                } else {
                    continuation.resume(returning: Result { () throws(StoreError) -> T in try body(self) })
                }
            }
        }
        return try result.get()
    }

    private func onQueue<T>(evenClosed: Bool = false, _ body: (Connection) throws(StoreError) -> T) throws(StoreError) -> T {
        let result: Result<T, StoreError> = queue.sync {
            if isClosed && !evenClosed { return .failure(.closed(path: path)) }
            return Result { () throws(StoreError) -> T in try body(self) }
        }
        return try result.get()
    }

    private func run<T>(_ body: (Database) throws -> T) throws(StoreError) -> T {
        let database = try opened()
        do {
            return try database.inDatabase(body)
        } catch {
            throw leaving(database, after: error)
        }
    }

    /// What the log holds goes into the database when nothing was written for a while, so that hardly an edit has to wait for it.
    private func checkpointInPause() {
        guard usesWAL else { return }
        writes += 1
        if !waitsForPause { waitForPause() }
    }

    /// One timer at a time: one for each transaction took a third of the time of a small one.
    private func waitForPause() {
        waitsForPause = true
        queue.asyncAfter(deadline: .now() + 0.5) { [weak self, writes] in
            guard let self, !self.isClosed else { return }
            guard self.writes == writes else { return self.waitForPause() }
            self.waitsForPause = false
            // What it cannot do now, the next one does.
            _ = try? self.run { try $0.execute(sql: "PRAGMA wal_checkpoint(PASSIVE)") }
        }
    }

    private func transaction<T>(_ body: (Database) throws -> T) throws(StoreError) -> T {
        do throws(StoreError) {
            return try attempt(body)
        } catch .diskFull {
            // The log may hold pages that a checkpoint gives back; if even that has no room, the first answer stands.
            guard usesWAL, let database, (try? database.inDatabase { try $0.execute(sql: "PRAGMA wal_checkpoint(TRUNCATE)") }) != nil else {
                throw .diskFull(path: path, freeBytes: freeBytes)
            }
            do throws(StoreError) {
                return try attempt(body)
            } catch .diskFull {
                throw .diskFull(path: path, freeBytes: freeBytes)
            }
        }
    }

    private func attempt<T>(_ body: (Database) throws -> T) throws(StoreError) -> T {
        let database = try opened()
        do {
            return try database.inDatabase { database in
                // As GRDB's `inTransaction` does, but with statements that are prepared once.
                try database.cachedStatement(sql: "BEGIN IMMEDIATE TRANSACTION").execute()
                do {
                    let result = try body(database)
                    try database.cachedStatement(sql: "COMMIT TRANSACTION").execute()
                    return result
                } catch {
                    // SQLite itself ends a transaction after some errors.
                    if database.isInsideTransaction { try? database.rollback() }
                    throw error
                }
            }
        } catch {
            throw leaving(database, after: error)
        }
    }

    private var freeBytes: Int? {
        (try? FolderHandle(path: (path as NSString).deletingLastPathComponent).volume())?.freeBytes
    }

    /// Closes the connection after errors that leave it in doubt.
    private func leaving(_ database: DatabaseQueue, after error: any Error) -> StoreError {
        if let error = error as? DatabaseError {
            switch error.resultCode {
            case .SQLITE_IOERR, .SQLITE_CORRUPT, .SQLITE_NOTADB, .SQLITE_CANTOPEN, .SQLITE_PROTOCOL, .SQLITE_NOMEM:
                try? database.close()
                self.database = nil
            default: break
            }
        }
        return StoreError(error, path: path)
    }

    private func opened() throws(StoreError) -> DatabaseQueue {
        if let database { return database }
        // SQLite would make an empty database in the place of one that was taken away meanwhile.
        if reopenings > 0, access(path, F_OK) != 0 { throw StoreError(code: errno, path: path, reading: "open it") }
        do {
            let database = try open()
            database.add(transactionObserver: watch, extent: .databaseLifetime)
            self.database = database
            reopenings += 1
            return database
        } catch {
            throw StoreError(error, path: path)
        }
    }

    private func open() throws -> DatabaseQueue {
        var configuration = Configuration()
        configuration.label = "project"
        configuration.foreignKeysEnabled = true
        // Another program is refused by the lock file; this is for one that reads a list of projects just now.
        configuration.busyMode = .timeout(1)
        switch mode {
        case .read(let immutable):
            configuration.readonly = true
            // A file name may hold "?" or "#", which mean something in a URI.
            let escaped = path.utf8.map { byte in
                UInt8(ascii: "0") <= byte && byte <= UInt8(ascii: "9") || byte | 32 >= UInt8(ascii: "a") && byte | 32 <= UInt8(ascii: "z")
                    || byte == UInt8(ascii: "/") || byte == UInt8(ascii: ".") || byte == UInt8(ascii: "-") || byte == UInt8(ascii: "_")
                    ? String(UnicodeScalar(byte)) : "%" + (byte < 16 ? "0" : "") + String(byte, radix: 16)
            }.joined()
            return try DatabaseQueue(path: immutable ? "file:\(escaped)?immutable=1" : path, configuration: configuration)
        case .write(let journal):
            configuration.prepareDatabase { database in
                // Before the first access: then WAL needs no shared memory file.
                try database.execute(sql: "PRAGMA locking_mode=EXCLUSIVE")
                try database.execute(sql: "PRAGMA synchronous=FULL")
            }
            if case .automatic = journal {
                do {
                    let database = try DatabaseQueue(path: path, configuration: configuration)
                    if try enter("wal", database) {
                        usesWAL = true
                        return database
                    }
                    try database.close()
                } catch let error as DatabaseError where error.resultCode == .SQLITE_IOERR || error.resultCode == .SQLITE_CANTOPEN {
                    // This medium cannot do it; the rollback journal asks less of the file system.
                }
            }
            usesWAL = false
            let database = try DatabaseQueue(path: path, configuration: configuration)
            guard try enter("truncate", database) else { throw StoreError.io(path: path, detail: "the disk allows neither a log nor a journal beside the database") }
            return database
        }
    }

    /// Switches the journal and proves by a real transaction that it works.
    private func enter(_ mode: String, _ database: DatabaseQueue) throws -> Bool {
        try database.inDatabase { database in
            // A newer or foreign file must not be changed, not even its mode.
            try Migrations.checkFormat(database, path: path)
            guard try String.fetchOne(database, sql: "PRAGMA journal_mode=\(mode)") == mode else { return false }
            if mode == "wal" {
                // A small log keeps small sticks from filling up; 4,000 pages are 16 MB, which take a hundred edits without a pause.
                let free = freeBytes ?? Int.max
                try database.execute(sql: "PRAGMA wal_autocheckpoint=\(free < 64 << 20 ? 64 : free < 1 << 30 ? 1000 : 4000)")
                try database.execute(sql: "PRAGMA journal_size_limit=4194304")
            }
            try database.execute(sql: "PRAGMA secure_delete=FAST")
            try database.execute(sql: "PRAGMA cache_size=-16384")
            let version = try Int.fetchOne(database, sql: "PRAGMA user_version") ?? 0
            try database.inTransaction(.immediate) {
                try database.execute(sql: "PRAGMA user_version=\(version)")
                return .commit
            }
            return true
        }
    }
}
