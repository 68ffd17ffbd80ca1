import Codecs
import Foundation
import Jobs
import Nodes
import Pipeline
import Raster
import Store
import Synchronization
import Testing

/// Subtracts the brightest frame of the stack: pixel by pixel the largest value that any frame has there.
private struct StackNode: PreparedNode {
    static let kind = "correct.stack"
    static let title = "Stack"
    static let help = "For tests."
    static let image = Slot<GrayImage>("image", help: "Frames.")
    static let even = Slot<GrayImage>("even", help: "Without background.")
    static let inputs = [image.schema]
    static let outputs = [even.schema]
    static let parameters: [Parameter<Self>] = [.integer(\.level, "level", label: "Level", range: 0...255, help: "Of the background.")]
    var level = 255
    init() {}

    func prepare(_ group: FrameGroup) async throws {
        let pictures = try await group.concurrently(group.frames) { frame -> Image<UInt8>? in
            guard case .bits8(let image)? = try group.value(Self.image, of: frame) else { return nil }
            return image
        }.compactMap(\.self)
        guard let first = pictures.first else { throw JobError.failed("no frame") }
        counts.withLock { $0[group.folder, default: 0] += 1 }
        let largest = pictures.dropFirst().reduce(first) { one, other in
            Image(width: one.width, height: one.height) { pixels in for y in 0..<one.height { for x in 0..<one.width { pixels[y * one.width + x] = max(one[x, y], other[x, y]) } } }
        }
        try group.write("background.png") { try PNGWriter.encode(.gray8(largest)).write(to: $0) }
        try group.progress(group.frames.count, of: group.frames.count)
    }

    func load(_ files: PreparedFiles) throws -> AnyImage {
        let file = try files.open("background.png")
        return try withExtendedLifetime(file) { try ImageFile.decode(descriptor: file.descriptor, name: "background.png", page: 0, orientation: 1) }
    }

    func run(_ values: inout SlotValues, context: NodeContext) throws {
        guard case .gray8(let background) = try context.prepared(AnyImage.self), case .bits8(let image) = values[Self.image] else { return }
        values[Self.even] = .bits8(
            Image(width: image.width, height: image.height) { pixels in
                for y in 0..<image.height { for x in 0..<image.width { pixels[y * image.width + x] = UInt8(clamping: Int(image[x, y]) - Int(background[x, y]) + level) } }
            })
    }
}

/// Puts the frames of a group side by side.
private struct RowNode: GatheringNode {
    static let kind = "stitch.row"
    static let title = "Row"
    static let help = "For tests."
    static let image = Slot<AnyImage>("image", help: "Frames.")
    static let row = Slot<AnyImage>("row", help: "Side by side.")
    static let inputs = [image.schema]
    static let outputs = [row.schema]
    static let parameters: [Parameter<Self>] = [.integer(\.gap, "gap", label: "Gap", unit: "px", range: 0...9, help: "Between frames.")]
    var gap = 0
    init() {}

    func gather(_ group: FrameGroup) async throws -> Gathered {
        var parts: [(FrameGroup.Frame, Image<UInt8>)] = []
        var leftOut: [Gathered.LeftOut] = []
        for frame in group.frames {
            if case .gray8(let image)? = try group.value(Self.image, of: frame), image.height == 24 {
                parts.append((frame, image))
            } else {
                leftOut.append(.init(name: frame.image.name, reason: "it is not 24 pixels high; cut it"))
            }
        }
        counts.withLock { $0[group.folder, default: 0] += 1 }
        let width = parts.reduce(-gap) { $0 + $1.1.width + gap }
        var row = Image<UInt8>(width: width, height: 24, repeating: 200)
        var x = 0
        for (_, image) in parts {
            row = row.replacing(x: x, y: 0, with: image)
            x += image.width + gap
        }
        try group.write("row.png") { [row] in try PNGWriter.encode(.gray8(row)).write(to: $0) }
        var made = Gathered.NewImage(file: "row.png", name: "row of \(parts.count)", frames: parts.map(\.0.image.uid))
        made.details = ["width": .number(Double(width))]
        return Gathered(images: [made], leftOut: leftOut)
    }
}

