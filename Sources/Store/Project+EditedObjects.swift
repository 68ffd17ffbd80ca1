import Foundation
import GRDB
import Raster

/// What an edit works on, read at one moment.
package struct EditInput: Sendable {
    package var image: ImageRecord
    /// By object, those that exist in any image.
    package var objects: [ObjectID: Object]

    package struct Object: Sendable {
        package var image: ObjectID
        package var isActive: Bool
        package var mask: StoredMask
    }
}

extension Project {
    /// nil when there is no such image, or it is in the trash.
    package func editInput(image: ObjectID, objects: [ObjectID]) async throws(StoreError) -> EditInput? {
        try await read { database in
            guard let record = try Self.image(database, image, counting: false), record.removedAt == nil else { return nil }
            let state = try database.cachedStatement(sql: "SELECT image_id, active FROM object WHERE id = ? AND kind <> 'image'")
            var found: [ObjectID: EditInput.Object] = [:]
            for id in objects where found[id] == nil {
                guard let row = try Row.fetchOne(state, arguments: [id]), let mask = try Self.masks(database, where: "o.id = ?", [id]).first else { continue }
                found[id] = EditInput.Object(image: row[0], isActive: row[1], mask: mask)
            }
            return EditInput(image: record, objects: found)
        }
    }

    /// Objects as they are, or were, with these masks, in their order, with the labels they bear now.
    package func objects(masks: [Int64]) async throws(StoreError) -> [(object: ObjectRecord, mask: StoredMask)] {
        if masks.isEmpty { return [] }
        return try await read { database in
            let columns = try Self.measureColumnNames(database)
            let measured = columns.map { ", v.\"\($0)\"" }.joined()
            let then = """
                SELECT object.id, object.uid, object.image_id, object.node_id, object.kind, 1 AS active, object.rule,
                    object.category_id, object.label_status, object.label_score, object.label_id, m.x, m.y, m.width, m.height, m.area,
                    m.edit_id IS NOT NULL AS edited, m.parent_id, m.n_inner, m.touches, m.id AS mask_id
                FROM mask m JOIN object ON object.id = m.object_id WHERE m.id = ?
                """
            let select = try database.cachedStatement(
                sql: """
                    SELECT \(objectColumns)\(measured) FROM (\(then)) o LEFT JOIN node n ON n.id = o.node_id LEFT JOIN measurement v ON v.mask_id = o.mask_id
                    LEFT JOIN label l ON l.id = o.label_id
                    """)
            let pixels = try database.cachedStatement(sql: "SELECT png FROM mask WHERE id = ?")
            return try masks.compactMap { id in
                guard let row = try Row.fetchOne(select, arguments: [id]), let png = try Data.fetchOne(pixels, arguments: [id]) else { return nil }
                let object = Self.objectRecord(row, columns: columns)
                return (object, StoredMask(object: object.id, kind: object.kind, box: object.box, area: object.area, png: [UInt8](png), revision: id))
            }
        }
    }

    /// The masks that an edit found and those that it left, largest first; nil when there is no such edit.
    /// - Parameter limit: most masks of each side; a run may have made a hundred thousand.
    package func editMasks(_ edit: Int64, limit: Int = 2000) async throws(StoreError) -> (image: ObjectID, before: [StoredMask], after: [StoredMask])? {
        try await read { database in
            guard let image = try Int64.fetchOne(database.cachedStatement(sql: "SELECT image_id FROM edit WHERE id = ?"), arguments: [edit]) else { return nil }
            func side(_ column: String) throws -> [StoredMask] {
                let rows = try Row.fetchAll(
                    database,
                    sql: """
                        SELECT m.object_id, m.x, m.y, m.width, m.height, m.area, m.png, m.id
                        FROM edit_change c JOIN mask m ON m.id = c.\(column) WHERE c.edit_id = ? ORDER BY m.area DESC, m.id LIMIT ?
                        """, arguments: [edit, limit])
                return rows.map { row in
                    StoredMask(
                        object: row[0], kind: .region, box: Rect(x: row[1], y: row[2], width: row[3], height: row[4]), area: row[5],
                        png: [UInt8](row[6] as Data), revision: row[7])
                }
            }
            return (image, try side("mask_before"), try side("mask_after"))
        }
    }
}
