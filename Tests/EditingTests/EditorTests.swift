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

@Test func `a project that is being closed begins no wand, stores nothing of it, and finishes what is short`() async throws {
    let desk = try await Desk()
    let wand = Feature(.point(Point(x: 20, y: 30)), properties: .init(role: .wand))
    let request = EditRequest(operation: .draw, image: desk.image.id, annotations: FeatureCollection(features: [wand]))
    #expect(try await desk.editor.preview(request).created.first?.area == 900)
    desk.editor.stop()
    await #expect(throws: EditError.stopped(.draw)) { _ = try await desk.editor.preview(request) }
    await #expect(throws: EditError.stopped(.draw)) { _ = try await desk.editor.apply(request) }
    #expect(try await desk.objects().count == 2)
    #expect(try await desk.apply(.draw, [], square(10, 20, 10)).created.count == 1)
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

@Test func `a request with a key is done once, also after a restart, and the key is for that request alone`() async throws {
    let desk = try await Desk()
    let request = EditRequest(operation: .draw, image: desk.image.id, annotations: FeatureCollection(features: [square(10, 60, 8)]))
    let first = try await desk.editor.apply(request, key: "a")
    #expect(try await desk.editor.apply(request, key: "a") == first)
    let undone = try #require(try await desk.editor.undo(image: desk.image.id, key: "b"))
    #expect(try await desk.editor.undo(image: desk.image.id, key: "b") == undone)
    #expect(undone.removed == first.created)
    await #expect(throws: StoreError.self) { try await desk.editor.redo(image: desk.image.id, key: "b") }
    try desk.project.close()
    let again = try Project.open(folder: desk.folder)
    let editor = Editor(project: again, pipeline: ProjectPipeline(project: again))
    #expect(try await editor.apply(request, key: "a") == first)
    #expect(try await again.allObjects(of: desk.image.id).count == 2)
    #expect(try await again.edits(image: desk.image.id).items.count == 1)
    try again.close()
}

@Test func `an edit that expects another mask is refused, names what has changed and changes nothing`() async throws {
    let desk = try await Desk()
    let objects = try await desk.objects()
    _ = try await desk.apply(.erase, [objects[0].id], square(10, 20, 5))
    _ = try await desk.apply(.delete, [objects[1].id])
    let now = try await desk.masks()
    let expected = Dictionary(uniqueKeysWithValues: objects.map { ($0.id, $0.maskRevision) })
    await #expect(throws: EditError.changedMeanwhile(objects.map(\.id).sorted())) {
        try await desk.editor.apply(EditRequest(operation: .delete, image: desk.image.id, objects: [objects[0].id], expected: expected))
    }
    #expect(try await desk.masks() == now)
    let present = try #require(try await desk.objects().first)
    let taken = try await desk.editor.apply(
        EditRequest(operation: .delete, image: desk.image.id, objects: [present.id], expected: [present.id: present.maskRevision]))
    #expect(taken.removed == [present.id])
}

@Test func `one can go to any entry of the history, and what was superseded is out of reach`() async throws {
    let desk = try await Desk()
    var states = [try await desk.masks()]
    var edits: [Int64] = [0]
    for number in 0..<6 {
        let outcome = number == 3 ? try await desk.apply(.delete, [try await desk.objects()[0].id]) : try await desk.apply(.draw, [], square(Double(number * 12), 60, 9))
        edits.append(outcome.edit)
        states.append(try await desk.masks())
    }
    for index in [2, 6, 0, 5, 5, 1, 4] {
        let outcome = try await desk.editor.goTo(edit: edits[index], image: desk.image.id)
        #expect(try await desk.masks() == states[index])
        #expect(outcome.edit == edits[index] && outcome.canUndo == (index > 0) && outcome.canRedo == (index < 6))
    }
    _ = try await desk.apply(.draw, [], square(100, 60, 5))
    await #expect(throws: StoreError.self) { try await desk.editor.goTo(edit: edits[6], image: desk.image.id) }
    await #expect(throws: StoreError.self) { try await desk.editor.goTo(edit: 12_345, image: desk.image.id) }
    _ = try await desk.editor.goTo(edit: 0, image: desk.image.id)
    #expect(try await desk.masks() == states[0])
}

