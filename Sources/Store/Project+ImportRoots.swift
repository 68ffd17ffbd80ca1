import Foundation
import GRDB

extension Project {
    /// Registers a folder whose images are indexed in place; of a folder that is known, the same root again.
    ///
    /// - Parameter folder: full path; stored relative to the project, so that both can be moved together.
    /// - Throws: `.missingFile` when there is no such folder.
    package func addImportRoot(folder: String) async throws(StoreError) -> ImportRoot {
        _ = try FolderHandle(path: folder)
        let path = Self.relativePath(from: Self.resolved(self.folder), to: Self.resolved(folder))
        return try await write { database in
            try database.execute(sql: "INSERT OR IGNORE INTO import_root (path) VALUES (?)", arguments: [path])
            let row = try Row.fetchOne(database, sql: "\(importRootSelection) WHERE path = ?", arguments: [path])!  // Inserted the line above, if it was not there.
            return ImportRoot(id: row[0], path: path, images: row[2], isPresent: true)
        }
    }

    /// Path of a folder as the project keeps it: relative to the project folder.
    package func relativePath(ofFolder path: String) -> String {
        Self.relativePath(from: Self.resolved(folder), to: Self.resolved(path))
    }

    package func importRoots() async throws(StoreError) -> [ImportRoot] {
        let project = folder
        return try await read { database in
            try Row.fetchAll(
                database,
                sql: "\(importRootSelection) ORDER BY id"
            ).map { row in
                let path: String = row[1]
                return ImportRoot(id: row[0], path: path, images: row[2], isPresent: FileManager.default.fileExists(atPath: project + "/" + path))
            }
        }
    }

    /// Says where a folder of images lies now, after it was moved apart from the project.
    /// - Throws: `.notFound`, `.missingFile`, `.conflict` when that folder is another import root.
    package func relocateImportRoot(_ id: Int64, folder: String) async throws(StoreError) {
        _ = try FolderHandle(path: folder)
        let path = Self.relativePath(from: Self.resolved(self.folder), to: Self.resolved(folder))
        try await write { database in
            guard let before = try String.fetchOne(database, sql: "SELECT path FROM import_root WHERE id = ?", arguments: [id]) else {
                throw StoreError.notFound(what: "Import root \(id)")
            }
            if let other = try Int64.fetchOne(database, sql: "SELECT id FROM import_root WHERE path = ? AND id <> ?", arguments: [path, id]) {
                throw StoreError.conflict(sentence: "\(folder) is import root \(other) already; import it again to bring its images there")
            }
            try database.execute(sql: "UPDATE import_root SET path = ? WHERE id = ?", arguments: [path, id])
            try Self.audit(database, by: "local", object: nil, field: "import_root.\(id)", before: before, after: path)
        }
    }

    /// Where an import root lies on this machine now.
    func importRootFolder(_ id: Int64) throws(StoreError) -> String {
        let path = try connection.readNow { try String.fetchOne($0.cachedStatement(sql: "SELECT path FROM import_root WHERE id = ?"), arguments: [id]) }
        guard let path else { throw .notFound(what: "Import root \(id)") }
        return folder + "/" + path
    }

    /// Full path without links, so that a link on the way does not make ".." mean something else.
    static func resolved(_ path: String) -> String {
        guard let real = realpath(path, nil) else { return path }
        defer { free(real) }
        return String(cString: real)
    }

    static func relativePath(from base: String, to target: String) -> String {
        let from = base.split(separator: "/")
        let to = target.split(separator: "/")
        let common = zip(from, to).prefix { $0 == $1 }.count
        let parts = Array(repeating: "..", count: from.count - common) + to.dropFirst(common).map(String.init)
        return parts.isEmpty ? "." : parts.joined(separator: "/")
    }
}

private let importRootSelection = "SELECT id, path, (SELECT count(*) FROM image_data WHERE root_id = import_root.id) FROM import_root"
