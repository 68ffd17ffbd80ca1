import Codecs
import Demo
import Foundation
import Jobs
import Nodes
import Pipeline
import Raster
import Store
import Testing

private func imported(_ temporary: TemporaryProject, frames: Int) async throws -> String {
    let folder = try temporary.drawFrames(frames)
    _ = try await temporary.run(JobSequence.Request(type: "import", parameters: ["path": .string(folder)]), JobSequence.Request(type: "run"))
    return folder
}

/// Standard pipeline with texture measured too, and a second branch: bright objects of the same gray image, with measures of their own.
private func branched(texture: [String: JSONValue] = [:], bright: [String: JSONValue] = [:]) -> (inout Graph) -> Void {
    { graph in
        graph.nodes += [
            .init(name: "texture", kind: "measure.texture", config: texture), .init(name: "bright", kind: "segment.threshold", config: ["polarity": "bright", "offset": 12]),
            .init(name: "spots", kind: "regions.extract", config: ["minSize": 2].merging(bright) { $1 }), .init(name: "spotshape", kind: "measure.shape"),
            .init(name: "spotarchive", kind: "export.ecotaxa"),
        ]
        for (from, to) in [
            ("objects.regions", "texture.regions"), ("gray.gray", "texture.gray"), ("gray.gray", "bright.gray"), ("bright.mask", "spots.mask"),
            ("spots.regions", "spotshape.regions"), ("images.image", "spotarchive.image"), ("spots.regions", "spotarchive.regions"), ("spotshape.measurements", "spotarchive.measurements"),
        ] {
            func end(_ text: String) -> Graph.End { .init(String(text.split(separator: ".")[0]), String(text.split(separator: ".")[1])) }
            graph.edges.append(.init(from: end(from), to: end(to)))
        }
    }
}

private func ran(_ job: JobRecord) -> [String: NodeTally] {
    Dictionary(uniqueKeysWithValues: (job.outcome?.nodes ?? []).map { ($0.name, $0) })
}

