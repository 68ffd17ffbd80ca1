import Foundation
import GRDB

extension Project {
    /// Labels objects: one transaction, one step of undo, on the disk when this returns. Objects that have that label already are left as they are.
    /// - Parameters:
    ///   - date: when it was said, where that was not now.
    ///   - key: of the request; a second call with it changes nothing and gives the first one's outcome, also after a restart.
    /// - Throws: `.notFound` for a category or an object, `.invalid` for a score outside of 0 to 1.
    package func setLabels(_ labels: [NewLabel], source: LabelSource = .person, by: String, at date: Date? = nil, key: String? = nil) async throws(StoreError) -> LabelOutcome {
        if let wrong = labels.first(where: { $0.score.map { !(0...1).contains($0) } ?? false }) {
            throw .invalid(sentence: "a score of \(wrong.score ?? 0) is not possible; it lies between 0 and 1")
        }
        return try await write { database in
            if let known = try Self.step(database, key: key) { return known }
            let time = (date ?? Date()).milliseconds
            let known = Set(try Int64.fetchAll(database, sql: "SELECT id FROM category WHERE removed_at IS NULL"))
            let present = try database.cachedStatement(
                sql: "SELECT o.category_id, o.label_status, o.label_score, o.label_id FROM object o WHERE o.id = ? AND o.kind = 'region' AND o.active = 1")
            let insert = try database.cachedStatement(sql: "INSERT INTO label (category_id, status, score, source, by, at) VALUES (?, ?, ?, ?, ?, ?)")
            struct Said: Hashable { var category: Int64, status: LabelStatus, score: Double? }
            var written: [Said: Int64] = [:]
            var changes: [ObjectID: Int64?] = [:]
            for label in labels {
                guard let row = try Row.fetchOne(present, arguments: [label.object]) else { throw StoreError.notFound(what: "Object \(label.object)") }
                let own: Int64? = row[0]
                let category: Int64
                switch label.category {
                case .none:
                    if own != nil { changes[label.object] = .some(nil) }
                    continue
                case .own:
                    guard let own else { continue }
                    category = own
                case .id(let id):
                    guard known.contains(id) else { throw Self.unknownCategory(id) }
                    category = id
                }
                // Who confirms a category leaves the model's score as it was: it says how sure the model had been.
                let score = label.category == .own ? label.score ?? row[2] : label.score
                if own == category, row[1] == label.status.rawValue, row[2] as Double? == score { continue }
                let said = Said(category: category, status: label.status, score: score)
                if written[said] == nil {
                    try insert.execute(arguments: [category, label.status.rawValue, score, source.rawValue, by, time])
                    written[said] = database.lastInsertedRowID
                }
                changes[label.object] = written[said]
            }
            guard !changes.isEmpty else { return LabelOutcome(batch: nil, objects: []) }
            let batch = try Self.insertBatch(database, by: by, key: key)
            try Self.change(database, batch: batch, changes.sorted { $0.key < $1.key }.map { ($0.key, $0.value) })
            try Self.touch(database)
            return LabelOutcome(batch: batch, objects: changes.keys.sorted())
        }
    }

