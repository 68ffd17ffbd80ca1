import Foundation
import GRDB
import Raster

extension Project {
    /// One edit: one transaction, one undo step, on the disk when this returns. What was undone before can then no longer be redone.
    ///
    /// - Returns: what it changed; of a `key` that is stored already, what the first request of that key changed.
    /// - Throws: `.conflict` when an object is not active any more, belongs to another image, has another mask than `base` says, or
    ///   `expectedRevision` is not the present one; `.invalid` when the edit changes nothing, a mask does not fit its box or the key belongs to
    ///   another request; `.notFound`, `.diskFull`, `.io`.
    package func commitEdit(_ edit: NewEdit) async throws(StoreError) -> EditOutcome {
        try await write { database in
            if let known = try Self.outcome(database, key: edit.key) { return known }
            try Self.requireImage(database, edit.image)
            try Self.requireJSON(edit.request, "the edit")
            if let expected = edit.expectedRevision, try Self.revision(database, image: edit.image) != expected {
                throw StoreError.conflict(sentence: "image \(edit.image) was changed meanwhile; look at it again and repeat the edit")
            }
            guard !edit.retire.isEmpty || !edit.create.isEmpty || !edit.revise.isEmpty else {
                throw StoreError.invalid(sentence: "the edit “\(edit.operation)” changes nothing")
            }
            var changes: [ObjectChange] = []
            var named: Set<ObjectID> = []
            for object in edit.retire + edit.revise.map(\.object) {
                let row = try Row.fetchOne(
                    database.cachedStatement(sql: "SELECT mask_id FROM object WHERE id = ? AND image_id = ? AND active = 1 AND kind <> 'image'"),
                    arguments: [object, edit.image])
                guard let row else { throw StoreError.conflict(sentence: "object \(object) is not in image \(edit.image) any more; reload the image") }
                guard named.insert(object).inserted else { throw StoreError.invalid(sentence: "object \(object) is named twice in one edit") }
                if let base = edit.base[object], base != row[0] {
                    throw StoreError.conflict(sentence: "object \(object) was changed meanwhile; look at it again and repeat the edit")
                }
                changes.append(ObjectChange(object: object, before: row[0], after: nil))
            }
            try Self.supersedeUndone(database, image: edit.image)
            let id = try Self.insertEdit(
                database, image: edit.image, operation: edit.operation, request: edit.request, summary: edit.summary, by: edit.by)
            var writer = try ObjectWriter(database, image: edit.image)
            for (index, revised) in edit.revise.enumerated() {
                try ObjectWriter.check(revised.box, png: revised.png, area: revised.area, what: "object \(revised.object)")
                let parent = try Int64.fetchOne(database.cachedStatement(sql: "SELECT parent_id FROM object WHERE id = ?"), arguments: [revised.object])
                changes[edit.retire.count + index].after = try writer.mask(
                    object: revised.object, edit: id, parent: parent, box: revised.box, area: revised.area, touches: revised.touches, nInner: revised.nInner,
                    png: revised.png, measurements: revised.measurements)
            }
            var box = try writer.apply(changes)
            var created = [ObjectID?](repeating: nil, count: edit.create.count)
            for index in try Self.parentsFirst(edit.create) {
                let region = edit.create[index]
                let change = try writer.create(region, kind: .region, parent: region.parentIndex.flatMap { created[$0] }, node: nil, edit: id)
                created[index] = change.object
                changes.append(change)
                box = box.union(region.box)
            }
            try Self.insertChanges(database, edit: id, changes)
            try Self.inheritLabels(database, edit: edit, id: id, created: zip(created, edit.create).compactMap { object, new in object.map { ($0, new.sources) } })
            let outcome = EditOutcome(edit: id, operation: edit.operation, changes, box: box, revision: try writer.bumpRevision(), canUndo: true, canRedo: false)
            try Self.remember(database, outcome, image: edit.image, key: edit.key)
            return outcome
        }
    }

    /// What the request that carried this key changed; nil when it was never done.
    /// - Throws: `.invalid` when the key belongs to another request.
    package func outcome(of key: EditKey) async throws(StoreError) -> EditOutcome? {
        try await read { try Self.outcome($0, key: key) }
    }

    /// Takes back the last entry of an image's history in force; nil when there is none. Masks and measurements come back byte for byte.
    package func undo(image: ObjectID, key: EditKey? = nil) async throws(StoreError) -> EditOutcome? {
        try await walk(image: image, key: key) { history in history.done.last.map { Way(back: [$0], forth: [], end: $0) } }
    }

    /// Brings the entry undone last back into force; nil when there is none.
    package func redo(image: ObjectID, key: EditKey? = nil) async throws(StoreError) -> EditOutcome? {
        try await walk(image: image, key: key) { history in history.undone.first.map { Way(back: [], forth: [$0], end: $0) } }
    }

