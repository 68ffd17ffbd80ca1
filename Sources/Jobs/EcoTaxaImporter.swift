import Codecs
import Foundation
import Nodes
import Operations
import Pipeline
import Raster
import Store

/// Makes images with one object each of an EcoTaxa archive, or of a folder as one unpacks it: pictures, fields of all levels, measurements and
/// labels. Done again, only what is not there yet is added.
struct EcoTaxaImporter {
    /// Where the archive's files are.
    enum Place {
        case zip(ZipReader)
        /// A folder that is used in place.
        case root(ImportRoot, path: String, names: [String])

        var names: [String] {
            switch self {
            case .zip(let reader): reader.entries.filter { !$0.isFolder }.map(\.name)
            case .root(_, _, let names): names
            }
        }
    }

    private let place: Place
    private let context: JobContext
    private let node: ImportEcoTaxaNode
    private let importer: ImageImporter
    private var project: Project { context.project }

    private(set) var rows = 0
    private(set) var objects = 0
    private(set) var known = 0
    private(set) var failures: [JobOutcome.Failure] = []
    private(set) var warnings: [String] = []
    /// What the rows call their objects, and how many rows show one that another row shows too.
    private var objectIDs: Set<String> = []
    private var furtherPictures = 0
    private var categories: CategoryImport
    private var labels: [LabelGroup: [NewLabel]] = [:]

    private struct LabelGroup: Hashable {
        var by: String
        var at: Date?
        var source: LabelSource
    }

    init(_ place: Place, context: JobContext) async throws {
        (self.place, self.context) = (place, context)
        let project = context.project
        // A project that was made for this archive gets a pipeline that brings it out again as it was.
        if try await project.images(limit: 1).items.isEmpty, try await project.pipelineGraph().isUntouched { try await project.savePipelineGraph(.ecoTaxaArchive) }
        let plan = try await context.pipeline.plan()
        node = plan.steps.lazy.compactMap { $0.node as? ImportEcoTaxaNode }.first ?? ImportEcoTaxaNode()
        importer = try await ImageImporter(project: project)
        categories = try await CategoryImport(project, by: "import")
    }

    /// - Throws: when there is no table; single bad rows are listed in `failures`.
    mutating func run() async throws {
        let tables = place.names.filter(EcoTaxaCheck.isTable).sorted()
        guard !tables.isEmpty else { throw JobError.failed("there is no table ecotaxa….tsv or ecotaxa….txt in it, so it is no EcoTaxa archive") }
        var contents: [(name: String, table: TSV)] = []
        for name in tables {
            let table = TSV(bytes: try await bytes(name))
            if let line = table.unclosedQuote { warnings.append("\(name): a quote that begins on line \(line) is never closed and may have swallowed rows.") }
            contents.append((name, table))
        }
        context.progress.begin(total: contents.reduce(0) { $0 + max(0, $1.table.rows.count - 1) }, message: "Objects")
        for (name, table) in contents { try await read(name, table) }
        for (group, labels) in labels.sorted(by: { ($0.key.by, $0.key.at ?? .distantPast) < ($1.key.by, $1.key.at ?? .distantPast) }) {
            _ = try await project.setLabels(labels, source: group.source, by: group.by, at: group.at)
        }
        if furtherPictures > 0 {
            warnings.append(
                "\(furtherPictures) of the \(counted(rows, "row")) show further pictures of objects that have several. Each picture is an image with an object here, so that "
                    + "counts and tables have more objects than the archive; an EcoTaxa archive made of them has as many as this one.")
        }
    }

    private struct Column {
        var name: String
        /// Measured, under this name.
        var measured: String?
    }

    private mutating func read(_ name: String, _ table: TSV) async throws {
        guard let header = table.rows.first else {
            failures.append(.init(name: name, reason: "\(name) is empty"))
            return
        }
        var columns = header.cells.map { Column(name: $0.trimmingCharacters(in: .whitespaces).lowercased()) }
        var rows = table.rows.dropFirst()
        var types: [String]?
        if let second = rows.first, !second.cells.isEmpty, second.cells.allSatisfy({ $0.wholeMatch(of: /\[[a-zA-Z]\]/) != nil }) {
            types = second.cells
            rows = rows.dropFirst()
        }
        for missing in ["img_file_name", "object_id"] where !columns.contains(where: { $0.name == missing }) {
            failures.append(.init(name: name, reason: "\(name) has no column \(missing)"))
            return
        }
        for index in columns.indices where columns[index].name.hasPrefix("object_") && EcoTaxaColumn.knownRole(columns[index].name) == nil {
            let field = String(columns[index].name.dropFirst("object_".count))
            let isNumber: Bool = if let types { index < types.count && types[index] == "[f]" } else {
                rows.allSatisfy { index >= $0.cells.count || $0.cells[index].isEmpty || EcoTaxaValue.number($0.cells[index]) != nil }
            }
            if isNumber, field.wholeMatch(of: /[a-z%][a-z0-9_.%]{0,62}/) != nil, field != "mask_id" { columns[index].measured = field }
        }
        try await declare(columns.compactMap(\.measured))
        let folder = name.lastIndex(of: "/").map { String(name[...$0]) } ?? ""
        for row in rows {
            try context.checkCancelled()
            self.rows += 1
            do {
                try await add(row, columns, folder: folder, table: name)
            } catch let stop as RunCancelled { throw stop } catch let error as StoreError where error.stopsEverything { throw error } catch {
                let id = columns.firstIndex { $0.name == "object_id" }.flatMap { $0 < row.cells.count ? row.cells[$0] : nil } ?? ""
                failures.append(.init(name: id.isEmpty ? "line \(row.line)" : id, reason: "line \(row.line) of \(name): \(error)"))
            }
            context.progress.advance(message: "Objects")
        }
    }

