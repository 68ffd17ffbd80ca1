import Foundation
import Raster
import Store
import Testing

private func category(_ name: String, parent: Int64? = nil, key: Int? = nil) -> CategoryChange {
    var change = CategoryChange()
    (change.name, change.parent, change.key) = (name, parent, key)
    return change
}

/// A project with regions `r0`, `r1` … and the categories copepod, its child Calanus, and detritus.
private struct Bench {
    let folder = TemporaryFolder()
    var project: Project
    let image: ObjectID
    let objects: [ObjectID]
    let copepod, calanus, detritus: Int64

    init(regions: Int = 6) async throws {
        (project, image) = try await Project.sample(in: folder)
        let result = ImageResult(image: image, node: "regions", runKey: "1", regions: (0..<regions).map { region("r\($0)", x: 20 * $0) })
        objects = try await project.storeResult(result).regions.compactMap(\.self)
        copepod = try await project.addCategory(category("copepod", key: 1), by: "ada").id
        calanus = try await project.addCategory(category("Calanus", parent: copepod), by: "ada").id
        detritus = try await project.addCategory(category("detritus"), by: "ada").id
    }

    @discardableResult
    func label(_ indices: [Int], _ category: Int64, _ status: LabelStatus = .validated) async throws -> Int64? {
        try await project.setLabels(indices.map { NewLabel(object: objects[$0], category: .id(category), status: status) }, by: "ada").batch
    }

    func label(_ object: ObjectID) async throws -> LabelRecord? { try await project.object(object)?.label }
    func said(_ object: ObjectID) async throws -> String {
        try await label(object).map { "\($0.category == copepod ? "copepod" : $0.category == calanus ? "Calanus" : "detritus") \($0.status.rawValue)" } ?? "none"
    }
    func all() async throws -> [String] {
        var said: [String] = []
        for object in objects { said.append(try await self.said(object)) }
        return said
    }

    func edit(_ operation: String, retire: [Int] = [], create: Int = 0, revise: [Int] = [], sources: [[Int]] = []) -> NewEdit {
        var edit = NewEdit(operation: operation, image: image, request: "{}")
        edit.by = "bob"
        edit.retire = retire.map { objects[$0] }
        edit.create = (0..<create).map { index in
            var made = region("\(operation)-\(index)-\(UUID().uuidString)", x: 300 + 20 * index)
            if sources.indices.contains(index) { made.sources = sources[index].map { objects[$0] } }
            return made
        }
        edit.revise = revise.map {
            let new = region("", x: 500 + 20 * $0)
            return RevisedRegion(object: objects[$0], box: new.box, png: new.png, area: new.area)
        }
        return edit
    }
}

@Test func `labels are kept with who and when, and every step can be taken back and brought again`() async throws {
    let bench = try await Bench()
    let before = Date()
    let first = try #require(try await bench.label([0, 1, 2], bench.copepod, .predicted))
    let second = try #require(try await bench.label([1, 3], bench.detritus))
    #expect(try await bench.all() == ["copepod predicted", "detritus validated", "copepod predicted", "detritus validated", "none", "none"])
    let label = try #require(try await bench.label(bench.objects[0]))
    #expect(label.by == "ada" && label.source == .person && label.score == nil && label.at >= before.addingTimeInterval(-1))
    #expect(try await bench.project.categories().map(\.count) == [2, 0, 2])

    // Object 1 was labelled otherwise since the first step, so it keeps that.
    let undone = try await bench.project.undoLabels(batch: first, by: "bob")
    #expect(undone.objects == [bench.objects[0], bench.objects[2]])
    #expect(try await bench.all() == ["none", "detritus validated", "none", "detritus validated", "none", "none"])
    await #expect(throws: StoreError.conflict(sentence: "step \(first) of labelling was taken back already")) {
        try await bench.project.undoLabels(batch: first, by: "bob")
    }
    let redone = try await bench.project.undoLabels(batch: try #require(undone.batch), by: "bob")
    #expect(try await bench.all() == ["copepod predicted", "detritus validated", "copepod predicted", "detritus validated", "none", "none"])
    #expect(redone.objects.count == 2)
    _ = try await bench.project.undoLabels(batch: second, by: "bob")
    #expect(try await bench.said(bench.objects[1]) == "copepod predicted")
    let history = try await bench.project.labelHistory(bench.objects[1])
    #expect(history.map { [$0.before?.category, $0.after?.category] } == [[bench.detritus, bench.copepod], [bench.copepod, bench.detritus], [nil, bench.copepod]])
    #expect(history.map(\.undoes) == [second, nil, nil])
    // The label that came back is the very one that was given then.
    #expect(history[0].after == history[2].after)
}