private let counts = Mutex<[String: Int]>([:])

extension [UInt8] {
    fileprivate func write(to path: String) throws { try Data(self).write(to: URL(filePath: path)) }
}

private let classes = AllNodes.classes + [NodeClass(StackNode.self), NodeClass(RowNode.self)]

/// Frames of 32 × 24 pixels, brighter at the right, each with one dark square in another place.
private func drawFrames(_ range: Range<Int>, in folder: String, height: Int = 24) throws {
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    for number in range {
        let image = Image<UInt8>(width: 32, height: height) { pixels in
            for y in 0..<height { for x in 0..<32 { pixels[y * 32 + x] = (2 + 4 * number..<8 + 4 * number).contains(x) && (8..<14).contains(y) ? 20 : UInt8(100 + 3 * x) } }
        }
        try PNGWriter.encode(.gray8(image)).write(to: "\(folder)/frame\(number).png")
    }
}

private func graph(stack: [String: JSONValue] = [:], row: [String: JSONValue]? = nil) -> Graph {
    var nodes: [Graph.Instance] = [
        .init(name: "images", kind: "import.folder"), .init(name: "gray", kind: "convert.gray"), .init(name: "stack", kind: StackNode.kind, config: stack),
    ]
    var edges = [Graph.Edge(from: .init("images", "image"), to: .init("gray", "image")), Graph.Edge(from: .init("gray", "gray"), to: .init("stack", "image"))]
    var feeder = Graph.End("stack", "even")
    if let row {
        nodes.append(.init(name: "row", kind: RowNode.kind, config: row))
        edges.append(.init(from: feeder, to: .init("row", "image")))
        nodes.append(.init(name: "gray2", kind: "convert.gray"))
        edges.append(.init(from: .init("row", "row"), to: .init("gray2", "image")))
        feeder = .init("gray2", "gray")
    }
    nodes += [
        .init(name: "threshold", kind: "segment.threshold"), .init(name: "objects", kind: "regions.extract", config: ["minSize": 2]), .init(name: "shape", kind: "measure.shape"),
        .init(name: "ecotaxa", kind: "export.ecotaxa"),
    ]
    edges += [
        .init(from: feeder, to: .init("threshold", "gray")), .init(from: .init("threshold", "mask"), to: .init("objects", "mask")),
        .init(from: .init("objects", "regions"), to: .init("shape", "regions")), .init(from: feeder, to: .init("ecotaxa", "image")),
        .init(from: .init("objects", "regions"), to: .init("ecotaxa", "regions")), .init(from: .init("shape", "measurements"), to: .init("ecotaxa", "measurements")),
    ]
    return Graph(nodes: nodes, edges: edges)
}

private func importing(_ folder: String) throws -> JobSequence.Request { try .init(type: "import", parameters: ["path": .string(folder)]) }

@Test func `a prepared node sees its whole group once, and again only when the group or its settings change`() async throws {
    let temporary = try TemporaryProject()
    try await temporary.project.savePipelineGraph(graph(), classes: classes)
    let frames = temporary.folder.path + "/frames"
    try drawFrames(0..<6, in: frames)
    let first = try await temporary.run(importing(frames), .init(type: "run"), classes: classes)
    let counts = try #require(first.last?.outcome?.counts)
    #expect(counts["groups"] == 1 && counts["images"] == 6 && counts["objects"] == 6, "\(first)")
    for image in try await temporary.project.allImages() {
        let objects = try await temporary.project.allObjects(of: image.id)
        // Without its background a frame has one object of one level; with it the gradient would be cut somewhere.
        #expect(objects.map(\.area) == [36])
        #expect(image.prepared["stack"]?.count == 32)
    }
    // As before: nothing is prepared, nothing computed.
    let second = try await temporary.run(.init(type: "run"), classes: classes)
    #expect(second[0].outcome?.counts["groups"] == 0 && second[0].outcome?.counts["groupsUnchanged"] == 1 && second[0].outcome?.counts["unchanged"] == 6)
    // Deleted files come back, and nothing that was made with them is made again.
    let key = try #require(try await temporary.project.allImages().first?.prepared["stack"])
    try temporary.project.files.remove("stack/\(key)")
    let third = try await temporary.run(.init(type: "run"), classes: classes)
    #expect(third[0].outcome?.counts["groups"] == 1 && third[0].outcome?.counts["unchanged"] == 6)
    // A later parameter leaves the group alone, its own does not; the former files go.
    try await temporary.project.savePipelineGraph(graph(stack: ["level": 250]), classes: classes)
    let fourth = try await temporary.run(.init(type: "run"), classes: classes)
    #expect(fourth[0].outcome?.counts["groups"] == 1 && fourth[0].outcome?.counts["images"] == 6)
    #expect(try temporary.project.files.list("stack").map(\.name) == [try await temporary.project.allImages()[0].prepared["stack"]])
    // One more frame, one more background, for all of the group.
    try drawFrames(6..<7, in: frames)
    let fifth = try await temporary.run(importing(frames), .init(type: "run"), classes: classes)
    #expect(fifth[1].outcome?.counts["groups"] == 1 && fifth[1].outcome?.counts["images"] == 7)
}