    /// Columns of the archive, but for those that the project measures itself: their meaning stays.
    private func declare(_ names: [String]) async throws {
        let present = Set(try await project.measureColumns().map(\.name))
        let new = names.filter { !present.contains($0) }
        if new.isEmpty { return }
        try await project.setMeasureColumns(
            new.map {
                MeasureColumnRecord(
                    name: $0, unit: "", title: $0, definition: "As it stands in the EcoTaxa archive that was brought in.", source: "EcoTaxa archive", node: "ecotaxa")
            })
    }

    private mutating func add(_ row: TSV.Row, _ columns: [Column], folder: String, table: String) async throws {
        guard row.cells.count <= columns.count else { throw JobError.failed("the row has \(row.cells.count) cells for \(columns.count) columns") }
        var cells: [String: String] = [:]
        var measured: [(name: String, value: Double?)] = []
        for (column, cell) in zip(columns, row.cells) {
            if let name = column.measured { measured.append((name, EcoTaxaValue.number(cell))) } else if !cell.isEmpty { cells[column.name] = cell }
        }
        guard let file = cells["img_file_name"], let id = cells["object_id"] else { throw JobError.failed("img_file_name or object_id is empty") }
        if !objectIDs.insert(id).inserted { furtherPictures += 1 }
        let image = try await picture(folder + file)
        let mark = FileDigest.sha256(Array("ecotaxa\n\(id)\n\(cells["img_rank"] ?? "")\n\(image.sha256)".utf8))
        if try await project.wasDrawn(sha256: mark, image: image.id) {
            known += 1
            return
        }
        let mask = try outline(of: image)
        var region = NewRegion(mask: mask, uid: ObjectUID.make(image: image.uid, edit: "ecotaxa \(id) \(cells["img_rank"] ?? "")", mask: mask))
        region.touches = UInt8(BorderSides(of: mask.boundingBox, in: image.frame).rawValue)
        var values: [String: Double?] = [:]
        for (name, value) in measured { values[name] = value }
        let names = values.keys.sorted()
        region.measurements = Measurements(names: names, values: names.map { values[$0] ?? nil })
        let request: JSONValue = ["operation": "import", "image": .number(Double(image.id)), "files": [.string(table)], "object": .string(id)]
        var edit = NewEdit(operation: "import", image: image.id, request: String(decoding: try JSONEncoder().encode(request), as: UTF8.self))
        edit.summary = "Brought in \(id) from \(table)"
        edit.by = "import"
        edit.key = EditKey("ecotaxa \(mark.prefix(32)) \(image.id)", request: mark)
        edit.create = [region]
        let outcome = try await project.commitEdit(edit)
        guard let object = outcome.created.first else { throw JobError.failed("the object could not be stored") }

        // What is said about all levels above goes with the image where it has one object, so that the tables of metadata show it there.
        let isFirst = try await project.objectCount(image: image.id) == 1
        var (ofImage, ofObject): ([String: String?], [String: String?]) = ([:], ["object_id": id])
        if let rank = cells["img_rank"] { ofObject["img_rank"] = rank }
        for (name, value) in cells where !["img_file_name", "img_rank", "object_id"].contains(name) {
            if name.hasPrefix("object_annotation_") {
                if name.hasPrefix("object_annotation_person_") || name == "object_annotation_category" { ofObject[name] = value }
                continue
            }
            let isAbove = ["sample_", "acq_", "process_"].contains { name.hasPrefix($0) }
            let isFrame = EcoTaxaColumn.knownRole(name).map { [.latitude, .longitude, .depth, .date, .time].contains($0) } ?? false
            if isFirst, isAbove || isFrame { ofImage[name] = value } else { ofObject[name] = value }
        }
        try await project.setMetadata(image.id, ofImage, source: .imported, by: "import")
        try await project.setMetadata(object, ofObject, source: .imported, by: "import")
        try await label(object, cells)
        try await project.noteDrawn(sha256: mark, image: image.id)
        objects += 1
        context.announce(.images([image.id]))
    }

