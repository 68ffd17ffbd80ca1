import Codecs
import Foundation
import Jobs
import Nodes
import Pipeline
import Raster
import Store
import Testing

struct ExportJobTests {
    /// A project of drawn frames with found objects, one of them labelled and one drawn over another.
    private func filled(workers: Int = 2) async throws -> TemporaryProject {
        let temporary = try TemporaryProject(title: "Cruise 1")
        let folder = try temporary.drawFrames(2)
        try await temporary.saveStandardGraph()
        let jobs = try await temporary.run(.init(type: "import", parameters: ["path": .string(folder)]), .init(type: "run"), workers: workers)
        #expect(jobs.map(\.state) == [.done, .done])
        var change = CategoryChange()
        change.name = "Copepoda, \"big\""
        let category = try await temporary.project.addCategory(change, by: "ada")
        // Numbers of rows depend on which image was done first; places do not.
        let image = try #require(try await temporary.project.allImages().min { $0.name < $1.name })
        let object = try #require(try await temporary.project.allObjects(of: image.id).min { ($0.box.y, $0.box.x) < ($1.box.y, $1.box.x) })
        _ = try await temporary.project.setLabels([.init(object: object.id, category: .id(category.id))], by: "ada", at: Date(timeIntervalSince1970: 1_700_000_000))
        return temporary
    }

    private func export(_ temporary: TemporaryProject, _ format: String, workers: Int = 2) async throws -> String {
        let job = try #require(try await temporary.run(.init(type: "export", parameters: ["format": .string(format)]), workers: workers).first)
        #expect(job.state == .done, "\(job.error ?? "")")
        let file = try #require(job.outcome?.files.first)
        return temporary.project.folder + "/" + file
    }

    private func masks(_ project: Project) async throws -> [String: [[Run]]] {
        var all: [String: [[Run]]] = [:]
        for image in try await project.allImages() {
            all[(image.name as NSString).lastPathComponent] = try await project.masks(image: image.id)
                .map { try MaskPNG.decode($0.png, origin: ($0.box.x, $0.box.y)).runs }.sorted { $0.lexicographicallyPrecedes($1) }
        }
        return all
    }

