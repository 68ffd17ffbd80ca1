import Foundation
import GRDB

extension Project {
    /// Key of the last result of a node on an image; nil when there is none.
    package func resultKey(image: ObjectID, node: String) async throws(StoreError) -> String? {
        try await read { database in
            try String.fetchOne(
                database.cachedStatement(sql: "SELECT run_key FROM result WHERE image_id = ? AND node_id = (SELECT id FROM node WHERE name = ?)"),
                arguments: [image, node])
        }
    }

    /// Notes that a node's present result is also what it would make by this key.
    package func setResultKey(image: ObjectID, node: String, key: String) async throws(StoreError) {
        try await write { database in
            try database.execute(
                sql: "UPDATE result SET run_key = ? WHERE image_id = ? AND node_id = (SELECT id FROM node WHERE name = ?)", arguments: [key, image, node])
        }
    }

    /// Notes by which key a node that makes no objects has done its work on an image.
    package func noteResultKey(image: ObjectID, node: String, key: String) async throws(StoreError) {
        try await write { database in
            try database.execute(
                sql: "INSERT OR REPLACE INTO result (image_id, node_id, run_key, at) SELECT ?, id, ?, ? FROM node WHERE name = ?",
                arguments: [image, key, Date().milliseconds, node])
        }
    }

