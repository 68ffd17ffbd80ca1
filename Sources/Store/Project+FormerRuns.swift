import Foundation
import GRDB

/// Runs that were replaced on an image without edits. Their objects stay, inactive, until they are forgotten, so that two runs can be compared.
extension Project {
    /// Runs of a node on an image that can be shown again, the present one not counted.
    package static let formerRunsKept = 3

    /// The run that is replaced now: when and from what it was computed; nil when there was none.
    static func resultBefore(_ database: Database, image: ObjectID, node: Int64) throws -> (key: String, at: Int64)? {
        try Row.fetchOne(
            database.cachedStatement(sql: "SELECT run_key, at FROM result WHERE image_id = ? AND node_id = ?"), arguments: [image, node]
        ).map { ($0[0], $0[1]) }
    }

    /// Keeps the way back to a run that was just replaced, and forgets the oldest.
    static func keepFormerRun(
        _ database: Database, image: ObjectID, node: Int64, run: (key: String, at: Int64), objects: Int, _ changes: [ObjectChange]
    ) throws {
        try database.execute(
            sql: "INSERT INTO former_run (image_id, node_id, run_key, at, objects) VALUES (?, ?, ?, ?, ?)", arguments: [image, node, run.key, run.at, objects])
        let id = database.lastInsertedRowID
        let insert = try database.cachedStatement(sql: "INSERT INTO former_run_change (run_id, object_id, mask_before, mask_after) VALUES (?, ?, ?, ?)")
        for change in changes { try insert.execute(arguments: [id, change.object, change.before, change.after]) }
        // Of a node that has more than enough, all that is older, whatever node made it: a way with a gap leads nowhere.
        try database.execute(
            sql: """
                DELETE FROM former_run WHERE image_id = :image
                    AND id < (SELECT id FROM former_run WHERE image_id = :image AND node_id = :node ORDER BY id DESC LIMIT 1 OFFSET :kept)
                """, arguments: ["image": image, "node": node, "kept": formerRunsKept - 1])
    }

    /// Deletes what runs on an image without history left behind, except what a former run shows, and what has a label or metadata: when a later
    /// run finds that object again, they are there.
    static func forgetReplaced(_ database: Database, image: ObjectID) throws {
        let isDescribed = "(label_id IS NOT NULL OR EXISTS (SELECT 1 FROM metadata d WHERE d.object_id = object.id))"
        try database.cachedStatement(
            sql: """
                DELETE FROM mask WHERE object_id IN (SELECT id FROM object WHERE image_id = :image AND kind <> 'image')
                    AND id NOT IN (SELECT mask_id FROM object WHERE image_id = :image AND (active = 1 OR \(isDescribed)) AND mask_id IS NOT NULL)
                    AND NOT EXISTS (SELECT 1 FROM former_run_change c WHERE c.mask_before = mask.id)
                    AND NOT EXISTS (SELECT 1 FROM former_run_change c WHERE c.mask_after = mask.id)
                """
        ).execute(arguments: ["image": image])
        try database.cachedStatement(
            sql: """
                DELETE FROM object WHERE image_id = ? AND active = 0 AND kind <> 'image' AND NOT \(isDescribed)
                    AND NOT EXISTS (SELECT 1 FROM former_run_change c WHERE c.object_id = object.id)
                """
        ).execute(arguments: [image])
    }

    /// Newest first; `edit` is the run's number, negative.
    static func formerRuns(_ database: Database, image: ObjectID) throws -> [ObjectState] {
        try Row.fetchAll(database, sql: "SELECT id, at, objects FROM former_run WHERE image_id = ? ORDER BY id DESC", arguments: [image]).map { row in
            ObjectState(
                edit: -(row[0] as Int64), operation: "run.former", summary: "Former run", at: Date(milliseconds: row[1]), isUndone: false, objects: row[2])
        }
    }

    /// Adds to how the objects before the first edit differ from the present ones how those of a former run do.
    static func stepBack(_ database: Database, image: ObjectID, to run: Int64, _ difference: inout [ObjectID: Int64?]) throws {
        guard try Int64.fetchOne(database, sql: "SELECT id FROM former_run WHERE id = ? AND image_id = ?", arguments: [run, image]) != nil else {
            throw StoreError.notFound(what: "Former run \(run) of image \(image)")
        }
        let changes = try Row.fetchCursor(
            database,
            sql: """
                SELECT c.object_id, c.mask_before FROM former_run r JOIN former_run_change c ON c.run_id = r.id
                WHERE r.image_id = ? AND r.id >= ? ORDER BY r.id DESC
                """, arguments: [image, run])
        while let change = try changes.next() { difference[change[0] as ObjectID] = .some(change[1] as Int64?) }
    }
}
