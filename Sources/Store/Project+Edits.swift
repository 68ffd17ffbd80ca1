import Foundation
import GRDB
import Raster

extension Project {
    /// One edit: one transaction, one undo step, on the disk when this returns. What was undone before can then no longer be redone.
    ///
    /// - Throws: `.conflict` when an object is not active any more, belongs to another image or `expectedRevision` is not the present one;
    ///   `.invalid` when the edit changes nothing or a mask does not fit its box; `.notFound`, `.diskFull`, `.io`.
    package func commitEdit(_ edit: NewEdit) async throws(StoreError) -> EditOutcome {
        try await write { database in
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
            return EditOutcome(
                edit: id, operation: edit.operation, created: created.compactMap(\.self), removed: edit.retire, revised: edit.revise.map(\.object), box: box,
                revision: try writer.bumpRevision(), canUndo: true, canRedo: false)
        }
    }

    /// Takes back the last entry of an image's history in force; nil when there is none. Masks and measurements come back byte for byte.
    package func undo(image: ObjectID) async throws(StoreError) -> EditOutcome? { try await step(image: image, isUndo: true) }

    /// Brings the entry undone last back into force; nil when there is none.
    package func redo(image: ObjectID) async throws(StoreError) -> EditOutcome? { try await step(image: image, isUndo: false) }

    /// History of an image (of all images when nil), newest first.
    package func edits(image: ObjectID? = nil, cursor: String? = nil, limit: Int = 200) async throws(StoreError) -> Page<EditRecord> {
        let before = try Self.idCursor(cursor) ?? .max
        return try await read { database in
            let rows = try Row.fetchAll(
                database,
                sql: "SELECT id, image_id, operation, request, summary, by, at, state FROM edit WHERE id < ? AND \(image == nil ? "? IS NULL" : "image_id = ?") ORDER BY id DESC LIMIT ?",
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

    private func step(image: ObjectID, isUndo: Bool) async throws(StoreError) -> EditOutcome? {
        try await write { database in
            try Self.requireImage(database, image)
            let next = isUndo ? "state = 'done' ORDER BY id DESC" : "state = 'undone' ORDER BY id"
            guard let edit = try Row.fetchOne(database, sql: "SELECT id, operation FROM edit WHERE image_id = ? AND \(next) LIMIT 1", arguments: [image]) else { return nil }
            let id: Int64 = edit[0]
            let changes = try Row.fetchAll(
                database, sql: "SELECT object_id, mask_before, mask_after FROM edit_change WHERE edit_id = ? ORDER BY object_id", arguments: [id]
            ).map { isUndo ? ObjectChange(object: $0[0], before: $0[2], after: $0[1]) : ObjectChange(object: $0[0], before: $0[1], after: $0[2]) }
            let writer = try ObjectWriter(database, image: image)
            let box = try writer.apply(changes)
            try Self.stepLabels(database, edit: id, isUndo: isUndo)
            try database.execute(sql: "UPDATE edit SET state = ? WHERE id = ?", arguments: [isUndo ? "undone" : "done", id])
            // The objects are no longer those of the last run, so the next one must not be skipped as done already.
            if (edit[1] as String).hasPrefix("run") { try database.execute(sql: "DELETE FROM result WHERE image_id = ?", arguments: [image]) }
            return EditOutcome(
                edit: id, operation: edit[1], created: changes.filter { $0.before == nil }.map(\.object), removed: changes.filter { $0.after == nil }.map(\.object),
                revised: changes.filter { $0.before != nil && $0.after != nil }.map(\.object), box: box, revision: try writer.bumpRevision(),
                canUndo: try Self.hasEdit(database, image: image, state: .done), canRedo: try Self.hasEdit(database, image: image, state: .undone))
        }
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
