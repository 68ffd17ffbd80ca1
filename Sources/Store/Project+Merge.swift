import Foundation
import GRDB

/// What came of uniting one project with another.
package struct MergeOutcome: Sendable, Equatable {
    /// Images taken over, with everything that is known of them.
    package var images = 0
    /// Images that were there already with the same objects, labels and facts.
    package var known = 0
    package var objects = 0

    package init(images: Int = 0, known: Int = 0, objects: Int = 0) { (self.images, self.known, self.objects) = (images, known, objects) }
}

/// An image of a project, as far as merging has to know it.
package struct MergeImage: Sendable, Equatable {
    package var uid: String
    package var name: String
    package var state: ImageState
    package var error: String?
    package var objects: Int
    /// Checksums over what makes it: objects with their masks; what a person added (edits, labels, facts, area).
    package var content: String
    package var handwork: String
}

extension Project {
    /// How rows of each table come into another project. A new table must be named here: a test compares this list with the schema.
    package enum MergeRule: Sendable {
        /// Rows of the images that are taken over, with new numbers.
        case withImages
        /// Rows that mean the same in every project and are found again by what they say.
        case byMeaning
        /// Stays behind: the history of the program's work there, and what is derived.
        case left
    }

    package static let mergeRules: [String: MergeRule] = [
        "project": .left, "setting": .byMeaning, "node": .byMeaning, "slot": .left, "edge": .left, "import_root": .byMeaning, "category": .byMeaning,
        "measure_column": .byMeaning, "object": .withImages, "object_box": .withImages, "mask": .withImages, "measurement": .withImages, "facet": .withImages,
        "image_data": .withImages, "image": .withImages, "metadata": .withImages, "result": .withImages, "edit": .withImages, "edit_change": .withImages,
        "edit_key": .withImages, "label": .withImages, "label_batch": .withImages, "label_change": .withImages, "audit": .withImages, "job": .left, "job_log": .left,
        "former_run": .withImages, "former_run_change": .withImages, "companion": .byMeaning, "companion_use": .withImages,
    ]

    /// The tables of this project's database.
    package func tables() async throws(StoreError) -> [String] {
        try await read { database in
            try String.fetchAll(
                database, sql: "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%' AND name NOT LIKE 'object_box_%' ORDER BY name")
        }
    }

    /// Images that are not in the trash, by uid and page, with checksums of what they hold; for finding conflicts before anything is written.
    package func mergeImages() async throws(StoreError) -> [String: MergeImage] {
        try await read { database in
            var images: [String: MergeImage] = [:]
            let rows = try Row.fetchAll(
                database,
                sql: """
                    SELECT o.id, o.uid, d.page, i.name, i.state, i.error, i.area, d.pixel_size_um FROM image i JOIN object o ON o.id = i.object_id
                    JOIN image_data d ON d.id = i.original_id WHERE i.removed_at IS NULL
                    """)
            let objects = try database.cachedStatement(
                sql: """
                    SELECT o.uid || ' ' || o.kind || ' ' || coalesce(o.rule, '') || ' ' || hex(m.sha256) || ' ' || m.x || ' ' || m.y || ' ' || coalesce(p.uid, '')
                    FROM object o JOIN mask m ON m.id = o.mask_id LEFT JOIN object p ON p.id = o.parent_id WHERE o.image_id = ? AND o.active = 1 ORDER BY o.uid
                    """)
            let counted = try database.cachedStatement(sql: "SELECT count(*) FROM object WHERE image_id = ? AND active = 1 AND kind = 'region'")
            let said = [
                try database.cachedStatement(sql: "SELECT operation || ' ' || state || ' ' || request FROM edit WHERE image_id = ? ORDER BY id"),
                try database.cachedStatement(
                    sql: """
                        SELECT o.uid || ' ' || c.name || ' ' || o.label_status || ' ' || coalesce(o.label_score, '') FROM object o JOIN category c ON c.id = o.category_id
                        WHERE o.image_id = ? AND o.label_id IS NOT NULL ORDER BY o.uid
                        """),
                try database.cachedStatement(
                    sql: """
                        SELECT o.uid || ' ' || m.key || '=' || m.value || ' ' || m.source FROM metadata m JOIN object o ON o.id = m.object_id
                        WHERE o.image_id = ? ORDER BY o.uid, m.key
                        """),
            ]
            for row in rows {
                let id: Int64 = row[0]
                let (area, size): (String?, Double?) = (row[6], row[7])
                let content = try String.fetchAll(objects, arguments: [id])
                var handwork = [area ?? "", size.map { "\($0)" } ?? ""]
                for statement in said { handwork += try String.fetchAll(statement, arguments: [id]) }
                images["\(row[1] as String) \(row[2] as Int)"] = MergeImage(
                    uid: row[1], name: row[3], state: ImageState(rawValue: row[4]) ?? .failed, error: row[5], objects: try Int.fetchOne(counted, arguments: [id]) ?? 0,
                    content: FileDigest.sha256(Array(content.joined(separator: "\n").utf8)),
                    handwork: FileDigest.sha256(Array(handwork.joined(separator: "\n").utf8)))
            }
            return images
        }
    }

