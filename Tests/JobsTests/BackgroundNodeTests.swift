import Codecs
import Foundation
import Jobs
import Nodes
import Operations
import Pipeline
import Raster
import Store
import Testing

/// Frames of 48 × 30 on light that falls off to the left, with dust that stays and a dark square that moves.
private func frame(_ number: Int, wide: Bool = false) -> AnyImage {
    let image = Image<UInt8>(width: 48, height: 30) { pixels in
        for y in 0..<30 {
            for x in 0..<48 {
                let ground = 120 + 2 * x
                let isDust = (20..<23).contains(x) && (2..<4).contains(y)
                pixels[y * 48 + x] = (4 * number..<6 + 4 * number).contains(x) && (12..<18).contains(y) ? 25 : UInt8(isDust ? ground / 2 : ground)
            }
        }
    }
    return wide ? .gray16(image.mapped { UInt16($0) * 250 }) : .gray8(image)
}

private func draw(_ range: Range<Int>, in temporary: TemporaryProject, blank: AnyImage? = nil, wide: Bool = false) throws -> String {
    let folder = temporary.folder.path + "/frames"
    try FileManager.default.createDirectory(atPath: folder + "/other", withIntermediateDirectories: true)
    for number in range { try Data(PNGWriter.encode(frame(number, wide: wide))).write(to: URL(filePath: "\(folder)/f\(number).png")) }
    if let blank { try Data(PNGWriter.encode(blank)).write(to: URL(filePath: folder + "/other/My BLANK 1.png")) }
    return folder
}

private func graph(_ config: [String: JSONValue]) -> Graph {
    func end(_ text: String) -> Graph.End {
        let parts = text.split(separator: ".")
        return .init(String(parts[0]), String(parts[1]))
    }
    return Graph(
        nodes: [
            .init(name: "images", kind: "import.folder"), .init(name: "gray", kind: "convert.gray"), .init(name: "even", kind: "correct.background", config: config),
            .init(name: "threshold", kind: "segment.threshold"), .init(name: "objects", kind: "regions.extract", config: ["minSize": 2]), .init(name: "shape", kind: "measure.shape"),
        ],
        edges: [("images.image", "gray.image"), ("gray.gray", "even.image"), ("even.image", "threshold.gray"), ("threshold.mask", "objects.mask"), ("objects.regions", "shape.regions")].map {
            .init(from: end($0.0), to: end($0.1))
        })
}

private func corrected(_ temporary: TemporaryProject) async throws -> [String: GrayImage] {
    let pipeline = ProjectPipeline(project: temporary.project)
    let plan = try await pipeline.plan()
    var result: [String: GrayImage] = [:]
    for image in try await temporary.project.allImages() {
        let end = Graph.End("even", "image")
        result[image.name] = try pipeline.values(of: image, wanted: [end], plan: plan, context: try await pipeline.context(of: image))[end] as? GrayImage
    }
    return result
}

