import Codecs
import Demo
import Foundation
import Jobs
import Nodes
import Pipeline
import Raster
import Store
import Synchronization
import Testing

@Test func `frames become objects with measurements, and their names and EXIF become fields`() async throws {
    let temporary = try TemporaryProject()
    try await temporary.saveStandardGraph()
    let frames = try temporary.drawFrames(2)
    let jobs = try await temporary.run(
        JobSequence.Request(type: "import", parameters: ["path": .string(frames)]), JobSequence.Request(type: "run"))
    #expect(jobs.map(\.state) == [.done, .done])
    let images = try await temporary.project.allImages()
    #expect(images.count == 2)
    for image in images {
        #expect(image.state == .processed)
        #expect(image.pixelSize.map { abs($0 - DemoScene.pixelSize) < 1e-6 } == true)
        #expect(image.pyramid != nil)
        let metadata = try await temporary.project.metadata(image.id)
        #expect(metadata["object_lat"] != nil && metadata["object_date"] != nil)
        let objects = try await temporary.project.allObjects(of: image.id)
        #expect(!objects.isEmpty)
        for object in objects {
            #expect(object.measurements["area"] == Double(object.area))
            #expect(object.measurements["area_um2"].map { abs($0 - Double(object.area) * 25) < 1e-6 * $0 } == true)
            #expect(object.measurements["intensity_mean"] != nil)
        }
    }
}

@Test func `an image that is as before is not computed again, one parameter changed computes all`() async throws {
    let temporary = try TemporaryProject()
    try await temporary.saveStandardGraph()
    let frames = try temporary.drawFrames(2)
    _ = try await temporary.run(
        JobSequence.Request(type: "import", parameters: ["path": .string(frames)]), JobSequence.Request(type: "run"))
    let again = try await temporary.run(JobSequence.Request(type: "run"))
    #expect(again[0].outcome?.counts["images"] == 0)
    #expect(again[0].outcome?.counts["unchanged"] == 2)
    try await temporary.saveStandardGraph(regions: ["minSize": 30])
    let changed = try await temporary.run(JobSequence.Request(type: "run"))
    #expect(changed[0].outcome?.counts["images"] == 2)
}