@Test func `ten images more are ten images computed, and the log says of every node what it did`() async throws {
    let temporary = try TemporaryProject()
    try await temporary.saveStandardGraph()
    let folder = try await imported(temporary, frames: 3)
    let before = try await temporary.project.masks(image: try await temporary.project.allImages()[0].id, kind: .region).map(\.revision)
    _ = try DemoFrames.write(to: folder, frames: 3..<13, width: 640, height: 480)
    let jobs = try await temporary.run(JobSequence.Request(type: "import", parameters: ["path": .string(folder)]), JobSequence.Request(type: "run"))
    #expect(jobs[1].outcome?.counts["images"] == 10 && jobs[1].outcome?.counts["unchanged"] == 3)
    for (name, tally) in ran(jobs[1]) { #expect(tally.done == 10 && tally.kept == 3 && tally.again == nil, "\(name)") }
    #expect(jobs[1].outcome?.summary.hasPrefix("10 images computed, 3 unchanged, 0 failed; ") == true)
    let log = try await temporary.project.jobLog(jobs[1].id).map(\.line)
    #expect(log.contains { $0.hasPrefix("threshold: ran on 10 images in ") && $0.hasSuffix(", kept on 3") }, "\(log)")
    #expect(try await temporary.project.masks(image: try await temporary.project.allImages()[0].id, kind: .region).map(\.revision) == before)
}

@Test func `one parameter changed computes what depends on it and stores nothing else again`() async throws {
    let temporary = try TemporaryProject()
    try await temporary.saveStandardGraph(branched())
    _ = try await imported(temporary, frames: 2)
    let image = try await temporary.project.allImages()[0]
    let first = try await temporary.project.allObjects(of: image.id)
    let (objects, spots) = (first.filter { $0.node == "objects" }, first.filter { $0.node == "spots" })
    #expect(!objects.isEmpty && !spots.isEmpty)
    #expect(objects.allSatisfy { $0.measurements["texture_contrast"] != nil && $0.measurements["intensity_mean"] != nil })
    #expect(spots.allSatisfy { $0.measurements["area"] == Double($0.area) && $0.measurements["texture_contrast"] == nil })

    // Of a measuring node, that one measures again.
    try await temporary.saveStandardGraph(branched(texture: ["levels": 16]))
    let measured = try await temporary.run(JobSequence.Request(type: "run"))[0]
    #expect(measured.outcome?.counts["measured"] == 2 && measured.outcome?.counts["images"] == 0)
    #expect(ran(measured)["texture"]?.done == 2)
    for (name, tally) in ran(measured) where name != "texture" { #expect(tally.done == 0 && tally.kept == 2, "\(name)") }
    let second = try await temporary.project.allObjects(of: image.id)
    #expect(second.map(\.maskRevision) == first.map(\.maskRevision))
    #expect(second.filter { $0.node == "objects" }.map { $0.measurements["texture_contrast"] } != objects.map { $0.measurements["texture_contrast"] })

    // Of one branch, that branch: the other one keeps its objects and masks, and its own nodes do not run.
    try await temporary.saveStandardGraph(branched(texture: ["levels": 16], bright: ["minSize": 4]))
    let branch = try await temporary.run(JobSequence.Request(type: "run"))[0]
    #expect(branch.outcome?.counts["images"] == 2)
    for name in ["area", "vignetting", "threshold", "objects", "shape", "graylevels", "texture"] { #expect(ran(branch)[name]?.done == 0 && ran(branch)[name]?.kept == 2, "\(name)") }
    // Pixels are not kept, so what feeds the branch runs again for them, and its result is as before.
    for name in ["gray", "bright"] { #expect(ran(branch)[name]?.done == 2 && ran(branch)[name]?.again == 2, "\(name)") }
    for name in ["spots", "spotshape"] { #expect(ran(branch)[name]?.done == 2 && ran(branch)[name]?.again == nil, "\(name)") }
    let third = try await temporary.project.allObjects(of: image.id)
    #expect(third.filter { $0.node == "objects" }.map(\.maskRevision) == objects.map(\.maskRevision))
    #expect(third.filter { $0.node == "spots" }.count < spots.count)
    #expect(try await temporary.run(JobSequence.Request(type: "run"))[0].outcome?.counts["unchanged"] == 2)
}

@Test func `each export takes the objects of its own branch`() async throws {
    let temporary = try TemporaryProject()
    try await temporary.saveStandardGraph(branched())
    _ = try await imported(temporary, frames: 1)
    let all = try await temporary.project.allObjects(of: try await temporary.project.allImages()[0].id)
    for (export, node) in [("ecotaxa", "objects"), ("spotarchive", "spots")] {
        let job = try await temporary.run(JobSequence.Request(type: "export", parameters: ["node": .string(export)]))[0]
        #expect(job.outcome?.counts["objects"] == all.filter { $0.node == node }.count, "\(job.error ?? "")")
    }
    for format in ["table", "coco", "geojson", "labels"] {
        let job = try await temporary.run(JobSequence.Request(type: "export", parameters: ["format": .string(format)]))[0]
        #expect(job.outcome?.counts["objects"] == all.filter { $0.node == "objects" }.count, "\(format): \(job.error ?? "")")
    }
}

@Test func `a run that asks names the images with edits that it would compute, and changes nothing`() async throws {
    let temporary = try TemporaryProject()
    try await temporary.saveStandardGraph()
    _ = try await imported(temporary, frames: 2)
    let images = try await temporary.project.allImages()
    let victim = try #require(try await temporary.project.allObjects(of: images[0].id).first)
    var edit = NewEdit(operation: "delete", image: images[0].id, request: "{}")
    edit.retire = [victim.id]
    _ = try await temporary.project.commitEdit(edit)
    edit = NewEdit(operation: "draw", image: images[0].id, request: "{}")
    edit.create = [NewRegion(mask: .full(Rect(x: 3, y: 3, width: 4, height: 4)), uid: "drawn")]
    _ = try await temporary.project.commitEdit(edit)

    // Nothing would be computed, so there is nothing to ask.
    let ask = try JobSequence.Request(type: "run", parameters: ["edited": "ask"])
    #expect(try await temporary.run(ask)[0].state == .done)
    try await temporary.saveStandardGraph(regions: ["minSize": 21])
    let pipeline = ProjectPipeline(project: temporary.project)
    let stake = try await EditsAtStake(project: temporary.project, pipeline: pipeline, plan: try await pipeline.plan(), images: nil)
    let edited = try #require(stake.images.first)
    #expect(stake.images.count == 1 && edited.id == images[0].id && edited.name == images[0].name)
    #expect(edited.edited == 1 && edited.removed == 1)
    #expect(try await EditsAtStake(project: temporary.project, pipeline: pipeline, plan: try await pipeline.plan(), images: [images[1].id]).isEmpty)
    let asked = try await temporary.run(ask)[0]
    #expect(asked.state == .failed && asked.error?.contains("1 object edited by hand and 1 object taken away by hand: \(images[0].name) (2)") == true, "\(asked.error ?? "")")
    let keep = try await temporary.run(JobSequence.Request(type: "run", parameters: ["edited": "keep"]))[0]
    #expect(keep.outcome?.counts["images"] == 2)
    var now = try await temporary.project.allObjects(of: images[0].id).map(\.uid)
    #expect(now.contains("drawn") && !now.contains(victim.uid))
    // Only where there are edits is anything left to replace.
    let replace = try await temporary.run(JobSequence.Request(type: "run", parameters: ["edited": "replace"]))[0]
    #expect(replace.outcome?.counts["images"] == 1 && replace.outcome?.counts["unchanged"] == 1)
    now = try await temporary.project.allObjects(of: images[0].id).map(\.uid)
    #expect(!now.contains("drawn"))
}

@Test(arguments: [1, 2, 8])
func `masks and tables have the same bytes for any number of workers`(workers: Int) async throws {
    let temporary = try TemporaryProject(title: "Same")
    try await temporary.project.savePipelineGraph(try Preset.named("faded-contours").graph)
    let frames = try temporary.drawFrames(3, width: 480, height: 360)
    let jobs = try await temporary.run(
        JobSequence.Request(type: "import", parameters: ["path": .string(frames)]), JobSequence.Request(type: "run"), JobSequence.Request(type: "export"), workers: workers)
    #expect(jobs.map(\.state) == [.done, .done, .done], "\(jobs.compactMap(\.error))")
    var text = ""
    for image in try await temporary.project.allImages().sorted(by: { $0.name < $1.name }) {
        for object in try await temporary.project.allObjects(of: image.id).sorted(by: { $0.uid < $1.uid }) {
            let mask = try #require(try await temporary.project.mask(object.id))
            text += "\(object.uid) \(object.box) \(FileDigest.sha256(mask.png)) \(object.measurements["area"] ?? 0)\n"
        }
    }
    text += FileDigest.sha256(try temporary.project.files.read(try #require(jobs.last?.outcome?.files.first)))
    try await Same.shared.check(text)
}

private actor Same {
    static let shared = Same()
    private var known: String?
    func check(_ text: String) throws {
        #expect(known == nil || known == text)
        known = text
    }
}

@Test func `an export holds how it came to be: pipeline, versions, inputs, edits`() async throws {
    let temporary = try TemporaryProject()
    try await temporary.saveStandardGraph(regions: ["minSize": 21])
    _ = try await imported(temporary, frames: 2)
    let job = try await temporary.run(JobSequence.Request(type: "export"))[0]
    let path = temporary.project.folder + "/" + (try #require(job.outcome?.files.first))
    let zip = try ZipReader(path: path)
    let entry = try #require(zip.entries.first { $0.name == Provenance.fileName })
    let held = try JSONDecoder().decode(Provenance.self, from: Data(try zip.read(entry)))
    #expect(held.program.version == shipVersion && held.seed == "none" && held.export == "ecotaxa" && held.title == "Test")
    #expect(held.hand.editedObjects + held.hand.removedObjects == 0)
    #expect(held.hand.edits + held.hand.labels == 0)
    let objects = try #require(held.pipeline.nodes.first { $0.name == "objects" })
    #expect(objects.config["minSize"] == 21 && objects.config["nested"] == "outermost" && objects.version == 1)
    #expect(try Plan(held.pipeline.graph, classes: AllNodes.classes).steps.map(\.name) == Plan(try await temporary.project.pipelineGraph(), classes: AllNodes.classes).steps.map(\.name))
    let images = try await temporary.project.allImages()
    #expect(held.inputs.map(\.sha256) == images.sorted { $0.name < $1.name }.map(\.sha256))
    // Nothing in it tells where or when.
    let text = String(decoding: try zip.read(entry), as: UTF8.self)
    #expect(!text.contains(temporary.folder.path), "\(text)")
}

@Test func `objects of a step that left the pipeline leave with the next run, and come back with their labels`() async throws {
    let temporary = try TemporaryProject()
    try await temporary.saveStandardGraph(branched())
    _ = try await imported(temporary, frames: 2)
    let project = temporary.project
    let image = try await project.allImages()[0].id
    let spots = try await project.allObjects(of: image).filter { $0.node == "spots" }
    let others = try await project.allObjects(of: image).filter { $0.node == "objects" }
    let all = try await project.images(limit: 10).items.reduce(0) { $0 + $1.objects }
    var copepod = CategoryChange()
    copepod.name = "Copepoda"
    let category = try await project.addCategory(copepod, by: "test")
    let spot = try #require(spots.first)
    _ = try await project.setLabels([NewLabel(object: spot.id, category: .id(category.id), status: .validated)], source: .person, by: "test")

    try await temporary.saveStandardGraph()
    let alone = try await temporary.run(JobSequence.Request(type: "run"))[0]
    let left = try await project.allObjects(of: image)
    #expect(left.map(\.uid) == others.map(\.uid))
    let kept = try await project.images(limit: 10).items.reduce(0) { $0 + $1.objects }
    #expect(alone.outcome?.summary.contains("0 images computed, 2 only measured again, 0 unchanged, 0 failed; \(all - kept) objects of steps that make none here any more taken away; 1 labelled object is not found any more") == true, "\(alone.outcome?.summary ?? "")")

    try await temporary.saveStandardGraph(branched())
    _ = try await temporary.run(JobSequence.Request(type: "run"))
    let again = try await project.allObjects(of: image).filter { $0.node == "spots" }
    #expect(Set(again.map(\.uid)) == Set(spots.map(\.uid)))
    #expect(again.first { $0.uid == spot.uid }?.label?.category == category.id)
}