    /// Stores what a node made of one image, in place of what it made before, in one transaction. The image becomes `processed`.
    ///
    /// - Objects of the former run with the same `uid`, kind and rule keep their id.
    /// - `keepEdited`: objects made or changed by a person stay as they are. What a person deleted, merged or split stays so: a region with the
    ///   `uid` of such an object is left out. Other regions that overlap edited ones are the caller's to leave out (`editFootprint`).
    /// - An image without edits has no history: the former objects stay for as long as former runs are kept, then they are deleted. On an
    ///   image with edits the run is itself one entry of the history (operation `run`, or `run.replace` without `keepEdited`), undone and
    ///   redone like an edit: so undo stays exact across runs. One that changes no object makes no entry.
    /// - Throws: `.notFound`, `.invalid` (undeclared column, mask and box that do not fit, a `uid` twice), `.diskFull`, `.io`.
    package func storeResult(_ result: ImageResult) async throws(StoreError) -> ResultOutcome {
        try await write { database in
            try Self.requireImage(database, result.image)
            let node = try Self.nodeID(database, name: result.node)
            var uids: Set<String> = []
            for region in result.regions + result.rejects where !uids.insert(region.uid).inserted {
                throw StoreError.invalid(sentence: "two objects of one run have the identity \(region.uid)")
            }
            let hasHistory = try Bool.fetchOne(database, sql: "SELECT EXISTS (SELECT 1 FROM edit WHERE image_id = ?)", arguments: [result.image]) ?? false

            // Former objects by identity: those that are active, those that an undo could bring back, and those of former runs.
            var former: [String: Former] = [:]
            var activeRegions = 0
            var kept: Set<String> = []
            let rows = try Row.fetchCursor(
                database.cachedStatement(
                    sql: """
                        SELECT o.id, o.uid, o.kind, o.rule, o.node_id, o.active, o.edited, o.mask_id, m.sha256, m.x, m.y, m.touches, m.n_inner, m.parent_id,
                            m.edit_id IS NOT NULL
                        FROM object o JOIN mask m ON m.id = o.mask_id
                        WHERE o.image_id = ? AND o.kind IN ('region', 'reject') ORDER BY o.active, o.id
                        """), arguments: [result.image])
            var retire: [ObjectID: Int64] = [:]
            while let row = try rows.next() {
                let one = Former(
                    id: row[0], kind: row[2], rule: row[3], node: row[4], isActive: row[5], mask: row[7], sha256: row[8], x: row[9], y: row[10], touches: row[11],
                    nInner: row[12], parent: row[13], isByHand: row[14])
                let (uid, isEdited): (String, Bool) = (row[1], row[6])
                if one.isActive {
                    if one.kind == ObjectKind.region.rawValue { activeRegions += 1 }
                    if isEdited && result.keepEdited {
                        kept.insert(uid)
                        continue
                    }
                    guard isEdited || one.node == node else { continue }
                    retire[one.id] = one.mask
                }
                if one.node == node { former[uid] = one }
            }
            if result.keepEdited { kept.formUnion(try Self.removedByHand(database, image: result.image)) }

            var writer = try ObjectWriter(database, image: result.image)
            // What leaves goes first: a region that became a reject has the same identity.
            let new = result.regions.map { (ObjectKind.region, $0) } + result.rejects.map { (ObjectKind.reject, $0) }
            var reused: Set<ObjectID> = []
            for (kind, region) in new where !kept.contains(region.uid) {
                if let one = former[region.uid], one.fits(kind, region) { reused.insert(one.id) }
            }
            var changes = retire.filter { !reused.contains($0.key) }.sorted { $0.key < $1.key }.map { ObjectChange(object: $0.key, before: $0.value, after: nil) }
            _ = try writer.apply(changes)

            let list = new.map(\.1)
            var ids = [ObjectID?](repeating: nil, count: list.count)
            // Parents first, whatever their place in the list.
            for index in try Self.parentsFirst(list) {
                let (kind, region) = new[index]
                if kept.contains(region.uid) { continue }
                let parent = region.parentIndex.flatMap { ids[$0] }
                guard let one = former[region.uid], one.fits(kind, region) else {
                    let change = try writer.create(region, kind: kind, parent: parent, node: node, edit: nil)
                    changes.append(change)
                    ids[index] = change.object
                    continue
                }
                ids[index] = one.id
                var mask = one.mask
                if !one.isSame(region, parent: parent) {
                    try ObjectWriter.check(region.box, png: region.png, area: region.area, what: "object \(region.uid)")
                    mask = try writer.mask(
                        object: one.id, edit: nil, parent: parent, box: region.box, area: region.area, touches: region.touches, nInner: region.nInner, png: region.png,
                        measurements: region.measurements)
                } else {
                    try writer.measure(mask: mask, region.measurements)
                }
                guard mask != one.mask || !one.isActive else { continue }
                let change = ObjectChange(object: one.id, before: one.isActive ? one.mask : nil, after: mask)
                _ = try writer.apply([change])
                changes.append(change)
            }
            var edit: Int64?
            // A run that found everything as it was is no step that a person could want to undo.
            if hasHistory, !changes.isEmpty || !result.keepEdited {
                try Self.supersedeUndone(database, image: result.image)
                let id = try Self.insertEdit(
                    database, image: result.image, operation: result.keepEdited ? "run" : "run.replace", request: "{}",
                    summary: "\(result.regions.count) objects by \(result.node)", by: result.by)
                try Self.insertChanges(database, edit: id, changes)
                edit = id
            } else if !hasHistory {
                if !changes.isEmpty, let run = try Self.resultBefore(database, image: result.image, node: node) {
                    try Self.keepFormerRun(database, image: result.image, node: node, run: run, objects: activeRegions, changes)
                }
                try Self.forgetReplaced(database, image: result.image)
            }
            try database.execute(
                sql: "INSERT OR REPLACE INTO result (image_id, node_id, run_key, at) VALUES (?, ?, ?, ?)",
                arguments: [result.image, node, result.runKey, Date().milliseconds])
            // The image's value in the node's slot: its objects are those of this node.
            try database.cachedStatement(
                sql: """
                    INSERT INTO facet (node_id, object_id, slot, meta) VALUES (?, ?, ?, ?)
                    ON CONFLICT (object_id, node_id, slot) DO UPDATE SET meta = excluded.meta
                    """
            ).execute(arguments: [node, result.image, result.slot, try Self.json(["objects": result.regions.count, "rejects": result.rejects.count])])
            if let states = result.states { try Self.setStates(database, image: result.image, states) }
            try database.execute(sql: "UPDATE image SET state = 'processed', error = NULL WHERE object_id = ?", arguments: [result.image])
            let revision = try writer.bumpRevision()
            let removed = changes.filter { $0.after == nil }.map(\.object)
            return ResultOutcome(
                regions: Array(ids.prefix(result.regions.count)), rejects: Array(ids.dropFirst(result.regions.count)), removed: removed, edit: edit, revision: revision)
        }
    }