@Test(arguments: BlankFrame.Method.allCases, [false, true])
func `the median of a stack is taken away from each of its images`(method: BlankFrame.Method, wide: Bool) async throws {
    let temporary = try TemporaryProject()
    try await temporary.project.savePipelineGraph(graph(["method": .string(method.rawValue)]))
    let frames = try draw(0..<7, in: temporary, wide: wide)
    let jobs = try await temporary.run(.init(type: "import", parameters: ["path": .string(frames)]), .init(type: "run"))
    let counts = try #require(jobs.last?.outcome?.counts)
    #expect(counts["groups"] == 1 && counts["images"] == 7 && counts["objects"] == 7, "\(jobs)")
    for image in try await temporary.project.allImages() { #expect(try await temporary.project.allObjects(of: image.id).map(\.area) == [36]) }
    // The same by the operations alone, without strips or files.
    var median = MedianBackground(capacity: 7)
    for number in 0..<7 { try median.add(frame(number, wide: wide)) }
    let blank = BlankFrame(try #require(median.image))
    let found = try await corrected(temporary)
    for number in 0..<7 { #expect(found["f\(number).png"]?.anyImage == (try blank.apply(to: frame(number, wide: wide), by: method))) }
    // A later parameter leaves the background alone.
    let plan = try await ProjectPipeline(project: temporary.project).plan()
    #expect(plan.correctedEnd(of: try #require(try await temporary.project.allImages().first)) == Graph.End("even", "image"))
    let again = try await temporary.run(.init(type: "run"))
    #expect(again[0].outcome?.counts["groups"] == 0 && again[0].outcome?.counts["unchanged"] == 7)
}

@Test func `blank frames are found by their names, in any folder`() async throws {
    let temporary = try TemporaryProject()
    let blank = AnyImage.gray8(Image<UInt8>(width: 48, height: 30) { pixels in
        for y in 0..<30 { for x in 0..<48 { pixels[y * 48 + x] = (20..<23).contains(x) && (2..<4).contains(y) ? UInt8((120 + 2 * x) / 2) : UInt8(120 + 2 * x) } }
    })
    try await temporary.project.savePipelineGraph(graph(["source": "blank", "blank": "my blank", "method": "subtract"]))
    let frames = try draw(0..<2, in: temporary, blank: blank)
    let jobs = try await temporary.run(.init(type: "import", parameters: ["path": .string(frames)]), .init(type: "run"))
    #expect(jobs.last?.outcome?.counts["groups"] == 1 && jobs.last?.outcome?.counts["failed"] == 0, "\(jobs)")
    let found = try await corrected(temporary)
    for number in 0..<2 { #expect(found["f\(number).png"]?.anyImage == (try BlankFrame(blank).apply(to: frame(number), by: .subtract))) }
}

@Test func `without a blank frame the job fails with what to do, with one for some images the others fail`() async throws {
    let temporary = try TemporaryProject()
    try await temporary.project.savePipelineGraph(graph(["source": "blank", "blank": "empty"]))
    let frames = try draw(0..<2, in: temporary)
    let jobs = try await temporary.run(.init(type: "import", parameters: ["path": .string(frames)]), .init(type: "run"))
    let sentence = "no image of 48 × 30 × 1, 8 bit has “empty” in its name; add a blank frame"
    let error = try #require(jobs.last?.error)
    #expect(jobs.last?.state == .failed && error.hasPrefix("even: ") && error.contains(sentence), "\(error)")
    for image in try await temporary.project.allImages() { #expect(image.state != .failed && image.error == nil) }
    // Of 16 bits there is one.
    let wide = temporary.folder.path + "/wide"
    try FileManager.default.createDirectory(atPath: wide, withIntermediateDirectories: true)
    for (name, number) in [("empty.png", 11), ("w.png", 3)] { try Data(PNGWriter.encode(frame(number, wide: true))).write(to: URL(filePath: "\(wide)/\(name)")) }
    let some = try await temporary.run(.init(type: "import", parameters: ["path": .string(wide)]), .init(type: "run"))
    let failures = try #require(some.last?.outcome?.failures)
    #expect(some.last?.state == .done && failures.map(\.name) == ["f0.png", "f1.png"] && failures.allSatisfy { $0.reason.contains(sentence) }, "\(some)")
}

@Test func `a mean takes every image, and a frame that cannot be read is left out`() async throws {
    let temporary = try TemporaryProject()
    try await temporary.project.savePipelineGraph(graph(["source": "mean"]))
    let frames = try draw(0..<5, in: temporary)
    var broken = try PNGWriter.encode(frame(9))
    broken.removeLast(broken.count / 2)
    try Data(broken).write(to: URL(filePath: frames + "/g.png"))
    let jobs = try await temporary.run(.init(type: "import", parameters: ["path": .string(frames)]), .init(type: "run"))
    #expect(jobs.last?.outcome?.counts["groups"] == 1, "\(jobs)")
    var mean = MeanBackground()
    for number in 0..<5 { try mean.add(frame(number)) }
    let blank = BlankFrame(try #require(mean.image))
    let pipeline = ProjectPipeline(project: temporary.project)
    let image = try #require(try await temporary.project.allImages().first { $0.name == "f2.png" })
    let end = Graph.End("even", "image")
    let found = try pipeline.values(of: image, wanted: [end], plan: try await pipeline.plan(), context: try await pipeline.context(of: image))[end] as? GrayImage
    #expect(found?.anyImage == (try blank.apply(to: frame(2), by: .divide)))
}

@Test func `frames looked at are spread over all`() {
    #expect(BackgroundNode.spread(Array(0..<10), count: 25) == Array(0..<10))
    #expect(BackgroundNode.spread(Array(0..<100), count: 4) == [0, 25, 50, 75])
    #expect(BackgroundNode.spread(Array(0..<7), count: 3) == [0, 2, 4])
}
