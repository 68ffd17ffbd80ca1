import Foundation
import Store
import Testing

@Test func `the same bytes are stored once`() async throws {
    let folder = TemporaryFolder()
    let (project, image) = try await Project.sample(in: folder)
    let known = try #require(try await project.image(image))
    #expect(known.name == "Stätion/a.PNG" && known.width == 1000 && known.state == .ready && known.bytes == 9 && known.node == "import" && !known.isNew)
    var twin = NewImage(uid: "other", name: "twin.png", location: .project(path: "import/twin.png"), node: "import", sha256: known.sha256, bytes: known.bytes)
    let found = try await project.insertImage(twin)
    #expect(found.id == image && !found.isNew && found.location == known.location)
    twin.page = 1
    #expect(try await project.insertImage(twin).isNew)
    try await project.removeImage(image)
    #expect(try await project.images().items.count == 1)
    #expect(try await project.image(image)?.removedAt != nil)
    twin.page = 0
    #expect(try await project.insertImage(twin).removedAt == nil)
    for path in ["/etc/passwd", "../x", "a/../b", ""] {
        var bad = NewImage(uid: "bad", name: "bad", location: .project(path: path), node: "import", sha256: "00", bytes: 0)
        let outside = bad
        await #expect(throws: StoreError.self) { try await project.insertImage(outside) }
        bad = NewImage(uid: "bad", name: "bad", location: .project(path: "x"), node: "No Name", sha256: "00", bytes: 0)
        let unnamed = bad
        await #expect(throws: StoreError.self) { try await project.insertImage(unnamed) }
    }
}

@Test func `images are listed by import or name, by state, in pages`() async throws {
    let folder = TemporaryFolder()
    let project = try Project.create(folder: folder / "p", title: "P")
    let names = ["d", "b", "a", "c", "e"]
    for name in names { try await project.addSampleImage(name) }
    for order in [ImageOrder.imported, .name] {
        var seen: [String] = []
        var cursor: String?
        repeat {
            let page = try await project.images(order: order, cursor: cursor, limit: 2)
            #expect(page.total == 5)
            seen += page.items.map { String($0.name.dropFirst(8).dropLast(4)) }
            cursor = page.next
        } while cursor != nil
        #expect(seen == (order == .name ? names.sorted() : names))
    }
    var change = ImageChange()
    change.state = .failed
    change.error = "the file ends early"
    change.pixelSize = 10.5
    change.pixelSizeSource = "hand"
    change.pyramid = "pyramid/1.tif"
    let first = try await project.images().items[0].id
    try await project.updateImage(first, change)
    let failed = try await project.images(state: .failed)
    #expect(failed.items.map(\.id) == [first] && failed.total == 1)
    #expect(failed.items[0].error == "the file ends early" && failed.items[0].pixelSize == 10.5 && failed.items[0].pyramid == "pyramid/1.tif")
    change = ImageChange()
    (change.error, change.state, change.pixelSize) = (.some(nil), .ready, .some(nil))
    try await project.updateImage(first, change)
    let updated = try #require(try await project.image(first))
    #expect(updated.error == nil && updated.pixelSize == nil && updated.pyramid == "pyramid/1.tif")
    #expect(try await project.auditTrail(object: first).items.map(\.after) == [nil, "10.5"])
    await #expect(throws: StoreError.self) { try await project.updateImage(12_345, ImageChange()) }
    await #expect(throws: StoreError.self) { try await project.images(cursor: "no") }
    #expect(try await project.image(12_345) == nil)
}

@Test func `the trash of images is emptied with what belongs to them`() async throws {
    let folder = TemporaryFolder()
    let (project, image) = try await Project.sample(in: folder)
    let other = try await project.addSampleImage("b")
    var edit = NewEdit(operation: "draw", image: image, request: "{}")
    edit.create = [region("a"), region("b")]
    edit.create[1].parentIndex = 0
    _ = try await project.commitEdit(edit)
    _ = try await project.storeResult(ImageResult(image: image, node: "n", runKey: "1", regions: [region("c")]))
    #expect(try await project.emptyTrash() == 0)
    try await project.removeImage(image)
    await #expect(throws: StoreError.self) { try await project.removeImage(image) }
    #expect(try await project.removedImages().map(\.id) == [image])
    #expect(try await project.emptyTrash() == 1)
    #expect(try await project.image(image) == nil)
    #expect(try project.files.list("import").map(\.name) == ["b.png"])
    #expect(try await project.images().items.map(\.id) == [other])
    #expect(try await project.check() == [])
    await #expect(throws: StoreError.self) { try await project.restoreImage(image) }
}