    /// Takes over all images of another project that are not here yet, with objects, masks, measurements, labels, facts and the history of
    /// their edits. What is here stays as it is. One transaction: all or nothing.
    ///
    /// - Parameter folder: the other project, which nobody may have open; it is not changed.
    /// - Throws: `.inUse`, `.conflict` when it measures a column in another unit, `.diskFull`, `.io`.
    package func merge(_ folder: String) async throws(StoreError) -> MergeOutcome {
        try requireWritable()
        // Opened once like any project: brought to today's format, and what a crash left in the log is brought in.
        let other = try Project.open(folder: folder)
        let (file, base) = (other.connection.path, other.folder)
        let columns = try await other.measureColumns()
        let own = Dictionary(uniqueKeysWithValues: try await measureColumns().map { ($0.name, $0) })
        for column in columns {
            if let here = own[column.name], here.unit != column.unit {
                throw .conflict(sentence: "the column \(column.name) is in \(column.unit) in \(folder) and in \(here.unit) here; run both with the same pipeline")
            }
        }
        // A read-only project keeps its place open, because its database may be a private copy that closing removes.
        if !other.isReadOnly { try other.close() }
        defer { try? other.close() }
        try await setMeasureColumns(columns.filter { own[$0.name] == nil })
        try connection.runNow { try $0.execute(sql: "ATTACH DATABASE ? AS other", arguments: [file]) }
        let result = Result { () throws(StoreError) -> MergeOutcome in
            let new = try connection.runNow { try Merging.filesToCopy($0) }
            for path in new { try copy(path, from: base) }
            return try connection.writeNow { database in
                // Rows point to each other in every direction; what holds at the end counts.
                try database.execute(sql: "PRAGMA defer_foreign_keys=ON")
                return try Merging.run(database) { Self.relativePath(from: Self.resolved(self.folder), to: Self.resolved(base + "/" + $0)) }
            }
        }
        try connection.runNow { try $0.execute(sql: "DETACH DATABASE other") }
        return try result.get()
    }

    /// A file that the other project owns; of the same name and size it is the same, since names are made from contents.
    private func copy(_ path: String, from base: String) throws(StoreError) {
        let source = try FolderHandle(path: base).openFile(path)
        if try files.size(path) == source.size { return }
        try files.makeFolder((path as NSString).deletingLastPathComponent)
        do {
            try files.write(path) { writer in
                let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 20, alignment: 16)
                defer { buffer.deallocate() }
                var offset = 0
                while true {
                    let count = try source.read(into: buffer, at: offset)
                    if count == 0 { break }
                    try writer.write(UnsafeRawBufferPointer(rebasing: buffer[..<count]))
                    offset += count
                }
            }
        } catch { throw StoreError(error, path: path) }
    }
}

/// The statements of a merge, with the other project attached as `other`.
private enum Merging {
    static func filesToCopy(_ database: Database) throws -> [String] {
        try chooseImages(database)
        return try String.fetchAll(
            database,
            sql: """
                SELECT DISTINCT d.url FROM other.image_data d JOIN other.facet f ON f.id = d.facet_id JOIN other.object o ON o.id = f.object_id
                WHERE d.root_id IS NULL AND d.url IS NOT NULL AND o.image_id IN (SELECT id FROM temp.chosen)
                UNION SELECT url FROM other.companion WHERE root_id IS NULL
                """)
    }