@Test func `validating keeps each object's category and score, and objects without a label stay so`() async throws {
    let bench = try await Bench()
    let project = bench.project
    _ = try await project.setLabels(
        [.init(object: bench.objects[0], category: .id(bench.copepod), status: .predicted, score: 0.75), .init(object: bench.objects[1], category: .id(bench.calanus), status: .dubious)],
        source: .model, by: "forest 3")
    let outcome = try await project.setLabels(bench.objects.map { NewLabel(object: $0, category: .own) }, by: "ada")
    #expect(outcome.objects == [bench.objects[0], bench.objects[1]])
    #expect(try await bench.all() == ["copepod validated", "Calanus validated", "none", "none", "none", "none"])
    let label = try #require(try await bench.label(bench.objects[0]))
    #expect(label.score == 0.75 && label.by == "ada" && label.source == .person)
    #expect(try await project.setLabels([.init(object: bench.objects[0], category: .own)], by: "bob").batch == nil)
    _ = try await project.setLabels([.init(object: bench.objects[0], category: .none)], by: "ada")
    #expect(try await bench.said(bench.objects[0]) == "none")
}

@Test func `impossible labels are refused and change nothing`() async throws {
    let bench = try await Bench()
    let project = bench.project
    await #expect(throws: StoreError.notFound(what: "Category 99")) {
        try await project.setLabels([.init(object: bench.objects[0], category: .id(bench.copepod)), .init(object: bench.objects[1], category: .id(99))], by: "ada")
    }
    await #expect(throws: StoreError.notFound(what: "Object 12345")) {
        try await project.setLabels([.init(object: bench.objects[0], category: .id(bench.copepod)), .init(object: 12345, category: .none)], by: "ada")
    }
    // The image itself is an object, but none that has a kind.
    await #expect(throws: StoreError.notFound(what: "Object \(bench.image)")) {
        try await project.setLabels([.init(object: bench.image, category: .id(bench.copepod))], by: "ada")
    }
    for score in [-0.1, 1.1, .nan, .infinity] {
        await #expect(throws: StoreError.self) { try await project.setLabels([.init(object: bench.objects[0], category: .id(bench.copepod), score: score)], by: "ada") }
    }
    await #expect(throws: StoreError.notFound(what: "Labelling step 77")) { try await project.undoLabels(batch: 77, by: "ada") }
    #expect(try await bench.all().allSatisfy { $0 == "none" })
}

