import Foundation
import GRDB
import Raster

/// Columns of all objects of a list at once, for sheets and plots. A missing value is nan.
package struct ObjectTable: Sendable {
    package var ids: [ObjectID] = []
    package var images: [ObjectID] = []
    /// In the order of the names asked for.
    package var columns: [[Double]] = []
}

/// Where an object's picture is.
package struct ObjectPlace: Sendable, Equatable {
    package var id: ObjectID
    package var image: ObjectID
    package var box: Rect
    /// As `ObjectRecord.maskRevision`.
    package var revision: Int64
}

extension Project {
    /// Columns of up to `limit` objects in the order of `query`, whose cursor, limit and total are not looked at.
    /// - Parameter names: of measured columns, and of `ObjectColumns.own` but for texts.
    /// - Throws: `.invalid` for an unknown column; `.notFound` when the object to compare with does not exist.
    package func objectTable(_ query: ObjectQuery, names: [String], limit: Int = 200_000) async throws(StoreError) -> ObjectTable {
        try await read { database in
            let known = ObjectColumns(measured: try Self.measureColumnNames(database))
            let columns = try names.map { name in
                var column = try known.find(name)
                if let number = column.number { column = ObjectColumns.Column(sql: number) }
                guard !column.isText else { throw StoreError.invalid(sentence: "“\(name)” holds texts; columns are numbers") }
                return column
            }
            let filter = try Self.filter(query, known)
            let isSimilarity = query.similarTo != nil
            let sort = isSimilarity ? nil : try known.find(query.sort)
            let needsMeasures = filter.needsMeasures || (columns + [sort].compactMap { $0 }).contains(where: \.isMeasured)
            let sql = """
                SELECT o.id, o.image_id\(columns.map { ", \($0.sql)" }.joined()) FROM object o\(needsMeasures ? " LEFT JOIN measurement v ON v.mask_id = o.mask_id" : "")
                WHERE \(filter.text)
                """
            var table = ObjectTable(columns: columns.map { _ in [] })
            let isText = sort?.isText == true
            if isSimilarity || isText || query.sort == "id" {
                // In the order of ids; texts are sorted by SQLite.
                let order = isText ? "\(sort!.sql) \(query.descending ? "DESC" : "ASC") NULLS LAST, o.id" : "o.id\(query.descending && !isSimilarity ? " DESC" : "")"
                try Self.fill(&table, database, sql + " ORDER BY \(order)", filter.arguments)
                if let chosen = query.similarTo {
                    let distances = Dictionary(uniqueKeysWithValues: try Self.similar(to: chosen, query, known, database).map { ($0.id, $0.distance ?? .nan) })
                    table.sort(by: table.ids.map { distances[$0] ?? .nan }, descending: query.descending)
                }
            } else {
                // Numbers are sorted here: SQLite's sorter costs several times as much.
                let position = names.firstIndex(of: query.sort)
                if position == nil { table.columns.append([]) }
                let withKey = position == nil ? sql.replacingOccurrences(of: " FROM object o", with: ", \(sort!.sql) FROM object o") : sql
                try Self.fill(&table, database, withKey + " ORDER BY o.id", filter.arguments)
                let key = position.map { table.columns[$0] } ?? table.columns.removeLast()
                table.sort(by: key, descending: query.descending)
            }
            table.cut(to: limit)
            return table
        }
    }

    private static func fill(_ table: inout ObjectTable, _ database: Database, _ sql: String, _ arguments: [any DatabaseValueConvertible]) throws {
        let cursor = try Row.fetchCursor(database, sql: sql, arguments: StatementArguments(arguments))
        while let row = try cursor.next() {
            table.ids.append(row[0])
            table.images.append(row[1])
            for index in table.columns.indices { table.columns[index].append(row[2 + index] as Double? ?? .nan) }
        }
    }

    /// Objects that exist, with their boxes; in no order.
    package func places(_ ids: [ObjectID]) async throws(StoreError) -> [ObjectPlace] {
        try await read { database in
            try fetchPlaces(database, "o.id IN (SELECT value FROM json_each(?)) AND o.kind IN ('region', 'reject')", ["[\(ids.map(String.init).joined(separator: ","))]"])
        }
    }

    /// Active objects of an image.
    package func places(image: ObjectID, kind: ObjectKind = .region) async throws(StoreError) -> [ObjectPlace] {
        try await read { try fetchPlaces($0, "o.image_id = ? AND o.active = 1 AND o.kind = ?", [image, kind.rawValue]) }
    }

    /// Numbers of the images' states, which grow with every change of their objects; removed images are left out.
    package func imageRevisions(_ images: [ObjectID]) async throws(StoreError) -> [ObjectID: Int64] {
        try await read { database in
            let list = "[\(images.map(String.init).joined(separator: ","))]"
            let rows = try Row.fetchAll(
                database, sql: "SELECT object_id, revision FROM image WHERE removed_at IS NULL AND object_id IN (SELECT value FROM json_each(?))", arguments: [list])
            return Dictionary(uniqueKeysWithValues: rows.map { ($0[0] as ObjectID, $0[1] as Int64) })
        }
    }