    /// What a run with `keepEdited` must respect on an image: the present masks of edited objects, and the last masks of objects that a person
    /// deleted, merged or split. Regions of a new run that overlap these are to be left out.
    package func editFootprint(image: ObjectID) async throws(StoreError) -> [StoredMask] {
        try await read { database in
            let removed = try Self.removedByHandIDs(database, image: image)
            var masks = try Self.masks(database, where: "o.image_id = ? AND o.active = 1 AND o.edited = 1", [image])
            for id in removed { masks += try Self.masks(database, where: "o.id = ?", [id]) }
            return masks
        }
    }

    /// The present mask of an object with the object's identity.
    package struct IdentifiedMask: Sendable {
        package var uid: String
        package var mask: StoredMask

        package init(uid: String, mask: StoredMask) { (self.uid, self.mask) = (uid, mask) }
    }

    /// Labelled regions of an image that a node's next result replaces, in the order of their ids.
    package func labelledObjects(image: ObjectID, node: String, editedToo: Bool) async throws(StoreError) -> [IdentifiedMask] {
        try await read { database in
            let rows = try Row.fetchAll(
                database.cachedStatement(
                    sql: """
                        SELECT o.uid, o.id FROM object o JOIN node n ON n.id = o.node_id
                        WHERE o.image_id = ? AND o.active = 1 AND o.kind = 'region' AND o.label_id IS NOT NULL AND n.name = ? AND (o.edited = 0 OR ?) ORDER BY o.id
                        """), arguments: [image, node, editedToo])
            return try rows.compactMap { row in try Self.masks(database, where: "o.id = ?", [row[1] as Int64]).first.map { IdentifiedMask(uid: row[0], mask: $0) } }
        }
    }

    /// Identities of the active regions of an image that a node made.
    package func identities(image: ObjectID, node: String) async throws(StoreError) -> Set<String> {
        try await read { database in
            try String.fetchSet(
                database,
                sql: "SELECT o.uid FROM object o JOIN node n ON n.id = o.node_id WHERE o.image_id = ? AND o.active = 1 AND o.kind = 'region' AND n.name = ?",
                arguments: [image, node])
        }
    }

    /// Objects that a person made or changed on these images (all when nil): what a run without `keepEdited` would replace.
    package func editedCount(images: [ObjectID]? = nil) async throws(StoreError) -> Int {
        try await read { database in
            guard let images else { return try Int.fetchOne(database, sql: "SELECT count(*) FROM object WHERE active = 1 AND edited = 1") ?? 0 }
            let count = try database.cachedStatement(sql: "SELECT count(*) FROM object WHERE image_id = ? AND active = 1 AND edited = 1")
            return try images.reduce(0) { try $0 + (Int.fetchOne(count, arguments: [$1]) ?? 0) }
        }
    }

    /// Per image, what a person changed there: objects made or changed by hand, and objects of a run that were taken away by hand.
    package func editCounts() async throws(StoreError) -> [ObjectID: (edited: Int, removed: Int)] {
        try await read { database in
            var counts: [ObjectID: (edited: Int, removed: Int)] = [:]
            for row in try Row.fetchAll(database, sql: "SELECT image_id, count(*) FROM object WHERE active = 1 AND edited = 1 GROUP BY image_id") {
                counts[row[0], default: (0, 0)].edited = row[1]
            }
            for image in try Int64.fetchAll(database, sql: "SELECT DISTINCT image_id FROM edit WHERE state = 'done' AND operation NOT LIKE 'run%'") {
                let removed = try Self.removedByHandIDs(database, image: image).count
                if removed > 0 { counts[image, default: (0, 0)].removed = removed }
            }
            return counts
        }
    }