@Test func `a category keeps its names, colours and keys in order`() async throws {
    let bench = try await Bench()
    let project = bench.project
    #expect(try await project.categories().map(\.color) == ["#009E73", "#D55E00", "#CC79A7"])
    for wrong in ["", "  ", "a<b", "line\nend", String(repeating: "x", count: 101)] {
        await #expect(throws: StoreError.self, "\(wrong)") { try await project.addCategory(category(wrong), by: "ada") }
    }
    await #expect(throws: StoreError.self) { try await project.addCategory(category(" COPEPOD "), by: "ada") }
    _ = try await project.addCategory(category("copepod", parent: bench.detritus), by: "ada")  // Elsewhere in the tree.
    await #expect(throws: StoreError.self) { try await project.addCategory(category("x", key: 10), by: "ada") }
    await #expect(throws: StoreError.notFound(what: "Category 50")) { try await project.addCategory(category("x", parent: 50), by: "ada") }
    var change = CategoryChange()
    change.parent = bench.calanus
    await #expect(throws: StoreError.self) { try await project.changeCategory(bench.copepod, change, by: "ada") }
    change = CategoryChange()
    change.color = "blue"
    await #expect(throws: StoreError.self) { try await project.changeCategory(bench.copepod, change, by: "ada") }
    // A key moves over.
    change = CategoryChange()
    change.key = 1
    _ = try await project.changeCategory(bench.detritus, change, by: "ada")
    #expect(try await project.categories().map(\.key) == [nil, nil, 1, nil])
    change.key = .some(nil)
    change.name = " marine snow "
    change.parent = bench.copepod
    change.color = "#abcdef"
    let changed = try await project.changeCategory(bench.detritus, change, by: "ada")
    #expect(changed.id == bench.detritus && changed.parent == bench.copepod && changed.name == "marine snow" && changed.color == "#ABCDEF" && changed.key == nil)
    #expect(try await project.auditTrail().items.first.map { [$0.field, $0.before, $0.after] } == ["category", "detritus", "marine snow"])
}

@Test func `a deleted category takes its children and labels along and brings them back`() async throws {
    let bench = try await Bench()
    let project = bench.project
    try await bench.label([0], bench.copepod)
    try await bench.label([1], bench.calanus, .dubious)
    try await bench.label([2], bench.detritus)
    let before = try await bench.all()
    let gone = try await project.removeCategory(bench.copepod, by: "ada")
    #expect(gone.removed == [bench.copepod, bench.calanus] && gone.objects == [bench.objects[0], bench.objects[1]])
    #expect(try await project.categories().map(\.name) == ["detritus"])
    #expect(try await bench.all() == ["none", "none", "detritus validated", "none", "none", "none"])
    // The key is free meanwhile, and taken when the category comes back.
    _ = try await project.addCategory(category("other", key: 1), by: "ada")
    let undone = try await project.undoLabels(batch: gone.batch, by: "ada")
    #expect(try await bench.all() == before)
    #expect(try await project.categories().map(\.key) == [nil, nil, nil, 1])
    #expect(undone.objects.count == 2)
    // Gone, and a new one of its name: the way back says what to do.
    let again = try await project.removeCategory(bench.copepod, by: "ada")
    _ = try await project.addCategory(category("Copepod"), by: "ada")
    await #expect(throws: StoreError.conflict(sentence: "there is a category “copepod” again; rename that one, then undo")) {
        try await project.undoLabels(batch: again.batch, by: "ada")
    }
}

@Test func `edited objects keep or lose their label by the stated rule, and undo brings it back`() async throws {
    let bench = try await Bench()
    let (project, image) = (bench.project, bench.image)
    try await bench.label([0], bench.copepod)
    try await bench.label([1], bench.copepod, .predicted)
    try await bench.label([2], bench.detritus)
    let start = try await bench.all()

    // The same object with another outline.
    _ = try await project.commitEdit(bench.edit("erase", revise: [0]))
    #expect(try await bench.said(bench.objects[0]) == "copepod validated")
    // Parts that agree: as sure as the least sure.
    var made = try await project.commitEdit(bench.edit("merge", retire: [0, 1], create: 1)).created[0]
    #expect(try await bench.said(made) == "copepod predicted")
    _ = try await project.undo(image: image)
    #expect(try await bench.all() == start)
    let redone = try #require(try await project.redo(image: image))
    #expect(try await bench.said(redone.created[0]) == "copepod predicted")
    _ = try await project.undo(image: image)
    // Parts that do not agree, and parts of which one has no label.
    for others in [[0, 2], [0, 4]] {
        made = try await project.commitEdit(bench.edit("merge", retire: others, create: 1)).created[0]
        #expect(try await bench.said(made) == "none")
        _ = try await project.undo(image: image)
    }
    // Parts of one.
    for operation in ["split", "cut", "separate"] {
        let parts = try await project.commitEdit(bench.edit(operation, retire: [0], create: 3)).created
        for part in parts {
            #expect(try await bench.said(part) == "copepod dubious")
            let label = try #require(try await bench.label(part))
            #expect(label.source == .rule && label.by == "bob")
            #expect(try await project.labelHistory(part).map { $0.edit == nil } == [false])
        }
        _ = try await project.undo(image: image)
    }
    // Parts of several: each from its own, where the edit says so.
    let parts = try await project.commitEdit(bench.edit("split", retire: [0, 2, 4], create: 4, sources: [[0], [2], [0, 2], [4]])).created
    var said: [String] = []
    for part in parts { said.append(try await bench.said(part)) }
    #expect(said == ["copepod dubious", "detritus dubious", "none", "none"])
    _ = try await project.undo(image: image)
    // Drawn and deleted ones.
    let drawn = try await project.commitEdit(bench.edit("draw", create: 1)).created[0]
    #expect(try await bench.said(drawn) == "none")
    _ = try await project.commitEdit(bench.edit("delete", retire: [0]))
    _ = try await project.undo(image: image)
    #expect(try await bench.all() == start)
}

