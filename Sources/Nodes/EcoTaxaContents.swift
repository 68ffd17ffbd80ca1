import Codecs
import Foundation
import Pipeline
import Raster
import Store

/// What goes into an EcoTaxa archive: the table, and the objects its rows stand for.
struct EcoTaxaContents {
    struct Row: Sendable {
        var object: ObjectID
        var box: Rect
        /// Which of the object's pictures.
        var rank: Int
    }

    struct ImageRows: Sendable {
        var record: ImageRecord
        var rows: Range<Int>
    }

    private(set) var table = EcoTaxaTable()
    private(set) var objects: [Row] = []
    /// Images with at least one object, in the order of their rows.
    private(set) var images: [ImageRows] = []
    private(set) var findings: [ExportFinding] = []
    /// For files: the first acquisition, so that the same content has the same name in every project folder.
    private(set) var name = ""
    private let fingerprint: String

    /// - Parameter suffix: of the pictures, without the dot.
    init(_ collection: ObjectCollection, suffix: String) async throws {
        let project = collection.project
        fingerprint = collection.plan.fingerprint
        let title = try await project.title()
        let columns = try await project.measureColumns().map(\.name)
        let names = columns.map { "object_" + $0 }
        let projectName = OnDiskName.make(from: title)

        // Order by name, then content: equal on every machine and for every number of workers.
        let all: [ImageRecord]
        if let chosen = collection.images { all = chosen } else { all = try await project.allImages() }
        var stale: [String] = []
        var missing: [String] = []
        var levels = LevelNames(sampleFallback: projectName)
        let said = try await project.imageMetadata()
        let categories = CategoryNames(try await project.categories())
        let sources = try VignetteSources(of: collection.step, in: collection.plan)
        var faults: [String] = []
        var rows = 0
        for image in all { rows += try await project.objectCount(image: image.id) * sources.count }
        table = EcoTaxaTable(expecting: rows)
        for image in all.filter(collection.concerns).sorted(by: { ($0.name, $0.uid) < ($1.name, $1.uid) }) {
            try collection.checkCancelled()
            let metadata = said[image.id] ?? [:]
            // Images without objects are named too, so that the names do not change when objects are found in them.
            let fields = levels.fields(of: image, metadata: metadata, process: [
                ("process_software", "ship \(shipVersion)"), ("process_pipeline", String(fingerprint.prefix(16))),
                ("process_steps", String(collection.plan.steps.map(\.nodeClass.kind).joined(separator: " > ").prefix(250))),
            ])
            let records = try await collection.objects(of: image)
            if records.isEmpty { continue }
            let ofObjects = try await project.objectMetadata(image: image.id)
            let firstRow = objects.count
            faults += sources.problems(with: image)
            for end in collection.plan.regionEnds(of: image) where end == collection.regionEnd {
                guard let key = try await project.resultKey(image: image.id, node: collection.plan.storedNode(of: end)) else { continue }
                if RunKey(key) != RunKey(of: image, end: end, plan: collection.plan) { stale.append(image.name) }
            }
            do throws(StoreError) { _ = try project.openOriginal(image) } catch { missing.append("\(error)") }
            if name.isEmpty, let acquisition = fields.first(where: { $0.column == "acq_id" }), case .text(let id) = acquisition.value {
                name = OnDiskName.make(from: id, otherwise: projectName)
            }
            let ids = Dictionary(uniqueKeysWithValues: records.map { ($0.id, EcoTaxaContents.objectID(image: image, object: $0)) })
            // Of one image all rows have the same fields, so that one look tells whether one of them is there twice.
            let own = fields.map(\.column) + Self.ownColumns + names
            let areDistinct = Set(own).count == own.count
            for record in records.sorted(by: { ($0.box.y, $0.box.x, $0.uid) < ($1.box.y, $1.box.x, $1.uid) }) {
                let id = ids[record.id] ?? EcoTaxaContents.objectID(image: image, object: record)
                var row: [(column: String, value: EcoTaxaTable.Value)] = [
                    ("img_file_name", .text("\(id).\(suffix)")), ("img_rank", .number(0)), ("object_id", .text(id)),
                ]
                row += fields
                // What is said about one object goes before what is said about its image.
                let said = (ofObjects[record.id] ?? [:]).filter { !$0.value.value.isEmpty && $0.key != "img_file_name" }
                for (key, value) in said.sorted(by: { $0.key < $1.key }) {
                    row.append(key == "img_rank" ? (key, EcoTaxaValue.number(value.value).map { .number($0) } ?? .number(0)) : LevelNames.cell(key, value.value))
                }
                if let label = record.label {
                    row += categories.annotation(label)
                    // Who came with an archive has both a name and an address there.
                    if let name = said["object_annotation_person_name"], label.by == said["object_annotation_person_email"]?.value {
                        row.append(("object_annotation_person_name", .text(name.value)))
                    }
                    // And the category with its lineage, as long as the object is of it.
                    if let category = said["object_annotation_category"]?.value, let own = categories.name(label), category.lowercased().hasPrefix(own.lowercased() + "<") {
                        row.append(("object_annotation_category", .text(category)))
                    }
                } else {
                    // A label that was taken away takes the names of who gave it along.
                    row.removeAll { $0.column.hasPrefix("object_annotation_") }
                }
                row.append(("object_edited", .number(record.edited ? 1 : 0)))
                row.append(("object_n_inner", .number(Double(record.nInner))))
                // Which object it lies in, where that one is in the archive too.
                if let parent = record.parent.flatMap({ ids[$0] }) { row.append(("object_parent_id", .text(parent))) }
                row.append(("object_touches_border", .number(record.touches == 0 ? 0 : 1)))
                // All columns in their order are what a project gives; by name they would be searched for.
                let isWhole = record.measurements.names == columns
                for (index, column) in columns.enumerated() {
                    row.append((names[index], .number(isWhole ? record.measurements.values[index] : record.measurements[column])))
                }
                // A person may have typed a field that we fill ourselves; the measured value goes first.
                if ofObjects[record.id] != nil || !areDistinct {
                    var seen = Set<String>()
                    row = row.reversed().filter { seen.insert($0.column).inserted }.reversed()
                }
                for rank in 0..<sources.count {
                    // EcoTaxa takes a line that repeats the object with another picture as one more picture of it.
                    let named = rank == 0 ? row : row.map { cell -> (column: String, value: EcoTaxaTable.Value) in
                        switch cell.column {
                        case "img_file_name": (cell.column, .text("\(id)\(rank == 0 ? "" : "_\(rank)").\(suffix)"))
                        case "img_rank":
                            // Pictures of an object that came with an archive have ranks already.
                            (cell.column, .number(Double(rank) + Self.number(cell.value)))
                        default: cell
                        }
                    }
                    table.append(named, imageWidth: record.box.width, imageHeight: record.box.height)
                    objects.append(Row(object: record.id, box: record.box, rank: rank))
                }
            }
            images.append(ImageRows(record: image, rows: firstRow..<objects.count))
        }
        if name.isEmpty { name = projectName }
        findings = objects.isEmpty ? [] : table.check(name: name).map(ExportFinding.init)
        if let first = stale.first {
            findings.insert(
                ExportFinding(
                    severity: .error,
                    message: "\(stale.count) image\(stale.count == 1 ? " was" : "s were") computed with other parameters or another pixel size than now, the first being \(first).",
                    remedy: "Run the pipeline again; only what changed is computed, and edited objects stay."), at: 0)
        }
        for sentence in missing.prefix(20) {
            findings.insert(
                ExportFinding(
                    severity: .error, message: "An original is not there, so its objects' pictures cannot be cut: \(sentence).",
                    remedy: missing.count > 20 ? "The same holds for \(missing.count - 20) more." : "Then check again."), at: 0)
        }
        if let first = faults.first {
            findings.append(
                ExportFinding(
                    severity: .warning, message: first,
                    remedy: faults.count > 1 ? "The same holds for \(faults.count - 1) more." : "The archive is written without it."))
        }
        if objects.isEmpty {
            findings.append(.noObjects(in: all.filter(collection.concerns), result: "EcoTaxa takes no archive without objects, so none is written."))
        }
    }

