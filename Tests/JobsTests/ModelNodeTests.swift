import Codecs
import Foundation
import Jobs
import Nodes
import Pipeline
import Raster
import Store
import Testing

/// A program that gives every image the same three objects of 32 × 24 pixels, unless the test has it do something else.
private struct Model {
    let name = "m" + UUID().uuidString.prefix(8)
    let folder: String

    /// - Parameter body: lines of a shell script that has the image's id in `$id`; `$labels` is a file of labels, `$mask` one of a mask.
    init(in temporary: TemporaryProject, _ body: String = "cp \"$labels\" output/$id.labels.png; echo '{\"1\": 0.9, \"7\": 0.25}' > output/$id.scores.json", before: String = "") throws {
        folder = temporary.folder.path + "/model"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        let bounds = Rect(x: 0, y: 0, width: 32, height: 24)
        func box(_ x: Int, _ y: Int, _ side: Int) -> Mask { Mask(bounds: bounds, sortedRuns: Mask.full(Rect(x: x, y: y, width: side, height: side)).runs) }
        // 1 and 2 touch: only labels tell them apart.
        let labels = [(UInt32(1), box(2, 2, 4)), (2, box(6, 2, 4)), (7, box(20, 10, 6))].map { LabelFile.Label(value: $0.0, mask: $0.1) }
        try Data(LabelFile.encode(labels, width: 32, height: 24, bits: 8, as: .png)).write(to: URL(filePath: folder + "/labels.png"))
        let mask = labels.map { LabelFile.Label(value: 255, mask: $0.mask) }
        try Data(LabelFile.encode(mask, width: 32, height: 24, bits: 8, as: .tiff)).write(to: URL(filePath: folder + "/mask.tif"))
        try write(body, before: before)
        try ModelPrograms.allow("\(name)=\(folder)/run")
    }

    func write(_ body: String, before: String = "") throws {
        let script = """
            #!/bin/sh
            labels='\(folder)/labels.png'; mask='\(folder)/mask.tif'
            [ "$(pwd)" = "$1" ] || exit 8
            echo start >> '\(folder)/starts'
            cp request.json '\(folder)/request.json'
            \(before)
            for file in images/*.png; do id=$(basename "$file" .png); \(body); done
            """
        try Data(script.utf8).write(to: URL(filePath: folder + "/run"))
        try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: folder + "/run")
    }

    var starts: Int { (try? String(contentsOfFile: folder + "/starts", encoding: .utf8))?.split(separator: "\n").count ?? 0 }

    func graph(_ config: [String: JSONValue] = [:], filter: String? = nil) -> Graph {
        func end(_ text: String) -> Graph.End {
            let parts = text.split(separator: ".")
            return .init(String(parts[0]), String(parts[1]))
        }
        var graph = Graph(
            nodes: [
                .init(name: "images", kind: "import.folder"), .init(name: "cells", kind: "segment.model", config: ["model": .string(name)].merging(config) { $1 }),
                .init(name: "shape", kind: "measure.shape"),
            ],
            edges: [("images.image", "cells.image"), ("cells.regions", "shape.regions")].map { .init(from: end($0.0), to: end($0.1)) })
        if let filter {
            graph.nodes.append(.init(name: "sure", kind: "regions.filter", config: ["rules": .string(filter)]))
            graph.edges += [("cells.regions", "sure.regions"), ("cells.measurements", "sure.measurements")].map { .init(from: end($0.0), to: end($0.1)) }
        }
        return graph
    }
}

private func draw(_ range: Range<Int>, in temporary: TemporaryProject, width: Int = 32) throws -> JobSequence.Request {
    let folder = temporary.folder.path + "/frames"
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    for number in range {
        let image = Image<UInt8>(width: width, height: 24, repeating: UInt8(100 + number))
        try Data(PNGWriter.encode(.gray8(image))).write(to: URL(filePath: "\(folder)/i\(number).png"))
    }
    return try .init(type: "import", parameters: ["path": .string(folder)])
}

