import Foundation
import Raster
import Store
import Testing

@Test func `a run stores regions, rejects, parents and its key`() async throws {
    let folder = TemporaryFolder()
    let (project, image) = try await Project.sample(in: folder)
    var result = ImageResult(image: image, node: "regions", runKey: "k1", regions: [region("inner", x: 20, y: 20, width: 4, height: 4), region("outer", width: 80, height: 80)])
    result.regions[0].parentIndex = 1
    result.regions[1].nInner = 1
    result.regions[1].touches = 5
    var reject = region("dust", x: 500, y: 500, width: 1, height: 1)
    reject.rule = "tooSmall"
    result.rejects = [reject]
    let outcome = try await project.storeResult(result)
    #expect(outcome.edit == nil && outcome.removed == [] && outcome.revision == 1)
    let ids = outcome.regions.compactMap(\.self)
    let inner = try #require(try await project.object(ids[0]))
    let outer = try #require(try await project.object(ids[1]))
    #expect(inner.parent == ids[1] && outer.nInner == 1 && outer.touches == 5 && outer.node == "regions" && !outer.edited)
    #expect(try await project.objectCount(image: image) == 2)
    #expect(try await project.rejectCounts(image: image) == ["tooSmall": 1])
    #expect(try await project.resultKey(image: image, node: "regions") == "k1")
    #expect(try await project.resultKey(image: image, node: "other") == nil)
    let record = try #require(try await project.image(image))
    #expect(record.state == .processed && record.objects == 2 && record.revision == 1)
    // Zero objects is a normal result.
    let empty = try await project.storeResult(ImageResult(image: image, node: "regions", runKey: "k2", regions: []))
    let reject0 = try #require(outcome.rejects[0])
    #expect(Set(empty.removed) == [ids[0], ids[1], reject0])
    #expect(try await project.objectCount(image: image) == 0)
    #expect(try await project.check() == [])
}

