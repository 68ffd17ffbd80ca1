import Assets
import GRDB

/// The numbered SQL files `Resources/migrations/<number>-<what>.sql`, and the two marks in the file's header: `application_id`
/// says that it is a project, `user_version` is the number of the last migration.
enum Migrations {
    /// "ship" in ASCII.
    static let applicationID = 0x7368_6970

    static let all: [(number: Int, sql: String)] = Assets.resources(prefix: "migrations/").compactMap { name, bytes in
        let file = name.split(separator: "/").last ?? ""
        guard let number = Int(file.prefix { $0.isNumber }) else { return nil }
        return (number, String(decoding: bytes, as: UTF8.self))
    }.sorted { $0.number < $1.number }

    static var newest: Int { all.last?.number ?? 0 }

    /// - Throws: `.notAProject` for another program's database, `.newerVersion`.
    static func checkFormat(_ database: Database, path: String) throws {
        let application = try Int.fetchOne(database, sql: "PRAGMA application_id") ?? 0
        let version = try Int.fetchOne(database, sql: "PRAGMA user_version") ?? 0
        if application == applicationID {
            if version > newest { throw StoreError.newerVersion(path: path, found: version, known: newest) }
        } else if try application != 0 || version != 0 || Int.fetchOne(database, sql: "SELECT count(*) FROM sqlite_schema") ?? 0 > 0 {
            throw StoreError.notAProject(path: path)
        }
    }

    /// Brings the database to the newest format, each migration in one transaction; a new database is made by a single one, since the disk is
    /// waited for at the end of each. A copy of an old one is kept first.
    static func run(_ connection: Connection, backup: (Int) throws(StoreError) -> String?) throws(StoreError) {
        let version = try connection.readNow { try Int.fetchOne($0, sql: "PRAGMA user_version") ?? 0 }
        guard version < newest else { return }
        if version > 0, let copy = try backup(version) {
            try connection.runNow { try $0.execute(sql: "VACUUM INTO ?", arguments: [copy]) }
        }
        let due = all.filter { $0.number > version }
        for steps in version == 0 ? [due] : due.map({ [$0] }) {
            try connection.writeNow { database in
                for migration in steps {
                    try database.execute(sql: migration.sql)
                    try database.execute(sql: "PRAGMA application_id=\(applicationID)")
                    try database.execute(sql: "PRAGMA user_version=\(migration.number)")
                }
            }
        }
    }
}