@Test func `a preview says what an edit would make, and stores nothing`() async throws {
    let desk = try await Desk()
    let now = try await desk.masks()
    let ids = try await desk.objects().map(\.id)
    let request = EditRequest(
        operation: .split, image: desk.image.id, objects: ids,
        annotations: FeatureCollection(features: [Feature(.point(Point(x: 12, y: 30))), Feature(.point(Point(x: 35, y: 30)))]))
    let preview = try await desk.editor.preview(request)
    #expect(preview.created.map(\.area).reduce(0, +) == 900 && preview.removed.count == 1 && preview.revised.isEmpty)
    #expect(try await desk.masks() == now)
    #expect(try await desk.project.edits(image: desk.image.id).items.isEmpty)
    #expect(try await desk.editor.apply(request).created.count == preview.created.count)
}

@Test func `a wand takes the dark square it points to, at the original's gray levels`() async throws {
    let desk = try await Desk()
    let wand = Feature(.point(Point(x: 15, y: 25)), properties: .init(role: .wand, tolerance: 10))
    let outcome = try await desk.apply(.draw, [], wand)
    let id = try #require(outcome.created.first)
    let drawn = try #require(try await desk.project.object(id))
    #expect(drawn.area == 900 && drawn.box == Rect(x: 10, y: 20, width: 30, height: 30))
    await #expect(throws: EditError.outsideImage(.draw)) { try await desk.apply(.draw, [], Feature(.point(Point(x: 500, y: 2)), properties: .init(role: .wand))) }
}