    /// Images of the other project that are not in the trash, and whose bytes are not here.
    private static func chooseImages(_ database: Database) throws {
        try database.execute(
            sql: """
                DROP TABLE IF EXISTS temp.chosen;
                CREATE TEMP TABLE chosen AS
                SELECT i.object_id AS id FROM other.image i JOIN other.image_data d ON d.id = i.original_id
                WHERE i.removed_at IS NULL AND NOT EXISTS (SELECT 1 FROM main.image_data h JOIN main.image k ON k.original_id = h.id WHERE h.sha256 = d.sha256 AND h.page = d.page)
                """)
    }

    static func run(_ database: Database, relocate: (String) -> String) throws -> MergeOutcome {
        try chooseImages(database)
        var outcome = MergeOutcome()
        outcome.images = try Int.fetchOne(database, sql: "SELECT count(*) FROM temp.chosen") ?? 0
        outcome.known = (try Int.fetchOne(database, sql: "SELECT count(*) FROM other.image WHERE removed_at IS NULL") ?? 0) - outcome.images
        guard outcome.images > 0 else { return outcome }

        // What means the same is found again by what it says.
        var nodes: [(Int64, Int64)] = []
        for row in try Row.fetchAll(database, sql: "SELECT id, name, kind, version, config FROM other.node") {
            let id = try Int64.fetchOne(database, sql: "SELECT id FROM main.node WHERE name = ?", arguments: [row[1] as String])
            if id == nil {
                try database.execute(
                    sql: "INSERT INTO main.node (name, kind, version, config) VALUES (?, ?, ?, ?)",
                    arguments: [row[1] as String, row[2] as String, row[3] as Int64, row[4] as String])
            }
            nodes.append((row[0], id ?? database.lastInsertedRowID))
        }
        try map("nodes", nodes, database)
        var roots: [(Int64, Int64)] = []
        for row in try Row.fetchAll(database, sql: "SELECT id, path FROM other.import_root") {
            let path = relocate(row[1])
            try database.execute(sql: "INSERT OR IGNORE INTO main.import_root (path) VALUES (?)", arguments: [path])
            roots.append((row[0], try Int64.fetchOne(database, sql: "SELECT id FROM main.import_root WHERE path = ?", arguments: [path])!))
        }
        try map("roots", roots, database)
        try map("categories", try categories(database), database)
        try map("companions", try companions(database), database)
        try database.execute(sql: "INSERT OR IGNORE INTO main.setting SELECT * FROM other.setting WHERE key NOT IN ('shard', 'merge')")

        var shift: [String: Int64] = [:]
        for table in ["object", "mask", "facet", "image_data", "edit", "label", "label_batch", "audit", "former_run"] {
            let sequence = try Int64.fetchOne(database, sql: "SELECT seq FROM main.sqlite_sequence WHERE name = ?", arguments: [table]) ?? 0
            shift[table] = max(sequence, try Int64.fetchOne(database, sql: "SELECT max(id) FROM main.\(table)") ?? 0)
        }
        func moved(_ column: String, _ table: String) -> String { "t.\(column) + \(shift[table] ?? 0)" }
        let mine = "t.image_id IN (SELECT id FROM temp.chosen)"
        let ofMine = "t.object_id IN (SELECT id FROM other.object WHERE image_id IN (SELECT id FROM temp.chosen))"
        let node = "(SELECT new FROM temp.nodes WHERE old = t.node_id)"
        let category = "(SELECT new FROM temp.categories WHERE old = t.category_id)"
        let object = moved("object_id", "object")

        try copy("label", database, ["id": moved("id", "label"), "category_id": category], where: "1")
        try copy(
            "object", database,
            [
                "id": moved("id", "object"), "image_id": moved("image_id", "object"), "parent_id": moved("parent_id", "object"), "node_id": node,
                "mask_id": moved("mask_id", "mask"), "label_id": moved("label_id", "label"), "category_id": category,
            ], where: mine)
        let offset = shift["object"] ?? 0
        try database.execute(
            sql: """
                INSERT INTO main.object_box (id, image_min, image_max, min_x, max_x, min_y, max_y)
                SELECT id + \(offset), image_min + \(offset), image_max + \(offset), min_x, max_x, min_y, max_y FROM other.object_box
                WHERE id IN (SELECT id FROM other.object t WHERE \(mine))
                """)
        try copy("edit", database, ["id": moved("id", "edit"), "image_id": moved("image_id", "object")], where: mine)
        try copy(
            "mask", database,
            ["id": moved("id", "mask"), "object_id": object, "edit_id": moved("edit_id", "edit"), "parent_id": moved("parent_id", "object")], where: ofMine)
        try copy("measurement", database, ["mask_id": moved("mask_id", "mask")], where: "t.mask_id IN (SELECT id FROM other.mask t WHERE \(ofMine))")
        try copy("facet", database, ["id": moved("id", "facet"), "object_id": object, "node_id": node], where: ofMine)
        try copy(
            "image_data", database,
            ["id": moved("id", "image_data"), "facet_id": moved("facet_id", "facet"), "root_id": "(SELECT new FROM temp.roots WHERE old = t.root_id)"],
            where: "t.facet_id IN (SELECT id FROM other.facet t WHERE \(ofMine))")
        // Pyramids stay behind; they come back by themselves.
        try copy(
            "image", database, ["object_id": object, "original_id": moved("original_id", "image_data"), "pyramid": "NULL"],
            where: "t.object_id IN (SELECT id FROM temp.chosen)")
        try database.execute(
            sql: """
                UPDATE main.image SET companions = (
                    SELECT json_group_array(json_replace(value, '$[0]', (SELECT new FROM temp.companions WHERE old = json_extract(value, '$[0]'))))
                    FROM json_each(main.image.companions))
                WHERE object_id > \(offset) AND companions IS NOT NULL
                """)
        try copy("companion_use", database, ["image_id": moved("image_id", "object")], where: mine)
        try copy("metadata", database, ["object_id": object], where: ofMine)
        try copy("result", database, ["image_id": moved("image_id", "object"), "node_id": node], where: mine)
        try copy(
            "edit_change", database,
            ["edit_id": moved("edit_id", "edit"), "object_id": object, "mask_before": moved("mask_before", "mask"), "mask_after": moved("mask_after", "mask")], where: ofMine)
        try copy("former_run", database, ["id": moved("id", "former_run"), "image_id": moved("image_id", "object"), "node_id": node], where: mine)
        try copy(
            "former_run_change", database,
            [
                "run_id": moved("run_id", "former_run"), "object_id": object, "mask_before": moved("mask_before", "mask"),
                "mask_after": moved("mask_after", "mask"),
            ], where: ofMine)
        try copy("edit_key", database, ["image_id": moved("image_id", "object")], where: mine, orIgnore: true)
        let changed = "SELECT batch_id FROM other.label_change t WHERE \(ofMine)"
        try copy(
            "label_batch", database,
            [
                "id": moved("id", "label_batch"), "edit_id": moved("edit_id", "edit"),
                // The requests were made to another project.
                "key": "NULL", "undoes": "CASE WHEN t.undoes IN (\(changed)) THEN \(moved("undoes", "label_batch")) END",
            ], where: "t.id IN (\(changed))")
        try copy(
            "label_change", database,
            ["batch_id": moved("batch_id", "label_batch"), "object_id": object, "before": moved("before", "label"), "after": moved("after", "label")], where: ofMine)
        // A step is named by the number of its first line.
        try copy("audit", database, ["id": moved("id", "audit"), "object_id": object, "step": moved("step", "audit")], where: ofMine)
        try database.execute(
            sql: """
                DELETE FROM main.label WHERE id > \(shift["label"] ?? 0) AND id NOT IN (SELECT label_id FROM main.object WHERE label_id IS NOT NULL)
                    AND id NOT IN (SELECT before FROM main.label_change WHERE before IS NOT NULL)
                    AND id NOT IN (SELECT after FROM main.label_change WHERE after IS NOT NULL)
                """)
        outcome.objects = try Int.fetchOne(
            database, sql: "SELECT count(*) FROM main.object WHERE id > \(offset) AND active = 1 AND kind = 'region'") ?? 0
        try Project.touch(database)
        for table in ["chosen", "nodes", "roots", "categories", "companions"] { try database.execute(sql: "DROP TABLE temp.\(table)") }
        return outcome
    }

