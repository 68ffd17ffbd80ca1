import Foundation
import Raster
import Store
import Testing

/// 500 regions and 100 rejects on two images, measured, some without a value.
private func populated(_ folder: TemporaryFolder) async throws -> (project: Project, images: [ObjectID]) {
    var dice = Dice(7)
    let (project, first) = try await Project.sample(in: folder)
    let images = [first, try await project.addSampleImage("b")]
    try await project.setMeasureColumns([MeasureColumnRecord(name: "esd", unit: "px", title: "ESD", definition: "d")])
    for image in images {
        var result = ImageResult(image: image, node: "regions", runKey: "1", regions: [])
        for index in 0..<300 {
            var one = region(
                "\(image)-\(index)", x: Int.random(in: 0...950, using: &dice), y: Int.random(in: 0...750, using: &dice), width: Int.random(in: 1...50, using: &dice),
                height: Int.random(in: 1...50, using: &dice))
            one.measurements = ["esd": index % 5 == 0 ? nil : Double(index % 10) / 3]
            if index < 50 { one.rule = "tooSmall" }
            if index < 50 { result.rejects.append(one) } else { result.regions.append(one) }
        }
        _ = try await project.storeResult(result)
    }
    return (project, images)
}

@Test(arguments: ["id", "uid", "x", "area", "image", "esd"], [false, true])
func `pages joined are the whole list in its order`(sort: String, descending: Bool) async throws {
    let folder = TemporaryFolder()
    let (project, _) = try await populated(folder)
    var query = ObjectQuery()
    (query.sort, query.descending, query.limit) = (sort, descending, 10_000)
    let whole = try await project.objects(query)
    #expect(whole.items.count == 500 && whole.total == 500 && whole.next == nil)
    if sort == "esd" {
        let values = whole.items.map { $0.measurements["esd"] }
        let defined = values.compactMap(\.self)
        #expect(values.prefix(defined.count).allSatisfy { $0 != nil })
        #expect(defined == (descending ? defined.sorted(by: >) : defined.sorted()))
    }
    query.limit = 37
    query.withMeasurements = true
    var joined: [ObjectRecord] = []
    repeat {
        let page = try await project.objects(query)
        #expect(page.total == 500)
        joined += page.items
        query.cursor = page.next
    } while query.cursor != nil
    #expect(joined == whole.items)
}

@Test func `objects in a box are those whose box shares a pixel with it`() async throws {
    let folder = TemporaryFolder()
    let (project, images) = try await populated(folder)
    var dice = Dice(3)
    var every = ObjectQuery(image: images[1])
    (every.kinds, every.limit) = ([.region, .reject], 10_000)
    let all = try await project.objects(every).items
    #expect(all.count == 300)
    for _ in 0..<50 {
        let box = Rect(x: Int.random(in: -50...1000, using: &dice), y: Int.random(in: -50...800, using: &dice), width: Int.random(in: 1...200, using: &dice), height: Int.random(in: 1...200, using: &dice))
        var query = every
        query.box = box
        #expect(try await project.objects(query).items == all.filter { $0.box.intersects(box) })
        #expect(try await project.masks(image: images[1], box: box).map(\.object) == all.filter { $0.kind == .region && $0.box.intersects(box) }.map(\.id))
        let hits = try await project.masks(atX: box.x, y: box.y, image: images[1])
        #expect(Set(hits.map(\.object)) == Set(all.filter { $0.kind == .region && $0.box.contains(x: box.x, y: box.y) }.map(\.id)))
        #expect(hits.map(\.area) == hits.map(\.area).sorted())
    }
    // The pixel beyond the edge is outside: boxes are half-open.
    var query = every
    query.box = Rect(x: all[0].box.maxX, y: all[0].box.y, width: 1, height: 1)
    #expect(try await !project.objects(query).items.contains(all[0]))
}

@Test func `queries filter by kind, id and edit, and refuse nonsense`() async throws {
    let folder = TemporaryFolder()
    let (project, images) = try await populated(folder)
    var query = ObjectQuery(image: images[0])
    query.kinds = [.reject]
    #expect(try await project.objects(query).items.count == 50)
    query = ObjectQuery()
    let some = Array(try await project.objects(query).items.map(\.id).prefix(3))
    query.ids = some + [99_999]
    #expect(try await project.objects(query).items.map(\.id) == some)
    query.ids = []
    #expect(try await project.objects(query).items.isEmpty)
    query = ObjectQuery()
    query.edited = true
    #expect(try await project.objects(query).total == 0)
    query = ObjectQuery()
    query.kinds = []
    #expect(try await project.objects(query).items.isEmpty)
    for change: @Sendable (inout ObjectQuery) -> Void in [
        { $0.sort = "area; DROP TABLE object" }, { $0.sort = "png" }, { $0.cursor = "x" }, { $0.cursor = "d~" }, { $0.box = Rect(x: 0, y: 0, width: 1, height: 1) },
    ] {
        var query = ObjectQuery()
        change(&query)
        let made = query
        await #expect(throws: StoreError.self) { try await project.objects(made) }
    }
    #expect(try await project.object(99_999) == nil)
    #expect(try await project.mask(99_999) == nil)
    // Objects of images in the trash are not listed.
    try await project.removeImage(images[0])
    #expect(try await project.objects(ObjectQuery()).total == 250)
    try await project.restoreImage(images[0])
    #expect(try await project.objects(ObjectQuery()).total == 500)
}

