import Demo
import Foundation
import Jobs
import Nodes
import Pipeline
import Store
import Testing

/// Imports one demo frame (5 µm by its EXIF) with these settings of the import node.
private func pixelSize(_ config: [String: JSONValue], byHand: Double? = nil) async throws -> (Double?, String?) {
    let temporary = try TemporaryProject()
    try await temporary.saveStandardGraph { graph in graph.nodes[0].config.merge(config) { $1 } }
    let frames = try temporary.drawFrames(1)
    _ = try await temporary.run(JobSequence.Request(type: "import", parameters: ["path": .string(frames)]))
    var image = try #require(try await temporary.project.allImages().first)
    if let byHand {
        var change = ImageChange()
        change.pixelSize = .some(byHand)
        change.pixelSizeSource = "hand"
        try await temporary.project.updateImage(image.id, change)
        image = try #require(try await temporary.project.image(image.id))
        try await ImageImporter(project: temporary.project).applyNames(to: image)
        image = try #require(try await temporary.project.image(image.id))
    }
    return (image.pixelSize, image.pixelSizeSource)
}

@Test func `what a person says for the project goes before what the file says`() async throws {
    let (size, source) = try await pixelSize(["pixelSizeUm": 3])
    #expect(size == 3 && source == "project")
    let (own, file) = try await pixelSize([:])
    #expect(own.map { abs($0 - DemoScene.pixelSize) < 1e-6 } == true && file == "exif")
}

@Test func `a pixel size changed in the pipeline counts from the next run on, and taken back the file's own does`() async throws {
    let temporary = try TemporaryProject()
    try await temporary.saveStandardGraph()
    let frames = try temporary.drawFrames(2)
    _ = try await temporary.run(JobSequence.Request(type: "import", parameters: ["path": .string(frames)]), JobSequence.Request(type: "run"))
    let images = try await temporary.project.allImages()
    var change = ImageChange()
    (change.pixelSize, change.pixelSizeSource) = (.some(7), "hand")
    try await temporary.project.updateImage(images[1].id, change)
    for (size, expected, source) in [(3, 3, "project"), (4, 4, "project"), (0, DemoScene.pixelSize, "exif")] as [(Double, Double, String)] {
        try await temporary.saveStandardGraph { graph in graph.nodes[0].config["pixelSizeUm"] = .number(size) }
        _ = try await temporary.run(JobSequence.Request(type: "run"))
        let first = try #require(try await temporary.project.image(images[0].id))
        #expect(first.pixelSize.map { abs($0 - expected) < 1e-6 } == true && first.pixelSizeSource == source)
        let pixel = try #require(first.pixelSize)
        for object in try await temporary.project.allObjects(of: first.id) {
            #expect(object.measurements["area_um2"].map { abs($0 - Double(object.area) * pixel * pixel) < 1e-6 * $0 } == true)
        }
        #expect(try await temporary.project.image(images[1].id)?.pixelSize == 7)
    }
}

@Test func `what the name says goes before what the file says`() async throws {
    let (size, source) = try await pixelSize(["pattern": "{cruise}_st{station:d}_{pixel_um:f}_{frame:d}", "pixelSizeUm": 3])
    #expect(size == 20_260_412 && source == "pattern")
}

@Test func `what a person entered for this image goes before everything`() async throws {
    let (size, source) = try await pixelSize(["pattern": "{cruise}_st{station:d}_{pixel_um:f}_{frame:d}", "pixelSizeUm": 3], byHand: 7)
    #expect(size == 7 && source == "hand")
}

@Test func `files that are left out are named, and nothing about this machine is stored`() async throws {
    let temporary = try TemporaryProject()
    try await temporary.saveStandardGraph()
    let frames = try temporary.drawFrames(1)
    try Data("x".utf8).write(to: URL(filePath: frames + "/notes.txt"))
    try FileManager.default.createSymbolicLink(atPath: frames + "/link.jpg", withDestinationPath: "nowhere.jpg")
    let job = try await temporary.run(JobSequence.Request(type: "import", parameters: ["path": .string(frames)]))[0]
    #expect(job.outcome?.warnings?.count == 2)
    #expect(!job.parameters.contains(temporary.folder.path))
    let log = try await temporary.project.jobLog(job.id)
    #expect(log.allSatisfy { !$0.line.contains(temporary.folder.path) })
}

@Test func `measuring again follows a corrected pixel size`() async throws {
    let temporary = try TemporaryProject()
    try await temporary.saveStandardGraph()
    let frames = try temporary.drawFrames(1)
    _ = try await temporary.run(
        JobSequence.Request(type: "import", parameters: ["path": .string(frames)]), JobSequence.Request(type: "run"))
    let image = try #require(try await temporary.project.allImages().first)
    var change = ImageChange()
    change.pixelSize = .some(10)
    change.pixelSizeSource = "hand"
    try await temporary.project.updateImage(image.id, change)
    _ = try await temporary.run(JobSequence.Request(type: "measure"))
    for object in try await temporary.project.allObjects(of: image.id) {
        #expect(object.measurements["area_um2"] == Double(object.area) * 100)
    }
    change.pixelSize = .some(nil)
    try await temporary.project.updateImage(image.id, change)
    _ = try await temporary.run(JobSequence.Request(type: "measure"))
    for object in try await temporary.project.allObjects(of: image.id) {
        #expect(object.measurements["area_um2"] == nil && object.measurements["area"] == Double(object.area))
    }
}
