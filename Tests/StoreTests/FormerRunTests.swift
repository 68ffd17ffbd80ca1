import Raster
import Store
import Testing

@Suite struct FormerRunTests {
    private func run(_ project: Project, _ image: ObjectID, _ key: String, _ regions: [NewRegion], node: String = "regions") async throws -> [ObjectID] {
        try await project.storeResult(ImageResult(image: image, node: node, runKey: key, regions: regions)).regions.compactMap(\.self)
    }

    /// Masks by object in a state.
    private func masks(_ project: Project, _ image: ObjectID, _ state: Int64) async throws -> [ObjectID: Int64] {
        var masks = try await project.maskRevisions(image: image)
        for (object, mask) in try await project.objectState(image: image, edit: state) { masks[object] = mask }
        return masks
    }

    @Test func `a run that replaced another leaves it to be seen and compared, byte for byte`() async throws {
        let folder = TemporaryFolder()
        let (project, image) = try await Project.sample(in: folder)
        #expect(try await project.objectStates(image: image).map(\.edit) == [0])
        let first = try await run(project, image, "1", [region("a"), region("b", x: 50), region("c", x: 90)])
        #expect(try await project.objectStates(image: image).map(\.edit) == [0])
        let before = try await project.maskRevisions(image: image)
        let pngs = try await project.masks(image: image).map(\.png)
        let second = try await run(project, image, "2", [region("a"), region("b", x: 50, body: [9])])
        #expect(second == Array(first.prefix(2)))
        let states = try await project.objectStates(image: image)
        #expect(states.map(\.objects) == [2, 3] && states.map(\.operation) == ["start", "run.former"] && states[0].edit == 0 && states[1].edit < 0 && states[1].at != nil)
        #expect(try await masks(project, image, states[1].edit) == before)
        let old = try await project.masks(revisions: Array(before.values))
        #expect(old.map(\.object) == first && old.map(\.png) == pngs)
        // What it shows is not in the project otherwise.
        #expect(try await project.objectCount(image: image) == 2)
        #expect(try await project.shown(image).count == 2)
        #expect(try await project.check() == [])
        // One that finds the same is no other run.
        _ = try await run(project, image, "3", [region("a"), region("b", x: 50, body: [9])])
        #expect(try await project.objectStates(image: image) == states)
        await #expect(throws: StoreError.self) { try await project.objectState(image: image, edit: -99) }
        await #expect(throws: StoreError.self) { try await project.objectState(image: image + 1, edit: states[1].edit) }
    }

    @Test func `three former runs are kept, and what older ones left is deleted`() async throws {
        let folder = TemporaryFolder()
        let (project, image) = try await Project.sample(in: folder)
        var kept: [[ObjectID: Int64]] = []
        var everything: Set<Int64> = []
        for number in 1...6 {
            // One object stays, one changes, one is new each time.
            let regions = [region("same"), region("moving", x: 50, body: [UInt8(number)]), region("n\(number)", x: 90)]
            _ = try await run(project, image, "\(number)", regions)
            kept.append(try await project.maskRevisions(image: image))
            everything.formUnion(kept[kept.count - 1].values)
        }
        let states = try await project.objectStates(image: image)
        #expect(states.map(\.objects) == [3, 3, 3, 3] && states.map(\.edit) == [0, -5, -4, -3])
        for (state, expected) in zip(states, kept.reversed()) { #expect(try await masks(project, image, state.edit) == expected) }
        await #expect(throws: StoreError.self) { try await project.objectState(image: image, edit: -2) }
        let shown = Set(kept.suffix(4).flatMap(\.values))
        #expect(Set(try await project.masks(revisions: Array(everything)).map(\.revision)) == shown)
        #expect(try await project.check() == [])
    }

    @Test func `former runs stay behind the first edit, and undo leads to it`() async throws {
        let folder = TemporaryFolder()
        let (project, image) = try await Project.sample(in: folder)
        let first = try await run(project, image, "1", [region("a"), region("b", x: 50)])
        let one = try await project.maskRevisions(image: image)
        _ = try await run(project, image, "2", [region("a")])
        let two = try await project.maskRevisions(image: image)
        var edit = NewEdit(operation: "delete", image: image, request: "{}")
        edit.retire = [first[0]]
        let id = try await project.commitEdit(edit).edit
        _ = try await run(project, image, "3", [region("a"), region("c", x: 200)])
        let states = try await project.objectStates(image: image)
        #expect(states.map(\.operation) == ["run", "delete", "start", "run.former"] && states.map(\.objects) == [1, 0, 1, 2])
        for _ in 0..<3 {
            #expect(try await masks(project, image, states[3].edit) == one)
            #expect(try await masks(project, image, 0) == two)
            #expect(try await masks(project, image, id) == [:])
            _ = try await project.undo(image: image)
        }
        #expect(try await project.check() == [])
    }

    @Test func `runs of several nodes are steps of their own`() async throws {
        let folder = TemporaryFolder()
        let (project, image) = try await Project.sample(in: folder)
        _ = try await run(project, image, "1", [region("a")])
        _ = try await run(project, image, "1", [region("o", x: 400)], node: "other")
        let both = try await project.maskRevisions(image: image)
        _ = try await run(project, image, "2", [])
        let half = try await project.maskRevisions(image: image)
        _ = try await run(project, image, "2", [], node: "other")
        let states = try await project.objectStates(image: image)
        #expect(states.map(\.objects) == [0, 1, 2])
        #expect(try await masks(project, image, states[1].edit) == half)
        #expect(try await masks(project, image, states[2].edit) == both)
        #expect(try await project.check() == [])
    }
}
