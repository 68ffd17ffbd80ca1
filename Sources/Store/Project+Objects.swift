import Foundation
import GRDB
import GRDBSQLite
import Raster

extension Project {
    /// One page of objects; rejects only when asked for by `kinds`.
    /// - Throws: `.invalid` for an unknown sort column, a box without an image, or a cursor of another query.
    package func objects(_ query: ObjectQuery) async throws(StoreError) -> Page<ObjectRecord> {
        let limit = max(1, min(query.limit, 10_000))
        return try await read { database in
            let columns = ObjectColumns(measured: try Self.measureColumnNames(database))
            if let chosen = query.similarTo { return try Self.page(similarTo: chosen, query, columns, limit, database) }
            let order = try ObjectOrder(query, columns: columns)
            var (condition, arguments, needsMeasures) = try Self.filter(query, columns)
            let join = "LEFT JOIN measurement v ON v.mask_id = o.mask_id"
            let total = query.withTotal
                ? try Int.fetchOne(database, sql: "SELECT count(*) FROM object o \(needsMeasures ? join : "") WHERE \(condition)", arguments: StatementArguments(arguments))
                : nil
            if let after = order.after {
                condition += " AND \(after.condition)"
                arguments += after.arguments as [any DatabaseValueConvertible]
            }
            let from = "FROM object o LEFT JOIN node n ON n.id = o.node_id \(join) LEFT JOIN label l ON l.id = o.label_id WHERE \(condition)"
            let measured = query.withMeasurements ? columns.measured.map { ", v.\"\($0)\"" }.joined() : ""
            let sql = "SELECT \(objectColumns)\(measured), \(order.expression) \(from) ORDER BY \(order.clause) LIMIT \(limit + 1)"
            // Of each image of an export the same is asked. What people look for has too many forms to keep them all.
            let statement = try query.isOfWholeImage ? database.cachedStatement(sql: sql) : database.makeStatement(sql: sql)
            let rows = try Row.fetchCursor(statement, arguments: StatementArguments(arguments))
            var items: [ObjectRecord] = []
            var last: DatabaseValue?
            var next: String?
            while let row = try rows.next() {
                if items.count == limit {
                    if let last, let item = items.last { next = ObjectOrder.cursor(value: last, id: item.id) }
                    break
                }
                var record = Self.objectRecord(row, columns: [])
                if query.withMeasurements, !columns.measured.isEmpty { record.measurements = Self.measurements(of: statement, names: columns.measured) }
                items.append(record)
                if items.count == limit { last = row[row.count - 1] }
            }
            return Page(items: items, next: next, total: total)
        }
    }

    /// The page of the list that is sorted by likeness to one object.
    private static func page(
        similarTo chosen: ObjectID, _ query: ObjectQuery, _ columns: ObjectColumns, _ limit: Int, _ database: Database
    ) throws -> Page<ObjectRecord> {
        var ranked = try similar(to: chosen, query, columns, database)[...]
        let total = ranked.count
        if let cursor = query.cursor {
            guard let (value, id) = ObjectOrder.parse(cursor) else {
                throw StoreError.invalid(sentence: "the cursor “\(cursor)” is not one of this list; start again without a cursor")
            }
            let distance = Double.fromDatabaseValue(value) ?? .infinity
            ranked = ranked.drop { ($0.distance ?? .infinity, $0.id) <= (distance, id) }
        }
        let shown = ranked.prefix(limit)
        let measured = query.withMeasurements ? columns.measured : []
        let rows = try Row.fetchAll(
            database,
            sql: """
                SELECT \(objectColumns)\(measured.map { ", v.\"\($0)\"" }.joined()) FROM object o LEFT JOIN node n ON n.id = o.node_id
                LEFT JOIN measurement v ON v.mask_id = o.mask_id LEFT JOIN label l ON l.id = o.label_id WHERE o.id IN (SELECT value FROM json_each(?))
                """, arguments: ["[\(shown.map { String($0.id) }.joined(separator: ","))]"])
        let records = Dictionary(uniqueKeysWithValues: rows.map { ($0[0] as ObjectID, objectRecord($0, columns: measured)) })
        var next: String?
        if ranked.count > limit, let last = shown.last { next = ObjectOrder.cursor(value: last.distance.databaseValue, id: last.id) }
        return Page(items: shown.compactMap { records[$0.id] }, next: next, total: query.withTotal ? total : nil)
    }

