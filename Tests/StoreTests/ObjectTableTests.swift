import Foundation
import Raster
import Store
import Testing

private let columns = ["length", "gray", "roundness", "flat"]

/// 400 regions on two images with four measured columns, one of them the same everywhere, some without values; and some rejects.
private func populated(_ folder: TemporaryFolder) async throws -> (project: Project, images: [ObjectID]) {
    var dice = Dice(11)
    let (project, first) = try await Project.sample(in: folder)
    let images = [first, try await project.addSampleImage("b")]
    try await project.setMeasureColumns(
        columns.map { MeasureColumnRecord(name: $0, unit: "px", title: $0, definition: "d") } + [
            MeasureColumnRecord(name: "length_um", unit: "µm", title: "t", definition: "d"), MeasureColumnRecord(name: "bbox_min_x", unit: "px", title: "t", definition: "d"),
        ])
    for image in images {
        var result = ImageResult(image: image, node: "regions", runKey: "1", regions: [])
        for index in 0..<230 {
            var one = region("\(image)-\(index)", x: Int.random(in: 0...900, using: &dice), width: Int.random(in: 1...50, using: &dice), height: Int.random(in: 1...50, using: &dice))
            func maybe(_ value: Double) -> Double? { Int.random(in: 0..<6, using: &dice) == 0 ? nil : value }
            one.measurements = [
                "length": maybe(Double.random(in: 1...100, using: &dice)), "gray": maybe(Double(Int.random(in: 0...255, using: &dice))),
                "roundness": maybe(Double.random(in: 0...1, using: &dice)), "flat": 4, "length_um": Double.random(in: 0...1e6, using: &dice),
                "bbox_min_x": Double.random(in: 0...1e6, using: &dice),
            ]
            if index < 30 { one.rule = "tooSmall" }
            if index < 30 { result.rejects.append(one) } else { result.regions.append(one) }
        }
        _ = try await project.storeResult(result)
    }
    return (project, images)
}

private func all(_ project: Project, kinds: Set<ObjectKind> = [.region]) async throws -> [ObjectRecord] {
    var query = ObjectQuery()
    (query.limit, query.kinds) = (10_000, kinds)
    return try await project.objects(query).items
}

@Test func `whole columns hold what the list holds`() async throws {
    let folder = TemporaryFolder()
    let (project, images) = try await populated(folder)
    for descending in [false, true] {
        for sort in ["id", "gray", "area", "uid", "image"] {
            var query = ObjectQuery()
            (query.sort, query.descending, query.limit) = (sort, descending, 10_000)
            let list = try await project.objects(query).items
            let table = try await project.objectTable(query, names: ["length", "revision", "width", "gray"])
            #expect(table.ids == list.map(\.id), "sorted by \(sort)")
            #expect(table.images == list.map(\.image))
            #expect(table.columns[0].map { $0.isNaN ? nil : $0 } == list.map { $0.measurements["length"] })
            #expect(table.columns[1] == list.map { Double($0.maskRevision) })
            #expect(table.columns[2] == list.map { Double($0.box.width) })
            #expect(table.columns[3].map { $0.isNaN ? nil : $0 } == list.map { $0.measurements["gray"] })
        }
    }
    var few = ObjectQuery(image: images[1])
    few.sort = "length"
    let cut = try await project.objectTable(few, names: [], limit: 7)
    few.limit = 7
    #expect(cut.ids == (try await project.objects(few).items.map(\.id)) && cut.columns.isEmpty)
    await #expect(throws: StoreError.self) { try await project.objectTable(ObjectQuery(), names: ["uid"]) }
    await #expect(throws: StoreError.self) { try await project.objectTable(ObjectQuery(), names: ["nothing"]) }
    await #expect(throws: StoreError.self) { try await project.objectTable(ObjectQuery(), names: ["area\" FROM object; --"]) }
    #expect(try await project.imageRevisions(images).keys.sorted() == images.sorted())
    let places = try await project.places(Array(cut.ids.prefix(3)) + [999_999])
    #expect(Set(places.map(\.id)) == Set(cut.ids.prefix(3)) && places.allSatisfy { $0.image == images[1] && !$0.box.isEmpty })
    #expect(try await project.places(image: images[0]).count == 200)
}

