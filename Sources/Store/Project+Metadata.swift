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
        for (key, value) in values { try Self.check(key, value) }
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

    /// Metadata of all images that are not in the trash, by image.
    package func imageMetadata() async throws(StoreError) -> [ObjectID: [String: MetadataValue]] {
        try await metadata(where: "object_id IN (SELECT object_id FROM image WHERE removed_at IS NULL)", [])
    }

    /// What is said about single objects of an image, by object.
    package func objectMetadata(image: ObjectID) async throws(StoreError) -> [ObjectID: [String: MetadataValue]] {
        try await metadata(where: "object_id IN (SELECT id FROM object WHERE image_id = ? AND kind <> 'image')", [image])
    }

    /// What is said about these objects, by object.
    package func metadata(objects: [ObjectID]) async throws(StoreError) -> [ObjectID: [String: MetadataValue]] {
        try await metadata(where: "object_id IN (SELECT value FROM json_each(?))", [Self.json(objects)])
    }

    /// Names of the values that single objects have.
    package func objectMetadataKeys() async throws(StoreError) -> [String] {
        try await read { try String.fetchAll($0, sql: "SELECT DISTINCT key FROM metadata WHERE object_id NOT IN (SELECT object_id FROM image) ORDER BY key") }
    }

    /// Changes by a person, all or none: one transaction, one step that `undoMetadata` takes back. Every value is audited.
    /// - Throws: `.notFound`, `.invalid` for a name, a value or a pixel size that cannot be stored.
    package func changeMetadata(_ changes: [MetadataChange], by: String) async throws(StoreError) -> MetadataOutcome {
        // Equal changes follow each other, so that the record of them can be shown as one line.
        try await apply(changes.sorted { ($0.key, $0.value ?? "", $0.object) < ($1.key, $1.value ?? "", $1.object) }.map { ($0, .hand) }, by: by)
    }

    /// Takes a step of `changeMetadata` back; what was changed otherwise since stays. It is a step itself.
    /// - Throws: `.notFound`, `.conflict` when nothing of it is left.
    package func undoMetadata(step: Int64, by: String) async throws(StoreError) -> MetadataOutcome {
        let changes = try await read { database in
            let rows = try Row.fetchAll(
                database, sql: "SELECT object_id, field, before, after, source_before FROM audit WHERE step = ? ORDER BY id", arguments: [step])
            if rows.isEmpty { throw StoreError.notFound(what: "Step \(step)") }
            return try rows.compactMap { row -> (MetadataChange, MetadataSource)? in
                let change = MetadataChange(object: row[0], key: row[1], value: row[2])
                guard try Self.present(database, change).value == row[3] as String? else { return nil }
                return (change, MetadataSource(rawValue: row[4] ?? "") ?? .hand)
            }
        }
        guard !changes.isEmpty else { throw .conflict(sentence: "these values were changed since or taken back already; look at the list of changes") }
        return try await apply(changes, by: by)
    }

    private static func check(_ key: String, _ value: String?) throws(StoreError) {
        guard !key.isEmpty, key.utf8.count <= 200, (value?.utf8.count ?? 0) <= 10_000 else {
            throw .invalid(sentence: "the field “\(key.prefix(40))” is empty, has a name of more than 200 or a value of more than 10,000 bytes; shorten it")
        }
        // The database would end the text there.
        guard !key.utf8.contains(0), !(value?.utf8.contains(0) ?? false) else {
            throw .invalid(sentence: "the field “\(key.prefix(40).filter { $0 != "\0" })” holds a character that no text can have (NUL); leave it out")
        }
    }

    private func apply(_ changes: [(change: MetadataChange, source: MetadataSource)], by: String) async throws(StoreError) -> MetadataOutcome {
        for (change, _) in changes { try Self.check(change.key, change.value) }
        return try await write { database in
            let exists = try database.cachedStatement(sql: "SELECT id FROM object WHERE id = ?")
            let set = try database.cachedStatement(sql: "INSERT OR REPLACE INTO metadata (object_id, key, value, source) VALUES (?, ?, ?, ?)")
            let remove = try database.cachedStatement(sql: "DELETE FROM metadata WHERE object_id = ? AND key = ?")
            // The number of the first line of a step names it.
            let step = (try Int64.fetchOne(database, sql: "SELECT seq FROM sqlite_sequence WHERE name = 'audit'") ?? 0) + 1
            var outcome = MetadataOutcome(step: nil, changes: [], rescaled: [])
            for (change, source) in changes {
                guard try Int64.fetchOne(exists, arguments: [change.object]) != nil else { throw StoreError.notFound(what: "Object \(change.object)") }
                let before = try Self.present(database, change)
                var after = change.value
                if change.key == MetadataChange.pixelSizeKey {
                    let size = after.flatMap(Double.init)
                    if let text = after, size.map({ $0.isFinite && $0 > 0 }) != true {
                        throw StoreError.invalid(sentence: "a pixel size of “\(text.prefix(40))” µm is not possible; give a positive number of micrometres")
                    }
                    after = size.map { "\($0)" }
                    guard before.value != after else { continue }
                    try database.execute(
                        sql: "UPDATE image_data SET pixel_size_um = ?, pixel_size_source = ? WHERE id = (SELECT original_id FROM image WHERE object_id = ?)",
                        arguments: [size, source.rawValue, change.object])
                    guard database.changesCount == 1 else { throw StoreError.notFound(what: "Image \(change.object)") }
                    outcome.rescaled.append(change.object)
                } else {
                    guard before.value != after else { continue }
                    if let after {
                        try set.execute(arguments: [change.object, change.key, after, source.rawValue])
                    } else {
                        try remove.execute(arguments: [change.object, change.key])
                    }
                }
                try Self.audit(
                    database, by: by, object: change.object, field: change.key, before: before.value, after: after, step: step, sourceBefore: before.source)
                outcome.changes.append(MetadataChange(object: change.object, key: change.key, value: after))
            }
            if !outcome.changes.isEmpty {
                outcome.step = step
                try Self.touch(database)
            }
            return outcome
        }
    }

    private static func present(_ database: Database, _ change: MetadataChange) throws -> (value: String?, source: String?) {
        if change.key == MetadataChange.pixelSizeKey {
            let row = try Row.fetchOne(
                database.cachedStatement(sql: "SELECT d.pixel_size_um, d.pixel_size_source FROM image i JOIN image_data d ON d.id = i.original_id WHERE i.object_id = ?"),
                arguments: [change.object])
            return ((row?[0] as Double?).map { "\($0)" }, row?[1])
        }
        let row = try Row.fetchOne(
            database.cachedStatement(sql: "SELECT value, source FROM metadata WHERE object_id = ? AND key = ?"), arguments: [change.object, change.key])
        return (row?[0], row?[1])
    }

    private func metadata(where condition: String, _ arguments: [any DatabaseValueConvertible & Sendable]) async throws(StoreError) -> [ObjectID: [String: MetadataValue]] {
        try await read { database in
            var metadata: [ObjectID: [String: MetadataValue]] = [:]
            let rows = try Row.fetchCursor(
                database, sql: "SELECT object_id, key, value, source FROM metadata WHERE \(condition)", arguments: StatementArguments(arguments))
            while let row = try rows.next() {
                metadata[row[0], default: [:]][row[1]] = MetadataValue(value: row[2], source: MetadataSource(rawValue: row[3]) ?? .imported)
            }
            return metadata
        }
    }
}