    /// Takes a step of labelling back, and categories deleted in it. An object that was labelled otherwise since keeps that.
    /// The undo is a step itself, so that it can be undone.
    /// - Parameter key: as in `setLabels`.
    /// - Throws: `.notFound`, `.conflict` when it was taken back already.
    package func undoLabels(batch: Int64, by: String, key: String? = nil) async throws(StoreError) -> LabelOutcome {
        try await write { database in
            if let known = try Self.step(database, key: key) { return known }
            guard let edit = try Row.fetchOne(database, sql: "SELECT edit_id FROM label_batch WHERE id = ?", arguments: [batch]) else {
                throw StoreError.notFound(what: "Labelling step \(batch)")
            }
            guard edit[0] as Int64? == nil else { throw StoreError.conflict(sentence: "step \(batch) belongs to an edit; undo the edit") }
            // An undone undo opens the step again.
            let undone = try Bool.fetchOne(
                database,
                sql: "SELECT EXISTS (SELECT 1 FROM label_batch u WHERE u.undoes = ? AND NOT EXISTS (SELECT 1 FROM label_batch r WHERE r.undoes = u.id))",
                arguments: [batch]) ?? false
            if undone { throw StoreError.conflict(sentence: "step \(batch) of labelling was taken back already") }
            let undo = try Self.insertBatch(database, by: by, undoes: batch, key: key)
            for row in try Row.fetchAll(database, sql: "SELECT id, parent_id, name, key FROM category WHERE removed_batch = ? ORDER BY id", arguments: [batch]) {
                let (id, name): (Int64, String) = (row[0], row[2])
                let isTaken = try Bool.fetchOne(
                    database,
                    sql: "SELECT EXISTS (SELECT 1 FROM category WHERE removed_at IS NULL AND coalesce(parent_id, 0) = coalesce(?, 0) AND name = ? COLLATE NOCASE)",
                    arguments: [row[1] as Int64?, name]) ?? false
                if isTaken { throw StoreError.conflict(sentence: "there is a category “\(name)” again; rename that one, then undo") }
                try database.execute(
                    sql: """
                        UPDATE category SET removed_at = NULL, removed_batch = NULL,
                            key = iif(key IN (SELECT key FROM category WHERE removed_at IS NULL AND key IS NOT NULL), NULL, key) WHERE id = ?
                        """, arguments: [id])
                try Self.audit(database, by: by, object: nil, field: "category", before: nil, after: name)
            }
            let objects = try Self.takeBack(database, batch, into: undo)
            try Self.touch(database)
            return LabelOutcome(batch: undo, objects: objects)
        }
    }

    /// What an object was called, newest first.
    package func labelHistory(_ object: ObjectID) async throws(StoreError) -> [LabelChangeRecord] {
        try await read { database in
            try Row.fetchAll(
                database,
                sql: """
                    SELECT b.id, b.by, b.at, b.edit_id, b.undoes, p.category_id, p.status, p.score, p.source, p.by, p.at,
                        n.category_id, n.status, n.score, n.source, n.by, n.at
                    FROM label_change c JOIN label_batch b ON b.id = c.batch_id LEFT JOIN label p ON p.id = c.before LEFT JOIN label n ON n.id = c.after
                    WHERE c.object_id = ? ORDER BY b.id DESC
                    """, arguments: [object]
            ).map { row in
                LabelChangeRecord(
                    batch: row[0], by: row[1], at: Date(milliseconds: row[2]), before: Self.label(row, at: 5), after: Self.label(row, at: 11),
                    edit: row[3], undoes: row[4])
            }
        }
    }

    /// Objects that have or could have a label.
    package func labellableCount() async throws(StoreError) -> Int {
        try await read { database in
            try Int.fetchOne(
                database,
                sql: "SELECT count(*) FROM object WHERE active = 1 AND kind = 'region' AND +image_id IN (SELECT object_id FROM image WHERE removed_at IS NULL)") ?? 0
        }
    }

    /// Number that grows with every change of labels, for addresses of what is drawn from them.
    package func labelRevision() async throws(StoreError) -> Int64 {
        try await read { try Int64.fetchOne($0.cachedStatement(sql: "SELECT seq FROM sqlite_sequence WHERE name = 'label_batch'")) ?? 0 }
    }

    // MARK: - Labels of edited objects

    /// The rule for edited objects. A mask changed under the same id keeps its label. A new object gets the category that all its sources have,
    /// else none; parts of a merge as sure as the least sure of them, anything else as dubious, for a person to look at.
    static func inheritLabels(_ database: Database, edit: NewEdit, id: Int64, created: [(object: ObjectID, sources: [ObjectID])]) throws {
        let all = edit.retire + edit.revise.map(\.object)
        guard !all.isEmpty, !created.isEmpty else { return }
        let label = try database.cachedStatement(
            sql: "SELECT l.id, l.category_id, l.status, l.score FROM object o JOIN label l ON l.id = o.label_id WHERE o.id = ?")
        var changes: [(ObjectID, Int64?)] = []
        var dubious: [Int64: Int64] = [:]
        for (object, named) in created {
            let sources = named.isEmpty ? all : named
            let rows = try sources.compactMap { try Row.fetchOne(label, arguments: [$0]) }
            guard rows.count == sources.count, let first = rows.first else { continue }
            let category: Int64 = first[1]
            guard rows.allSatisfy({ $0[1] == category }) else { continue }
            if edit.operation == "merge" {
                func status(_ row: Row) -> LabelStatus { LabelStatus(rawValue: row[2]) ?? .dubious }
                let weakest = rows.min { (status($0), $1[0] as Int64) < (status($1), $0[0] as Int64) } ?? first
                changes.append((object, weakest[0]))
            } else {
                if dubious[category] == nil {
                    try database.execute(
                        sql: "INSERT INTO label (category_id, status, score, source, by, at) VALUES (?, 'dubious', NULL, 'rule', ?, ?)",
                        arguments: [category, edit.by, Date().milliseconds])
                    dubious[category] = database.lastInsertedRowID
                }
                changes.append((object, dubious[category]))
            }
        }
        guard !changes.isEmpty else { return }
        try change(database, batch: try insertBatch(database, by: edit.by, edit: id), changes)
    }