    // MARK: -

    /// Condition on `object o` (and `measurement v`) for everything but the page.
    static func filter(
        _ query: ObjectQuery, _ columns: ObjectColumns
    ) throws(StoreError) -> (text: String, arguments: [any DatabaseValueConvertible], needsMeasures: Bool) {
        guard query.box == nil || query.image != nil else { throw .invalid(sentence: "objects in a box need the image it lies in") }
        var conditions = ["o.active = 1", "o.kind IN (\(query.kinds.map { "'\($0.rawValue)'" }.sorted().joined(separator: ", ")))"]
        var arguments: [any DatabaseValueConvertible] = []
        if let image = query.image {
            // With a box the "+" leaves the choice to the index of boxes, which knows far better than image by image.
            conditions.append(query.box == nil ? "o.image_id = ?" : "+o.image_id = ?")
            arguments.append(image)
        } else {
            // The "+" keeps SQLite from going image by image, which would sort all objects before the first page.
            conditions.append("+o.image_id IN (SELECT object_id FROM image WHERE removed_at IS NULL)")
        }
        if let box = query.box, let image = query.image {
            conditions.append(inBox)
            arguments += inBoxArguments(image, box)
        }
        if let ids = query.ids {
            // A JSON list is one argument, whatever its length.
            conditions.append("o.id IN (SELECT value FROM json_each(?))")
            arguments.append("[\(ids.map(String.init).joined(separator: ","))]")
        }
        if let edited = query.edited {
            conditions.append("o.edited = ?")
            arguments.append(edited)
        }
        var needsMeasures = false
        for condition in query.conditions {
            let (text, values) = try condition.sql(columns)
            conditions.append(text)
            arguments += values
            needsMeasures = try columns.find(condition.column).isMeasured || needsMeasures
        }
        return (conditions.joined(separator: " AND "), arguments, needsMeasures)
    }

    /// Objects of the query, nearest first, those without a distance last; equal ones by id.
    /// Standard deviations are those of all active objects of these kinds in the project.
    static func similar(
        to chosen: ObjectID, _ query: ObjectQuery, _ columns: ObjectColumns, _ database: Database
    ) throws -> [(id: ObjectID, distance: Double?)] {
        let names = try measureColumns(database).filter { SimilarityRanking.counts($0) }.map(\.name)
        let filter = try filter(query, columns)
        let kinds = query.kinds.map { "'\($0.rawValue)'" }.sorted().joined(separator: ", ")
        let cursor = try Row.fetchCursor(
            database,
            sql: """
                SELECT o.id, (\(filter.text))\(names.map { ", v.\"\($0)\"" }.joined()) FROM object o LEFT JOIN measurement v ON v.mask_id = o.mask_id
                WHERE (o.active = 1 AND o.kind IN (\(kinds)) AND o.image_id IN (SELECT object_id FROM image WHERE removed_at IS NULL)) OR o.id = ?
                """, arguments: StatementArguments(filter.arguments + [chosen]))
        var ranking = SimilarityRanking(columns: names.count)
        var objects: [(id: ObjectID, index: Int)] = []
        var index: Int?
        while let row = try cursor.next() {
            let id: ObjectID = row[0]
            if id == chosen { index = ranking.count }
            if row[1] as Bool? == true { objects.append((id, ranking.count)) }
            ranking.append { row[2 + $0] as Double? }
        }
        guard let index else { throw StoreError.notFound(what: "object \(chosen), to compare with,") }
        let distances = ranking.distances(from: index)
        return objects.map { ($0.id, $0.index == index ? 0 : distances[$0.index]) }.sorted {
            ($0.distance ?? .infinity, $0.id) < ($1.distance ?? .infinity, $1.id)
        }
    }
}

extension ObjectTable {
    /// Stable; nan goes last in both directions.
    mutating func sort(by key: [Double], descending: Bool) {
        let order = key.indices.sorted { a, b in
            if key[a] == key[b] || key[a].isNaN || key[b].isNaN { return key[a].isNaN == key[b].isNaN ? a < b : key[b].isNaN }
            return (key[a] < key[b]) != descending
        }
        ids = order.map { ids[$0] }
        images = order.map { images[$0] }
        columns = columns.map { column in order.map { column[$0] } }
    }

    fileprivate mutating func cut(to limit: Int) {
        guard ids.count > limit else { return }
        ids.removeLast(ids.count - limit)
        images.removeLast(images.count - limit)
        for index in columns.indices { columns[index].removeLast(columns[index].count - limit) }
    }
}

private func fetchPlaces(_ database: Database, _ condition: String, _ arguments: [any DatabaseValueConvertible]) throws -> [ObjectPlace] {
    try Row.fetchAll(
        database.cachedStatement(sql: "SELECT o.id, o.image_id, o.x, o.y, o.width, o.height, o.mask_id FROM object o WHERE \(condition)"),
        arguments: StatementArguments(arguments)
    ).map { ObjectPlace(id: $0[0], image: $0[1], box: Rect(x: $0[2], y: $0[3], width: $0[4], height: $0[5]), revision: $0[6] ?? 0) }
}
