import Foundation
import Store
import Testing

@Test func `projects get folders of their own, whatever their title`() async throws {
    let folder = TemporaryFolder()
    let root = try RootFolder(path: folder / "new/root")
    #expect(try root.projectFolders().isEmpty)
    let titles = ["Été", "Ete", "浮游", "浮游", "../../etc", "CON"]
    for title in titles { try root.createProject(user: "local", title: title).close() }
    #expect(try root.projectFolders().map(\.name) == ["con-1", "etc", "ete", "ete-2", "project", "project-2"])
    #expect(try root.summary(user: "local", name: "etc").title == "../../etc")
    for (user, title) in [("local", "  "), ("../x", "a"), ("A", "a"), (".trash", "a")] {
        #expect(throws: StoreError.self) { try root.createProject(user: user, title: title) }
    }
    for (user, name) in [("local", ".."), ("..", "x"), ("local", "none"), ("local", ".trash"), ("", "")] {
        #expect(throws: StoreError.self) { try root.open(user: user, name: name) }
        #expect(!root.exists(user: user, name: name))
    }
    #expect(!root.isReadOnly)
}

@Test func `the list tells of projects that cannot be opened`() async throws {
    let folder = TemporaryFolder()
    let root = try RootFolder(path: folder.path)
    let project = try root.createProject(user: "local", title: "Open")
    let image = try await project.addSampleImage("a")
    var edit = NewEdit(operation: "draw", image: image, request: "{}")
    edit.create = [region("a"), region("b")]
    _ = try await project.commitEdit(edit)
    #expect(try root.summary(user: "local", name: "open").problem?.contains("already open") == true)
    let own = try await project.summary(user: "local")
    #expect(own.images == 1 && own.objects == 2 && own.bytes == 9 && own.problem == nil && own.title == "Open")
    project.abandon()  // After a crash its edits are in the log only.
    let crashed = try root.summary(user: "local", name: "open")
    #expect(crashed.objects == 2 && crashed.problem == nil && abs(crashed.changedAt.timeIntervalSinceNow) < 60)
    try Data("x".utf8).write(to: URL(fileURLWithPath: folder / "local/open/project.sqlite"))
    #expect(try root.summary(user: "local", name: "open").problem != nil)
}

@Test func `a project goes to the trash, comes back, or is deleted`() async throws {
    let folder = TemporaryFolder()
    let root = try RootFolder(path: folder.path)
    let project = try root.createProject(user: "local", title: "My – plankton")
    #expect(throws: StoreError.self) { try root.trashProject(user: "local", name: "my-plankton") }
    try project.close()
    let trashed = try root.trashProject(user: "local", name: "my-plankton")
    #expect(trashed.title == "My – plankton")
    #expect(try root.projectFolders().isEmpty)
    #expect(try root.trashedProjects().map(\.id) == [trashed.id])
    try root.createProject(user: "local", title: "My plankton").close()
    let restored = try root.restoreProject(user: "local", id: trashed.id)
    #expect(restored.name == "my-plankton-2")
    #expect(try root.summary(user: "local", name: "my-plankton-2").title == "My – plankton")
    for id in ["..", "../my-plankton", "none", ""] {
        #expect(throws: StoreError.self) { try root.restoreProject(user: "local", id: id) }
        #expect(throws: StoreError.self) { try root.deleteTrashed(user: "local", id: id) }
    }
    let again = try root.trashProject(user: "local", name: "my-plankton-2")
    try root.deleteTrashed(user: "local", id: again.id)
    _ = try root.trashProject(user: "local", name: "my-plankton")
    try root.emptyTrash(user: "local")
    #expect(try root.trashedProjects().isEmpty)
    #expect(throws: StoreError.self) { try root.trashProject(user: "local", name: "my-plankton") }
}
