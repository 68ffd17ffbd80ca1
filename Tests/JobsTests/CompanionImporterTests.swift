import Codecs
import Demo
import Foundation
import Jobs
import Nodes
import Pipeline
import Raster
import Store
import Testing

struct CompanionImporterTests {
    private static let width = 40, height = 30

    /// Two objects, the second with a hole and parts that meet at a corner.
    private static let masks: [Mask] = {
        let frame = Rect(x: 0, y: 0, width: width, height: height)
        let square = Mask(bounds: frame, sortedRuns: (3..<9).map { Run(y: $0, first: 5, last: 12) })
        var runs = (15..<25).flatMap { y in y > 17 && y < 21 ? [Run(y: y, first: 20, last: 22), Run(y: y, first: 30, last: 33)] : [Run(y: y, first: 20, last: 33)] }
        runs.append(Run(y: 25, first: 34, last: 36))
        return [square.tight, Mask(bounds: frame, joining: runs).tight]
    }()

    private static func write(_ bytes: [UInt8], _ folder: String, _ name: String) throws {
        let path = folder + "/" + name
        try FileManager.default.createDirectory(atPath: (path as NSString).deletingLastPathComponent, withIntermediateDirectories: true)
        try Data(bytes).write(to: URL(filePath: path))
    }

    /// Different for each seed, because equal bytes are one image.
    private static func picture(_ seed: Int) throws -> [UInt8] {
        try PNGWriter.encode(.gray8(Image(width: width, height: height, pixels: (0..<(width * height)).map { UInt8(($0 * 7 + seed) & 255) })))
    }

    private static func labels() throws -> [UInt8] {
        try LabelFile.encode(masks.enumerated().map { .init(value: UInt32($0 + 1), mask: $1) }, width: width, height: height, bits: 16, as: .png)
    }

    private static func geoJSON(_ categories: [String?]) -> [UInt8] {
        var bytes = GeoJSONOutlines.begin
        for (index, mask) in masks.enumerated() {
            if index > 0 { bytes += GeoJSONOutlines.separator }
            GeoJSONOutlines.append(id: "\(index)", polygons: mask.polygons(), properties: [("category", categories[index].map { .text($0) })], to: &bytes)
        }
        return bytes + GeoJSONOutlines.end
    }

    private static func coco(_ names: [String]) throws -> [UInt8] {
        var bytes: [UInt8] = []
        let writer = try COCOWriter(
            description: "", version: "1", pictures: names.map { .init(name: $0, width: width, height: height) },
            categories: [.init(id: 4, name: "copepod", supercategory: "crustacea")]) { bytes += $0 }
        for index in names.indices { for mask in masks { try writer.add(mask, picture: index, category: 4, outline: .polygon, rings: { mask.contours() }) } }
        try writer.finish()
        return bytes
    }

    private static func stored(_ project: Project, _ name: String) async throws -> [[Run]] {
        let image = try #require(try await project.allImages().first { $0.name == name })
        let masks = try await project.masks(image: image.id)
        return try masks.map { try MaskPNG.decode($0.png, origin: ($0.box.x, $0.box.y)).runs }.sorted { $0[0] < $1[0] }
    }