@Test func `what a node prepares is asked for by a sentence where no run has made it`() async throws {
    let temporary = try TemporaryProject()
    try await temporary.project.savePipelineGraph(graph(), classes: classes)
    let frames = temporary.folder.path + "/frames"
    try drawFrames(0..<2, in: frames)
    _ = try await temporary.run(importing(frames), classes: classes)
    let pipeline = ProjectPipeline(project: temporary.project, classes: classes)
    let image = try #require(try await temporary.project.allImages().first)
    let (plan, context) = (try await pipeline.plan(), try await pipeline.context(of: image))
    #expect(throws: NotPrepared(step: "stack")) { try pipeline.values(of: image, wanted: [.init("stack", "even")], plan: plan, context: context) }
    _ = try await temporary.run(.init(type: "run"), classes: classes)
    let prepared = try #require(try await temporary.project.allImages().first)
    #expect(try pipeline.values(of: prepared, wanted: [.init("stack", "even")], plan: plan, context: context)[.init("stack", "even")] is GrayImage)
    // With other settings it is another background, which no run has made.
    let other = try Plan(graph(stack: ["level": 9]), classes: classes)
    #expect(throws: NotPrepared(step: "stack")) { try pipeline.values(of: prepared, wanted: [.init("stack", "even")], plan: other, context: context) }
}

@Test(arguments: [1, 2, 8])
func `a gathering node makes an image of its frames, which flows on as an image; frames that do not fit are listed`(workers: Int) async throws {
    let temporary = try TemporaryProject(title: "Rows")
    try await temporary.project.savePipelineGraph(graph(row: [:]), classes: classes)
    let frames = temporary.folder.path + "/frames"
    try drawFrames(0..<5, in: frames)
    try drawFrames(5..<6, in: frames, height: 25)
    let jobs = try await temporary.run(importing(frames), .init(type: "run"), .init(type: "export"), workers: workers, classes: classes)
    #expect(jobs.map(\.state) == [.done, .done, .done], "\(jobs.map { $0.error ?? "" })")
    let outcome = try #require(jobs[1].outcome)
    // Two backgrounds, for frames of two sizes, and one row.
    #expect(outcome.counts["groups"] == 3 && outcome.counts["imagesMade"] == 1 && outcome.counts["images"] == 1)
    #expect(outcome.failures == [.init(name: "frame5.png", reason: "row: it is not 24 pixels high; cut it")])
    let images = try await temporary.project.allImages()
    let row = try #require(images.first { $0.made != nil })
    #expect(row.width == 160 && row.height == 24 && row.state == .processed && row.pyramid != nil && row.node == "row")
    #expect(row.made?.frames.count == 5)
    #expect(try await temporary.project.imageDetails(row.id) == #"{"width":160}"#)
    let objects = try await temporary.project.allObjects(of: row.id)
    #expect(objects.count == 5 && objects.allSatisfy { $0.area == 36 && $0.measurements["area"] == 36 })
    // Frames have no objects of their own: they are in the row.
    for image in images where image.made == nil { #expect(try await temporary.project.allObjects(of: image.id).isEmpty && image.state == .processed) }
    let bytes = try temporary.project.files.read(try #require(jobs.last?.outcome?.files.first))
    let archive = FileDigest.sha256(bytes)
    #expect(reference.withLock { known in
        if known == nil { known = archive }
        return known
    } == archive)

    let again = try await temporary.run(.init(type: "run"), workers: workers, classes: classes)
    #expect(again[0].outcome?.counts["groups"] == 0 && again[0].outcome?.counts["groupsUnchanged"] == 3 && again[0].outcome?.counts["images"] == 0)
    #expect(again[0].outcome?.failures.map(\.name) == ["frame5.png"])

    // Another gap, another row; the former one goes to the trash, and comes back with its settings.
    try await temporary.project.savePipelineGraph(graph(row: ["gap": 3]), classes: classes)
    _ = try await temporary.run(.init(type: "run"), workers: workers, classes: classes)
    #expect(try await temporary.project.allImages().filter { $0.made != nil }.map(\.width) == [172])
    #expect(try await temporary.project.removedImages().map(\.uid) == [row.uid])
    try await temporary.project.savePipelineGraph(graph(row: [:]), classes: classes)
    _ = try await temporary.run(.init(type: "run"), workers: workers, classes: classes)
    #expect(try await temporary.project.allImages().filter { $0.made != nil }.map(\.uid) == [row.uid])
}

