import Codecs
import Editing
import Foundation
import Nodes
import Operations
import Pipeline
import Raster
import Store
import Testing

/// A project with one drawn image: two dark squares on a bright ground, with a standard run behind it.
private final class Desk: @unchecked Sendable {  // `image` is set once, in init
    let folder = FileManager.default.temporaryDirectory.appending(path: "ship-edit-\(UUID().uuidString)").path
    let project: Project
    let pipeline: ProjectPipeline
    let editor: Editor
    var image: ImageRecord

    init() async throws {
        project = try Project.create(folder: folder, title: "Edits")
        var pixels = Image<UInt8>(width: 120, height: 80, repeating: 220)
        for y in 20..<50 { for x in 10..<40 { pixels[x, y] = 40 } }
        for y in 20..<50 { for x in 60..<100 { pixels[x, y] = 60 } }
        let bytes = try PNGWriter.encode(.gray8(pixels))
        try project.files.makeFolder("images")
        try project.files.write("images/a.png", bytes: bytes)
        var new = NewImage(uid: "drawn", name: "a.png", location: .project(path: "images/a.png"), node: "images", sha256: FileDigest.sha256(bytes), bytes: bytes.count)
        (new.width, new.height, new.format, new.state, new.pixelSize, new.pixelSizeSource) = (120, 80, "png", .ready, 2, "hand")
        image = try await project.insertImage(new)
        pipeline = ProjectPipeline(project: project)
        editor = Editor(project: project, pipeline: pipeline)
        let plan = try await pipeline.plan()
        try await project.savePipelineGraph(plan.graph)
        try await pipeline.ensureColumns(plan)
        for result in try pipeline.results(of: image, plan: plan, context: try await pipeline.context(of: image)) { _ = try await project.storeResult(result) }
        image = try #require(try await project.image(image.id))
    }

    deinit {
        try? project.close()
        try? FileManager.default.removeItem(atPath: folder)
    }

    func objects() async throws -> [ObjectRecord] { try await project.allObjects(of: image.id) }

    /// Masks by object, as stored.
    func masks() async throws -> [ObjectID: [UInt8]] {
        Dictionary(uniqueKeysWithValues: try await project.masks(image: image.id).map { ($0.object, $0.png) })
    }

    func apply(_ operation: EditOperation, _ objects: [ObjectID], _ features: Feature...) async throws -> EditOutcome {
        try await editor.apply(
            EditRequest(operation: operation, image: image.id, objects: objects, annotations: FeatureCollection(features: features)))
    }
}

private func square(_ x: Double, _ y: Double, _ side: Double) -> Feature {
    Feature(.polygon([[Point(x: x - 0.5, y: y - 0.5), Point(x: x + side - 0.5, y: y - 0.5), Point(x: x + side - 0.5, y: y + side - 0.5), Point(x: x - 0.5, y: y + side - 0.5)]]))
}

@Test func `what an edit makes is measured at once, in pixels and µm, from the right image`() async throws {
    let desk = try await Desk()
    #expect(try await desk.objects().map(\.area).sorted() == [900, 1200])
    let outcome = try await desk.apply(.draw, [], square(10, 20, 10))
    let id = try #require(outcome.created.first)
    let drawn = try #require(try await desk.project.object(id))
    #expect(drawn.area == 100)
    #expect(drawn.measurements["area"] == 100)
    #expect(drawn.measurements["area_um2"] == 400)
    #expect(drawn.measurements["centroid_x"] == 14.5)
    #expect(drawn.measurements["intensity_mean"].map { $0 < 60 } == true)
    #expect(drawn.edited)
}

@Test func `merging and splitting replace objects, and undo brings back the very bytes`() async throws {
    let desk = try await Desk()
    let before = try await desk.masks()
    let ids = try await desk.objects().map(\.id)
    let merged = try await desk.apply(.merge, ids)
    #expect(try await desk.objects().map(\.area) == [2100])
    let whole = try #require(merged.created.first)
    let split = try await desk.apply(.split, [whole], Feature(.point(Point(x: 20, y: 30))), Feature(.point(Point(x: 80, y: 30))))
    #expect(split.created.count == 2)
    #expect(try await desk.objects().map(\.area).reduce(0, +) == 2100)
    _ = try await desk.editor.undo(image: desk.image.id)
    _ = try await desk.editor.undo(image: desk.image.id)
    #expect(try await desk.masks() == before)
    #expect(try await desk.editor.undo(image: desk.image.id) == nil)
    _ = try await desk.editor.redo(image: desk.image.id)
    #expect(try await desk.objects().map(\.area) == [2100])
}

@Test func `the history survives closing the project`() async throws {
    let desk = try await Desk()
    let before = try await desk.masks()
    _ = try await desk.apply(.delete, try await desk.objects().map(\.id))
    try desk.project.close()
    let again = try Project.open(folder: desk.folder)
    _ = try await again.undo(image: desk.image.id)
    let masks = Dictionary(uniqueKeysWithValues: try await again.masks(image: desk.image.id).map { ($0.object, $0.png) })
    #expect(masks == before)
    try again.close()
}

@Test func `an edit of what is gone, or seen in an older state, is refused and changes nothing`() async throws {
    let desk = try await Desk()
    let ids = try await desk.objects().map(\.id)
    _ = try await desk.apply(.delete, [ids[0]])
    let now = try await desk.masks()
    await #expect(throws: EditError.unknownObject(ids[0])) { try await desk.apply(.delete, [ids[0]]) }
    await #expect(throws: EditError.unknownObject(99_999)) { try await desk.apply(.merge, [ids[1], 99_999]) }
    await #expect(throws: StoreError.self) {
        try await desk.editor.apply(EditRequest(operation: .delete, image: desk.image.id, objects: [ids[1]], expectedRevision: 0))
    }
    #expect(try await desk.masks() == now)
}

@Test func `edits made at the same time are done one after the other`() async throws {
    let desk = try await Desk()
    try await withThrowingTaskGroup(of: Void.self) { group in
        for number in 0..<20 { group.addTask { _ = try await desk.apply(.draw, [], square(Double(number), 60, 5)) } }
        try await group.waitForAll()
    }
    #expect(try await desk.objects().count == 22)
    for _ in 0..<20 { #expect(try await desk.editor.undo(image: desk.image.id) != nil) }
    #expect(try await desk.objects().count == 2)
}