@Test func `what a person said of a part stays through undo and redo of the edit`() async throws {
    let bench = try await Bench()
    let (project, image) = (bench.project, bench.image)
    try await bench.label([0], bench.copepod)
    let part = try await project.commitEdit(bench.edit("cut", retire: [0], create: 2)).created[0]
    let inherited = try #require(try await project.labelHistory(part).first?.batch)
    await #expect(throws: StoreError.self) { try await project.undoLabels(batch: inherited, by: "ada") }
    _ = try await project.setLabels([.init(object: part, category: .id(bench.detritus))], by: "ada")
    _ = try await project.undo(image: image)
    _ = try await project.redo(image: image)
    #expect(try await bench.said(part) == "detritus validated")
}

@Test func `labels survive runs, also of objects that a run lost and a later one found again`() async throws {
    let bench = try await Bench()
    let (project, image) = (bench.project, bench.image)
    try await bench.label([0, 1], bench.copepod)
    var result = ImageResult(image: image, node: "regions", runKey: "2", regions: [region("r0", x: 0), region("r5", x: 100)])
    _ = try await project.storeResult(result)
    #expect(try await project.categories()[0].count == 1)
    result = ImageResult(image: image, node: "regions", runKey: "3", regions: (0..<6).map { region("r\($0)", x: 20 * $0) })
    let found = try await project.storeResult(result).regions.compactMap(\.self)
    #expect(try await bench.said(found[0]) == "copepod validated")
    #expect(try await bench.said(found[1]) == "copepod validated")
    #expect(try await project.categories()[0].count == 2)
    #expect(try await project.check().isEmpty)
}

@Test func `labels are listed, sorted and there after a restart`() async throws {
    let bench = try await Bench()
    _ = try await bench.project.setLabels([.init(object: bench.objects[4], category: .id(bench.copepod), status: .predicted, score: 0.25)], source: .model, by: "m")
    _ = try await bench.project.setLabels([.init(object: bench.objects[2], category: .id(bench.detritus), status: .predicted, score: 0.5)], source: .model, by: "m")
    let revision = try await bench.project.labelRevision()
    #expect(revision == 2)
    try bench.project.close()
    let project = try Project.open(folder: bench.folder / "plankton")
    var query = ObjectQuery(image: bench.image)
    query.sort = "score"
    query.limit = 1
    var order: [ObjectID] = []
    repeat {
        let page = try await project.objects(query)
        order += page.items.map(\.id)
        query.cursor = page.next
    } while query.cursor != nil
    #expect(order == [4, 2, 0, 1, 3, 5].map { bench.objects[$0] })
    (query.sort, query.descending, query.limit) = ("category", true, 10)
    #expect(try await project.objects(query).items.map { $0.label?.category } == [bench.detritus, bench.copepod, nil, nil, nil, nil])
    try project.close()
}