    @Test func `masks of every kind in a folder become objects of their images, with labels, once`() async throws {
        let temporary = try TemporaryProject()
        let project = temporary.project
        let folder = temporary.folder.appending(path: "in").path
        try Self.write(try Self.picture(1), folder, "a.png")
        try Self.write(try Self.labels(), folder, "a_labels.png")
        try Self.write(try Self.picture(2), folder, "images/b.png")
        try Self.write(Self.geoJSON(["copepod", nil]), folder, "images/b.geojson")
        try Self.write(try Self.picture(3), folder, "c.png")
        try Self.write(try Self.coco(["c.png"]), folder, "instances.json")
        try Self.write(Array("{\"other\":1}".utf8), folder, "settings.json")
        var job = try #require(try await temporary.run(.init(type: "import", parameters: ["path": .string(folder)])).first)
        #expect(job.outcome?.failures == [] && job.outcome?.counts["new"] == 3 && job.outcome?.counts["objects"] == 6, "\(String(describing: job.outcome))")
        let drawn = Self.masks.map(\.runs)
        for name in ["a.png", "images/b.png", "c.png"] { #expect(try await Self.stored(project, name) == drawn, "\(name)") }
        let categories = try await project.categories()
        #expect(Set(categories.map(\.name)) == ["copepod", "crustacea"] && categories.first { $0.name == "copepod" }?.count == 3)
        // As if by hand: one step back takes them away, and importing the same again changes nothing.
        let image = try #require(try await project.allImages().first { $0.name == "a.png" })
        let history = try await project.edits(image: image.id).items
        #expect(history.count == 1 && history[0].operation == "import" && history[0].summary == "Brought in 2 objects from a_labels.png")
        _ = try await project.undo(image: image.id)
        job = try #require(try await temporary.run(.init(type: "import", parameters: ["path": .string(folder)])).first)
        #expect(job.outcome?.counts["new"] == 0 && job.outcome?.counts["objects"] == 0)
        #expect(try await project.objectCount(image: image.id) == 0)
        #expect(try await project.check().isEmpty)
    }

    @Test func `runs keep what was brought in`() async throws {
        let temporary = try TemporaryProject()
        let folder = try temporary.drawFrames(1)
        let frame = try #require(try FileManager.default.contentsOfDirectory(atPath: folder).first { $0.hasSuffix("jpg") || $0.hasSuffix("png") || $0.hasSuffix("tif") })
        let stem = (frame as NSString).deletingPathExtension
        let square = Mask(bounds: Rect(x: 0, y: 0, width: 640, height: 480), sortedRuns: (100..<220).map { Run(y: $0, first: 100, last: 299) })
        try Self.write(MaskPNG.encode(square), folder, "\(stem)_mask.png")
        try await temporary.saveStandardGraph()
        let jobs = try await temporary.run(.init(type: "import", parameters: ["path": .string(folder)]), .init(type: "run"), .init(type: "run"))
        #expect(jobs.map(\.state) == [.done, .done, .done])
        let image = try #require(try await temporary.project.allImages().first)
        let objects = try await temporary.project.allObjects(of: image.id)
        #expect(objects.count > 1 && objects.filter(\.edited).map(\.box) == [Rect(x: 100, y: 100, width: 200, height: 120)])
        #expect(objects.first(where: \.edited)?.measurements["area"] == 24_000)
    }

    @Test func `bad files fail alone and say why`() async throws {
        let temporary = try TemporaryProject()
        let folder = temporary.folder.appending(path: "in").path
        for (index, name) in ["a", "b", "c", "d"].enumerated() { try Self.write(try Self.picture(index), folder, "\(name).png") }
        try Self.write(MaskPNG.encode(Mask("##", "##")), folder, "a_mask.png")
        try Self.write(Array("{\"type\":\"FeatureCollection\",\"features\":[".utf8), folder, "b.geojson")
        try Self.write(Array(try Self.labels().prefix(60)), folder, "c_mask.png")
        try Self.write(try Self.labels(), folder, "d_mask.png")
        let job = try #require(try await temporary.run(.init(type: "import", parameters: ["path": .string(folder)])).first)
        let outcome = try #require(job.outcome)
        #expect(outcome.counts["new"] == 4 && outcome.counts["objects"] == 2 && outcome.failures.map(\.name) == ["a.png", "b.geojson", "c.png"])
        #expect(outcome.failures[0].reason.contains("a_mask.png: it has 2 × 2 pixels, but a.png has 40 × 30"))
        #expect(outcome.failures[1].reason.contains("ends too early"))
        #expect(outcome.failures[2].reason.contains("c_mask.png"))
    }

    @Test func `the step that reads masks reads them in each run, and only what changed`() async throws {
        let temporary = try TemporaryProject()
        let project = temporary.project
        let folder = temporary.folder.appending(path: "in").path
        for (index, name) in ["a", "b", "c"].enumerated() { try Self.write(try Self.picture(index), folder, "\(name).png") }
        try Self.write(try Self.labels(), folder, "a_mask.png")
        try Self.write(Self.geoJSON(["copepod", "detritus"]), folder, "b.geojson")
        try await project.savePipelineGraph(
            Graph(
                nodes: [.init(name: "images", kind: "import.folder"), .init(name: "files", kind: "segment.import"), .init(name: "shape", kind: "measure.shape")],
                edges: [
                    .init(from: .init("images", "image"), to: .init("files", "image")), .init(from: .init("files", "regions"), to: .init("shape", "regions")),
                ]))
        let jobs = try await temporary.run(.init(type: "import", parameters: ["path": .string(folder)]), .init(type: "run"))
        #expect(jobs[0].outcome?.counts["objects"] == 0)
        #expect(jobs[1].outcome?.counts["images"] == 2 && jobs[1].outcome?.failures.map(\.name) == ["c.png"], "\(String(describing: jobs[1].outcome))")
        #expect(jobs[1].outcome?.failures.first?.reason.contains("there is no file of masks for it; looked for c_mask.png") == true)
        for name in ["a.png", "b.png"] { #expect(try await Self.stored(project, name) == Self.masks.map(\.runs)) }
        #expect(try await project.categories().map(\.name).sorted() == ["copepod", "detritus"])
        let image = try #require(try await project.allImages().first { $0.name == "b.png" })
        let objects = try await project.allObjects(of: image.id)
        #expect(objects.compactMap { $0.measurements["area"] }.sorted() == Self.masks.map { Double($0.area) }.sorted() && objects.allSatisfy { $0.label?.source == .rule && !$0.edited })
        // Another mask: that image alone is computed again.
        try Self.write(MaskPNG.encode(Mask(bounds: Rect(x: 0, y: 0, width: Self.width, height: Self.height), sortedRuns: [Run(y: 2, first: 2, last: 9)])), folder, "a_mask.png")
        let again = try #require(try await temporary.run(.init(type: "run")).first?.outcome)
        #expect(again.counts["images"] == 1 && again.counts["unchanged"] == 1)
        #expect(try await Self.stored(project, "a.png") == [[Run(y: 2, first: 2, last: 9)]])
    }

    @Test func `objects of a file may overlap`() async throws {
        let temporary = try TemporaryProject()
        let folder = temporary.folder.appending(path: "in").path
        try Self.write(try Self.picture(1), folder, "a.png")
        let one = Mask(bounds: Rect(x: 3, y: 3, width: 9, height: 9), sortedRuns: (3..<12).map { Run(y: $0, first: 3, last: 11) })
        var bytes = GeoJSONOutlines.begin
        for index in 0..<3 {
            if index > 0 { bytes += GeoJSONOutlines.separator }
            GeoJSONOutlines.append(id: "\(index)", polygons: one.polygons(), properties: [], to: &bytes)
        }
        try Self.write(bytes + GeoJSONOutlines.end, folder, "a.geojson")
        try await temporary.project.savePipelineGraph(
            Graph(
                nodes: [.init(name: "images", kind: "import.folder"), .init(name: "files", kind: "segment.import")],
                edges: [.init(from: .init("images", "image"), to: .init("files", "image"))]))
        let jobs = try await temporary.run(.init(type: "import", parameters: ["path": .string(folder)]), .init(type: "run"))
        #expect(jobs[1].outcome?.counts["objects"] == 3 && jobs[1].outcome?.failures == [])
    }
}
