import Codecs
import Foundation
import Jobs
import Nodes
import Pipeline
import Raster
import Store
import Testing

/// Dark bars and squares on a bright field at places that look random but are the same everywhere, none nearer than 12 pixels to another.
private func field(width: Int, height: Int) -> (image: Image<UInt8>, objects: [Rect]) {
    var image = Image<UInt8>(width: width, height: height, repeating: 210)
    var objects: [Rect] = []
    var state: UInt32 = 12345
    func next(_ below: Int) -> Int {
        state = state &* 1_664_525 &+ 1_013_904_223
        return Int(state >> 8) % below
    }
    for _ in 0..<900 {
        let box = Rect(x: 10 + next(width - 40), y: 10 + next(height - 40), width: 4 + next(12), height: 4 + next(12))
        if objects.contains(where: { $0.expanded(by: 12).intersects(box) }) { continue }
        objects.append(box)
        let level = UInt8(30 + next(60))
        for y in box.y..<box.maxY { for x in box.x..<box.maxX { image[x, y] = level } }
    }
    return (image, objects)
}

private func graph(stitch: [String: JSONValue]) -> Graph {
    Graph(
        nodes: [
            .init(name: "images", kind: "import.folder"), .init(name: "stitch", kind: "stitch.frames", config: stitch), .init(name: "gray", kind: "convert.gray"),
            .init(name: "threshold", kind: "segment.threshold"), .init(name: "objects", kind: "regions.extract", config: ["minSize": 2]), .init(name: "shape", kind: "measure.shape"),
            .init(name: "ecotaxa", kind: "export.ecotaxa"),
        ],
        edges: [
            .init(from: .init("images", "image"), to: .init("stitch", "image")), .init(from: .init("stitch", "mosaic"), to: .init("gray", "image")),
            .init(from: .init("gray", "gray"), to: .init("threshold", "gray")), .init(from: .init("threshold", "mask"), to: .init("objects", "mask")),
            .init(from: .init("objects", "regions"), to: .init("shape", "regions")), .init(from: .init("gray", "gray"), to: .init("ecotaxa", "image")),
            .init(from: .init("objects", "regions"), to: .init("ecotaxa", "regions")), .init(from: .init("shape", "measurements"), to: .init("ecotaxa", "measurements")),
        ])
}

/// Six frames of 320 × 240 pixels at places a few pixels off a grid.
private let corners = [(0, 4), (285, 0), (571, 7), (3, 212), (290, 215), (568, 209)]

private func write(_ whole: Image<UInt8>, to folder: String) throws {
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    for (index, corner) in corners.enumerated() {
        let frame = whole.cropped(to: Rect(x: corner.0, y: corner.1, width: 320, height: 240))
        try Data(PNGWriter.encode(.gray8(frame))).write(to: URL(filePath: "\(folder)/scan_r\(index / 3)_c\(index % 3).png"))
    }
}