    /// nil when there never was one of this id; retired objects are returned with `active` false.
    package func object(_ id: ObjectID) async throws(StoreError) -> ObjectRecord? {
        try await read { database in
            let columns = try Self.measureColumnNames(database)
            let measured = columns.map { ", v.\"\($0)\"" }.joined()
            return try Row.fetchOne(
                database,
                sql: """
                    SELECT \(objectColumns)\(measured) FROM object o LEFT JOIN node n ON n.id = o.node_id
                    LEFT JOIN measurement v ON v.mask_id = o.mask_id LEFT JOIN label l ON l.id = o.label_id WHERE o.id = ? AND o.kind IN ('region', 'reject')
                    """, arguments: [id]
            ).map { Self.objectRecord($0, columns: columns) }
        }
    }

    /// Active objects of an image.
    package func objectCount(image: ObjectID, kind: ObjectKind = .region) async throws(StoreError) -> Int {
        try await read { database in
            try Int.fetchOne(
                database.cachedStatement(sql: "SELECT count(*) FROM object WHERE image_id = ? AND active = 1 AND kind = ?"),
                arguments: [image, kind.rawValue]) ?? 0
        }
    }

    /// Rejects of an image by rule.
    package func rejectCounts(image: ObjectID) async throws(StoreError) -> [String: Int] {
        try await read { database in
            var counts: [String: Int] = [:]
            for row in try Row.fetchAll(
                database, sql: "SELECT rule, count(*) FROM object WHERE image_id = ? AND active = 1 AND kind = 'reject' GROUP BY rule", arguments: [image])
            {
                counts[row[0] ?? ""] = row[1]
            }
            return counts
        }
    }

    /// Objects of an image by the step that found them; "" counts those drawn by hand.
    package func stepCounts(image: ObjectID) async throws(StoreError) -> [String: Int] {
        try await read { database in
            var counts: [String: Int] = [:]
            for row in try Row.fetchAll(
                database,
                sql: """
                    SELECT n.name, count(*) FROM object o LEFT JOIN node n ON n.id = o.node_id
                    WHERE o.image_id = ? AND o.active = 1 AND o.kind = 'region' GROUP BY n.name
                    """, arguments: [image])
            {
                counts[row[0] ?? ""] = row[1]
            }
            return counts
        }
    }

    /// Objects of an image that these steps found ("" for those drawn by hand), ascending; retired ones too.
    package func objects(image: ObjectID, foundBy steps: Set<String>) async throws(StoreError) -> [ObjectID] {
        try await read { database in
            try Int64.fetchAll(
                database,
                sql: """
                    SELECT o.id FROM object o LEFT JOIN node n ON n.id = o.node_id
                    WHERE o.image_id = ? AND coalesce(n.name, '') IN (SELECT value FROM json_each(?)) ORDER BY o.id
                    """, arguments: [image, try Self.json(steps.sorted())])
        }
    }

    /// The present mask of an object, also of a retired one; nil when there is no such object.
    package func mask(_ object: ObjectID) async throws(StoreError) -> StoredMask? {
        try await read { try Self.masks($0, where: "o.id = ?", [object]).first }
    }

    /// Masks of the active objects of an image whose boxes share a pixel with `box` (all when nil), in the order of their ids.
    package func masks(image: ObjectID, box: Rect? = nil, kind: ObjectKind = .region) async throws(StoreError) -> [StoredMask] {
        try await read { database in
            guard let box else {
                return try Self.masks(database, where: "o.image_id = ? AND o.active = 1 AND o.kind = ? ORDER BY o.id", [image, kind.rawValue])
            }
            return try Self.masks(database, where: "\(inBox) AND o.active = 1 AND o.kind = ? ORDER BY o.id", Self.inBoxArguments(image, box) + [kind.rawValue])
        }
    }