@Test func `boxes and queries at the limits of whole numbers are answered`() async throws {
    let folder = TemporaryFolder()
    let (project, images) = try await populated(folder)
    var query = ObjectQuery(image: images[0])
    query.limit = .max
    #expect(try await project.objects(query).items.count == 250)
    query.limit = .min
    #expect(try await project.objects(query).items.count == 1)
    query.image = .max
    query.box = Rect(x: Int(Int32.min), y: 0, width: Int(UInt32.max), height: 1 << 40)
    #expect(try await project.objects(query).items.isEmpty)
    query.image = images[0]
    query.box = Rect(x: -(1 << 50), y: -(1 << 50), width: 1 << 51, height: 1 << 51)
    query.limit = 1000
    #expect(try await project.objects(query).items.count == 250)
}

@Test func `boxes from a request may be empty or go beyond all numbers`() async throws {
    let folder = TemporaryFolder()
    let (project, images) = try await populated(folder)
    var query = ObjectQuery(image: images[0])
    query.limit = 1000
    for (box, count) in [
        (Rect(x: 400, y: 400, width: 0, height: 10), 0), (Rect(x: .max - 1, y: 0, width: 1, height: 1), 0), (Rect(x: 0, y: 0, width: .max, height: .max), 250),
        (Rect(x: 5, y: 5, width: .max, height: .max), nil), (Rect(x: .min, y: .min, width: .max, height: .max), 0),
    ] as [(Rect, Int?)] {
        query.box = box
        let found = try await project.objects(query).items.count
        if let count { #expect(found == count, "\(box)") }
        #expect(try await project.masks(image: images[0], box: box).count == found)
    }
    for box in [Rect(x: 0, y: 0, width: .max, height: 1), Rect(x: .max, y: 0, width: .max, height: 1), Rect(x: .min, y: 0, width: 1, height: 1)] {
        var edit = NewEdit(operation: "draw", image: images[0], request: "{}")
        edit.create = [NewRegion(uid: "x", box: box, png: pictured(Rect(x: 0, y: 0, width: 1, height: 1)), area: 1)]
        let made = edit
        await #expect(throws: StoreError.self) { try await project.commitEdit(made) }
    }
}

@Test func `a hundred thousand objects are listed page by page without delay`() async throws {
    let folder = TemporaryFolder()
    let (project, first) = try await Project.sample(in: folder)
    try await project.setMeasureColumns((0..<40).map { MeasureColumnRecord(name: "m\($0)", unit: "px", title: "M", definition: "d") })
    let names = (0..<40).map { "m\($0)" }
    var dice = Dice(1)
    for part in 0..<20 {
        let image = part == 0 ? first : try await project.addSampleImage("i\(part)")
        var result = ImageResult(image: image, node: "regions", runKey: "1", regions: [])
        for index in 0..<5000 {
            var one = region("\(part)-\(index)", x: .random(in: 0...950, using: &dice), y: .random(in: 0...750, using: &dice))
            one.measurements = Measurements(names: names, values: names.map { _ in .random(in: 0...1, using: &dice) })
            result.regions.append(one)
        }
        _ = try await project.storeResult(result)
    }
    func time(_ what: String, _ body: () async throws -> Void) async throws {
        let duration = try await ContinuousClock().measure(body)
        print("100,000 objects, \(what): \(duration)")
        #expect(duration < .seconds(40))
    }
    var query = ObjectQuery()
    for sort in ["id", "area", "m7"] {
        query.sort = sort
        query.cursor = nil
        try await time("first page by \(sort)") { query.cursor = try await project.objects(query).next }
        try await time("second page by \(sort)") { _ = try await project.objects(query) }
    }
    query = ObjectQuery()
    query.withTotal = false
    try await time("page by id without a total") { _ = try await project.objects(query) }
    try await time("list of images") { _ = try await project.images() }
    try await time("summary") { _ = try await project.summary(user: "") }
    var findings: [CheckFinding] = []
    try await time("check") { findings = try await project.check() }
    #expect(findings.isEmpty)
}