private let cases: [(String, @Sendable (ObjectRecord) -> Bool)] = [
    ("length>50", { @Sendable o in (o.measurements["length"] ?? -1) > 50 }),
    ("length<=50;gray>=100", { @Sendable o in o.measurements["length"].map { $0 <= 50 } == true && o.measurements["gray"].map { $0 >= 100 } == true }),
    ("gray=none", { @Sendable o in o.measurements["gray"] == nil }),
    ("gray!=none;area<200", { @Sendable o in o.measurements["gray"] != nil && o.area < 200 }),
    ("gray=10|20|30|none", { @Sendable o in o.measurements["gray"].map { [10, 20, 30].contains($0) } ?? true }),
    ("gray!=10|20", { @Sendable o in o.measurements["gray"].map { ![10, 20].contains($0) } ?? true }),
    ("width=1|2|3", { @Sendable o in (1...3).contains(o.box.width) }),
    ("uid~-10", { @Sendable o in o.uid.contains("-10") }),
    ("edited=1", { @Sendable _ in false }),
    ("x<0", { @Sendable o in o.box.x < 0 }),
]

@Test(arguments: cases)
func `conditions choose the objects that fulfil all of them`(text: String, isWanted: @Sendable (ObjectRecord) -> Bool) async throws {
    let folder = TemporaryFolder()
    let (project, _) = try await populated(folder)
    var query = ObjectQuery()
    (query.conditions, query.limit) = (try ObjectCondition.parse(text), 10_000)
    let wanted = try await all(project).filter(isWanted).map(\.id)
    let page = try await project.objects(query)
    #expect(page.items.map(\.id) == wanted && page.total == wanted.count)
    #expect(try await project.objectTable(query, names: []).ids == wanted)
}

@Test(arguments: ["length", "length>", ">5", "length=", "length=3||4", "gray~1", "uid>3", "nothing=1", "length>abc", "length>inf", "length > 3", "a;b", "lä>3", "area>1) OR (1=1"])
func `what is no condition is refused with a sentence`(text: String) async throws {
    let folder = TemporaryFolder()
    let (project, _) = try await populated(folder)
    await #expect(throws: StoreError.self) {
        var query = ObjectQuery()
        query.conditions = try ObjectCondition.parse(text)
        return try await project.objects(query)
    }
}

@Test func `likeness is the mean difference in standard deviations, as computed plainly`() async throws {
    let folder = TemporaryFolder()
    let (project, images) = try await populated(folder)
    let objects = try await all(project)
    var deviations: [String: Double] = [:]
    for name in columns {
        let values = objects.compactMap { $0.measurements[name] }
        let mean = values.reduce(0, +) / Double(values.count)
        deviations[name] = (values.map { ($0 - mean) * ($0 - mean) }.reduce(0, +) / Double(values.count)).squareRoot()
    }
    func distance(_ a: ObjectRecord, _ b: ObjectRecord) -> Double? {
        if a.id == b.id { return 0 }
        let used = columns.filter { deviations[$0]! > 0 && a.measurements[$0] != nil }
        let shared = used.filter { b.measurements[$0] != nil }
        guard !shared.isEmpty, 2 * shared.count >= used.count else { return nil }
        let squares = shared.map { min(3, abs(a.measurements[$0]! - b.measurements[$0]!) / deviations[$0]!) }.map { $0 * $0 }
        return (squares.reduce(0, +) / Double(shared.count)).squareRoot()
    }
    for chosen in [objects[3], objects[77], objects[300]] {
        var query = ObjectQuery()
        (query.similarTo, query.limit) = (chosen.id, 10_000)
        let ranked = try await project.objects(query)
        #expect(ranked.items.first?.id == chosen.id && ranked.total == 400)
        let distances = ranked.items.map { distance(chosen, $0) }
        let defined = distances.compactMap(\.self)
        #expect(distances.prefix(defined.count).allSatisfy { $0 != nil } && defined.count < 400)
        for (near, far) in zip(defined, defined.dropFirst()) { #expect(near <= far + 1e-5) }
        #expect(try await project.objectTable(query, names: ["area"]).ids == ranked.items.map(\.id))

        query.limit = 33
        var joined: [ObjectID] = []
        repeat {
            let page = try await project.objects(query)
            joined += page.items.map(\.id)
            query.cursor = page.next
        } while query.cursor != nil
        #expect(joined == ranked.items.map(\.id))

        // Filters leave objects out and change no distance.
        var fewer = ObjectQuery(image: images[1])
        (fewer.similarTo, fewer.limit, fewer.conditions) = (chosen.id, 10_000, try ObjectCondition.parse("area>100"))
        #expect(try await project.objects(fewer).items.map(\.id) == ranked.items.filter { $0.image == images[1] && $0.area > 100 }.map(\.id))
    }
    var none = ObjectQuery()
    none.similarTo = 999_999
    await #expect(throws: StoreError.self) { try await project.objects(none) }
}