    @Test func `the table has one row an object, with a row of units, in any pipeline`() async throws {
        let temporary = try await filled()
        let count = try await temporary.project.objects(ObjectQuery()).total ?? 0
        #expect(count > 3)
        let table = TSV(bytes: Array(try Data(contentsOf: URL(filePath: try await export(temporary, "table")))))
        #expect(table.rows.count == count + 2)
        let (names, units) = (table.rows[0].cells, table.rows[1].cells)
        #expect(Set(names).count == names.count)
        #expect(table.rows.allSatisfy { $0.cells.count == names.count })
        func column(_ name: String) throws -> Int { try #require(names.firstIndex(of: name)) }
        #expect(try units[column("box_x")] == "px" && units[column("area")] == "px²" && units[column("object_uid")] == "")
        let labelled = table.rows.filter { $0.cells[(try? column("category")) ?? 0] == "Copepoda, \"big\"" }
        #expect(try labelled.count == 1 && labelled[0].cells[column("labelled_at")] == "2023-11-14T22:13:20Z")
        for row in table.rows.dropFirst(2) { #expect(row.cells[try column("pixels")] == row.cells[try column("area")]) }
    }

    @Test(arguments: ["coco", "geojson", "labels"]) func `what is exported comes back as the same masks`(format: String) async throws {
        let temporary = try await filled()
        let file = try await export(temporary, format)
        // Another project of the same frames, with the export beside them.
        let other = try TemporaryProject()
        let folder = try other.drawFrames(2)
        if format == "coco" {
            try FileManager.default.copyItem(atPath: file, toPath: folder + "/all.json")
        } else {
            let archive = try ZipReader(path: file)
            for entry in archive.entries where !entry.name.hasSuffix(".tsv") { try Data(try archive.read(entry)).write(to: URL(filePath: folder + "/" + entry.name)) }
        }
        let job = try #require(try await other.run(.init(type: "import", parameters: ["path": .string(folder)])).first)
        #expect(job.outcome?.failures == [])
        let (before, after) = (try await masks(temporary.project), try await masks(other.project))
        #expect(before == after && before.values.joined().count > 3)
        if format != "labels" { #expect(try await other.project.categories().contains { $0.name == "Copepoda, \"big\"" && $0.count == 1 }) }
    }

    @Test(arguments: ["table", "coco", "geojson", "labels", "images", "ecotaxa"])
    func `any number of workers gives the same bytes`(format: String) async throws {
        let one = try await filled(workers: 1)
        let eight = try await filled(workers: 8)
        let (first, second) = (try await export(one, format, workers: 1), try await export(eight, format, workers: 8))
        #expect(try Data(contentsOf: URL(filePath: first)) == Data(contentsOf: URL(filePath: second)))
        #expect((first as NSString).lastPathComponent == (second as NSString).lastPathComponent)
    }

    @Test func `pictures lie in folders by category, one an object`() async throws {
        let temporary = try await filled()
        let archive = try ZipReader(path: try await export(temporary, "images"))
        let pictures = archive.entries.filter { $0.name.hasSuffix(".png") }
        #expect(pictures.count == (try await temporary.project.objects(ObjectQuery()).total ?? 0))
        #expect(Set(pictures.map { String($0.name.prefix { $0 != "/" }) }) == ["copepoda-big", "unlabelled"])
        for entry in pictures.prefix(5) { #expect(try ImageFile.header(bytes: archive.read(entry), name: entry.name).width > 0) }
    }

    @Test func `overlapping objects are spread over several label images, which come back together`() async throws {
        let temporary = try TemporaryProject()
        let folder = try temporary.drawFrames(1)
        let box = Mask(bounds: Rect(x: 10, y: 10, width: 50, height: 50), sortedRuns: (10..<60).map { Run(y: $0, first: 10, last: 59) })
        let frame = try #require(try FileManager.default.contentsOfDirectory(atPath: folder).sorted().first)
        var bytes = GeoJSONOutlines.begin
        GeoJSONOutlines.append(id: "1", polygons: box.polygons(), properties: [], to: &bytes)
        bytes += GeoJSONOutlines.separator
        GeoJSONOutlines.append(id: "2", polygons: box.translated(x: 20, y: 20).polygons(), properties: [], to: &bytes)
        bytes += GeoJSONOutlines.end
        try Data(bytes).write(to: URL(filePath: folder + "/" + (frame as NSString).deletingPathExtension + ".geojson"))
        let job = try #require(try await temporary.run(.init(type: "import", parameters: ["path": .string(folder)])).first)
        #expect(job.outcome?.counts["objects"] == 2)
        let archive = try ZipReader(path: try await export(temporary, "labels"))
        #expect(archive.entries.filter { $0.name.hasSuffix(".tif") }.count == 2)
        let other = try TemporaryProject()
        let again = try other.drawFrames(1)
        for entry in archive.entries where entry.name.hasSuffix(".tif") { try Data(try archive.read(entry)).write(to: URL(filePath: again + "/" + entry.name)) }
        #expect(try await other.run(.init(type: "import", parameters: ["path": .string(again)])).first?.outcome?.counts["objects"] == 2)
        #expect(try await masks(temporary.project) == masks(other.project))
    }

    @Test func `what cannot be exported says why, and what is not known says what is`() async throws {
        let temporary = try TemporaryProject()
        _ = try temporary.drawFrames(1)
        let empty = try #require(try await temporary.run(.init(type: "export", parameters: ["format": "coco"])).first)
        #expect(empty.state == .failed && empty.error?.contains("There is no object to export") == true)
        let unknown = try #require(try await temporary.run(.init(type: "export", parameters: ["format": "xyz"])).first)
        #expect(unknown.error?.contains("known are ecotaxa, table, images, coco, geojson, labels") == true)
    }
}
