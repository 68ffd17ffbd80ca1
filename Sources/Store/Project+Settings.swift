import Foundation
import GRDB

extension Project {
    package func title() async throws(StoreError) -> String {
        try await read { try String.fetchOne($0, sql: "SELECT title FROM project") ?? "" }
    }

    /// Any Unicode; the folder keeps its name.
    package func setTitle(_ title: String, by: String) async throws(StoreError) {
        try await write { database in
            let before = try String.fetchOne(database, sql: "SELECT title FROM project")
            try database.execute(sql: "UPDATE project SET title = ?", arguments: [title])
            try Self.audit(database, by: by, object: nil, field: "title", before: before, after: title)
            try Self.touch(database)
        }
    }

    /// The JSON text of a setting (`pattern`, `pixel_size_um` …), nil when it was never set.
    package func setting(_ key: String) async throws(StoreError) -> String? {
        try await read { try String.fetchOne($0.cachedStatement(sql: "SELECT value FROM setting WHERE key = ?"), arguments: [key]) }
    }

    package func settings() async throws(StoreError) -> [String: String] {
        try await read { database in
            var settings: [String: String] = [:]
            for row in try Row.fetchAll(database, sql: "SELECT key, value FROM setting") { settings[row[0]] = row[1] }
            return settings
        }
    }

    /// - Parameter json: one JSON value; nil removes the setting.
    /// - Throws: `.invalid` when it is not JSON.
    package func setSetting(_ key: String, json: String?, by: String) async throws(StoreError) {
        try await write { database in
            try Self.requireJSON(json, "setting \(key)")
            let before = try String.fetchOne(database, sql: "SELECT value FROM setting WHERE key = ?", arguments: [key])
            guard before != json else { return }
            if let json {
                try database.execute(sql: "INSERT OR REPLACE INTO setting (key, value) VALUES (?, ?)", arguments: [key, json])
            } else {
                try database.execute(sql: "DELETE FROM setting WHERE key = ?", arguments: [key])
            }
            try Self.audit(database, by: by, object: nil, field: "setting.\(key)", before: before, after: json)
            try Self.touch(database)
        }
    }

    /// Counts for the list of projects.
    package func summary(user: String) async throws(StoreError) -> ProjectSummary {
        let (folder, isReadOnly) = (self.folder, self.isReadOnly)
        return try await read { try Self.summary($0, user: user, folder: folder, isReadOnly: isReadOnly) }
    }

    static func summary(_ database: Database, user: String, folder: String, isReadOnly: Bool) throws -> ProjectSummary {
        let row = try Row.fetchOne(
            database,
            sql: """
                SELECT title, changed_at,
                    (SELECT count(*) FROM image WHERE removed_at IS NULL),
                    (SELECT count(*) FROM object WHERE kind = 'region' AND active = 1 AND image_id IN (SELECT object_id FROM image WHERE removed_at IS NULL)),
                    (SELECT coalesce(sum(bytes), 0) FROM image JOIN image_data ON image_data.id = original_id WHERE removed_at IS NULL),
                    (SELECT min(image.object_id) FROM image JOIN image_data ON image_data.id = original_id WHERE removed_at IS NULL AND width > 0)
                FROM project
                """)
        let name = (folder as NSString).lastPathComponent
        var summary = ProjectSummary(
            user: user, name: name, title: row?[0] ?? name, images: row?[2] ?? 0, objects: row?[3] ?? 0, bytes: row?[4] ?? 0,
            changedAt: Date(milliseconds: row?[1] ?? 0), isReadOnly: isReadOnly)
        summary.firstImage = row?[5]
        return summary
    }

    // MARK: - Shared by all that write

    /// Notes the time of the last change.
    static func touch(_ database: Database) throws {
        try database.cachedStatement(sql: "UPDATE project SET changed_at = ?").execute(arguments: [Date().milliseconds])
    }

    static func requireJSON(_ text: String?, _ what: String) throws {
        guard let text else { return }
        guard (try? JSONSerialization.jsonObject(with: Data(text.utf8), options: .fragmentsAllowed)) != nil else {
            throw StoreError.invalid(sentence: "\(what) is not valid JSON; correct it and send it again")
        }
    }
}
