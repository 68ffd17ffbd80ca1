import GRDB
import GRDBSQLite

/// A statement of the connection's own, to which numbers, texts and bytes are bound as they are.
///
/// GRDB boxes every argument, and calls itself for each of them: with a hundred measures an object that took longer than storing them.
/// One text of SQL is executed either by this or by GRDB's arguments, never by both within a transaction.
struct BoundStatement {
    private let statement: Statement

    init(_ database: Database, sql: String) throws {
        statement = try database.cachedStatement(sql: sql)
        // From here on GRDB takes what is bound for right.
        statement.setUncheckedArguments(StatementArguments())
    }

    /// Binds all arguments from left to right, and executes. What is bound is copied by SQLite and let go afterwards.
    func execute(_ bind: (inout Arguments) -> Void) throws {
        // A failure of the execution before was reported then.
        sqlite3_reset(statement.sqliteStatement)
        defer { sqlite3_clear_bindings(statement.sqliteStatement) }
        var arguments = Arguments(statement: statement.sqliteStatement)
        bind(&arguments)
        let expected = sqlite3_bind_parameter_count(statement.sqliteStatement)
        precondition(arguments.count == expected, "\(arguments.count) arguments for \(expected) places")
        try statement.execute()
    }

    struct Arguments {
        fileprivate let statement: SQLiteStatement
        fileprivate(set) var count: Int32 = 0

        fileprivate init(statement: SQLiteStatement) { self.statement = statement }

        mutating func add(_ number: Int64?) {
            count += 1
            if let number { check(sqlite3_bind_int64(statement, count, number)) } else { check(sqlite3_bind_null(statement, count)) }
        }

        mutating func add(_ number: Int) { add(Int64(number)) }

        mutating func add(_ number: Double?) {
            count += 1
            if let number { check(sqlite3_bind_double(statement, count, number)) } else { check(sqlite3_bind_null(statement, count)) }
        }

        mutating func add(_ text: String?) {
            count += 1
            guard var text else { return check(sqlite3_bind_null(statement, count)) }
            let place = count
            check(text.withUTF8 { sqlite3_bind_text(statement, place, UnsafeRawPointer($0.baseAddress)?.assumingMemoryBound(to: CChar.self), Int32($0.count), copied) })
        }

        mutating func add(bytes: UnsafeRawBufferPointer) {
            count += 1
            check(sqlite3_bind_blob(statement, count, bytes.baseAddress, Int32(bytes.count), copied))
        }

        /// Tells SQLite to take a copy.
        private var copied: sqlite3_destructor_type { unsafeBitCast(-1, to: sqlite3_destructor_type.self) }

        private func check(_ code: Int32) { precondition(code == SQLITE_OK, "argument \(count) is refused with \(code)") }
    }
}