@Test func `another pixel size measures again, and seeks objects again only where sizes are in µm`() async throws {
    let temporary = try TemporaryProject()
    try await temporary.saveStandardGraph()
    let frames = try temporary.drawFrames(2)
    _ = try await temporary.run(
        JobSequence.Request(type: "import", parameters: ["path": .string(frames)]), JobSequence.Request(type: "run"))
    let image = try #require(try await temporary.project.allImages().first)
    let before = try await temporary.project.allObjects(of: image.id)

    // Another pixel size: objects stay, µm columns follow; where sizes are given in µm, the objects are sought again.
    var change = ImageChange()
    change.pixelSize = .some(2 * DemoScene.pixelSize)
    try await temporary.project.updateImage(image.id, change)
    let calibrated = try await temporary.run(JobSequence.Request(type: "run"))
    #expect(calibrated[0].outcome?.counts["measured"] == 1 && calibrated[0].outcome?.counts["unchanged"] == 1 && calibrated[0].outcome?.counts["images"] == 0)
    let after = try await temporary.project.allObjects(of: image.id)
    #expect(after.map(\.id) == before.map(\.id))
    for (old, new) in zip(before, after) {
        let (small, large) = (try #require(old.measurements["area_um2"]), try #require(new.measurements["area_um2"]))
        #expect(abs(large - 4 * small) < 1e-9 * large)
    }
    #expect(try await temporary.run(JobSequence.Request(type: "run"))[0].outcome?.counts["unchanged"] == 2)

    try await temporary.saveStandardGraph(regions: ["sizeUnit": "um"])
    _ = try await temporary.run(JobSequence.Request(type: "run"))
    change.pixelSize = .some(DemoScene.pixelSize)
    try await temporary.project.updateImage(image.id, change)
    #expect(try await temporary.run(JobSequence.Request(type: "run"))[0].outcome?.counts["images"] == 1)
}

@Test func `the columns of every measuring node can be stored`() async throws {
    let temporary = try TemporaryProject()
    try await temporary.saveStandardGraph { graph in
        for kind in AllNodes.classes.map(\.kind) where kind.hasPrefix("measure.") && !graph.nodes.contains(where: { $0.kind == kind }) {
            let name = String(kind.dropFirst("measure.".count))
            graph.nodes.append(Graph.Instance(name: name, kind: kind))
            for input in AllNodes.named(kind)?.inputs ?? [] {
                graph.edges.append(Graph.Edge(from: input.type == .regions ? Graph.End("objects", "regions") : input.type == .image ? Graph.End("images", "image") : Graph.End("gray", "gray"), to: Graph.End(name, input.name)))
            }
        }
    }
    let frames = try temporary.drawFrames(1)
    let jobs = try await temporary.run(
        JobSequence.Request(type: "import", parameters: ["path": .string(frames)]), JobSequence.Request(type: "run"))
    #expect(jobs.map(\.state) == [.done, .done], "\(jobs.compactMap(\.error))")
    let image = try #require(try await temporary.project.allImages().first)
    let object = try #require(try await temporary.project.allObjects(of: image.id).max { $0.area < $1.area })
    for name in ["perim.", "%area", "zooprocess_area", "blue_mean", "focus_tenengrad", "texture_contrast", "lbp_0"] {
        #expect(object.measurements[name] != nil, "\(name)")
    }
    // Sorting by such a column works too.
    var query = ObjectQuery(image: image.id)
    (query.sort, query.descending) = ("perim.", true)
    let sorted = try await temporary.project.objects(query).items.compactMap { $0.measurements["perim."] }
    #expect(sorted == sorted.sorted(by: >) && !sorted.isEmpty)
}

@Test func `every segment is kept or rejected by a rule, and the counts add up`() async throws {
    let temporary = try TemporaryProject()
    try await temporary.saveStandardGraph()
    let frames = try temporary.drawFrames(1)
    let jobs = try await temporary.run(
        JobSequence.Request(type: "import", parameters: ["path": .string(frames)]), JobSequence.Request(type: "run"))
    let counts = try #require(jobs.last?.outcome?.counts)
    let image = try #require(try await temporary.project.allImages().first)
    let rejects = try await temporary.project.masks(image: image.id, kind: .reject)
    let kept = try await temporary.project.masks(image: image.id, kind: .region)
    #expect(counts["objects"] == kept.count)
    #expect(counts.filter { $0.key.hasPrefix("reject.") }.values.reduce(0, +) == rejects.count)
}

@Test func `a bad image fails alone with its reason`() async throws {
    let temporary = try TemporaryProject()
    try await temporary.saveStandardGraph()
    let frames = try temporary.drawFrames(2)
    let names = try FileManager.default.contentsOfDirectory(atPath: frames).sorted()
    let whole = try Data(contentsOf: URL(filePath: frames + "/" + names[0]))
    try whole.prefix(whole.count / 2).write(to: URL(filePath: frames + "/cut.jpg"))
    try Data().write(to: URL(filePath: frames + "/empty.png"))
    try Data("no image".utf8).write(to: URL(filePath: frames + "/text.tif"))
    let jobs = try await temporary.run(
        JobSequence.Request(type: "import", parameters: ["path": .string(frames)]), JobSequence.Request(type: "run"))
    #expect(jobs.map(\.state) == [.done, .done])
    #expect(jobs[0].outcome?.failures.map(\.name) == ["cut.jpg", "empty.png", "text.tif"])
    let images = try await temporary.project.allImages()
    #expect(images.filter { $0.state == .processed }.count == 2)
    let failed = images.filter { $0.state == .failed }
    #expect(failed.count == 3)
    #expect(failed.allSatisfy { ($0.error ?? "").contains($0.name) })
}

@Test(arguments: [1, 2, 8])
func `the archive has the same bytes for any number of workers`(workers: Int) async throws {
    let temporary = try TemporaryProject(title: "Same")
    try await temporary.saveStandardGraph()
    let frames = try temporary.drawFrames(3, width: 480, height: 360)
    let jobs = try await temporary.run(
        JobSequence.Request(type: "import", parameters: ["path": .string(frames)]), JobSequence.Request(type: "run"),
        JobSequence.Request(type: "export"), workers: workers)
    let file = try #require(jobs.last?.outcome?.files.first)
    let bytes = try temporary.project.files.read(file)
    let digest = FileDigest.sha256(bytes)
    let known = reference.withLock { reference in
        if reference == nil { reference = digest }
        return reference
    }
    #expect(digest == known)
}

private let reference = Mutex<String?>(nil)

@Test func `objects that a person changed stay, and a run over them adds nothing on their ground`() async throws {
    let temporary = try TemporaryProject()
    try await temporary.saveStandardGraph()
    let frames = try temporary.drawFrames(1)
    _ = try await temporary.run(
        JobSequence.Request(type: "import", parameters: ["path": .string(frames)]), JobSequence.Request(type: "run"))
    let image = try #require(try await temporary.project.allImages().first)
    let before = try await temporary.project.allObjects(of: image.id)
    let victim = try #require(before.first)
    var edit = NewEdit(operation: "delete", image: image.id, request: "{}")
    edit.retire = [victim.id]
    _ = try await temporary.project.commitEdit(edit)
    try await temporary.saveStandardGraph(regions: ["minSize": 21])
    _ = try await temporary.run(JobSequence.Request(type: "run"))
    let after = try await temporary.project.allObjects(of: image.id)
    #expect(!after.contains { $0.uid == victim.uid })
    #expect(after.count <= before.count - 1)
    #expect(!after.isEmpty)
}

@Test func `an area drawn on one image computes that image again and no other; its limit flags objects`() async throws {
    let temporary = try TemporaryProject()
    try await temporary.saveStandardGraph()
    let frames = try temporary.drawFrames(2)
    _ = try await temporary.run(JobSequence.Request(type: "import", parameters: ["path": .string(frames)]), JobSequence.Request(type: "run"))
    let images = try await temporary.project.allImages()
    let (first, second) = (images[0], images[1])
    let before = try await temporary.project.allObjects(of: first.id)
    // Through the middle of an object.
    let cut = try #require(before.max { $0.area < $1.area })
    let x = cut.box.x + cut.box.width / 2
    var change = ImageChange()
    change.area = .some(#"{"type":"Polygon","coordinates":[[[\#(x),-0.5],[639.5,-0.5],[639.5,479.5],[\#(x),479.5]]]}"#)
    try await temporary.project.updateImage(first.id, change, by: "ann")
    let trail = try await temporary.project.auditTrail(object: first.id).items
    #expect(trail.contains { $0.field == "area" && $0.by == "ann" && $0.before == nil && $0.after == change.area })
    let job = try #require(try await temporary.run(JobSequence.Request(type: "run")).first)
    let outcome = try JSONDecoder().decode(JobOutcome.self, from: Data(try #require(job.result).utf8))
    #expect(outcome.counts["images"] == 1 && outcome.counts["unchanged"] == 1, "\(outcome)")
    let after = try await temporary.project.allObjects(of: first.id)
    #expect(!after.isEmpty && after.allSatisfy { $0.box.x >= x })
    #expect(after.contains { $0.touches & 1 == 1 && $0.box.x == x })
    #expect(try await temporary.project.allObjects(of: second.id).allSatisfy { $0.touches & 1 == 0 || $0.box.x == 0 })
    // What each node did is told.
    let nodes = try #require(outcome.nodes)
    #expect(nodes.map(\.name) == ["gray", "area", "vignetting", "threshold", "objects", "shape", "graylevels"])
    #expect(nodes.allSatisfy { $0.done == 1 && $0.seconds >= 0 })
    #expect(nodes.first { $0.name == "area" }?.pixels == (640 - x) * 480 && nodes.first { $0.name == "area" }?.framePixels == 640 * 480)
    #expect(nodes.first { $0.name == "objects" }?.objects == after.count)
    #expect((nodes.first { $0.name == "shape" }?.columns ?? 0) > 10)
    // Taken away again, all is as it was.
    change.area = .some(nil)
    try await temporary.project.updateImage(first.id, change)
    _ = try await temporary.run(JobSequence.Request(type: "run"))
    #expect(try await temporary.project.allObjects(of: first.id).map(\.uid).sorted() == before.map(\.uid).sorted())
}
