import Codecs
import Foundation
import Nodes
import Pipeline
import Raster
import Store
import Testing

/// A project with drawn images of one dark square each, run through the standard graph.
private func withProject(images: Int, metadata: [String: String], pixelSize: Double? = 2, _ body: (Project, ProjectPipeline) async throws -> Void) async throws {
    let folder = FileManager.default.temporaryDirectory.appending(path: "ship-export-\(UUID().uuidString)").path
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let project = try Project.create(folder: folder, title: "Stück Ö")
    let pipeline = ProjectPipeline(project: project)
    try await project.savePipelineGraph(.standard)
    let plan = try await pipeline.plan()
    try await pipeline.ensureColumns(plan)
    try project.files.makeFolder("images")
    for number in 0..<images {
        var pixels = Image<UInt8>(width: 100, height: 80, repeating: 220)
        for y in 20..<50 { for x in 30..<(60 + number) { pixels[x, y] = UInt8(50 + x % 7) } }
        let bytes = try PNGWriter.encode(.gray8(pixels))
        try project.files.write("images/i\(number).png", bytes: bytes)
        let sha = FileDigest.sha256(bytes)
        var new = NewImage(
            uid: String(sha.prefix(20)), name: "frame \(number) é.png", location: .project(path: "images/i\(number).png"), node: "images", sha256: sha, bytes: bytes.count)
        (new.width, new.height, new.format, new.state, new.pixelSize) = (100, 80, "png", .ready, pixelSize)
        new.metadata = metadata
        let image = try await project.insertImage(new)
        for result in try pipeline.results(of: image, plan: plan, context: try await pipeline.context(of: image)) { _ = try await project.storeResult(result) }
    }
    try await body(project, pipeline)
    try project.close()
}