    /// Takes back or brings back as many entries as it needs, so that `edit` is the last one in force; 0: none is. One transaction.
    /// - Throws: `.notFound` for what is no entry of the image's history, `.conflict` for one that was superseded.
    package func goTo(edit: Int64, image: ObjectID, key: EditKey? = nil) async throws(StoreError) -> EditOutcome {
        let outcome = try await walk(image: image, key: key) { history in
            if edit == 0 || history.done.contains(edit) { return Way(back: history.done.filter { $0 > edit }.reversed(), forth: [], end: edit) }
            if let index = history.undone.firstIndex(of: edit) { return Way(back: [], forth: Array(history.undone[...index]), end: edit) }
            if history.superseded(edit) {
                throw StoreError.conflict(sentence: "edit \(edit) was undone and then followed by another edit, so it cannot come back; choose another entry")
            }
            throw StoreError.notFound(what: "Edit \(edit) of image \(image)")
        }
        guard let outcome else { preconditionFailure("a way to edit \(edit) is always known") }
        return outcome
    }

    /// History of an image (of all images when nil), newest first.
    package func edits(image: ObjectID? = nil, cursor: String? = nil, limit: Int = 200) async throws(StoreError) -> Page<EditRecord> {
        let before = try Self.idCursor(cursor) ?? .max
        return try await read { database in
            let rows = try Row.fetchAll(
                database,
                sql: """
                    SELECT id, image_id, operation, request, summary, by, at, state FROM edit
                    WHERE id < ? AND \(image == nil ? "? IS NULL" : "image_id = ?") ORDER BY id DESC LIMIT ?
                    """,
                arguments: [before, image, max(1, limit) + 1])
            let items = rows.prefix(max(1, limit)).map {
                EditRecord(
                    id: $0[0], image: $0[1], operation: $0[2], request: $0[3], summary: $0[4], by: $0[5], at: Date(milliseconds: $0[6]),
                    state: EditState(rawValue: $0[7]) ?? .superseded)
            }
            return Page(items: items, next: rows.count > items.count ? items.last.map { String($0.id) } : nil, total: nil)
        }
    }

    package func canUndoRedo(image: ObjectID) async throws(StoreError) -> (undo: Bool, redo: Bool) {
        try await read { database in
            (try Self.hasEdit(database, image: image, state: .done), try Self.hasEdit(database, image: image, state: .undone))
        }
    }

    /// Number that grows with every change of an image's objects.
    package func revision(image: ObjectID) async throws(StoreError) -> Int64 {
        try await read { database in
            guard let revision = try Self.revision(database, image: image) else { throw StoreError.notFound(what: "Image \(image)") }
            return revision
        }
    }

    // MARK: -

    /// Entries of an image's history, oldest first. Those in force are all older than those taken back.
    private struct History {
        var done: [Int64]
        var undone: [Int64]
        var superseded: (Int64) -> Bool
    }

    /// Entries to take back, newest first, or to bring back, oldest first, and where that ends.
    private struct Way {
        var back: [Int64]
        var forth: [Int64]
        var end: Int64
    }

    private func walk(image: ObjectID, key: EditKey?, _ way: @escaping @Sendable (History) throws -> Way?) async throws(StoreError) -> EditOutcome? {
        try await write { database in
            if let known = try Self.outcome(database, key: key) { return known }
            try Self.requireImage(database, image)
            func entries(_ state: EditState) throws -> [Int64] {
                try Int64.fetchAll(
                    database.cachedStatement(sql: "SELECT id FROM edit WHERE image_id = ? AND state = ? ORDER BY id"), arguments: [image, state.rawValue])
            }
            let done = try entries(.done)
            let undone = try entries(.undone)
            let history = History(done: done, undone: undone) { id in
                (try? Bool.fetchOne(database, sql: "SELECT EXISTS (SELECT 1 FROM edit WHERE id = ? AND image_id = ?)", arguments: [id, image])) ?? false
            }
            guard let way = try way(history) else { return nil }
            // What each object had before the first step and has after the last one; what lies between never shows.
            var net: [ObjectID: ObjectChange] = [:]
            let rows = try database.cachedStatement(sql: "SELECT object_id, mask_before, mask_after FROM edit_change WHERE edit_id = ? ORDER BY object_id")
            for (ids, isBack) in [(way.back, true), (way.forth, false)] {
                for id in ids {
                    for row in try Row.fetchAll(rows, arguments: [id]) {
                        let (object, before, after): (ObjectID, Int64?, Int64?) = (row[0], row[isBack ? 2 : 1], row[isBack ? 1 : 2])
                        net[object, default: ObjectChange(object: object, before: before, after: nil)].after = after
                    }
                }
            }
            let changes = net.values.filter { $0.before != $0.after }.sorted { $0.object < $1.object }
            let writer = try ObjectWriter(database, image: image)
            let box = try writer.apply(changes)
            let mark = try database.cachedStatement(sql: "UPDATE edit SET state = ? WHERE id = ?")
            for id in way.back { try mark.execute(arguments: [EditState.undone.rawValue, id]) }
            for id in way.forth { try mark.execute(arguments: [EditState.done.rawValue, id]) }
            let operation = try database.cachedStatement(sql: "SELECT operation FROM edit WHERE id = ?")
            let operations = try (way.back + way.forth).map { try String.fetchOne(operation, arguments: [$0]) ?? "" }
            for id in way.back { try Self.stepLabels(database, edit: id, isUndo: true) }
            for id in way.forth { try Self.stepLabels(database, edit: id, isUndo: false) }
            // The objects are no longer those of the last run, so the next one must not be skipped as done already.
            if operations.contains(where: { $0.hasPrefix("run") }) { try database.execute(sql: "DELETE FROM result WHERE image_id = ?", arguments: [image]) }
            let steps = way.forth.count - way.back.count
            let outcome = EditOutcome(
                edit: way.end, operation: abs(steps) == 1 ? operations[0] : "goto", changes, box: box,
                revision: steps == 0 ? try Self.revision(database, image: image) ?? 0 : try writer.bumpRevision(),
                canUndo: done.count + steps > 0, canRedo: undone.count - steps > 0)
            try Self.remember(database, outcome, image: image, key: key)
            return outcome
        }
    }