@Test func `images in place are found again when project and folder move together, and reported when not`() async throws {
    let home = TemporaryFolder()
    try FileManager.default.createDirectory(atPath: home / "cruise/frames/day 1", withIntermediateDirectories: true)
    try Data("pixels".utf8).write(to: URL(fileURLWithPath: home / "cruise/frames/day 1/Größe.JPG"))
    try FileManager.default.createDirectory(atPath: home / "ship/local", withIntermediateDirectories: true)
    var project = try Project.create(folder: home / "ship/local/p", title: "P")
    let root = try await project.addImportRoot(folder: home / "cruise/frames")
    #expect(root.path == "../../../cruise/frames" && root.isPresent)
    #expect(try await project.addImportRoot(folder: home / "cruise/frames/").id == root.id)
    let digest = FileDigest.sha256(Array("pixels".utf8))
    let new = NewImage(uid: "u", name: "Größe.JPG", location: .root(id: root.id, path: "day 1/Größe.JPG"), node: "import", sha256: digest, bytes: 6)
    let image = try await project.insertImage(new)
    #expect(try project.openOriginal(image).readAll() == Array("pixels".utf8))
    #expect(try await project.importRoots().map(\.images) == [1])
    try project.close()

    let together = TemporaryFolder("x/y")
    for name in ["cruise", "ship"] { try FileManager.default.moveItem(atPath: home / name, toPath: together / name) }
    project = try Project.open(folder: together / "ship/local/p")
    #expect(try project.openOriginal(image).readAll() == Array("pixels".utf8))
    #expect(try await project.check() == [])
    try project.close()

    let alone = TemporaryFolder()
    try FileManager.default.moveItem(atPath: together / "ship/local/p", toPath: alone / "p")
    project = try Project.open(folder: alone / "p")
    #expect(try await project.importRoots().map(\.isPresent) == [false])
    let error = #expect(throws: StoreError.self) { try project.openOriginal(image) }
    guard case .missingFile = error else { throw try #require(error) }
    let findings = try await project.check()
    #expect(findings.map(\.code) == ["file.missing"] && findings[0].image == image.id && findings[0].message.contains("Größe.JPG"))
    await #expect(throws: StoreError.self) { try await project.relocateImportRoot(root.id, folder: alone / "nowhere") }
    try await project.relocateImportRoot(root.id, folder: together / "cruise/frames")
    #expect(try project.openOriginal(image).readAll() == Array("pixels".utf8))
    #expect(try await project.check() == [])
    // Registering the same bytes from where they are now is the other way.
    try await project.setTitle("moved", by: "")
    try FileManager.default.moveItem(atPath: together / "cruise", toPath: together / "elsewhere")
    let second = try await project.addImportRoot(folder: together / "elsewhere/frames")
    var again = new
    again.location = .root(id: second.id, path: "day 1/Größe.JPG")
    let found = try await project.insertImage(again)
    #expect(found.id == image.id && !found.isNew && found.location == again.location)
    #expect(try project.openOriginal(found).readAll() == Array("pixels".utf8))
    // A link below the root leads nowhere.
    symlink("/etc/passwd", together / "elsewhere/frames/link.jpg")
    #expect(throws: StoreError.self) { try project.openFile(at: .root(id: second.id, path: "link.jpg")) }
    #expect(throws: StoreError.self) { try project.openFile(at: .root(id: second.id, path: "../../../../etc/passwd")) }
    #expect(throws: StoreError.self) { try project.openFile(at: .root(id: 77, path: "x")) }
}

@Test func `what a person typed is kept, and every change is on record`() async throws {
    let folder = TemporaryFolder()
    let (project, image) = try await Project.sample(in: folder)
    try await project.setMetadata(image, ["date": "2024", "station": "1"], source: .exif, by: "ship")
    try await project.setMetadata(image, ["station": "2<script>\u{202E}"], source: .hand, by: "anna")
    try await project.setMetadata(image, ["date": "2025", "station": "3"], source: .pattern, by: "ship")
    #expect(try await project.metadata(image) == ["date": MetadataValue(value: "2025", source: .pattern), "station": MetadataValue(value: "2<script>\u{202E}", source: .hand)])
    try await project.setMetadata(image, ["station": nil, "never": nil], source: .hand, by: "anna")
    #expect(try await project.metadata(image).keys.sorted() == ["date"])
    let trail = try await project.auditTrail(object: image)
    let lines = trail.items.map { "\($0.by) \($0.field) \($0.before ?? "–") → \($0.after ?? "–")" }
    let expected = ["anna station 2<script>\u{202E} → –", "ship date 2024 → 2025", "anna station 1 → 2<script>\u{202E}", "ship station – → 1", "ship date – → 2024"]
    #expect(lines == expected)
    await #expect(throws: StoreError.self) { try await project.setMetadata(image, ["": "x"], source: .hand, by: "") }
    await #expect(throws: StoreError.self) { try await project.setMetadata(999, ["a": "x"], source: .hand, by: "") }
}

@Test func `a graph is stored and replaced as a whole`() async throws {
    let folder = TemporaryFolder()
    let (project, image) = try await Project.sample(in: folder)
    #expect(try await project.graph() == StoredGraph())
    let graph = StoredGraph(
        nodes: [StoredNode(name: "import", kind: "import.folder"), StoredNode(name: "otsu", kind: "segment.threshold", version: 2, config: #"{"level":3}"#)],
        edges: [StoredEdge(fromNode: "import", fromSlot: "image", toNode: "otsu", toSlot: "image")])
    try await project.saveGraph(graph, by: "anna")
    #expect(try await project.graph() == graph)
    _ = try await project.storeResult(ImageResult(image: image, node: "otsu", runKey: "1", regions: [region("a")]))
    let bad = [
        StoredGraph(nodes: [StoredNode(name: "A", kind: "k")]), StoredGraph(nodes: [StoredNode(name: "a", kind: "k"), StoredNode(name: "a", kind: "k")]),
        StoredGraph(nodes: [StoredNode(name: "a", kind: "k", config: "{")]), StoredGraph(edges: graph.edges),
    ]
    for graph in bad { await #expect(throws: StoreError.self) { try await project.saveGraph(graph, by: "") } }
    #expect(try await project.graph() == graph)
    let smaller = StoredGraph(nodes: [graph.nodes[0]])
    try await project.saveGraph(smaller, by: "anna")
    #expect(try await project.graph() == smaller)
    #expect(try await project.objectCount(image: image) == 1)
    #expect(try await project.auditTrail().items.filter { $0.field == "graph" }.count == 2)
}

@Test func `a file of several pages goes with the last of its images`() async throws {
    let folder = TemporaryFolder()
    let (project, image) = try await Project.sample(in: folder)
    let first = try #require(try await project.image(image))
    var second = NewImage(uid: "page-2", name: "page 2", location: first.location, node: "import", sha256: first.sha256, bytes: first.bytes)
    second.page = 1
    let other = try await project.insertImage(second)
    try await project.removeImage(image)
    #expect(try await project.emptyTrash() == 1)
    #expect(try project.openOriginal(other).readAll() == Array("picture a".utf8))
    #expect(try await project.check() == [])
    try await project.removeImage(other.id)
    #expect(try await project.emptyTrash() == 1)
    #expect(try project.files.size("import/a.png") == nil)
}

@Test func `the next page by name is found though the last image of the page before is gone or renamed`() async throws {
    let folder = TemporaryFolder()
    let project = try Project.create(folder: folder / "p", title: "P")
    for name in ["a~", "b", "c", "d", "e"] { try await project.addSampleImage(name.replacing("~", with: "-")) }
    let page = try await project.images(order: .name, limit: 2)
    try await project.removeImage(page.items[1].id)
    _ = try await project.emptyTrash()
    #expect(try await project.images(order: .name, cursor: page.next, limit: 2).items.map { String($0.name.suffix(5)) } == ["c.PNG", "d.PNG"])
    var change = ImageChange()
    change.name = "zzz ~ 1"
    try await project.updateImage(try await project.images(order: .name, limit: 1).items[0].id, change)
    #expect(try await project.images(order: .name, cursor: page.next, limit: 9).items.map(\.name).last == "zzz ~ 1")
    let next = page.next
    await #expect(throws: StoreError.self) { try await project.images(order: .imported, cursor: next) }
    await #expect(throws: StoreError.self) { try await project.images(order: .name, cursor: "3") }
}

@Test func `images that cannot be are refused with a sentence`() async throws {
    let folder = TemporaryFolder()
    let (project, image) = try await Project.sample(in: folder)
    func refused(_ change: (inout NewImage) -> Void) async throws {
        var new = NewImage(uid: "x", name: "x", location: .project(path: "import/x.png"), node: "import", sha256: "00", bytes: 1)
        change(&new)
        let made = new
        await #expect(throws: StoreError.self) { try await project.insertImage(made) }
    }
    try await refused { $0.location = .root(id: 77, path: "x.png") }
    try await refused { ($0.width, $0.height) = (.max, .max) }
    try await refused { $0.width = -1 }
    for size in [0, -1, .nan, .infinity] as [Double] {
        try await refused { $0.pixelSize = size }
        var change = ImageChange()
        change.pixelSize = .some(size)
        let made = change
        await #expect(throws: StoreError.self) { try await project.updateImage(image, made) }
    }
    #expect(try await project.images().total == 1)
}

@Test func `one folder is one import root`() async throws {
    let home = TemporaryFolder()
    for name in ["one", "two"] { try FileManager.default.createDirectory(atPath: home / name, withIntermediateDirectories: true) }
    let project = try Project.create(folder: home / "p", title: "P")
    let one = try await project.addImportRoot(folder: home / "one")
    let two = try await project.addImportRoot(folder: home / "two")
    _ = try await project.insertImage(NewImage(uid: "u", name: "n", location: .root(id: one.id, path: "n.jpg"), node: "import", sha256: "00", bytes: 1))
    symlink("one", home / "link")
    let again = try await project.addImportRoot(folder: home / "link")
    #expect(again.id == one.id && again.path == "../one" && again.images == 1 && again.isPresent)
    let error = await #expect(throws: StoreError.self) { try await project.relocateImportRoot(one.id, folder: home / "two") }
    guard case .conflict = error else { throw try #require(error) }
    try FileManager.default.removeItem(atPath: home / "two")
    #expect(try await project.importRoots().map(\.isPresent) == [true, false])
    try await project.relocateImportRoot(two.id, folder: home.path)
    let last = try await project.auditTrail(limit: 1).items[0]
    #expect(last.before == "../two" && last.after == "..")
    await #expect(throws: StoreError.self) { try await project.relocateImportRoot(99, folder: home.path) }
}
