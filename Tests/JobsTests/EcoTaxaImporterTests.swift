import Codecs
import Foundation
import Jobs
import Nodes
import Pipeline
import Raster
import Store
import Testing

struct EcoTaxaImporterTests {
    private static func table(_ text: String, _ folder: String, _ name: String) throws {
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        try Data(TSV.byteOrderMark + Array(text.utf8)).write(to: URL(filePath: folder + "/" + name))
    }

    private static func picture(_ folder: String, _ name: String, _ seed: Int) throws {
        let pixels = (0..<(30 * 20)).map { UInt8(($0 % 30 - 15) * ($0 % 30 - 15) + ($0 / 30 - 10) * ($0 / 30 - 10) < 50 ? 90 + seed : 250) }
        try Data(try PNGWriter.encode(.gray8(Image(width: 30, height: 20, pixels: pixels)))).write(to: URL(filePath: folder + "/" + name))
    }

    private static let header = "img_file_name\timg_rank\tobject_id\tobject_lat\tobject_date\tobject_annotation_status\tobject_annotation_category\tobject_annotation_category_id\t"
        + "object_annotation_person_name\tobject_annotation_person_email\tobject_annotation_date\tobject_annotation_time\tobject_area\tobject_perim.\tobject_note\t"
        + "sample_id\tsample_ship\tacq_id\tprocess_id\n[t]\t[f]\t[t]\t[f]\t[t]\t[t]\t[t]\t[f]\t[t]\t[t]\t[t]\t[t]\t[f]\t[f]\t[t]\t[t]\t[t]\t[t]\t[t]\n"

    private static func drawn(_ folder: String) throws {
        try table(
            header
                + "a.png\t0\tone\t43.5\t20140421\tvalidated\tCopepoda<Crustacea\t25828\tAda L\tada@example.org\t20150102\t103000\t12.5\t4\tnice \"one\"\ts1\tTara\ta1\tp1\n"
                + "b.png\t0\ttwo\t43.5\t20140421\tpredicted\tdetritus\t84963\t\t\t\t\t7\t\t\ts1\tTara\ta1\tp1\n"
                + "c.png\t1\ttwo\t43.5\t20140421\tpredicted\tdetritus\t84963\t\t\t\t\t7\t\t\ts1\tTara\ta1\tp1\n", folder, "ecotaxa_x.tsv")
        for (index, name) in ["a.png", "b.png", "c.png"].enumerated() { try picture(folder, name, index) }
    }

    /// Cells by (object, rank) and column; numbers as numbers.
    private static func content(_ archive: String) throws -> [String: [String: String]] {
        var rows: [String: [String: String]] = [:]
        let reader = try ZipReader(path: archive)
        for entry in reader.entries where EcoTaxaCheck.isTable(entry.name) {
            let table = TSV(bytes: try reader.read(entry))
            for row in table.rows.dropFirst(2) {
                let cells = Dictionary(uniqueKeysWithValues: zip(table.rows[0].cells, row.cells))
                rows["\(cells["object_id"] ?? "") \(cells["img_rank"] ?? "")"] = cells
            }
        }
        return rows
    }

    private static func same(_ a: String, _ b: String) -> Bool { a == b || (Double(a) != nil && Double(a) == Double(b)) }

