import Foundation
import GRDB

extension Project {
    /// The measured columns of the project in their order.
    package func measureColumns() async throws(StoreError) -> [MeasureColumnRecord] {
        try await read { try Self.measureColumns($0) }
    }

    /// Declares columns: new ones are added at the end, known ones get the new texts. Columns that are not named stay.
    /// - Throws: `.invalid` for a name that is not `[a-z%][a-z0-9_.%]*`; ZooProcess has names like `perim.` and `%area`.
    package func setMeasureColumns(_ columns: [MeasureColumnRecord]) async throws(StoreError) {
        for column in columns where column.name.wholeMatch(of: /[a-z%][a-z0-9_.%]{0,62}/) == nil || column.name == "mask_id" {
            throw .invalid(sentence: "“\(column.name)” cannot name a measured column; use small letters, digits, _, . and %, beginning with a letter or %")
        }
        // Every run declares its columns; mostly they are known, and then nothing has to reach the disk.
        let present = try await measureColumns()
        guard columns.contains(where: { !present.contains($0) }) else { return }
        try await write { database in
            var known = Set(try Self.measureColumnNames(database))
            for column in columns {
                if known.insert(column.name).inserted { try database.execute(sql: "ALTER TABLE measurement ADD COLUMN \"\(column.name)\" REAL") }
                try database.execute(
                    sql: """
                        INSERT INTO measure_column (name, unit, title, definition, source, node, position)
                        VALUES (?, ?, ?, ?, ?, ?, (SELECT coalesce(max(position), 0) + 1 FROM measure_column))
                        ON CONFLICT (name) DO UPDATE SET unit = excluded.unit, title = excluded.title, definition = excluded.definition,
                            source = excluded.source, node = excluded.node
                        """, arguments: [column.name, column.unit, column.title, column.definition, column.source, column.node])
            }
        }
    }

    /// Adds or replaces values of objects' present masks, as a measuring node does after the run that made the objects. Other columns stay.
    /// - Throws: `.conflict` when an object's mask is not `revision` any more (it was edited meanwhile): measure it again.
    package func storeMeasurements(_ values: [(object: ObjectID, revision: Int64, measurements: Measurements)]) async throws(StoreError) {
        try await write { database in
            var writer = MeasurementWriter(database)
            for (object, revision, measurements) in values {
                guard try Int64.fetchOne(database.cachedStatement(sql: "SELECT mask_id FROM object WHERE id = ?"), arguments: [object]) == revision else {
                    throw StoreError.conflict(sentence: "object \(object) was changed while it was measured; measure it again")
                }
                try writer.store(mask: revision, measurements)
            }
            try Self.touch(database)
        }
    }

    static func measureColumns(_ database: Database) throws -> [MeasureColumnRecord] {
        try Row.fetchAll(database.cachedStatement(sql: "SELECT name, unit, title, definition, source, node FROM measure_column ORDER BY position")).map {
            MeasureColumnRecord(name: $0[0], unit: $0[1], title: $0[2], definition: $0[3], source: $0[4], node: $0[5])
        }
    }

    static func measureColumnNames(_ database: Database) throws -> [String] {
        try String.fetchAll(database.cachedStatement(sql: "SELECT name FROM measure_column ORDER BY position"))
    }
}

/// Writes measurements within one transaction; the statement is prepared anew only when the columns change from one row to the next.
struct MeasurementWriter {
    private let database: Database
    private var statement: MeasurementStatement?

    init(_ database: Database) { self.database = database }

    mutating func store(mask: Int64, _ measurements: Measurements) throws {
        if measurements.isEmpty { return }
        if statement?.names != measurements.names { statement = try MeasurementStatement(database, names: measurements.names) }
        try statement?.execute(mask: mask, measurements.values)
    }
}

/// The insertion of one set of columns.
private struct MeasurementStatement {
    let names: [String]
    private let statement: BoundStatement

    init(_ database: Database, names: [String]) throws {
        let known = Set(try Project.measureColumnNames(database))
        if let name = names.first(where: { !known.contains($0) }) {
            throw StoreError.invalid(sentence: "the column “\(name)” was not declared; declare it with its unit before storing values")
        }
        guard Set(names).count == names.count else { throw StoreError.invalid(sentence: "a measured column is named twice") }
        self.names = names
        let columns = names.map { "\"\($0)\"" }.joined(separator: ", ")
        let updates = names.map { "\"\($0)\" = excluded.\"\($0)\"" }.joined(separator: ", ")
        statement = try BoundStatement(
            database, sql: """
                INSERT INTO measurement (mask_id, \(columns)) VALUES (?\(String(repeating: ", ?", count: names.count)))
                ON CONFLICT (mask_id) DO UPDATE SET \(updates)
                """)
    }

    /// Infinite and undefined numbers become empty values.
    func execute(mask: Int64, _ values: [Double?]) throws {
        try statement.execute { arguments in
            arguments.add(mask)
            for value in values { arguments.add(value.flatMap { $0.isFinite ? $0 : nil }) }
        }
    }
}
