import Foundation
import GRDB

extension Project {
    /// Registers a file of outlines; one of the same name takes the place of the former, as a file that was saved again does.
    /// - Returns: the record, and whether anything changed.
    package func addCompanion(
        name: String, kind: CompanionRecord.Kind, location: ImageLocation, sha256: String, bytes: Int
    ) async throws(StoreError) -> (record: CompanionRecord, isNew: Bool) {
        let (root, url): (Int64?, String) =
            switch location {
            case .project(let path): (nil, path)
            case .root(let id, let path): (id, path)
            }
        guard !url.hasPrefix("/"), (try? FolderHandle.components(url)) != nil else {
            throw .invalid(sentence: "“\(url)” cannot be the place of a file; give a path relative to its folder")
        }
        return try await write { database in
            let known = try Row.fetchOne(database, sql: "\(companionSelection) WHERE name = ?", arguments: [name]).map(Self.companionRecord)
            if let known, known.sha256 == sha256, known.kind == kind, known.location == location { return (known, false) }
            try database.execute(
                sql: """
                    INSERT INTO companion (name, kind, root_id, url, sha256, bytes, added_at) VALUES (?, ?, ?, ?, ?, ?, ?)
                    ON CONFLICT (name) DO UPDATE SET kind = excluded.kind, root_id = excluded.root_id, url = excluded.url, sha256 = excluded.sha256,
                        bytes = excluded.bytes, added_at = excluded.added_at
                    """, arguments: [name, kind.rawValue, root, url, sha256, bytes, Date().milliseconds])
            try Self.touch(database)
            guard let record = try Row.fetchOne(database, sql: "\(companionSelection) WHERE name = ?", arguments: [name]).map(Self.companionRecord) else {
                throw StoreError.notFound(what: "File \(name)")
            }
            return (record, true)
        }
    }

    /// All files of outlines, by name.
    package func companions() async throws(StoreError) -> [CompanionRecord] {
        try await read { try Row.fetchAll($0, sql: "\(companionSelection) ORDER BY name").map(Self.companionRecord) }
    }

    package func companion(_ id: Int64) async throws(StoreError) -> CompanionRecord? {
        try await read { try Row.fetchOne($0, sql: "\(companionSelection) WHERE id = ?", arguments: [id]).map(Self.companionRecord) }
    }

    /// Says which files speak of images; nil: none does. Only changes are written.
    package func setCompanions(_ references: [(image: ObjectID, companions: String?)]) async throws(StoreError) {
        guard !references.isEmpty else { return }
        try await write { database in
            let statement = try database.makeStatement(sql: "UPDATE image SET companions = ?2 WHERE object_id = ?1 AND companions IS NOT ?2")
            for (image, companions) in references { try statement.execute(arguments: [image, companions]) }
            try Self.touch(database)
        }
    }

    /// Whether the content of a file was drawn as objects of an image before.
    package func wasDrawn(sha256: String, image: ObjectID) async throws(StoreError) -> Bool {
        try await read { database in
            try Bool.fetchOne(database, sql: "SELECT EXISTS (SELECT 1 FROM companion_use WHERE image_id = ? AND sha256 = ?)", arguments: [image, sha256]) ?? false
        }
    }

    package func noteDrawn(sha256: String, image: ObjectID) async throws(StoreError) {
        try await write { database in
            try database.execute(sql: "INSERT OR IGNORE INTO companion_use (image_id, sha256, at) VALUES (?, ?, ?)", arguments: [image, sha256, Date().milliseconds])
        }
    }

    private static func companionRecord(_ row: Row) -> CompanionRecord {
        let (root, url): (Int64?, String) = (row[3], row[4])
        return CompanionRecord(
            id: row[0], name: row[1], kind: CompanionRecord.Kind(rawValue: row[2]) ?? .picture, location: root.map { .root(id: $0, path: url) } ?? .project(path: url),
            sha256: row[5], bytes: row[6])
    }
}

private let companionSelection = "SELECT id, name, kind, root_id, url, sha256, bytes FROM companion"