@Test func `edited objects that reach the limit of the area, or the frame, say on which sides`() async throws {
    let desk = try await Desk()
    func touches(_ outcome: EditOutcome) async throws -> UInt8? { try await desk.project.object(try #require(outcome.masks.isEmpty ? nil : (outcome.created + outcome.revised).first))?.touches }
    #expect(try await touches(desk.apply(.draw, [], square(0, 60, 5))) == 1)
    #expect(try await touches(desk.apply(.draw, [], square(5, 60, 5))) == 0)
    // A step of the limit: x from 5 to 54 in the rows to 9, to 99 below; up to row 69.
    var change = ImageChange()
    change.area = #"{"type":"Polygon","coordinates":[[[4.5,-0.5],[54.5,-0.5],[54.5,9.5],[99.5,9.5],[99.5,69.5],[4.5,69.5]]]}"#
    try await desk.project.updateImage(desk.image.id, change)
    try await desk.project.savePipelineGraph(try await desk.project.pipelineGraph().restrictingArea([:]))
    desk.pipeline.forget(image: desk.image.id)
    #expect(try await touches(desk.apply(.draw, [], square(5, 12, 5))) == 1)
    #expect(try await touches(desk.apply(.draw, [], square(50, 2, 5))) == 4)
    #expect(try await touches(desk.apply(.draw, [], square(70, 10, 3))) == 2)
    #expect(try await touches(desk.apply(.draw, [], square(97, 67, 3))) == 12)
    #expect(try await touches(desk.apply(.draw, [], square(50, 60, 5))) == 0)
    // Beyond the limit the frame still cuts.
    #expect(try await touches(desk.apply(.draw, [], square(115, 70, 5))) == 4)
    let drawn = try #require(try await desk.apply(.draw, [], square(20, 55, 3)).created.first)
    #expect(try await touches(desk.apply(.add, [drawn], square(22, 55, 15))) == 8)
}

@Test func `a part of one of several objects keeps that object's class, whatever the others are`() async throws {
    let desk = try await Desk()
    let objects = try await desk.objects()
    let (left, right) = (try #require(objects.first { $0.box.x == 10 }), try #require(objects.first { $0.box.x == 60 }))
    func category(_ name: String) async throws -> Int64 {
        var new = CategoryChange()
        new.name = name
        return try await desk.project.addCategory(new, by: "t").id
    }
    let (copepod, salp) = (try await category("Copepod"), try await category("Salp"))
    func label(_ object: ObjectID, _ category: Int64) -> NewLabel { NewLabel(object: object, category: .id(category), status: .validated, score: nil) }
    _ = try await desk.project.setLabels([label(left.id, copepod), label(right.id, salp)], by: "t")
    func classes(_ outcome: EditOutcome) async throws -> [Int: [Int64?]] {
        var found: [Int: [Int64?]] = [:]
        for id in outcome.created {
            let object = try #require(try await desk.project.object(id))
            #expect(object.label?.status ?? .dubious == .dubious)
            found[object.box.x < 50 ? 0 : 1, default: []].append(object.label?.category)
        }
        return found
    }
    func line(_ points: (Double, Double)...) -> Feature { Feature(.lineString(points.map { Point(x: $0.0, y: $0.1) })) }
    let cut = try await desk.apply(.cut, [left.id, right.id], line((0, 35), (119, 35)))
    #expect(try await classes(cut) == [0: [copepod, copepod], 1: [salp, salp]])
    _ = try await desk.editor.undo(image: desk.image.id)
    let points = [(12.0, 30.0), (35, 30), (65, 30), (95, 30)].map { Feature(.point(Point(x: $0.0, y: $0.1))) }
    let split = try await desk.apply(.split, [left.id, right.id], points[0], points[1], points[2], points[3])
    #expect(try await classes(split) == [0: [copepod, copepod], 1: [salp, salp]])
    _ = try await desk.editor.undo(image: desk.image.id)
    let separated = try await desk.apply(.separate, [left.id, right.id], points[0], points[1], points[2], points[3])
    #expect(try await classes(separated) == [0: [copepod, copepod], 1: [salp, salp]])
    _ = try await desk.editor.undo(image: desk.image.id)
    // One that overlaps both is divided with them: a part keeps a class where all that it comes from have it.
    let bridge = try #require(try await desk.apply(.draw, [], Feature(.lineString([Point(x: 30, y: 25), Point(x: 70, y: 25)]), properties: .init(width: 4))).created.first)
    let parts = try await desk.apply(.split, [left.id, right.id, bridge], points[0], points[3])
    #expect(try await classes(parts) == [0: [nil], 1: [nil]])
    _ = try await desk.editor.undo(image: desk.image.id)
    _ = try await desk.project.setLabels([label(bridge, copepod)], by: "t")
    #expect(try await classes(try await desk.apply(.split, [left.id, right.id, bridge], points[0], points[3])) == [0: [copepod], 1: [nil]])
}

@Test func `what is measured in a part of the image equals what a run measures in all of it`() async throws {
    let desk = try await Desk()
    let before = try await desk.objects()
    // Every node that measures, so that none looks beyond its window or forgets where that lies.
    let plan = try Plan(.measuringEverything, classes: AllNodes.classes)
    try await desk.project.savePipelineGraph(plan.graph)
    try await desk.pipeline.ensureColumns(plan)
    let context = try await desk.pipeline.context(of: desk.image)
    for result in try desk.pipeline.results(of: desk.image, plan: plan, context: context) { _ = try await desk.project.storeResult(result) }
    let objects = try await desk.objects()
    #expect(objects.count == before.count)
    for object in objects {
        let mask = try #require(try await desk.project.mask(object.id))
        let pixels = try MaskPNG.decode(mask.png, origin: (mask.box.x, mask.box.y))
        let measured = try #require(try await desk.pipeline.measurements(of: [pixels], in: desk.image, plan: plan).first)
        #expect(measured.names.count > 100 && measured.dictionary.keys.sorted() == object.measurements.dictionary.keys.sorted())
        for (name, value) in object.measurements.dictionary {
            let other = try #require(measured.dictionary[name])
            #expect(abs(other - value) <= 1e-9 * max(1, abs(value)), "\(name)")
        }
    }
}

extension Graph {
    fileprivate static var measuringEverything: Graph {
        var graph = Graph.standard
        graph.nodes += [
            Instance(name: "zoo", kind: ZooProcessNode.kind), Instance(name: "color", kind: ColorNode.kind), Instance(name: "texture", kind: TextureNode.kind),
        ]
        graph.edges += ["zoo", "color", "texture"].flatMap { name in
            [
                Edge(from: End("objects", "regions"), to: End(name, "regions")),
                Edge(from: name == "color" ? End("images", "image") : End("vignetting", "image"), to: End(name, name == "color" ? "image" : "gray")),
            ]
        }
        return graph
    }
}