    /// Edits in force and present labels of all images that are not in the trash.
    package func handCounts() async throws(StoreError) -> (edits: Int, labels: Int) {
        try await read { database in
            let present = "IN (SELECT object_id FROM image WHERE removed_at IS NULL)"
            return (
                try Int.fetchOne(database, sql: "SELECT count(*) FROM edit WHERE state = 'done' AND operation NOT LIKE 'run%' AND image_id \(present)") ?? 0,
                try Int.fetchOne(database, sql: "SELECT count(*) FROM object WHERE active = 1 AND label_id IS NOT NULL AND image_id \(present)") ?? 0
            )
        }
    }

    // MARK: -

    private struct Former {
        var id: ObjectID
        var kind: String
        var rule: String?
        var node: Int64?
        var isActive: Bool
        var mask: Int64
        var sha256: Data
        var x: Int
        var y: Int
        var touches: Int
        var nInner: Int
        var parent: Int64?
        var isByHand: Bool

        func fits(_ kind: ObjectKind, _ region: NewRegion) -> Bool { self.kind == kind.rawValue && rule == region.rule }

        func isSame(_ region: NewRegion, parent: Int64?) -> Bool {
            !isByHand && x == region.box.x && y == region.box.y && touches == Int(region.touches) && nInner == region.nInner && self.parent == parent
                && sha256 == ObjectWriter.digest(region.png)
        }
    }

    /// Order in which every parent comes before its children.
    static func parentsFirst(_ regions: [NewRegion]) throws -> [Int] {
        if regions.allSatisfy({ $0.parentIndex == nil }) { return Array(regions.indices) }
        var order: [Int] = []
        var state = [UInt8](repeating: 0, count: regions.count)  // 0 not seen, 1 on the way up, 2 in the order
        for start in regions.indices {
            var way: [Int] = []
            var index = start
            while state[index] == 0 {
                state[index] = 1
                way.append(index)
                guard let parent = regions[index].parentIndex else { break }
                guard regions.indices.contains(parent), state[parent] != 1 else {
                    throw StoreError.invalid(sentence: "object \(regions[index].uid) has parent number \(parent), which is not an enclosing object of the same list")
                }
                index = parent
            }
            for index in way.reversed() {
                state[index] = 2
                order.append(index)
            }
        }
        return order
    }

    /// Objects that edits in force took away, since the last run that was allowed to replace edits.
    private static func removedByHandIDs(_ database: Database, image: ObjectID) throws -> [ObjectID] {
        try Int64.fetchAll(
            database,
            sql: """
                SELECT DISTINCT o.id FROM edit e JOIN edit_change c ON c.edit_id = e.id JOIN object o ON o.id = c.object_id
                WHERE e.image_id = :image AND e.state = 'done' AND e.operation NOT LIKE 'run%' AND c.mask_after IS NULL AND o.active = 0
                    AND e.id > coalesce((SELECT max(id) FROM edit WHERE image_id = :image AND state = 'done' AND operation = 'run.replace'), 0)
                """, arguments: ["image": image])
    }

    private static func removedByHand(_ database: Database, image: ObjectID) throws -> Set<String> {
        let uid = try database.cachedStatement(sql: "SELECT uid FROM object WHERE id = ?")
        return Set(try removedByHandIDs(database, image: image).compactMap { try String.fetchOne(uid, arguments: [$0]) })
    }

    static func requireImage(_ database: Database, _ image: ObjectID) throws {
        guard try Int64.fetchOne(database.cachedStatement(sql: "SELECT object_id FROM image WHERE object_id = ? AND removed_at IS NULL"), arguments: [image]) != nil else {
            throw StoreError.notFound(what: "Image \(image)")
        }
    }
}
