import Foundation
import GRDB

extension Project {
    /// Who changed which metadata, setting or title, newest first.
    package func auditTrail(object: ObjectID? = nil, cursor: String? = nil, limit: Int = 200) async throws(StoreError) -> Page<AuditRecord> {
        let before = try Self.idCursor(cursor) ?? .max
        return try await read { database in
            let rows = try Row.fetchAll(
                database, sql: "SELECT id, at, by, object_id, field, before, after, step FROM audit WHERE id < ? AND (? IS NULL OR object_id = ?) ORDER BY id DESC LIMIT ?",
                arguments: [before, object, object, max(1, limit) + 1])
            let items = rows.prefix(max(1, limit)).map {
                AuditRecord(id: $0[0], at: Date(milliseconds: $0[1]), by: $0[2], object: $0[3], field: $0[4], before: $0[5], after: $0[6], step: $0[7])
            }
            return Page(items: items, next: rows.count > items.count ? items.last.map { String($0.id) } : nil, total: nil)
        }
    }

    static func audit(
        _ database: Database, by: String, object: ObjectID?, field: String, before: String?, after: String?, step: Int64? = nil, sourceBefore: String? = nil
    ) throws {
        try database.cachedStatement(sql: "INSERT INTO audit (at, by, object_id, field, before, after, step, source_before) VALUES (?, ?, ?, ?, ?, ?, ?, ?)")
            .execute(arguments: [Date().milliseconds, by, object, field, before, after, step, sourceBefore])
    }

    /// A cursor that is a row id.
    static func idCursor(_ cursor: String?) throws(StoreError) -> Int64? {
        guard let cursor else { return nil }
        guard let id = Int64(cursor) else { throw .invalid(sentence: "the cursor “\(cursor)” is not one of this list; start again without a cursor") }
        return id
    }
}
