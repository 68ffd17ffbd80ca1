import Foundation
import GRDB

extension Project {
    /// The measured columns of the project in their order.
    package func measureColumns() async throws(StoreError) -> [MeasureColumnRecord] {
        try await read { database in
            try Row.fetchAll(database, sql: "SELECT name, unit, title, definition, source, node FROM measure_column ORDER BY position").map {
                MeasureColumnRecord(name: $0[0], unit: $0[1], title: $0[2], definition: $0[3], source: $0[4], node: $0[5])
            }
        }
    }

    /// Declares columns: new ones are added at the end, known ones get the new texts. Columns that are not named stay.
    /// - Throws: `.invalid` for a name that is not `[a-z][a-z0-9_]*`.
    package func setMeasureColumns(_ columns: [MeasureColumnRecord]) async throws(StoreError) {
        for column in columns where column.name.wholeMatch(of: /[a-z][a-z0-9_]{0,62}/) == nil || column.name == "mask_id" {
            throw .invalid(sentence: "“\(column.name)” cannot name a measured column; use small letters, digits and _, beginning with a letter")
        }
        guard try await measureColumns().filter({ known in columns.contains { $0.name == known.name } }).sorted(by: { $0.name < $1.name })
            != columns.sorted(by: { $0.name < $1.name })
        else { return }
        try await write { database in
            let known = Set(try String.fetchAll(database, sql: "SELECT name FROM measure_column"))
            for column in columns {
                if !known.contains(column.name) { try database.execute(sql: "ALTER TABLE measurement ADD COLUMN \"\(column.name)\" REAL") }
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
            for (object, revision, measurements) in values {
                guard try Int64.fetchOne(database.cachedStatement(sql: "SELECT mask_id FROM object WHERE id = ?"), arguments: [object]) == revision else {
                    throw StoreError.conflict(sentence: "object \(object) was changed while it was measured; measure it again")
                }
                try Self.storeMeasurements(database, mask: revision, measurements)
            }
            try Self.touch(database)
        }
    }

    static func storeMeasurements(_ database: Database, mask: Int64, _ measurements: Measurements) throws {
        if measurements.isEmpty { return }
        let statement = try MeasurementStatement(database, names: measurements.names)
        try statement.execute(mask: mask, measurements.values)
    }
}

/// The insertion of one set of columns, prepared once for all rows of a transaction.
struct MeasurementStatement {
    let names: [String]
    private let statement: Statement

    init(_ database: Database, names: [String]) throws {
        let known = Set(try String.fetchAll(database.cachedStatement(sql: "SELECT name FROM measure_column")))
        if let name = names.first(where: { !known.contains($0) }) {
            throw StoreError.invalid(sentence: "the column “\(name)” was not declared; declare it with its unit before storing values")
        }
        guard Set(names).count == names.count else { throw StoreError.invalid(sentence: "a measured column is named twice") }
        self.names = names
        let columns = names.map { "\"\($0)\"" }.joined(separator: ", ")
        let updates = names.map { "\"\($0)\" = excluded.\"\($0)\"" }.joined(separator: ", ")
        statement = try database.cachedStatement(
            sql: """
                INSERT INTO measurement (mask_id, \(columns)) VALUES (?\(String(repeating: ", ?", count: names.count)))
                ON CONFLICT (mask_id) DO UPDATE SET \(updates)
                """)
    }

    /// Infinite and undefined numbers become empty values.
    func execute(mask: Int64, _ values: [Double?]) throws {
        var arguments: [DatabaseValue] = []
        arguments.reserveCapacity(values.count + 1)
        arguments.append(mask.databaseValue)
        for value in values {
            if let value, value.isFinite { arguments.append(value.databaseValue) } else { arguments.append(.null) }
        }
        try statement.execute(arguments: StatementArguments(arguments))
    }
}