    /// Brings labels that an edit gave to the state before or after it; what a person said since stays.
    static func stepLabels(_ database: Database, edit: Int64, isUndo: Bool) throws {
        for batch in try Int64.fetchAll(database.cachedStatement(sql: "SELECT id FROM label_batch WHERE edit_id = ?"), arguments: [edit]) {
            let changes = try Row.fetchAll(database, sql: "SELECT object_id, before, after FROM label_change WHERE batch_id = ?", arguments: [batch])
            let set = try setStatement(database)
            let present = try database.cachedStatement(sql: "SELECT label_id FROM object WHERE id = ?")
            for row in changes {
                let (object, from, to): (Int64, Int64?, Int64?) = (row[0], isUndo ? row[2] : row[1], isUndo ? row[1] : row[2])
                if try Int64.fetchOne(present, arguments: [object]) == from { try set.execute(arguments: [to, object]) }
            }
        }
    }

    // MARK: -

    static func label(_ row: Row, at index: Int) -> LabelRecord? {
        guard let category = row[index] as Int64? else { return nil }
        return LabelRecord(
            category: category, status: LabelStatus(rawValue: row[index + 1]) ?? .dubious, score: row[index + 2], source: LabelSource(rawValue: row[index + 3]) ?? .rule,
            by: row[index + 4], at: Date(milliseconds: row[index + 5]))
    }

    /// What the step that a request with this key made had changed; nil when there was none.
    private static func step(_ database: Database, key: String?) throws -> LabelOutcome? {
        guard let key, let batch = try Int64.fetchOne(database.cachedStatement(sql: "SELECT id FROM label_batch WHERE key = ?"), arguments: [key]) else { return nil }
        return LabelOutcome(batch: batch, objects: try Int64.fetchAll(database, sql: "SELECT object_id FROM label_change WHERE batch_id = ? ORDER BY object_id", arguments: [batch]))
    }

    static func insertBatch(_ database: Database, by: String, edit: Int64? = nil, undoes: Int64? = nil, key: String? = nil) throws -> Int64 {
        try database.cachedStatement(sql: "INSERT INTO label_batch (by, at, edit_id, undoes, key) VALUES (?, ?, ?, ?, ?)")
            .execute(arguments: [by, Date().milliseconds, edit, undoes, key])
        return database.lastInsertedRowID
    }

    /// Puts labels in force and notes what was before.
    static func change(_ database: Database, batch: Int64, _ changes: [(object: ObjectID, label: Int64?)]) throws {
        let note = try database.cachedStatement(
            sql: "INSERT INTO label_change (batch_id, object_id, before, after) SELECT ?, id, label_id, ? FROM object WHERE id = ?")
        let set = try setStatement(database)
        for (object, label) in changes {
            try note.execute(arguments: [batch, label, object])
            try set.execute(arguments: [label, object])
        }
    }

    /// What lists and overlays read of a label is repeated in the object's row.
    private static func setStatement(_ database: Database) throws -> Statement {
        try database.cachedStatement(
            sql: """
                UPDATE object SET (label_id, category_id, label_status, label_score) = (SELECT id, category_id, status, score FROM label WHERE id = ?) WHERE id = ?
                """)
    }

    private static func takeBack(_ database: Database, _ batch: Int64, into undo: Int64) throws -> [ObjectID] {
        let rows = try Row.fetchAll(
            database,
            sql: """
                SELECT c.object_id, c.before FROM label_change c JOIN object o ON o.id = c.object_id WHERE c.batch_id = ? AND o.label_id IS c.after
                """, arguments: [batch])
        try change(database, batch: undo, rows.map { ($0[0], $0[1]) })
        return rows.map { $0[0] }
    }
}