    private static func map(_ table: String, _ pairs: [(old: Int64, new: Int64)], _ database: Database) throws {
        try database.execute(sql: "DROP TABLE IF EXISTS temp.\(table); CREATE TEMP TABLE \(table) (old INTEGER PRIMARY KEY, new INTEGER)")
        for pair in pairs { try database.execute(sql: "INSERT INTO temp.\(table) VALUES (?, ?)", arguments: [pair.old, pair.new]) }
    }

    /// Categories by their path of names; one that is only there is made here, without its key where another has it.
    private static func categories(_ database: Database) throws -> [(Int64, Int64)] {
        var known: [Int64: Int64] = [:]
        // Parents are older than their children or were moved below younger ones, so rounds until all are placed.
        var waiting = try Row.fetchAll(database, sql: "SELECT * FROM other.category ORDER BY id")
        while !waiting.isEmpty {
            var later: [Row] = []
            for row in waiting {
                let (parent, name, removed): (Int64?, String, Int64?) = (row["parent_id"], row["name"], row["removed_at"])
                if let parent, known[parent] == nil {
                    later.append(row)
                    continue
                }
                let here = parent.flatMap { known[$0] }
                var id: Int64?
                if removed == nil {
                    id = try Int64.fetchOne(
                        database, sql: "SELECT id FROM main.category WHERE coalesce(parent_id, 0) = ? AND name = ? COLLATE NOCASE AND removed_at IS NULL",
                        arguments: [here ?? 0, name])
                }
                if id == nil {
                    var key: Int64? = row["key"]
                    if let wanted = key, try Int64.fetchOne(database, sql: "SELECT id FROM main.category WHERE key = ? AND removed_at IS NULL",
                        arguments: [wanted]) != nil { key = nil }
                    try database.execute(
                        sql: "INSERT INTO main.category (parent_id, name, color, key, removed_at, taxon) VALUES (?, ?, ?, ?, ?, ?)",
                        arguments: [here, name, row["color"] as String, key, removed, row["taxon"] as Int64?])
                    id = database.lastInsertedRowID
                }
                known[row["id"]] = id
            }
            if later.count == waiting.count { break }
            waiting = later
        }
        return known.map { ($0.key, $0.value) }
    }