    @Test func `an archive becomes images with objects, fields, measurements and labels, and goes out as it came`() async throws {
        let temporary = try TemporaryProject()
        let project = temporary.project
        let folder = temporary.folder.appending(path: "in").path
        try Self.drawn(folder)
        let jobs = try await temporary.run(
            .init(type: "import", parameters: ["path": .string(folder)]), .init(type: "import", parameters: ["path": .string(folder)]),
            .init(type: "export", parameters: ["format": "ecotaxa"]))
        #expect(jobs.map(\.state) == [.done, .done, .done], "\(jobs.compactMap(\.error))")
        #expect(jobs[0].outcome?.counts["objects"] == 3 && jobs[0].outcome?.failures == [] && jobs[1].outcome?.counts["known"] == 3)
        let images = try await project.allImages()
        #expect(images.map(\.name).sorted() == ["a.png", "b.png", "c.png"])
        let first = try #require(images.first { $0.name == "a.png" })
        let object = try #require(try await project.allObjects(of: first.id).first)
        #expect(object.box == first.frame && object.measurements["area"] == 12.5 && object.measurements["perim."] == 4)
        #expect(object.label?.status == .validated && object.label?.by == "ada@example.org" && object.label?.at == Date(timeIntervalSince1970: 1_420_194_600))
        let categories = try await project.categories()
        let category = try #require(categories.first { $0.id == object.label?.category })
        #expect(category.name == "Copepoda" && category.taxon == 25828 && categories.first { $0.id == category.parent }?.name == "Crustacea")
        let archive = project.folder + "/" + (try #require(jobs[2].outcome?.files.first))
        #expect(try EcoTaxaCheck.archive(path: archive).isRefused == false)
        let out = try Self.content(archive)
        #expect(out.keys.sorted() == ["one 0", "two 0", "two 1"])
        let expected = TSV(bytes: Array(try Data(contentsOf: URL(filePath: folder + "/ecotaxa_x.tsv"))))
        for row in expected.rows.dropFirst(2) {
            let cells = Dictionary(uniqueKeysWithValues: zip(expected.rows[0].cells, row.cells))
            let found = try #require(out["\(cells["object_id"] ?? "") \(cells["img_rank"] ?? "")"])
            for (name, value) in cells where !value.isEmpty && name != "img_file_name" && name != "object_annotation_category" {
                if ["object_annotation_date", "object_annotation_time", "object_date"].contains(name) {
                    #expect(found[name]?.filter(\.isNumber) == value, "\(name)")
                } else {
                    #expect(Self.same(found[name] ?? "", value), "\(name): \(found[name] ?? "") instead of \(value)")
                }
            }
        }
        // Pictures too.
        let reader = try ZipReader(path: archive)
        let name = try #require(out["one 0"]?["img_file_name"])
        let entry = try #require(reader.entry(named: name))
        let pixels = try ImageFile.decode(bytes: try reader.read(entry), name: "a").eightBit().gray8()
        let original = try ImageFile.decode(path: folder + "/a.png").eightBit().gray8()
        #expect(pixels == original)
    }

    @Test func `a ZIP comes in as its folder does, and bad rows are listed`() async throws {
        let temporary = try TemporaryProject()
        let folder = temporary.folder.appending(path: "in").path
        try Self.drawn(folder)
        let zip = temporary.folder.appending(path: "x.zip").path
        let writer = try ZipWriter(path: zip)
        for name in ["ecotaxa_x.tsv", "a.png", "b.png"] { try writer.add(name: "in/" + name, bytes: Array(try Data(contentsOf: URL(filePath: folder + "/" + name)))) }
        try writer.add(name: "in/c.png", bytes: [1, 2, 3])
        try writer.close()
        let outcome = try #require(try await temporary.run(.init(type: "import", parameters: ["path": .string(zip)])).first?.outcome)
        #expect(outcome.counts["objects"] == 2 && outcome.failures.map(\.name) == ["two"])
        #expect(outcome.failures[0].reason.contains("line 5 of in/ecotaxa_x.tsv: in/c.png is neither a JPEG, PNG nor TIFF image"))
        #expect(try await temporary.project.allImages().filter { $0.state != .failed }.map(\.name).sorted() == ["in/a.png", "in/b.png"])
    }

    @Test func `dark pixels can be the object`() async throws {
        let temporary = try TemporaryProject()
        let folder = temporary.folder.appending(path: "in").path
        try Self.drawn(folder)
        var graph = Graph.ecoTaxaArchive
        graph.nodes[0].config["outline"] = "dark"
        try await temporary.project.savePipelineGraph(graph)
        _ = try await temporary.run(.init(type: "import", parameters: ["path": .string(folder)]))
        let areas = try await temporary.project.objects(ObjectQuery()).items.map(\.area)
        let expected = (0..<600).count { ($0 % 30 - 15) * ($0 % 30 - 15) + ($0 / 30 - 10) * ($0 / 30 - 10) < 50 }
        #expect(areas == [expected, expected, expected])
    }

    @Test func `what is no archive says so`() async throws {
        let temporary = try TemporaryProject()
        let zip = temporary.folder.appending(path: "x.zip").path
        let writer = try ZipWriter(path: zip)
        try writer.add(name: "a.txt", bytes: [65])
        try writer.close()
        let job = try #require(try await temporary.run(.init(type: "import", parameters: ["path": .string(zip)])).first)
        #expect(job.error?.contains("there is no table ecotaxa") == true)
        try Data([1, 2, 3]).write(to: URL(filePath: zip))
        #expect(try await temporary.run(.init(type: "import", parameters: ["path": .string(zip)])).first?.state == .failed)
    }
}
