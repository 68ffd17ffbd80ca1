import Foundation
import GRDB
import Raster

/// The objects of an image just after one entry of its history; `edit` 0: before the first; negative: those of a former run.
package struct ObjectState: Sendable, Equatable {
    package var edit: Int64
    package var operation: String
    package var summary: String
    package var at: Date?
    /// Taken back at present.
    package var isUndone: Bool
    /// Regions.
    package var objects: Int
}

extension Project {
    /// Who is told of every change of objects from now on; one at a time.
    package func watchObjects(_ watcher: (any ObjectWatcher)?) { connection.watch.set(watcher) }

    /// Masks of the active objects of one kind on an image in the order of their ids, from the one after `after`.
    package func masks(image: ObjectID, kind: ObjectKind, after: ObjectID, limit: Int) async throws(StoreError) -> [StoredMask] {
        try await read { database in
            try Self.masks(
                database, where: "o.image_id = ? AND o.active = 1 AND o.kind = ? AND o.id > ? ORDER BY o.id LIMIT ?", [image, kind.rawValue, after, limit])
        }
    }

    /// Present masks of these objects, in the order of their ids.
    package func masks(of objects: [ObjectID]) async throws(StoreError) -> [StoredMask] {
        try await read { database in
            try Self.masks(
                database, where: "o.id IN (SELECT value FROM json_each(?)) AND o.active = 1 ORDER BY o.id", ["[\(objects.map(String.init).joined(separator: ","))]"])
        }
    }

    /// The present masks' numbers by object, regions and rejects.
    package func maskRevisions(image: ObjectID) async throws(StoreError) -> [ObjectID: Int64] {
        try await read { database in
            var result: [ObjectID: Int64] = [:]
            let rows = try Row.fetchCursor(
                database, sql: "SELECT id, mask_id FROM object WHERE image_id = ? AND active = 1 AND kind IN ('region', 'reject')", arguments: [image])
            while let row = try rows.next() { result[row[0]] = row[1] }
            return result
        }
    }

    /// Active objects of an image with this category, ascending; nil: with any.
    package func labelled(image: ObjectID, category: Int64?) async throws(StoreError) -> [ObjectID] {
        try await read { database in
            try Int64.fetchAll(
                database,
                sql: "SELECT id FROM object WHERE image_id = ? AND active = 1 AND category_id \(category == nil ? "IS NOT NULL AND ? IS NULL" : "= ?") ORDER BY id",
                arguments: [image, category])
        }
    }

    /// Masks by their numbers, whether in force or not.
    package func masks(revisions: [Int64]) async throws(StoreError) -> [StoredMask] {
        try await read { database in
            try Row.fetchAll(
                database,
                sql: """
                    SELECT o.id, o.kind, m.x, m.y, m.width, m.height, m.area, m.png, m.id, o.rule FROM mask m JOIN object o ON o.id = m.object_id
                    WHERE m.id IN (SELECT value FROM json_each(?)) ORDER BY o.id
                    """, arguments: ["[\(revisions.map(String.init).joined(separator: ","))]"]
            ).map(Self.storedMask)
        }
    }

    /// How the objects just after an entry of the history differ from the present ones: numbers of the masks by object, nil where it was not
    /// there.
    /// - Parameter edit: 0 for the objects before the first entry, negative for those of a former run, as `objectStates` numbers them.
    /// - Throws: `.notFound` when the image's history has no such entry, it was replaced after an undo and cannot come back, or the run is
    ///   forgotten.
    package func objectState(image: ObjectID, edit: Int64) async throws(StoreError) -> [ObjectID: Int64?] {
        try await read { database in
            let state =
                edit <= 0
                ? EditState.done.rawValue
                : try String.fetchOne(
                    database.cachedStatement(sql: "SELECT state FROM edit WHERE id = ? AND image_id = ? AND state <> 'superseded'"), arguments: [edit, image])
            guard let state else { throw StoreError.notFound(what: "Entry \(edit) of the history of image \(image)") }
            let isDone = state == EditState.done.rawValue
            // From the present back, or forward through what was undone.
            let changes = try Row.fetchCursor(
                database,
                sql: """
                    SELECT c.object_id, \(isDone ? "c.mask_before" : "c.mask_after") FROM edit e JOIN edit_change c ON c.edit_id = e.id
                    WHERE e.image_id = ? AND \(isDone ? "e.state = 'done' AND e.id > ? ORDER BY e.id DESC" : "e.state = 'undone' AND e.id <= ? ORDER BY e.id")
                    """,
                arguments: [image, max(0, edit)])
            var result: [ObjectID: Int64?] = [:]
            while let change = try changes.next() { result[change[0] as ObjectID] = .some(change[1] as Int64?) }
            if edit < 0 { try Self.stepBack(database, image: image, to: -edit, &result) }
            return result
        }
    }

    /// Images whose objects a run has replaced, by id from the one after `after`, and how many there are in all.
    package func imagesRunAgain(after: ObjectID, limit: Int) async throws(StoreError) -> (images: [(id: ObjectID, name: String)], total: Int) {
        try await read { database in
            let all = """
                FROM image i WHERE i.removed_at IS NULL AND (EXISTS (SELECT 1 FROM former_run f WHERE f.image_id = i.object_id)
                    OR EXISTS (SELECT 1 FROM edit e WHERE e.image_id = i.object_id AND e.state = 'done' AND e.operation LIKE 'run%'))
                """
            let rows = try Row.fetchAll(
                database, sql: "SELECT i.object_id, i.name \(all) AND i.object_id > ? ORDER BY i.object_id LIMIT ?", arguments: [after, limit])
            return (rows.map { ($0[0], $0[1]) }, try Int.fetchOne(database, sql: "SELECT count(*) \(all)") ?? 0)
        }
    }

    /// The states of an image's objects that can be shown, newest first: those of its history, down to number 0, then former runs, of negative
    /// numbers.
    package func objectStates(image: ObjectID, limit: Int = 1000) async throws(StoreError) -> [ObjectState] {
        try await read { database in
            let rows = try Row.fetchAll(
                database,
                sql: """
                    SELECT e.id, e.operation, e.summary, e.at, e.state,
                        coalesce((SELECT sum((c.mask_before IS NULL) - (c.mask_after IS NULL)) FROM edit_change c JOIN object o ON o.id = c.object_id
                            WHERE c.edit_id = e.id AND o.kind = 'region'), 0)
                    FROM edit e WHERE e.image_id = ? AND e.state IN ('done', 'undone') ORDER BY e.id DESC
                    """, arguments: [image])
            let present =
                try Int.fetchOne(database, sql: "SELECT count(*) FROM object WHERE image_id = ? AND active = 1 AND kind = 'region'", arguments: [image]) ?? 0
            func isUndone(_ row: Row) -> Bool { row[4] == EditState.undone.rawValue }
            // What was undone would add to the present number, going up from the bottom of the list.
            var objects = present + rows.filter(isUndone).reduce(0) { $0 + ($1[5] as Int) }
            var states: [ObjectState] = []
            for row in rows {
                if states.count < limit {
                    states.append(
                        ObjectState(edit: row[0], operation: row[1], summary: row[2], at: Date(milliseconds: row[3]), isUndone: isUndone(row), objects: objects))
                }
                objects -= row[5] as Int
            }
            return states + [ObjectState(edit: 0, operation: "start", summary: "Before the first change", at: nil, isUndone: false, objects: objects)]
                + (try Self.formerRuns(database, image: image))
        }
    }
}
