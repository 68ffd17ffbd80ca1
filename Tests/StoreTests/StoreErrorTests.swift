import GRDB
import Store
import Testing

@Suite struct StoreErrorTests {
    @Test func `a mistake of the program is told from one of the disk, and neither speaks of the other`() throws {
        let database = try DatabaseQueue()
        try database.inDatabase { try $0.execute(sql: "CREATE TABLE t (a INTEGER NOT NULL CHECK (a > 0)) STRICT") }
        for sql in ["SELEKT 1", "SELECT nothing FROM t", "INSERT INTO t VALUES (0)", "INSERT INTO t VALUES (NULL)", "INSERT INTO t VALUES ('x')", "INSERT INTO t VALUES (1, 2)"] {
            let error = #expect(throws: (any Error).self) { try database.inDatabase { try $0.execute(sql: sql) } }
            let told = StoreError(try #require(error), path: "/p/project.sqlite")
            guard case .program(path: "/p/project.sqlite", _) = told else { Issue.record("\(sql): \(told)"); continue }
            #expect(told.description.contains("ship made a mistake") && !told.description.contains("cable"))
        }
        for code in [ResultCode.SQLITE_IOERR, .SQLITE_CANTOPEN, .SQLITE_IOERR_WRITE, .SQLITE_PROTOCOL] {
            let told = StoreError(DatabaseError(resultCode: code), path: "/p")
            guard case .io = told else { Issue.record("\(code): \(told)"); continue }
            #expect(told.description.contains("cable"))
        }
        #expect(StoreError(DatabaseError(resultCode: .SQLITE_FULL), path: "/p") == .diskFull(path: "/p", freeBytes: nil))
        let damaged = StoreError(DatabaseError(resultCode: .SQLITE_CORRUPT), path: "/p")
        guard case .corrupt = damaged else { Issue.record("\(damaged)"); return }
    }
}
