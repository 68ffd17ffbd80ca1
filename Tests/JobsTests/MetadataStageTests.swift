import Codecs
import Foundation
import Jobs
import Nodes
import Pipeline
import Raster
import Store
import Testing

private func graph(_ pattern: String, exif: [String: JSONValue]? = nil, fields: String = "") -> Graph {
    var graph = Graph.standard
    graph.nodes.insert(.init(name: "names", kind: "metadata.filename", config: ["pattern": .string(pattern), "fields": .string(fields)]), at: 1)
    graph.edges.append(.init(from: .init("images", "image"), to: .init("names", "image")))
    for index in graph.edges.indices where graph.edges[index].to == .init("gray", "image") { graph.edges[index].from = .init("names", "image") }
    if let exif {
        graph.nodes.append(.init(name: "camera", kind: "metadata.exif", config: exif))
        graph.edges.append(.init(from: .init("images", "image"), to: .init("camera", "image")))
    }
    return graph
}

private func said(_ temporary: TemporaryProject, _ name: String) async throws -> [String: MetadataValue] {
    let image = try #require(try await temporary.project.allImages().first { $0.name == name })
    return try await temporary.project.metadata(image.id)
}

@Test func `names say what the pattern means, once, and what a person entered stays`() async throws {
    let temporary = try TemporaryProject()
    let folder = temporary.folder.path + "/frames"
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    for name in ["S7_10", "S8_20", "loose"] {
        let image = Image<UInt8>(width: 60, height: 40) { pixels in for index in 0..<2400 { pixels[index] = (10..<34).contains(index % 60) && (8..<32).contains(index / 60) ? 40 : 200 + UInt8(index % 3) + UInt8(name.utf8.reduce(0) { $0 + Int($1) } % 40) } }
        try Data(PNGWriter.encode(.gray8(image))).write(to: URL(filePath: "\(folder)/\(name).png"))
    }
    try await temporary.project.savePipelineGraph(graph("S{station:d}_{pixel_um:f}"))
    let jobs = try await temporary.run(.init(type: "import", parameters: ["path": .string(folder)]), .init(type: "run"))
    #expect(jobs.last?.outcome?.counts["objects"] == 3, "\(jobs)")
    #expect(try await said(temporary, "S7_10.png")["sample_station"] == MetadataValue(value: "7", source: .pattern))
    #expect(try await said(temporary, "loose.png")["sample_station"] == nil)
    let log = try await temporary.project.jobLog(try #require(jobs.last).id).map(\.line)
    #expect(log.contains { $0.contains("names: says nothing of 1 image, the first being loose.png") }, "\(log)")
    let image = try #require(try await temporary.project.allImages().first { $0.name == "S8_20.png" })
    #expect(image.pixelSize == 20 && image.pixelSizeSource == "pattern")
    // The pixel size counted in the same run.
    let measured = try await temporary.project.allObjects(of: image.id).first
    #expect(measured?.measurements["area_um2"] == measured?.measurements["area"].map { $0 * 400 })

    // By hand, one value and one pixel size; another pattern, other fields, and what only the former one said is gone.
    try await temporary.project.setMetadata(image.id, ["sample_station": "8b"], source: .hand, by: "ada")
    try await temporary.project.savePipelineGraph(graph("S{station:d}_{depth:d}"))
    let again = try await temporary.run(.init(type: "run"))
    // Metadata decide nothing of the objects.
    #expect(again[0].outcome?.counts["images"] == 0, "\(again)")
    #expect(try await said(temporary, "S8_20.png")["sample_station"] == MetadataValue(value: "8b", source: .hand))
    #expect(try await said(temporary, "S7_10.png")["object_depth"] == MetadataValue(value: "10", source: .pattern))
    try await temporary.project.savePipelineGraph(graph("S{station:d}_{depth:d}", fields: "station"))
    _ = try await temporary.run(.init(type: "run"))
    #expect(try await said(temporary, "S7_10.png")["object_depth"] == nil)
    #expect(try await said(temporary, "S7_10.png")["sample_station"]?.value == "7")
}

@Test func `what a camera wrote counts as far as the step says, and the later step goes before`() async throws {
    let folder = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../../shared/data/exif-cameras").standardizedFileURL.path
    guard let names = try? FileManager.default.contentsOfDirectory(atPath: folder).filter({ $0.lowercased().hasSuffix(".jpg") }).sorted(), !names.isEmpty else {
        print("SKIPPED: \(folder) is not there")
        return
    }
    let temporary = try TemporaryProject()
    let frames = temporary.folder.path + "/frames"
    try FileManager.default.createDirectory(atPath: frames, withIntermediateDirectories: true)
    let dated = try #require(names.first { EXIF.read(path: folder + "/" + $0)?.date != nil })
    try FileManager.default.copyItem(atPath: folder + "/" + dated, toPath: frames + "/a_2001-02-03.jpg")
    let date = try #require(EXIF.read(path: folder + "/" + dated)?.date).prefix(10)
    try await temporary.project.savePipelineGraph(graph("a_{date:%Y-%m-%d}"))
    _ = try await temporary.run(.init(type: "import", parameters: ["path": .string(frames)]), .init(type: "run"))
    #expect(try await said(temporary, "a_2001-02-03.jpg")["object_date"] == MetadataValue(value: "2001-02-03", source: .pattern))
    try await temporary.project.savePipelineGraph(graph("a_{date:%Y-%m-%d}", exif: [:]))
    _ = try await temporary.run(.init(type: "run"))
    #expect(try await said(temporary, "a_2001-02-03.jpg")["object_date"] == MetadataValue(value: String(date), source: .exif))
    try await temporary.project.savePipelineGraph(graph("", exif: ["time": false]))
    _ = try await temporary.run(.init(type: "run"))
    let left = try await said(temporary, "a_2001-02-03.jpg")
    #expect(left["object_date"] == nil && left["object_time"] == nil)
}