    /// Files of outlines by name and content; one of a known name that says something else keeps part of its checksum in its name.
    private static func companions(_ database: Database) throws -> [(Int64, Int64)] {
        var known: [(Int64, Int64)] = []
        for row in try Row.fetchAll(database, sql: "SELECT id, name, sha256 FROM other.companion ORDER BY id") {
            let (old, name, sha256): (Int64, String, String) = (row[0], row[1], row[2])
            func here(_ name: String) throws -> Int64? {
                try Int64.fetchOne(database, sql: "SELECT id FROM main.companion WHERE name = ? AND sha256 = ?", arguments: [name, sha256])
            }
            let isTaken = try Int64.fetchOne(database, sql: "SELECT id FROM main.companion WHERE name = ?", arguments: [name]) != nil
            let own = isTaken ? "\(name) (\(sha256.prefix(8)))" : name
            if let id = try here(name) ?? here(own) {
                known.append((old, id))
                continue
            }
            try database.execute(
                sql: """
                    INSERT INTO main.companion (name, kind, root_id, url, sha256, bytes, added_at)
                    SELECT ?, kind, (SELECT new FROM temp.roots WHERE old = root_id), url, sha256, bytes, added_at FROM other.companion WHERE id = ?
                    """, arguments: [own, old])
            known.append((old, database.lastInsertedRowID))
        }
        return known
    }

    /// Copies rows with some columns replaced; columns that other formats add come along.
    private static func copy(_ table: String, _ database: Database, _ replaced: [String: String], where condition: String, orIgnore: Bool = false) throws {
        func names(_ schema: String) throws -> [String] {
            try Row.fetchAll(database, sql: "SELECT name FROM pragma_table_info(?, ?)", arguments: [table, schema]).map { $0[0] }
        }
        let here = Set(try names("main"))
        let columns = try names("other").filter(here.contains)
        let list = columns.map { "\"\($0)\"" }.joined(separator: ", ")
        let values = columns.map { replaced[$0] ?? "t.\"\($0)\"" }.joined(separator: ", ")
        try database.execute(sql: "INSERT\(orIgnore ? " OR IGNORE" : "") INTO main.\(table) (\(list)) SELECT \(values) FROM other.\(table) t WHERE \(condition)")
    }
}