private func collection(_ pipeline: ProjectPipeline) async throws -> (EcoTaxaExportNode, ObjectCollection) {
    let plan = try await pipeline.plan()
    let step = try #require(plan.steps.first { $0.node is EcoTaxaExportNode })
    return (try #require(step.node as? EcoTaxaExportNode), ObjectCollection(pipeline: pipeline, plan: plan, step: step))
}

private let position = ["object_lat": "54.2", "object_lon": "7.9", "object_date": "2026-04-12", "object_time": "06:40:00"]

@Test func `the archive holds one picture and one row an object, and has nothing to complain about`() async throws {
    try await withProject(images: 3, metadata: position) { project, pipeline in
        let (node, collection) = try await collection(pipeline)
        #expect(try await node.check(collection).isEmpty)
        let result = try await node.export(collection)
        #expect(result.objects == 3 && result.images == 3)
        let path = try project.files.checkedPath(try #require(result.files.first))
        let check = try EcoTaxaCheck.archive(path: path)
        #expect(check.findings.isEmpty, "\(check.findings)")
        #expect(check.objectCount == 3 && check.imageCount == 3)
        // Padding of 10 around 30 × 30.
        let reader = try ZipReader(path: path)
        let pictures = reader.entries.filter { $0.name.hasSuffix(".png") }
        let sizes = try pictures.map { entry in
            let header = try ImageFile.header(bytes: try reader.read(entry), name: entry.name)
            return [header.width, header.height]
        }
        #expect(Set(sizes) == [[50, 50], [51, 50], [52, 50]])
    }
}

@Test func `without a position the check says so, and the archive is still offered`() async throws {
    try await withProject(images: 1, metadata: [:]) { _, pipeline in
        let (node, collection) = try await collection(pipeline)
        let findings = try await node.check(collection)
        #expect(findings.contains { $0.severity == .warning && $0.column == "object_lat" && !$0.remedy.isEmpty })
        #expect(!findings.contains { $0.severity == .error })
    }
}

@Test func `what EcoTaxa refuses is named with row, column and remedy, and nothing is written`() async throws {
    var wrong = position
    wrong["object_lat"] = "95"
    wrong["object_date"] = "12/04/2026"
    try await withProject(images: 1, metadata: wrong) { project, pipeline in
        let (node, collection) = try await collection(pipeline)
        let errors = try await node.check(collection).filter { $0.severity == .error }
        #expect(Set(errors.compactMap(\.column)).isSuperset(of: ["object_lat", "object_date"]))
        #expect(errors.allSatisfy { $0.row == 3 && !$0.remedy.isEmpty })
        await #expect(throws: ExportRefused.self) { try await node.export(collection) }
        #expect(try project.files.list().allSatisfy { $0.name != "ecotaxa" })
    }
}

@Test func `a project without objects is refused with what to do`() async throws {
    try await withProject(images: 0, metadata: [:]) { _, pipeline in
        let (node, collection) = try await collection(pipeline)
        #expect(try await node.check(collection).contains { $0.severity == .error && $0.remedy.contains("Run") })
    }
}

@Test func `the same project gives the same bytes`() async throws {
    try await withProject(images: 2, metadata: position) { project, pipeline in
        let (node, collection) = try await collection(pipeline)
        let first = try await node.export(collection)
        let bytes = try project.files.read(try #require(first.files.first))
        let second = try await node.export(collection)
        #expect(second.files == first.files)
        #expect(try project.files.read(try #require(second.files.first)) == bytes)
    }
}

@Test func `a field that a person typed does not collide with one we fill`() async throws {
    var fields = position
    fields["object_area"] = "7"
    fields["sample_id"] = "S1"
    try await withProject(images: 2, metadata: fields) { _, pipeline in
        let (node, collection) = try await collection(pipeline)
        #expect(try await node.check(collection).allSatisfy { $0.severity != .error })
    }
}

@Test func `an export of what was computed with another calibration or graph is refused until the pipeline runs again`() async throws {
    try await withProject(images: 2, metadata: position) { project, pipeline in
        let image = try #require(try await project.allImages().first)
        var change = ImageChange()
        change.pixelSize = .some(4)
        change.pixelSizeSource = "hand"
        try await project.updateImage(image.id, change)
        var (node, work) = try await collection(pipeline)
        let calibrated = try await node.check(work).first
        #expect(calibrated?.severity == .error && calibrated?.message.contains(image.name) == true)
        await #expect(throws: ExportRefused.self) { try await node.export(work) }

        var graph = Graph.standard
        graph.nodes[try #require(graph.nodes.firstIndex { $0.kind == RegionsNode.kind })].config["minSize"] = 25
        try await project.savePipelineGraph(graph)
        (node, work) = try await collection(pipeline)
        #expect(try await node.check(work).first?.message.hasPrefix("2 images were computed with other parameters") == true)
    }
}

@Test func `a missing original is found before the export begins`() async throws {
    try await withProject(images: 2, metadata: position) { project, pipeline in
        try project.files.remove("images/i0.png")
        let (node, work) = try await collection(pipeline)
        #expect(try await node.check(work).contains { $0.severity == .error && $0.message.contains("i0.png") })
    }
}

@Test func `labels and what is said of single objects are in the archive, in forms that EcoTaxa takes`() async throws {
    try await withProject(images: 3, metadata: position) { project, pipeline in
        let objects = try await project.objects(ObjectQuery()).items.map(\.id)
        func category(_ name: String, _ parent: Int64? = nil, taxon: Int? = nil) async throws -> Int64 {
            var new = CategoryChange()
            (new.name, new.parent, new.taxon) = (name, parent, taxon)
            return try await project.addCategory(new, by: "ada").id
        }
        let copepod = try await category("Copepoda", taxon: 45072), detritus = try await category("detritus"), egg = try await category("egg", copepod)
        _ = try await category("egg", detritus)
        _ = try await project.setLabels([.init(object: objects[0], category: .id(copepod))], by: "ada@example.org")
        _ = try await project.setLabels([.init(object: objects[1], category: .id(egg), status: .predicted, score: 0.5)], source: .model, by: "forest 3")
        _ = try await project.changeMetadata([.init(object: objects[2], key: "object_lat", value: "-33.5"), .init(object: objects[2], key: "object_remark", value: "broken")], by: "ada")
        let (node, collection) = try await collection(pipeline)
        let result = try await node.export(collection)
        let path = try project.files.checkedPath(try #require(result.files.first))
        #expect(try EcoTaxaCheck.archive(path: path).findings.allSatisfy { $0.severity != .error })
        let reader = try ZipReader(path: path)
        let tables = reader.entries.filter { $0.name.hasSuffix(".tsv") }
        var rows: [[String: String]] = []
        for table in tables {
            let lines = String(decoding: try reader.read(table).dropFirst(3), as: UTF8.self).split(separator: "\n", omittingEmptySubsequences: true).map { $0.split(separator: "\t", omittingEmptySubsequences: false).map { String($0).trimmingCharacters(in: CharacterSet(charactersIn: "\"\r")) } }
            for line in lines.dropFirst(2) {
                rows.append(Dictionary(zip(lines[0], line), uniquingKeysWith: { $1 }))
            }
        }
        try #require(rows.count == 3)
        #expect(rows.map { $0["object_annotation_category"] ?? "" } == ["Copepoda", "egg<Copepoda", ""])
        #expect(rows.map { $0["object_annotation_status"] ?? "" } == ["validated", "predicted", ""])
        #expect(rows.map { $0["object_annotation_category_id"] ?? "" } == ["45072", "", ""])
        #expect(rows.map { $0["object_annotation_person_email"] ?? "" } == ["ada@example.org", "", ""])
        #expect(rows[0]["object_annotation_date"]?.wholeMatch(of: /\d{4}-\d\d-\d\d/) != nil && rows[0]["object_annotation_time"]?.wholeMatch(of: /\d\d:\d\d:\d\d/) != nil)
        #expect(rows.map { $0["object_lat"] ?? "" } == ["54.2", "54.2", "-33.5"] && rows[2]["object_remark"] == "broken")
    }
}

@Test func `several vignettes are several pictures of each object, in the order of the edges`() async throws {
    try await withProject(images: 2, metadata: position, pixelSize: nil) { project, pipeline in
        var graph = Graph.standard
        graph.nodes += [
            .init(name: "fade", kind: "vignette.fade", config: ["alpha": 1]), .init(name: "bar", kind: "vignette.scalebar"), .init(name: "mask", kind: "vignette.mask"),
        ]
        graph.edges.removeAll { $0.to == .init("ecotaxa", "image") }
        for (from, to) in [("images.image", "fade.image"), ("objects.regions", "fade.regions"), ("fade.vignettes", "bar.vignettes"), ("images.image", "mask.image"), ("objects.regions", "mask.regions"),
            ("bar.vignettes", "ecotaxa.vignettes"), ("mask.vignettes", "ecotaxa.vignettes")]
        {
            let (from, to) = (from.split(separator: "."), to.split(separator: "."))
            graph.edges.append(.init(from: .init(String(from[0]), String(from[1])), to: .init(String(to[0]), String(to[1]))))
        }
        try await project.savePipelineGraph(graph)
        var (node, work) = try await collection(pipeline)
        // Two images without a pixel size, one finding.
        #expect(try await node.check(work).map(\.message) == ["frame 0 é.png has no pixel size, so its vignettes have no scale bar; enter the pixel size, or leave the scale bar out."])
        for image in try await project.allImages() {
            var change = ImageChange()
            (change.pixelSize, change.pixelSizeSource) = (.some(5), "hand")
            try await project.updateImage(image.id, change)
            let plan = try await pipeline.plan()
            let current = try #require(try await project.image(image.id))
            for result in try pipeline.results(of: current, plan: plan, context: try await pipeline.context(of: current)) { _ = try await project.storeResult(result) }
        }
        (node, work) = try await collection(pipeline)
        #expect(try await node.check(work).isEmpty)
        let result = try await node.export(work)
        #expect(result.objects == 2 && result.images == 2)
        let path = try project.files.checkedPath(try #require(result.files.first))
        let check = try EcoTaxaCheck.archive(path: path)
        #expect(check.findings.isEmpty && check.objectCount == 2 && check.imageCount == 4, "\(check.findings)")
        let reader = try ZipReader(path: path)
        let pictures = try reader.entries.filter { $0.name.hasSuffix(".png") }.map { (name: $0.name, pixels: try ImageFile.decode(bytes: try reader.read($0), name: $0.name)) }
        try #require(pictures.count == 4)
        for (first, second) in [(pictures[0], pictures[1]), (pictures[2], pictures[3])] {
            #expect(second.name == first.name.dropLast(4) + "_1.png")
            guard case .gray8(let faded) = first.pixels, case .gray8(let mask) = second.pixels else { return #expect(Bool(false)) }
            // The bar is wider than these vignettes, which stand in the middle above it.
            try #require(mask.height == 50 && faded.height == 50 + 31 && faded.width >= mask.width)
            let left = (faded.width - mask.width) / 2
            let right = (0..<50).count { y in (0..<mask.width).contains { x in mask[x, y] == 255 ? faded[left + x, y] >= 60 : faded[left + x, y] != 255 } }
            #expect(right == 0)
        }
    }
}
