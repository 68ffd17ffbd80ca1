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
    #expect(crashed.objects == 2 && crashed.problem == nil && abs(crashed.changedAt.timeIntervalSinceNow) < 600)
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

@Test func `the list says of each project whether it can be changed where it lies`() async throws {
    let folder = TemporaryFolder()
    let root = try RootFolder(path: folder.path)
    let project = try root.createProject(user: "local", title: "P")
    #expect(try await !project.summary(user: "local").isReadOnly)
    #expect(try !root.summary(user: "local", name: "p").isReadOnly)
    try project.close()
    let before = try FileManager.default.contentsOfDirectory(atPath: project.folder)
    let summary = try root.summary(user: "local", name: "p")
    #expect(!summary.isReadOnly && summary.problem == nil && summary.title == "P")
    #expect(try FileManager.default.contentsOfDirectory(atPath: project.folder) == before)
}

@Test(.enabled(if: SmallDisk.isPossible, "needs the right to mount")) func `projects on a read-only medium are listed as such`() async throws {
    let disk = try #require(SmallDisk("size=8m"))
    let root = try RootFolder(path: disk.path)
    let project = try root.createProject(user: "local", title: "P")
    let image = try await project.addSampleImage("a")
    try project.close()
    disk.becomeReadOnly()
    let summary = try root.summary(user: "local", name: "p")
    #expect(summary.isReadOnly && summary.problem == nil && summary.images == 1)
    #expect(root.isReadOnly)
    #expect(throws: StoreError.self) { try root.createProject(user: "local", title: "Q") }
    #expect(throws: StoreError.self) { try root.trashProject(user: "local", name: "p") }
    let opened = try root.open(user: "local", name: "p")
    #expect(opened.isReadOnly)
    #expect(try await opened.summary(user: "local").isReadOnly)
    var edit = NewEdit(operation: "draw", image: image, request: "{}")
    edit.create = [region("a")]
    let made = edit
    let error = await #expect(throws: StoreError.self) { try await opened.commitEdit(made) }
    #expect(error == .readOnly(path: opened.folder, reason: "the disk is mounted read-only"))
    try opened.close()
    disk.becomeWritable()
}

@Test(.enabled(if: SmallDisk.isPossible, "needs the right to mount")) func `a project that did not find room is not left half-made`() throws {
    let disk = try #require(SmallDisk("size=64k"))
    let root = try RootFolder(path: disk.path)
    let error = #expect(throws: StoreError.self) { try root.createProject(user: "local", title: "P") }
    guard case .diskFull = error else { throw try #require(error) }
    #expect(try root.projectFolders().isEmpty)
    #expect(try FileManager.default.contentsOfDirectory(atPath: disk.path + "/local").isEmpty)
}

@Test func `a long list of projects is made quickly`() throws {
    let folder = TemporaryFolder()
    let root = try RootFolder(path: folder.path)
    try root.createProject(user: "local", title: "P 1").close()
    for number in 2...100 { #expect(copyfile(folder / "local/p-1", folder / "local/p-\(number)")) }
    let duration = try ContinuousClock().measure {
        for (user, name) in try root.projectFolders() { #expect(try root.summary(user: user, name: name).problem == nil) }
    }
    print("a list of 100 closed projects: \(duration)")
    #expect(duration < .seconds(30))  // Some 100 ms on an idle machine.
}

private func copyfile(_ from: String, _ to: String) -> Bool { (try? FileManager.default.copyItem(atPath: from, toPath: to)) != nil }