@Test func `a model's program is started once a batch, and again only for what is new`() async throws {
    let temporary = try TemporaryProject()
    let model = try Model(in: temporary)
    try await temporary.project.savePipelineGraph(model.graph(["batch": 2, "options": "level=3"]))
    let jobs = try await temporary.run(draw(0..<3, in: temporary), .init(type: "run"))
    #expect(jobs.last?.outcome?.counts["objects"] == 9 && jobs.last?.outcome?.counts["failed"] == 0 && model.starts == 2, "\(jobs)")
    for image in try await temporary.project.allImages() {
        let objects = try await temporary.project.allObjects(of: image.id)
        #expect(objects.map(\.area) == [16, 16, 36] && objects.map { $0.measurements["area"] } == [16, 16, 36])
        #expect(objects.map { $0.measurements["model_score"] } == [0.9, nil, 0.25])
    }
    let request = try JSONDecoder().decode(JSONValue.self, from: Data(contentsOf: URL(filePath: model.folder + "/request.json")))
    guard case .array(let images)? = request["images"] else { return #expect(Bool(false)) }
    #expect(request["options"] == "level=3" && request["version"] == 1 && images.count == 1)
    #expect(images[0]["name"] == "i2.png" && images[0]["width"] == 32 && images[0]["bits"] == 8 && images[0]["file"] == "images/0001.png")
    // Nothing new, nothing started; one image more, one start; a parameter of a later step, none.
    _ = try await temporary.run(.init(type: "run"))
    #expect(model.starts == 2)
    _ = try await temporary.run(draw(3..<4, in: temporary), .init(type: "run"))
    #expect(model.starts == 3)
    try await temporary.project.savePipelineGraph(model.graph(["batch": 2, "options": "level=3"], filter: "model_score > 0.5"))
    let filtered = try await temporary.run(.init(type: "run"))
    #expect(model.starts == 3 && filtered[0].outcome?.counts["objects"] == 4, "\(filtered)")
    #expect(filtered[0].outcome?.counts["reject.no model_score"] == 4 && filtered[0].outcome?.counts["reject.model_score <= 0.5"] == 4)
    // Another program under the same name gives other results.
    try model.write("cp \"$mask\" output/$id.mask.tif")
    try await temporary.project.savePipelineGraph(model.graph(["batch": 8]))
    let masks = try await temporary.run(.init(type: "run"))
    // Of a mask, what touches is one object.
    #expect(model.starts == 4 && masks[0].outcome?.counts["objects"] == 8, "\(masks)")
}

@Test func `an image for which the model gives nothing usable fails alone`() async throws {
    let temporary = try TemporaryProject()
    let model = try Model(in: temporary)
    try await temporary.project.savePipelineGraph(model.graph())
    let jobs = try await temporary.run(draw(0..<2, in: temporary), draw(2..<3, in: temporary, width: 40), .init(type: "run"))
    #expect(jobs.last?.outcome?.counts["objects"] == 6)
    #expect(jobs.last?.outcome?.failures.map { [$0.name, $0.reason] } == [["i2.png", "the model wrote a picture of 32 × 24 pixels for an image of 40 × 24"]], "\(jobs)")
    // What the program says of an image, and scores that are none.
    try model.write("if [ $(head -c 20 $file | tail -c 2 | od -An -tu1 | tr -d ' \\n') = 040 ]; then echo 'too dark' > output/$id.error.txt; else cp \"$labels\" output/$id.labels.png; fi")
    let said = try await temporary.run(.init(type: "run"))
    #expect(said[0].outcome?.failures.map { [$0.name, $0.reason] } == [["i2.png", "the model says: too dark"]], "\(said)")
}

@Test(arguments: [
    ("exit 3", "echo loading; echo 'no weights found' >&2; exit 3", "ended with code 3. It printed: …loading\nno weights found"),
    ("late, with all answers written", "trap 'echo out of memory; exit 3' EXIT", "ended with code 3. It printed: …out of memory"),
    ("hang", "echo waiting; sleep 1000", "did not end within 1 s"),
    ("signal", "kill -SEGV $$", "was ended by signal 11"),
    ("nothing", "exit 0", "wrote neither output/ID.labels.png nor output/ID.mask.png. It printed nothing."),
])
func `a program that fails at the first images fails the job with what it printed, once, and the images stay as they were`(
    name: String, before: String, reason: String
) async throws {
    let temporary = try TemporaryProject()
    let model = try Model(in: temporary)
    try await temporary.project.savePipelineGraph(model.graph(["timeLimitSeconds": 30, "batch": 8]))
    let good = try await temporary.run(draw(0..<5, in: temporary), .init(type: "run"))
    #expect(good.last?.outcome?.counts["objects"] == 15 && model.starts == 1)
    try model.write("cp \"$labels\" output/$id.labels.png", before: before)
    try await temporary.project.savePipelineGraph(model.graph(["timeLimitSeconds": 1, "batch": 2]))
    let jobs = try await temporary.run(.init(type: "run"))
    let error = try #require(jobs.last?.error)
    #expect(jobs.last?.state == .failed && error.hasPrefix("cells: the model's program ") && error.contains(reason), "\(name): \(error)")
    #expect(model.starts == 2)
    for image in try await temporary.project.allImages() {
        let objects = try await temporary.project.allObjects(of: image.id)
        #expect(image.state == .processed && image.error == nil && objects.count == 3)
    }
}

@Test func `a model that ship was not started with is not run, whatever the pipeline says`() async throws {
    let temporary = try TemporaryProject()
    let model = try Model(in: temporary)
    for (wrong, part) in [("", "no model is chosen"), ("/bin/sh", "ship was not started with a model “/bin/sh”; start it with --model"), (model.folder + "/run", "ship was not started")] {
        try await temporary.project.savePipelineGraph(model.graph(["model": .string(String(wrong.suffix(60)))]))
        let jobs = try await temporary.run(draw(0..<2, in: temporary), .init(type: "run"))
        let error = try #require(jobs.last?.error)
        #expect(jobs.last?.state == .failed && error.hasPrefix("cells: ") && error.contains(part.prefix(20)), "\(wrong): \(error)")
        // Other tests have named theirs too.
        #expect(error.contains("it knows ") && error.contains(model.name))
        #expect(model.starts == 0)
        for image in try await temporary.project.allImages() { #expect(image.state != .failed && image.error == nil) }
    }
}

@Test func `without a run, the program works for the one image that is looked at`() async throws {
    let temporary = try TemporaryProject()
    let model = try Model(in: temporary)
    try await temporary.project.savePipelineGraph(model.graph())
    _ = try await temporary.run(draw(0..<3, in: temporary))
    let pipeline = ProjectPipeline(project: temporary.project)
    let image = try #require(try await temporary.project.allImages().first)
    let end = Graph.End("cells", "regions")
    let plan = try await pipeline.plan(), context = try await pipeline.context(of: image)
    let set = try pipeline.values(of: image, wanted: [end], plan: plan, context: context)[end] as? RegionSet
    #expect(set?.objects.count == 3 && set?.segments.map { $0.touches.isEmpty } == [true, true, true] && model.starts == 1)
    _ = try pipeline.values(of: image, wanted: [end], plan: plan, context: context)
    #expect(model.starts == 1)
}