@Test func `objects that a new run finds again keep their id, the others are gone`() async throws {
    let folder = TemporaryFolder()
    let (project, image) = try await Project.sample(in: folder)
    let first = try await project.storeResult(ImageResult(image: image, node: "regions", runKey: "1", regions: [region("a"), region("b", x: 50), region("c", x: 90)]))
    var reject = region("c", x: 90)
    reject.rule = "tooLarge"
    var run = ImageResult(image: image, node: "regions", runKey: "2", regions: [region("b", x: 50), region("a", body: [9]), region("d", x: 300)])
    run.rejects = [reject]
    let second = try await project.storeResult(run)
    #expect(second.regions[0] == first.regions[1] && second.regions[1] == first.regions[0])
    #expect(second.removed == [first.regions[2]])
    let (a, c) = (try #require(first.regions[0]), try #require(first.regions[2]))
    #expect(try await project.mask(a)?.png.last == 9)
    // It stays out of sight, so that the former run can be shown.
    #expect(try await project.object(c)?.active == false)
    #expect(try await project.check() == [])
    // Another node's objects are not touched.
    _ = try await project.storeResult(ImageResult(image: image, node: "other", runKey: "1", regions: [region("o")]))
    _ = try await project.storeResult(ImageResult(image: image, node: "regions", runKey: "3", regions: []))
    #expect(try await project.shown(image).map(\.record.uid) == ["o"])
}

@Test func `a run keeps edits unless told otherwise, and is undone like one`() async throws {
    let folder = TemporaryFolder()
    let (project, image) = try await Project.sample(in: folder)
    let regions = [region("a"), region("b", x: 50), region("c", x: 90), region("d", x: 130)]
    let ids = try await project.storeResult(ImageResult(image: image, node: "regions", runKey: "1", regions: regions)).regions.compactMap(\.self)
    var merge = NewEdit(operation: "merge", image: image, request: "{}")
    merge.retire = [ids[0], ids[1]]
    merge.create = [region("ab", width: 48)]
    let ab = try await project.commitEdit(merge).created[0]
    var erase = NewEdit(operation: "erase", image: image, request: "{}")
    erase.revise = [RevisedRegion(object: ids[2], box: Rect(x: 91, y: 10, width: 3, height: 3), png: pictured(Rect(x: 91, y: 10, width: 3, height: 3)), area: 5)]
    _ = try await project.commitEdit(erase)
    let edited = try await project.shown(image)
    #expect(try await project.editedCount() == 2)
    #expect(try await project.editedCount(images: [image, 99]) == 2)
    #expect(Set(try await project.editFootprint(image: image).map(\.object)) == [ab, ids[2], ids[0], ids[1]])

    // The same regions again, and a new one: what was merged and erased stays so.
    let kept = try await project.storeResult(ImageResult(image: image, node: "regions", runKey: "2", regions: regions + [region("e", x: 400)]))
    #expect(kept.regions[0] == nil && kept.regions[1] == nil && kept.regions[2] == nil && kept.regions[3] == ids[3])
    #expect(Set(try await project.shown(image).map(\.record.uid)) == ["ab", "c", "d", "e"])
    #expect(try await project.object(ids[2])?.area == 5)

    // Undo takes the run back first, then the edits, exactly.
    #expect(try await project.undo(image: image)?.operation == "run")
    #expect(try await project.shown(image) == edited)
    _ = try await project.redo(image: image)

    var replace = ImageResult(image: image, node: "regions", runKey: "3", regions: regions)
    replace.keepEdited = false
    let replaced = try await project.storeResult(replace)
    #expect(replaced.regions.compactMap(\.self).count == 4 && replaced.removed.contains(ab))
    #expect(Set(try await project.shown(image).map(\.record.uid)) == ["a", "b", "c", "d"])
    #expect(try await project.editedCount() == 0)
    // What was once removed by hand is free again after such a run.
    let same = try await project.storeResult(ImageResult(image: image, node: "regions", runKey: "4", regions: regions))
    #expect(same.regions.allSatisfy { $0 != nil })
    // A run that changes nothing is no step of the history.
    #expect(same.edit == nil)
    #expect(try await project.resultKey(image: image, node: "regions") == "4")
    #expect(try await project.undo(image: image)?.operation == "run.replace")
    // The next run must not be skipped as done already.
    #expect(try await project.resultKey(image: image, node: "regions") == nil)
    #expect(try await project.undo(image: image)?.operation == "run")
    #expect(try await project.shown(image) == edited)
    #expect(try await project.check() == [])
}

@Test func `a result that does not fit is refused as a whole`() async throws {
    let folder = TemporaryFolder()
    let (project, image) = try await Project.sample(in: folder)
    _ = try await project.storeResult(ImageResult(image: image, node: "regions", runKey: "1", regions: [region("a")]))
    let before = try await project.shown(image)
    var loop = ImageResult(image: image, node: "regions", runKey: "2", regions: [region("x"), region("y")])
    loop.regions[0].parentIndex = 1
    loop.regions[1].parentIndex = 0
    let bad = [
        ImageResult(image: image, node: "regions", runKey: "2", regions: [region("x"), region("x", x: 50)]),
        ImageResult(image: 99, node: "regions", runKey: "2", regions: []),
        ImageResult(image: image, node: "../up", runKey: "2", regions: []),
        ImageResult(image: image, node: "regions", runKey: "2", regions: [region("x", measurements: ["undeclared": 1])]),
        loop,
    ]
    for result in bad { await #expect(throws: StoreError.self) { try await project.storeResult(result) } }
    #expect(try await project.shown(image) == before)
    #expect(try await project.resultKey(image: image, node: "regions") == "1")
}

@Test func `measured columns are declared with a unit and added later`() async throws {
    let folder = TemporaryFolder()
    let (project, image) = try await Project.sample(in: folder)
    await #expect(throws: StoreError.self) {
        try await project.setMeasureColumns([MeasureColumnRecord(name: "area\" REAL); DROP TABLE edit; --", unit: "", title: "", definition: "")])
    }
    let area = MeasureColumnRecord(name: "area", unit: "px²", title: "Area", definition: "d")
    try await project.setMeasureColumns([area])
    let id = try await project.storeResult(ImageResult(image: image, node: "n", runKey: "1", regions: [region("a", measurements: ["area": 12.5])])).regions[0]!
    let esd = MeasureColumnRecord(name: "esd", unit: "px", title: "ESD", definition: "d", source: "s", node: "n")
    try await project.setMeasureColumns([esd])
    #expect(try await project.measureColumns() == [area, esd])
    let revision = try #require(try await project.object(id)).maskRevision
    try await project.storeMeasurements([(id, revision, ["esd": 3])])
    #expect(try await project.object(id)?.measurements == ["area": 12.5, "esd": 3])
    try await project.storeMeasurements([(id, revision, ["esd": .infinity, "area": .nan])])
    #expect(try await project.object(id)?.measurements == ["area": nil, "esd": nil])
    await #expect(throws: StoreError.self) { try await project.storeMeasurements([(id, revision + 1, ["esd": 3])]) }
}