private let reference = Mutex<String?>(nil)

@Test func `a row with edited objects stays when it would be made anew, unless edits may be replaced`() async throws {
    let temporary = try TemporaryProject()
    try await temporary.project.savePipelineGraph(graph(row: [:]), classes: classes)
    let frames = temporary.folder.path + "/frames"
    try drawFrames(0..<3, in: frames)
    _ = try await temporary.run(importing(frames), .init(type: "run"), classes: classes)
    let row = try #require(try await temporary.project.allImages().first { $0.made != nil })
    let mask = Mask.full(Rect(x: 2, y: 2, width: 2, height: 2))
    var edit = NewEdit(operation: "draw", image: row.id, request: "{}")
    edit.create = [NewRegion(mask: mask, uid: "drawn")]
    _ = try await temporary.project.commitEdit(edit)
    try await temporary.project.savePipelineGraph(graph(row: ["gap": 3]), classes: classes)
    let kept = try await temporary.run(.init(type: "run"), classes: classes)
    #expect(kept[0].outcome?.warnings?.first?.contains("1 of its objects were edited") == true)
    #expect(try await temporary.project.allImages().filter { $0.made != nil }.map(\.uid) == [row.uid])
    _ = try await temporary.run(.init(type: "run", parameters: ["keepEdited": false]), classes: classes)
    #expect(try await temporary.project.allImages().filter { $0.made != nil }.map(\.width) == [102])
}

@Test func `what is noted beside made images has the same bytes on every machine`() async throws {
    let temporary = try TemporaryProject()
    try await temporary.project.savePipelineGraph(graph(row: [:]), classes: classes)
    let frames = temporary.folder.path + "/frames"
    try drawFrames(0..<3, in: frames)
    _ = try await temporary.run(importing(frames), .init(type: "run"), classes: classes)
    let row = try #require(try await temporary.project.allImages().first { $0.made != nil })
    let files = try temporary.project.files.files(below: row.node).filter { $0.hasSuffix("/done.json") }
    let note = try temporary.project.files.read(try #require(files.first))
    #expect(String(decoding: note, as: UTF8.self) == #"{"images":["\#(row.uid)"],"leftOut":[]}"#)
}

@Test func `steps of frames and of what was made of them are not mixed`() {
    var mixed = graph(row: [:])
    mixed.edges.removeAll { $0.to == .init("ecotaxa", "image") }
    mixed.edges.append(.init(from: .init("gray", "gray"), to: .init("ecotaxa", "image")))
    #expect {
        try Plan(mixed, classes: classes)
    } throws: { error in
        "\(error)".contains("\"ecotaxa\" takes gray.gray, which belongs to the images, and objects.regions, which belongs to what \"row\" makes of them")
    }
}