    /// Masks of the active objects whose box holds the pixel, smallest first.
    package func masks(atX x: Int, y: Int, image: ObjectID, kind: ObjectKind = .region) async throws(StoreError) -> [StoredMask] {
        try await masks(image: image, box: Rect(x: x, y: y, width: 1, height: 1), kind: kind).sorted { ($0.area, $0.object) < ($1.area, $1.object) }
    }

    // MARK: -

    /// Arguments of `inBox`. A box may come from a request: it is cut to what the index can hold, which no object goes beyond.
    static func inBoxArguments(_ image: ObjectID, _ box: Rect) -> [any DatabaseValueConvertible] {
        func ends(_ start: Int, _ count: Int) -> (first: Int, last: Int) {
            let (end, overflow) = start.addingReportingOverflow(count)
            return (max(start, Int(Int32.min)), min(overflow ? .max : end, Int(Int32.max)) - 1)
        }
        let (x, y) = (ends(box.x, box.width), ends(box.y, box.height))
        // An empty box shares a pixel with nothing.
        return [box.isEmpty ? 0 : image, image, x.last, x.first, y.last, y.first]
    }

    static func masks(_ database: Database, where condition: String, _ arguments: [any DatabaseValueConvertible]) throws -> [StoredMask] {
        try Row.fetchAll(
            database.cachedStatement(
                sql: "SELECT o.id, o.kind, m.x, m.y, m.width, m.height, m.area, m.png, m.id, o.rule FROM object o JOIN mask m ON m.id = o.mask_id WHERE \(condition)"),
            arguments: StatementArguments(arguments)
        ).map(storedMask)
    }

    static func storedMask(_ row: Row) -> StoredMask {
        let png: Data = row[7]
        return StoredMask(
            object: row[0], kind: ObjectKind(rawValue: row[1]) ?? .region, box: Rect(x: row[2], y: row[3], width: row[4], height: row[5]),
            area: row[6], png: [UInt8](png), revision: row[8], rule: row[9])
    }

    /// The measured values behind `objectColumns` in the present row: read as they are, which for a hundred columns is most of the time.
    private static func measurements(of statement: Statement, names: [String]) -> Measurements {
        let row = statement.sqliteStatement
        let first = sqlite3_column_count(row) - 1 - Int32(names.count)
        return Measurements(
            names: names,
            values: (0..<Int32(names.count)).map { index in
                sqlite3_column_type(row, first + index) == SQLITE_NULL ? nil : sqlite3_column_double(row, first + index)
            })
    }

    static func objectRecord(_ row: Row, columns: [String]) -> ObjectRecord {
        ObjectRecord(
            id: row[0], uid: row[1], image: row[2], node: row[3], kind: ObjectKind(rawValue: row[4]) ?? .region,
            box: Rect(x: row[5], y: row[6], width: row[7], height: row[8]), area: row[9], edited: row[10], active: row[11], parent: row[12],
            nInner: row[13], touches: UInt8(clamping: row[14] as Int), rule: row[15], maskRevision: row[16] ?? 0, label: label(row, at: 17),
            measurements: columns.isEmpty ? .none : Measurements(names: columns, values: columns.indices.map { row[23 + $0] as Double? }))
    }
}

/// Condition on `o`: its box shares a pixel with another one; arguments by `inBoxArguments`.
let inBox = "o.id IN (SELECT id FROM object_box WHERE image_min = ? AND image_max = ? AND min_x <= ? AND max_x >= ? AND min_y <= ? AND max_y >= ?)"

let objectColumns = """
    o.id, o.uid, o.image_id, n.name, o.kind, o.x, o.y, o.width, o.height, o.area, o.edited, o.active, o.parent_id, o.n_inner, o.touches, o.rule, o.mask_id,
    o.category_id, o.label_status, o.label_score, l.source, l.by, l.at
    """