    private static func outcome(_ database: Database, key: EditKey?) throws -> EditOutcome? {
        guard let key else { return nil }
        let row = try Row.fetchOne(database.cachedStatement(sql: "SELECT request, outcome FROM edit_key WHERE key = ?"), arguments: [key.text])
        guard let row else { return nil }
        guard row[0] == key.request else {
            throw StoreError.invalid(sentence: "the key “\(key.text)” was used for another request already; give every request a key of its own")
        }
        return try JSONDecoder().decode(EditOutcome.self, from: Data((row[1] as String).utf8))
    }

    private static func remember(_ database: Database, _ outcome: EditOutcome, image: ObjectID, key: EditKey?) throws {
        guard let key else { return }
        let text = String(decoding: try JSONEncoder().encode(outcome), as: UTF8.self)
        try database.cachedStatement(sql: "INSERT INTO edit_key (key, request, image_id, outcome) VALUES (?, ?, ?, ?)")
            .execute(arguments: [key.text, key.request, image, text])
    }

    static func revision(_ database: Database, image: ObjectID) throws -> Int64? {
        try Int64.fetchOne(database.cachedStatement(sql: "SELECT revision FROM image WHERE object_id = ?"), arguments: [image])
    }

    private static func hasEdit(_ database: Database, image: ObjectID, state: EditState) throws -> Bool {
        try Bool.fetchOne(
            database.cachedStatement(sql: "SELECT EXISTS (SELECT 1 FROM edit WHERE image_id = ? AND state = ?)"), arguments: [image, state.rawValue]) ?? false
    }

    static func supersedeUndone(_ database: Database, image: ObjectID) throws {
        try database.cachedStatement(sql: "UPDATE edit SET state = 'superseded' WHERE image_id = ? AND state = 'undone'").execute(arguments: [image])
    }

    static func insertEdit(_ database: Database, image: ObjectID, operation: String, request: String, summary: String, by: String) throws -> Int64 {
        try database.cachedStatement(sql: "INSERT INTO edit (image_id, operation, request, summary, by, at, state) VALUES (?, ?, ?, ?, ?, ?, 'done')")
            .execute(arguments: [image, operation, request, summary, by, Date().milliseconds])
        return database.lastInsertedRowID
    }

    static func insertChanges(_ database: Database, edit: Int64, _ changes: [ObjectChange]) throws {
        let insert = try database.cachedStatement(sql: "INSERT INTO edit_change (edit_id, object_id, mask_before, mask_after) VALUES (?, ?, ?, ?)")
        for change in changes { try insert.execute(arguments: [edit, change.object, change.before, change.after]) }
    }
}

extension EditOutcome {
    init(edit: Int64, operation: String, _ changes: [ObjectChange], box: Rect, revision: Int64, canUndo: Bool, canRedo: Bool) {
        let created = changes.filter { $0.before == nil && $0.after != nil }
        let revised = changes.filter { $0.before != nil && $0.after != nil }
        self.init(
            edit: edit, operation: operation, created: created.map(\.object), removed: changes.filter { $0.after == nil }.map(\.object),
            revised: revised.map(\.object), masks: (created + revised).compactMap(\.after), box: box, revision: revision, canUndo: canUndo, canRedo: canRedo)
    }
}
