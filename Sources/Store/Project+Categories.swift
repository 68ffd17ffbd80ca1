import Foundation
import GRDB

extension Project {
    /// Okabe and Ito 2008, which people tell apart whatever their colour vision; last the blue in which objects without a class are drawn.
    package static let categoryColors = ["#009E73", "#D55E00", "#CC79A7", "#E69F00", "#56B4E9", "#F0E442", "#0072B2"]

    /// All categories in the order in which they were made.
    package func categories() async throws(StoreError) -> [CategoryRecord] {
        try await read { try Self.categories($0) }
    }

    /// A new category. Without a colour it gets the first that is used least, without a key none.
    /// - Throws: `.invalid` for a name, colour or key that is not possible, `.conflict` for one that is taken, `.notFound` for the parent.
    package func addCategory(_ new: CategoryChange, by: String) async throws(StoreError) -> CategoryRecord {
        try await write { database in
            guard let name = new.name else { throw StoreError.invalid(sentence: "a category needs a name") }
            let known = try Self.categories(database)
            let color = new.color ?? Self.categoryColors.min { one, other in
                known.count { $0.color == one } < known.count { $0.color == other }
            } ?? "#999999"
            var record = CategoryRecord(id: 0, parent: new.parent ?? nil, name: name, color: color, key: new.key ?? nil, taxon: new.taxon ?? nil, count: 0)
            try Self.check(&record, known)
            try database.execute(
                sql: "INSERT INTO category (parent_id, name, color, key, taxon) VALUES (?, ?, ?, ?, ?)",
                arguments: [record.parent, record.name, record.color, record.key, record.taxon])
            record.id = database.lastInsertedRowID
            try Self.audit(database, by: by, object: nil, field: "category", before: nil, after: record.name)
            try Self.touch(database)
            return record
        }
    }

    /// Renames, moves or recolours a category, or gives it another key; a key that another one has moves over.
    package func changeCategory(_ id: Int64, _ change: CategoryChange, by: String) async throws(StoreError) -> CategoryRecord {
        try await write { database in
            let known = try Self.categories(database)
            guard var record = known.first(where: { $0.id == id }) else { throw Self.unknownCategory(id) }
            let before = record
            if let name = change.name { record.name = name }
            if let parent = change.parent { record.parent = parent }
            if let color = change.color { record.color = color }
            if let key = change.key { record.key = key }
            if let taxon = change.taxon { record.taxon = taxon }
            try Self.check(&record, known)
            guard record != before else { return record }
            if record.key != nil { try database.execute(sql: "UPDATE category SET key = NULL WHERE key = ? AND id <> ? AND removed_at IS NULL", arguments: [record.key, id]) }
            try database.execute(
                sql: "UPDATE category SET parent_id = ?, name = ?, color = ?, key = ?, taxon = ? WHERE id = ?",
                arguments: [record.parent, record.name, record.color, record.key, record.taxon, id])
            if record.name != before.name { try Self.audit(database, by: by, object: nil, field: "category", before: before.name, after: record.name) }
            try Self.touch(database)
            return record
        }
    }

    /// Deletes a category and those below it; their objects lose their label. `undoLabels` of the batch brings all of it back.
    /// - Returns: the batch, the categories that went, and the objects that lost their label.
    package func removeCategory(_ id: Int64, by: String) async throws(StoreError) -> (batch: Int64, removed: [Int64], objects: [ObjectID]) {
        try await write { database in
            let known = try Self.categories(database)
            guard let first = known.first(where: { $0.id == id }) else { throw Self.unknownCategory(id) }
            var removed = [id]
            var index = 0
            while index < removed.count {
                removed += known.filter { $0.parent == removed[index] }.map(\.id)
                index += 1
            }
            // Objects that an undo could bring back lose it too, so that none comes back with a category that is not there.
            let objects = try Int64.fetchAll(
                database, sql: "SELECT id FROM object WHERE category_id IN (SELECT value FROM json_each(?)) ORDER BY id", arguments: [Self.json(removed)])
            let batch = try Self.insertBatch(database, by: by)
            try Self.change(database, batch: batch, objects.map { ($0, nil) })
            try database.execute(
                sql: "UPDATE category SET removed_at = ?, removed_batch = ? WHERE id IN (SELECT value FROM json_each(?))",
                arguments: [Date().milliseconds, batch, Self.json(removed)])
            try Self.audit(database, by: by, object: nil, field: "category", before: first.name, after: nil)
            try Self.touch(database)
            return (batch, removed, objects)
        }
    }

    // MARK: -

    static func unknownCategory(_ id: Int64) -> StoreError { .notFound(what: "Category \(id)") }

    static func json(_ ids: [Int64]) -> String { "[\(ids.map(String.init).joined(separator: ","))]" }

    static func categories(_ database: Database) throws -> [CategoryRecord] {
        try Row.fetchAll(
            database,
            sql: """
                SELECT c.id, c.parent_id, c.name, c.color, c.key, c.taxon, coalesce(n.count, 0) FROM category c LEFT JOIN (
                    SELECT o.category_id AS category, count(*) AS count FROM object o
                    WHERE o.category_id IS NOT NULL AND o.active = 1 AND o.kind = 'region'
                        AND +o.image_id IN (SELECT object_id FROM image WHERE removed_at IS NULL) GROUP BY 1
                ) n ON n.category = c.id WHERE c.removed_at IS NULL ORDER BY c.id
                """
        ).map { CategoryRecord(id: $0[0], parent: $0[1], name: $0[2], color: $0[3], key: $0[4], taxon: $0[5], count: $0[6]) }
    }

    private static func check(_ record: inout CategoryRecord, _ known: [CategoryRecord]) throws {
        record.name = record.name.trimmingCharacters(in: .whitespacesAndNewlines)
        record.color = record.color.uppercased()
        let name = record.name
        // EcoTaxa writes "child<parent", and its tables end a cell at a tab or a line end.
        guard !name.isEmpty, name.count <= 100, !name.unicodeScalars.contains(where: { $0 == "<" || $0.value < 32 }) else {
            throw StoreError.invalid(sentence: "“\(name.prefix(40))” cannot name a category; use 1 to 100 characters without < and line ends")
        }
        guard record.color.wholeMatch(of: /#[0-9A-F]{6}/) != nil else {
            throw StoreError.invalid(sentence: "“\(record.color.prefix(20))” is no colour; write it as #RRGGBB")
        }
        if let key = record.key, !(1...9).contains(key) { throw StoreError.invalid(sentence: "\(key) is no key of a category; use a digit from 1 to 9") }
        if let taxon = record.taxon, !(1...Int(Int32.max)).contains(taxon) {
            throw StoreError.invalid(sentence: "\(taxon) is no number of a category in EcoTaxa; it is a whole number above 0")
        }
        let (id, parent) = (record.id, record.parent)
        if let parent {
            var above: Int64? = parent
            while let one = above {
                guard one != id else { throw StoreError.invalid(sentence: "“\(name)” cannot lie below itself; choose another parent") }
                guard let category = known.first(where: { $0.id == one }) else { throw unknownCategory(one) }
                above = category.parent
            }
        }
        if known.contains(where: { $0.id != id && $0.parent == parent && $0.name.lowercased() == name.lowercased() }) {
            throw StoreError.conflict(sentence: "there is a category “\(name)” at this place already; choose another name")
        }
    }
}