@Test(arguments: [1, 2])
func `frames become a mosaic in which each object counts once, and a frame that fits nowhere is listed`(workers: Int) async throws {
    let temporary = try TemporaryProject(title: "Mosaic")
    let (whole, objects) = field(width: 900, height: 460)
    let frames = temporary.folder.path + "/frames"
    try write(whole, to: frames)
    let settings: [String: JSONValue] = ["evensLight": false, "balances": false, "onlyMatched": true]
    try await temporary.project.savePipelineGraph(graph(stitch: settings))
    // A blank frame in a third row.
    try Data(PNGWriter.encode(.gray8(Image(width: 320, height: 240, repeating: 210)))).write(to: URL(filePath: frames + "/scan_r2_c0.png"))
    let importing = try JobSequence.Request(type: "import", parameters: ["path": .string(frames)])
    let jobs = try await temporary.run(importing, .init(type: "run"), workers: workers)
    #expect(jobs.map(\.state) == [.done, .done], "\(jobs.map { $0.error ?? "" })")
    let outcome = try #require(jobs.last?.outcome)
    #expect(outcome.counts["imagesMade"] == 1)
    #expect(outcome.failures.map(\.name) == ["scan_r2_c0.png"] && outcome.failures[0].reason.contains("nothing in its overlaps could be matched"), "\(outcome.failures)")
    let mosaic = try #require(try await temporary.project.allImages().first { $0.made != nil })
    #expect(mosaic.width == 891 && mosaic.height == 455 && mosaic.made?.frames.count == 6)
    // Frames lie at whole pixels without corrections, so every object of the field is there once, with its own area.
    let seen = objects.filter { object in
        corners.contains { Rect(x: $0.0, y: $0.1, width: 320, height: 240).contains(object) }
    }
    let cut = objects.filter { object in corners.contains { Rect(x: $0.0, y: $0.1, width: 320, height: 240).intersects(object) } && !seen.contains(object) }
    let found = try await temporary.project.allObjects(of: mosaic.id)
    let areas = found.map(\.area)
    #expect(seen.count > 100 && seen.filter { object in corners.filter { Rect(x: $0.0, y: $0.1, width: 320, height: 240).intersects(object) }.count > 1 }.count > 10)
    #expect((seen.count...(seen.count + cut.count)).contains(found.count), "\(found.count) objects, \(seen.count) whole ones and \(cut.count) cut ones in the field")
    var left = areas
    for object in seen {
        let place = left.firstIndex(of: object.area)
        #expect(place != nil, "an object of \(object.area) pixels is missing")
        if let place { left.remove(at: place) }
    }
    let details = try #require(try await temporary.project.imageDetails(mosaic.id))
    #expect(details.contains("scan_r1_c2.png") && details.contains("\"x_px\""))
    // As before: nothing to do, the frame is listed again.
    let again = try await temporary.run(.init(type: "run"), workers: workers)
    #expect(again[0].outcome?.counts["imagesMade"] ?? 0 == 0 && again[0].outcome?.failures.map(\.name) == ["scan_r2_c0.png"])
}

@Test func `an arrangement that the overlaps contradict is a warning of the job, also when nothing is made anew`() async throws {
    let temporary = try TemporaryProject()
    let frames = temporary.folder.path + "/frames"
    try write(field(width: 900, height: 460).image, to: frames)
    try await temporary.project.savePipelineGraph(graph(stitch: ["arrangement": "rows", "columns": 2]))
    let importing = try JobSequence.Request(type: "import", parameters: ["path": .string(frames)])
    let jobs = try await temporary.run(importing, .init(type: "run"))
    let warnings = jobs.last?.outcome?.warnings ?? []
    #expect(warnings.count == 1 && warnings[0].contains("neighbours by the arrangement"), "\(warnings)")
    let again = try await temporary.run(.init(type: "run"))
    #expect(again[0].outcome?.warnings == warnings)
    // Found by itself, the names bear it out.
    try await temporary.project.savePipelineGraph(graph(stitch: [:]))
    let right = try await temporary.run(.init(type: "run"))
    #expect(right[0].outcome?.warnings ?? [] == [], "\(right[0].outcome?.warnings ?? [])")
}

@Test func `what is missing for an arrangement is said`() async throws {
    let temporary = try TemporaryProject()
    let frames = temporary.folder.path + "/frames"
    try write(field(width: 900, height: 460).image, to: frames)
    let importing = try JobSequence.Request(type: "import", parameters: ["path": .string(frames)])
    for (settings, part) in [
        (["arrangement": "stage"] as [String: JSONValue], "has no number in acq_stage_x and acq_stage_y"),
        (["arrangement": "names", "pattern": "{a}_{b}"], "lacks the fields row and column"), (["arrangement": "names", "pattern": "k{row:d}_{column:d}"], "does not fit the pattern"),
    ] {
        try await temporary.project.savePipelineGraph(graph(stitch: settings))
        let jobs = try await temporary.run(importing, .init(type: "run"))
        let failures = jobs.last?.outcome?.failures ?? []
        #expect(failures.count == 1 && failures[0].reason.contains(part), "\(failures)")
    }
}
