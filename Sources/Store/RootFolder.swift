import Foundation
import GRDB

/// The folder that holds `<user>/<project>/`.
package struct RootFolder: Sendable {
    /// Full path.
    package let path: String
    private let files: FolderHandle

    /// Opens the folder and makes it when it is not there.
    /// - Throws: `.io` when that is not possible.
    package init(path: String) throws(StoreError) {
        if !FileManager.default.fileExists(atPath: path) {
            do { try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true) } catch {
                throw StoreError(error, path: path)
            }
        }
        self.path = path
        files = try FolderHandle(path: path)
    }

    package var isReadOnly: Bool { access(path, W_OK) != 0 }

    /// Folder of a project.
    /// - Throws: `.outside` when a name is not of the form that `ship` gives.
    package func folder(user: String, name: String) throws(StoreError) -> String {
        for part in [user, name] where !OnDiskName.isAllowedFolder(part) {
            throw .outside(path: "\(user)/\(name)", detail: "“\(part)” is not the name of a user or project")
        }
        return "\(path)/\(user)/\(name)"
    }

    /// All project folders, sorted by user and name: those that hold a project database.
    package func projectFolders() throws(StoreError) -> [(user: String, name: String)] {
        var found: [(user: String, name: String)] = []
        for user in try files.list() where user.kind == .folder && OnDiskName.isAllowedFolder(user.name) {
            for project in try files.list(user.name) where project.kind == .folder && OnDiskName.isAllowedFolder(project.name) {
                if try files.size("\(user.name)/\(project.name)/\(Project.databaseName)") != nil { found.append((user.name, project.name)) }
            }
        }
        return found
    }

    package func exists(user: String, name: String) -> Bool {
        guard let folder = try? folder(user: user, name: name) else { return false }
        return FileManager.default.fileExists(atPath: folder + "/" + Project.databaseName)
    }

    /// Creates a project with a folder name made from its title, and opens it.
    package func createProject(user: String, title: String, owner: ProjectOwner = .current()) throws(StoreError) -> Project {
        let trimmed = title.trimmingCharacters(in: .whitespacesAndNewlines)
        guard !trimmed.isEmpty, trimmed.utf8.count <= 500 else { throw .invalid(sentence: "a project needs a title of at most 500 bytes; type one") }
        guard OnDiskName.isAllowedFolder(user) else { throw .invalid(sentence: "“\(user)” is not the name of a user") }
        try files.makeFolder(user)
        let taken = Set(try files.list(user).map { $0.name.lowercased() })
        let name = OnDiskName.unique(OnDiskName.make(from: trimmed)) { taken.contains($0) }
        return try Project.create(folder: try folder(user: user, name: name), title: trimmed, owner: owner)
    }

    package func open(user: String, name: String, readOnly: Bool = false, owner: ProjectOwner = .current()) throws(StoreError) -> Project {
        let folder = try folder(user: user, name: name)
        guard exists(user: user, name: name) else { throw .notFound(what: "Project \(user)/\(name)") }
        return try Project.open(folder: folder, readOnly: readOnly, owner: owner)
    }

    /// What the list of projects shows of one that is not open. One that cannot be opened is listed with the reason.
    ///
    /// - Complexity: about 1 ms a project, 3 ms more per 100,000 objects.
    package func summary(user: String, name: String) throws(StoreError) -> ProjectSummary {
        let folder = try folder(user: user, name: name)
        var isReadOnly = true
        do throws(StoreError) {
            isReadOnly = try Project.obstacle(toWriting: FolderHandle(path: folder)) != nil
            // After a crash the database is brought in order first, which a reader could do on a copy only.
            let isHot = try files.size("\(user)/\(name)/\(Project.databaseName)-wal") ?? 0 > 0
            let project = try Project.open(folder: folder, readOnly: !isHot)
            defer { try? project.close() }
            var summary = try project.connection.readNow { try Project.summary($0, user: user, folder: folder, isReadOnly: false) }
            summary.isReadOnly = isReadOnly
            return summary
        } catch {
            return ProjectSummary(
                user: user, name: name, title: name, images: 0, objects: 0, bytes: 0, changedAt: .distantPast, isReadOnly: isReadOnly, problem: "\(error)")
        }
    }

    // MARK: - Trash

    /// Moves a closed project to the trash of its user; nothing is deleted.
    /// - Throws: `.inUse` while it is open, here or in another program.
    package func trashProject(user: String, name: String) throws(StoreError) -> TrashedProject {
        guard exists(user: user, name: name) else { throw .notFound(what: "Project \(user)/\(name)") }
        let holder = try ProjectLock.holder(folder: folder(user: user, name: name))
        if holder.isHeld { throw .inUse(path: try folder(user: user, name: name), owner: holder.owner) }
        try files.makeFolder("\(user)/.trash")
        let now = Date()
        let id = "\(name)-\(now.milliseconds)"
        let title = (try? summary(user: user, name: name).title) ?? name
        try files.move("\(user)/\(name)", to: "\(user)/.trash/\(id)")
        return TrashedProject(id: id, user: user, name: name, title: title, trashedAt: now)
    }

    /// Newest first.
    package func trashedProjects() throws(StoreError) -> [TrashedProject] {
        var found: [TrashedProject] = []
        for user in try files.list() where user.kind == .folder && OnDiskName.isAllowedFolder(user.name) {
            for entry in try trash(of: user.name) {
                var trashed = entry
                if let project = try? Project.open(folder: "\(path)/\(user.name)/.trash/\(entry.id)", readOnly: true) {
                    trashed.title = (try? project.connection.readNow { try String.fetchOne($0, sql: "SELECT title FROM project") }) ?? entry.name
                    try? project.close()
                }
                found.append(trashed)
            }
        }
        return found.sorted { $0.trashedAt > $1.trashedAt }
    }

    /// What the names in a user's trash say; the title is that of the folder.
    private func trash(of user: String) throws(StoreError) -> [TrashedProject] {
        guard OnDiskName.isAllowedFolder(user) else { return [] }
        let entries: [FolderEntry]
        do throws(StoreError) { entries = try files.list("\(user)/.trash") } catch .missingFile { return [] }
        return entries.compactMap { entry in
            let id = entry.name
            guard entry.kind == .folder, OnDiskName.isAllowed(id), let dash = id.lastIndex(of: "-"), let time = Int64(id[id.index(after: dash)...]) else { return nil }
            let name = String(id[..<dash])
            return TrashedProject(id: id, user: user, name: name, title: name, trashedAt: Date(milliseconds: time))
        }
    }

    /// Brings a project back, under its old name or the next that is free.
    package func restoreProject(user: String, id: String) throws(StoreError) -> (user: String, name: String) {
        guard let trashed = try trash(of: user).first(where: { $0.id == id }) else { throw .notFound(what: "Project \(id) in the trash") }
        let taken = Set(try files.list(user).map { $0.name.lowercased() })
        let name = OnDiskName.unique(trashed.name) { taken.contains($0) }
        try files.move("\(user)/.trash/\(id)", to: "\(user)/\(name)")
        return (user, name)
    }

    /// Deletes a project in the trash for good.
    package func deleteTrashed(user: String, id: String) throws(StoreError) {
        guard try trash(of: user).contains(where: { $0.id == id }) else { throw .notFound(what: "Project \(id) in the trash") }
        try files.remove("\(user)/.trash/\(id)")
    }

    /// Deletes everything in a user's trash for good.
    package func emptyTrash(user: String) throws(StoreError) {
        for project in try trash(of: user) { try files.remove("\(user)/.trash/\(project.id)") }
    }
}
