import Foundation
import Raster
import Store
import Testing

private let columns = [
    MeasureColumnRecord(name: "area", unit: "px²", title: "Area", definition: "pixels"),
    MeasureColumnRecord(name: "esd_um", unit: "µm", title: "ESD", definition: "diameter"),
]

private func measured(_ dice: inout Dice) -> Measurements {
    Measurements(names: ["area", "esd_um"], values: [Double.random(in: 0...1e6, using: &dice), Bool.random(using: &dice) ? nil : Double.random(in: 0...1, using: &dice)])
}

private func randomRegion(_ uid: String, _ dice: inout Dice) -> NewRegion {
    var made = region(
        uid, x: Int.random(in: -5...900, using: &dice), y: Int.random(in: 0...700, using: &dice), width: Int.random(in: 1...90, using: &dice),
        height: Int.random(in: 1...90, using: &dice), body: (0..<Int.random(in: 1...300, using: &dice)).map { _ in UInt8.random(in: 0...255, using: &dice) })
    made.measurements = measured(&dice)
    made.touches = UInt8.random(in: 0...15, using: &dice)
    return made
}

@Test func `a thousand random edits and runs are undone and redone byte for byte, across restarts`() async throws {
    var dice = Dice(1)
    let folder = TemporaryFolder()
    var (project, image) = try await Project.sample(in: folder)
    try await project.setMeasureColumns(columns)
    let runRegions = (0..<40).map { randomRegion("run-\($0)", &dice) }
    _ = try await project.storeResult(ImageResult(image: image, node: "regions", runKey: "1", regions: runRegions))
    // states[n]: what is shown after n entries of the history in force.
    var states = [try await project.shown(image)]
    var lastRevision: Int64 = 0
    for step in 0..<1000 {
        let active = states[states.count - 1].filter { $0.record.kind == .region }.map(\.record.id)
        let outcome: Int64
        switch Int.random(in: 0..<100, using: &dice) {
        case ..<15 where states.count > 1:
            let before = states.removeLast()
            let undone = try #require(try await project.undo(image: image))
            #expect(try await project.shown(image) == states[states.count - 1], "undo of step \(step)")
            if Bool.random(using: &dice) {  // Back again, or leave it undone and make something else.
                let redone = try #require(try await project.redo(image: image))
                #expect(redone.edit == undone.edit && redone.created == undone.removed)
                states.append(before)
                outcome = redone.revision
            } else {
                outcome = undone.revision
            }
        case ..<18:
            var result = ImageResult(image: image, node: "regions", runKey: "\(step)", regions: [])
            for index in 0..<40 where index % 3 != 0 || Bool.random(using: &dice) {
                var one = Bool.random(using: &dice) ? runRegions[index] : randomRegion("run-\(index)", &dice)
                if index % 7 == 0, Bool.random(using: &dice) {
                    one.rule = "tooSmall"
                    result.rejects.append(one)
                } else {
                    result.regions.append(one)
                }
            }
            if result.regions.count > 3 { result.regions[1].parentIndex = 3 }
            result.keepEdited = Bool.random(using: &dice)
            let stored = try await project.storeResult(result)
            outcome = stored.revision
            if stored.edit != nil { states.append(try await project.shown(image)) } else { states = [try await project.shown(image)] }
        default:
            var edit = NewEdit(operation: "edit", image: image, request: #"{"step":\#(step)}"#)
            let chosen = active.shuffled(using: &dice)
            edit.retire = Array(chosen.prefix(Int.random(in: 0...2, using: &dice)))
            for object in chosen.dropFirst(edit.retire.count).prefix(Int.random(in: 0...2, using: &dice)) {
                let new = randomRegion("", &dice)
                var revised = RevisedRegion(object: object, box: new.box, png: new.png, area: new.area)
                revised.measurements = new.measurements
                edit.revise.append(revised)
            }
            edit.create = (0..<Int.random(in: 1...3, using: &dice)).map { randomRegion("edit-\(step)-\($0)", &dice) }
            let made = try await project.commitEdit(edit)
            outcome = made.revision
            #expect(made.removed == edit.retire && made.created.count == edit.create.count)
            states.append(try await project.shown(image))
        }
        #expect(outcome > lastRevision)
        lastRevision = outcome
        if step % 250 == 249 {
            try project.close()
            project = try Project.open(folder: folder / "plankton")
            #expect(try await project.shown(image) == states[states.count - 1])
        }
    }
    #expect(try await project.check() == [])
    for state in states.reversed().dropFirst() {
        _ = try #require(try await project.undo(image: image))
        #expect(try await project.shown(image) == state)
    }
    #expect(try await project.undo(image: image) == nil)
    for state in states.dropFirst() {
        _ = try #require(try await project.redo(image: image))
        #expect(try await project.shown(image) == state)
    }
    #expect(try await project.redo(image: image) == nil)
    #expect(try await project.check() == [])
}

@Test func `an edit says what it changed, and so do undo and redo`() async throws {
    let folder = TemporaryFolder()
    let (project, image) = try await Project.sample(in: folder)
    var draw = NewEdit(operation: "draw", image: image, request: #"{"a":1}"#)
    draw.create = [region("a", x: 0, y: 0), region("b", x: 100, y: 100)]
    let drawn = try await project.commitEdit(draw)
    #expect(drawn.box == Rect(minX: 0, minY: 0, maxX: 108, maxY: 106))
    #expect(drawn.canUndo && !drawn.canRedo && drawn.revision == 1)
    var merge = NewEdit(operation: "merge", image: image, request: "{}")
    merge.retire = drawn.created
    merge.create = [region("c", x: 0, y: 0, width: 200, height: 200)]
    merge.expectedRevision = 1
    let merged = try await project.commitEdit(merge)
    #expect(merged.removed == drawn.created)
    let undone = try #require(try await project.undo(image: image))
    #expect(undone.operation == "merge" && undone.created == drawn.created && undone.removed == merged.created && undone.canUndo && undone.canRedo)
    #expect(try await project.object(merged.created[0])?.active == false)
    #expect(try await project.mask(merged.created[0])?.area == 20_000)
    let redone = try #require(try await project.redo(image: image))
    #expect(redone.created == merged.created && !redone.canRedo)
    _ = try await project.undo(image: image)
    // Another edit after an undo: the undone one stays in the list and cannot come back.
    var third = NewEdit(operation: "delete", image: image, request: "{}")
    third.retire = [drawn.created[0]]
    _ = try await project.commitEdit(third)
    #expect(try await project.redo(image: image) == nil)
    #expect(try await project.edits(image: image).items.map(\.state) == [.done, .superseded, .done])
    #expect(try await project.edits(limit: 2).next != nil)
    let rest = try await project.edits(image: image, cursor: project.edits(image: image, limit: 2).next)
    #expect(rest.items.map(\.request) == [#"{"a":1}"#])
    #expect(try await project.canUndoRedo(image: image) == (true, false))
    // An identity of an undone object can be used again.
    var again = NewEdit(operation: "draw", image: image, request: "{}")
    again.create = [region("c")]
    #expect(try await project.commitEdit(again).created != merged.created)
}

@Test func `an edit that does not fit is refused and leaves no trace`() async throws {
    let folder = TemporaryFolder()
    let (project, image) = try await Project.sample(in: folder)
    let other = try await project.addSampleImage("b")
    var draw = NewEdit(operation: "draw", image: image, request: "{}")
    draw.create = [region("a")]
    let object = try await project.commitEdit(draw).created[0]
    let before = try await project.shown(image)

    func refused(_ change: (inout NewEdit) -> Void) async -> StoreError? {
        var edit = NewEdit(operation: "x", image: image, request: "{}")
        change(&edit)
        let made = edit
        return await #expect(throws: StoreError.self) { try await project.commitEdit(made) }
    }
    guard case .conflict = await refused({ $0.retire = [999] }) else { throw StoreError.invalid(sentence: "unknown object") }
    guard case .conflict = await refused({ $0.image = other; $0.retire = [object] }) else { throw StoreError.invalid(sentence: "object of another image") }
    guard case .conflict = await refused({ $0.create = [region("a")] }) else { throw StoreError.invalid(sentence: "identity twice") }
    guard case .conflict = await refused({ $0.retire = [object]; $0.expectedRevision = 0 }) else { throw StoreError.invalid(sentence: "old revision") }
    guard case .notFound = await refused({ $0.image = 77; $0.create = [region("z")] }) else { throw StoreError.invalid(sentence: "unknown image") }
    _ = await refused { _ in }
    _ = await refused { $0.retire = [object, object] }
    _ = await refused { $0.retire = [image] }
    _ = await refused { $0.request = "{"; $0.create = [region("z")] }
    _ = await refused { $0.create = [region("z", measurements: ["never_declared": 1])] }
    _ = await refused { $0.create = [region("ok"), region("z")]; $0.create[1].png = [1, 2, 3] }
    _ = await refused { $0.create = [region("z")]; $0.create[0].area = 0 }
    _ = await refused { $0.create = [region("z")]; $0.create[0].box.width = 9 }
    _ = await refused { $0.create = [region("z", x: .max - 100)] }
    _ = await refused { $0.create = [region("z")]; $0.create[0].parentIndex = 0 }
    _ = await refused { $0.create = [region("z")]; $0.create[0].parentIndex = -1 }
    #expect(try await project.shown(image) == before)
    #expect(try await project.edits().items.count == 1)
    #expect(try await project.check() == [])
}
