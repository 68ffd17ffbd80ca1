import Foundation
import GRDB

extension Project {
    package func metadata(_ object: ObjectID) async throws(StoreError) -> [String: MetadataValue] {
        try await read { database in
            var metadata: [String: MetadataValue] = [:]
            let rows = try Row.fetchCursor(
                database.cachedStatement(sql: "SELECT key, value, source FROM metadata WHERE object_id = ?"), arguments: [object])
            while let row = try rows.next() {
                metadata[row[0]] = MetadataValue(value: row[1], source: MetadataSource(rawValue: row[2]) ?? .imported)
            }
            return metadata
        }
    }

    /// Sets or (nil) removes values; every change is audited. What a person typed stays unless the source is `.hand` too.
    /// - Throws: `.notFound`, `.invalid` for an empty or overlong key or value.
    package func setMetadata(_ object: ObjectID, _ values: [String: String?], source: MetadataSource, by: String) async throws(StoreError) {
        for (key, value) in values {
            guard !key.isEmpty, key.utf8.count <= 200, (value?.utf8.count ?? 0) <= 10_000 else {
                throw .invalid(sentence: "the field “\(key.prefix(40))” is empty, has a name of more than 200 or a value of more than 10,000 bytes; shorten it")
            }
        }
        try await write { database in
            guard try Int64.fetchOne(database, sql: "SELECT id FROM object WHERE id = ?", arguments: [object]) != nil else {
                throw StoreError.notFound(what: "Object \(object)")
            }
            var changed = false
            for (key, value) in values.sorted(by: { $0.key < $1.key }) {
                let known = try Row.fetchOne(
                    database.cachedStatement(sql: "SELECT value, source FROM metadata WHERE object_id = ? AND key = ?"), arguments: [object, key])
                let before: String? = known?[0]
                if known?[1] == MetadataSource.hand.rawValue, source != .hand { continue }
                guard before != value || (known.map { $0[1] != source.rawValue } ?? false) else { continue }
                if let value {
                    try database.execute(
                        sql: "INSERT OR REPLACE INTO metadata (object_id, key, value, source) VALUES (?, ?, ?, ?)",
                        arguments: [object, key, value, source.rawValue])
                } else {
                    try database.execute(sql: "DELETE FROM metadata WHERE object_id = ? AND key = ?", arguments: [object, key])
                }
                try Self.audit(database, by: by, object: object, field: key, before: before, after: value)
                changed = true
            }
            if changed { try Self.touch(database) }
        }
    }
}