    /// What every row has besides fields and measurements; labels bring columns of EcoTaxa's own.
    private static let ownColumns = [
        "img_file_name", "img_rank", "object_id", "object_edited", "object_n_inner", "object_parent_id", "object_touches_border", "object_annotation_category",
        "object_annotation_category_id", "object_annotation_date", "object_annotation_time", "object_annotation_person_name", "object_annotation_person_email",
        "object_annotation_status",
    ]

    private static func number(_ value: EcoTaxaTable.Value) -> Double { if case .number(let number?) = value { number } else { 0 } }

    /// Checksum of everything that decides the archive's content; the tables' names carry checksums of theirs.
    func digest(_ tables: [EcoTaxaTable.File], picture: EcoTaxaExportNode) -> String {
        FileDigest.sha256(Array((tables.map(\.name) + [picture.picture.rawValue, "\(picture.quality)", fingerprint]).joined(separator: "\n").utf8))
    }

    /// Readable and unique on all machines: the file's name and the object's own identity.
    private static func objectID(image: ImageRecord, object: ObjectRecord) -> String {
        let file = image.name.split(separator: "/").last.map(String.init) ?? image.name
        let stem = file.lastIndex(of: ".").map { String(file[..<$0]) } ?? file
        return "\(OnDiskName.make(from: stem, otherwise: "image"))_\(object.uid)"
    }
}

extension ExportFinding {
    init(_ finding: EcoTaxaFinding) {
        self.init(
            severity: finding.severity == .error ? .error : .warning, row: finding.row, column: finding.column, object: finding.object,
            message: finding.message, remedy: finding.remedy)
    }
}

extension Project {
    /// Every active object of an image, with its measurements.
    package func allObjects(of image: ObjectID) async throws -> [ObjectRecord] {
        var objects: [ObjectRecord] = []
        var query = ObjectQuery(image: image)
        query.limit = 1000
        query.withTotal = false
        repeat {
            let page = try await self.objects(query)
            objects += page.items
            query.cursor = page.next
        } while query.cursor != nil
        return objects
    }
}