    private mutating func label(_ object: ObjectID, _ cells: [String: String]) async throws {
        guard let name = cells["object_annotation_category"] ?? cells["object_annotation_category_id"].map({ "category \($0)" }) else { return }
        let status: LabelStatus
        switch cells["object_annotation_status"]?.lowercased() {
        case "validated": status = .validated
        case "predicted", nil: status = .predicted
        case "dubious": status = .dubious
        case let other?:
            status = .dubious
            let sentence = "The status “\(other.prefix(20))” is not known here; such objects are dubious."
            if !warnings.contains(sentence) { warnings.append(sentence) }
        }
        let taxon = cells["object_annotation_category_id"].flatMap { Int($0) }.flatMap { $0 > 0 ? $0 : nil }
        let category = try await categories.id(of: NamedCategory(name: name, taxon: taxon))
        let by = cells["object_annotation_person_email"] ?? cells["object_annotation_person_name"] ?? "import"
        let at = Self.date(cells["object_annotation_date"], cells["object_annotation_time"])
        let group = LabelGroup(by: by, at: at, source: by == "import" && status == .predicted ? .model : .person)
        labels[group, default: []].append(NewLabel(object: object, category: .id(category), status: status))
    }

    /// `20140421`, `2014-04-21`; `101500`, `10:15:00`; UTC.
    private static func date(_ day: String?, _ time: String?) -> Date? {
        guard let day else { return nil }
        let digits = day.filter(\.isNumber), clock = (time ?? "").filter(\.isNumber)
        guard digits.count == 8, let year = Int(digits.prefix(4)), let month = Int(digits.dropFirst(4).prefix(2)), let date = Int(digits.suffix(2)) else { return nil }
        let padded = String(repeating: "0", count: max(0, 4 - clock.count)) + clock
        var parts = DateComponents(timeZone: TimeZone(identifier: "UTC"), year: year, month: month, day: date)
        (parts.hour, parts.minute, parts.second) = (Int(padded.prefix(2)), Int(padded.dropFirst(2).prefix(2)), Int(padded.dropFirst(4).prefix(2)) ?? 0)
        var calendar = Calendar(identifier: .gregorian)
        calendar.timeZone = TimeZone(identifier: "UTC") ?? .gmt
        return calendar.date(from: parts)
    }

    // MARK: Pictures

    private func picture(_ name: String) async throws -> ImageRecord {
        let path = name.split(separator: "/").filter { $0 != "." }.joined(separator: "/")
        let image: ImageRecord
        switch place {
        case .root(let root, _, let names):
            guard names.contains(path) else { throw JobError.failed("the picture \(path) is not in the folder; capital letters count") }
            image = try await importer.importFile(at: .root(id: root.id, path: path), name: path)
        case .zip(let reader):
            guard let entry = reader.entry(named: path) else { throw JobError.failed("the picture \(path) is not in the archive; capital letters count") }
            let bytes = try reader.read(entry)
            let sha256 = FileDigest.sha256(bytes)
            let folder = "\(importer.node)/files"
            try project.files.makeFolder(folder)
            let ending = (path as NSString).pathExtension.lowercased()
            let target = "\(folder)/\(sha256.prefix(20)).\(ImageFile.endings.contains(ending) ? ending : "img")"
            if try project.files.size(target) == nil { try project.files.write(target, bytes: bytes) }
            image = try await importer.importFile(at: .project(path: target), name: path, known: (sha256, bytes.count))
            // The same bytes lay elsewhere already: that file stays, this one goes.
            if image.location != .project(path: target) { try project.files.remove(target) }
        }
        guard image.state != .failed, image.width > 0 else { throw JobError.failed(image.error ?? "the picture \(path) cannot be read") }
        return image
    }

    private func outline(of image: ImageRecord) throws -> Mask {
        guard node.outline == .dark else { return Mask.full(image.frame) }
        let file = try project.openOriginal(image)
        let pixels = try ImageFile.decode(descriptor: file.descriptor, name: image.name, page: image.page, orientation: image.orientation).eightBit()
        let dark = pixels.gray8().mask(darkerThanOrEqual: UInt8(node.level))
        return dark.isEmpty ? Mask.full(image.frame) : dark.tight
    }

    private func bytes(_ name: String) async throws -> [UInt8] {
        switch place {
        case .zip(let reader):
            guard let entry = reader.entry(named: name) else { return [] }
            return try reader.read(entry)
        case .root(_, let path, _): return try FolderHandle(path: path).read(name)
        }
    }
}

extension Graph {
    /// Of a project that was made of an EcoTaxa archive: in and out again. A person adds what is to be measured or found.
    package static let ecoTaxaArchive = Graph(
        nodes: [Instance(name: "images", kind: ImportEcoTaxaNode.kind), Instance(name: "ecotaxa", kind: EcoTaxaExportNode.kind)],
        edges: [Edge(from: End("images", "image"), to: End("ecotaxa", "image"))])

    /// Whether it is still the one that a new project has, but for what was said about its images.
    var isUntouched: Bool {
        var plain = self
        for index in plain.nodes.indices where plain.nodes[index].kind == ImportNode.kind { plain.nodes[index].config = [:] }
        return plain == .standard
    }
}
