import Codecs
import Foundation
import Pipeline
import Raster
import Store

/// Writes all objects of the project as one table.
package struct TableExportNode: CollectionNode {
    package static let kind = "export.table"
    package static let title = "Table"
    package static let help = """
        One row an object: identity, place, label, what is known about its image, and all measurements. Below the names stands a row of units. \
        Cells are written as they are: import a table with text of strangers into a spreadsheet as text, since cells that begin with =, +, - or @ \
        run as formulas when the file is opened.
        """
    static let regions = Slot<RegionSet>("regions", help: "The objects, those drawn by hand included. Not connected: all of the project.", isOptional: true)
    static let measurements = Slot<MeasurementTable>("measurements", help: "Columns of the table.", takesMany: true, isOptional: true)
    package static let inputs = [regions.schema, measurements.schema]
    package static let outputs: [SlotSchema] = []

    package enum Format: String, CaseIterable, Sendable { case tsv, csv }

    package static let parameters: [Parameter<Self>] = [
        .choice(\.format, "format", label: "Cells", titles: [.tsv: "separated by tabs (TSV)", .csv: "separated by commas (CSV)"], help: "UTF-8, decimal points."),
        .boolean(\.unitRow, "unitRow", label: "Row of units", help: "Second row: px, px², µm, °, … Without it the table has one header row, which some programs want."),
        .boolean(\.metadata, "metadata", label: "Metadata", help: "Columns of what is known about image, sample and acquisition."),
    ]
    package var format = Format.tsv
    package var unitRow = true
    package var metadata = true
    package init() {}

    package func check(_ collection: ObjectCollection) async throws -> [ExportFinding] { try await ExportObjects(collection).findings }

    /// Columns that every table has, with their units.
    private static let fixed: [(name: String, unit: String)] = [
        ("image_name", ""), ("object_id", ""), ("object_uid", ""), ("parent_uid", ""), ("category", ""), ("category_path", ""), ("status", ""), ("score", ""),
        ("labelled_by", ""), ("labelled_at", "UTC"), ("edited", ""), ("n_inner", ""), ("touches_border", ""), ("box_x", "px"), ("box_y", "px"),
        ("box_width", "px"), ("box_height", "px"), ("pixels", "px²"), ("pixel_size", "µm"),
    ]

    package func export(_ collection: ObjectCollection) async throws -> ExportResult {
        let objects = try await ExportObjects(collection)
        try objects.requireNoErrors()
        let project = collection.project
        let facts = try await ObjectFacts(project)
        let said = metadata ? try await project.imageMetadata() : [:]
        // Names of columns are known before the first row is written.
        let taken = Set(Self.fixed.map(\.name))
        let keys = metadata ? Set(said.values.flatMap(\.keys)).union(try await project.objectMetadataKeys()).subtracting(taken).sorted() : []
        let measured = facts.measured.map(\.name)
        let table = DelimitedTable(format == .csv ? .comma : .tab)
        let path = try await objects.path("objects.\(format.rawValue)")
        try await project.files.writeAtPath(waiting: path) { part in
            let file = try TableFile(path: part)
            var bytes: [UInt8] = []
            // A measured column may be called like one of ours; then it says whose it is.
            let names = measured.map { taken.contains($0) || keys.contains($0) ? "measured_\($0)" : $0 }
            table.append(Self.fixed.map(\.name) + keys + names, to: &bytes)
            if unitRow { table.append(Self.fixed.map(\.unit) + keys.map(Self.unit) + facts.measured.map(\.unit), to: &bytes) }
            try await objects.forEachImage { image in
                let records = try await objects.objects(of: image)
                let ofObjects = metadata && !records.isEmpty ? try await project.objectMetadata(image: image.id) : [:]
                let uids = Dictionary(uniqueKeysWithValues: records.map { ($0.id, $0.uid) })
                for record in records {
                    var cells = Self.cells(record, image, facts, parent: record.parent.flatMap { uids[$0] })
                    let (own, frame) = (ofObjects[record.id] ?? [:], said[image.id] ?? [:])
                    for key in keys { cells.append(own[key]?.value ?? frame[key]?.value ?? "") }
                    // Values stand in the order of the columns unless an object was measured before a column was added.
                    for name in measured { cells.append(record.measurements[name].map(EcoTaxaValue.text) ?? "") }
                    table.append(cells, to: &bytes)
                    if bytes.count > 1 << 18 { try file.write(&bytes) }
                }
            }
            try file.write(&bytes)
        }
        return objects.result([path])
    }

    private static func cells(_ object: ObjectRecord, _ image: ImageRecord, _ facts: ObjectFacts, parent: String?) -> [String] {
        let (label, category) = (object.label, facts.category(object.label))
        return [
            image.name, ExportObjects.name(of: object, in: image), object.uid, parent ?? "", category?.name ?? "", category.map(facts.path) ?? "",
            category == nil ? "" : label?.status.rawValue ?? "", label?.score.map(EcoTaxaValue.text) ?? "", category == nil ? "" : label?.by ?? "",
            category == nil ? "" : label?.at.formatted(.iso8601) ?? "", object.edited ? "1" : "0", String(object.nInner), object.touches == 0 ? "0" : "1",
            String(object.box.x), String(object.box.y), String(object.box.width), String(object.box.height), String(object.area),
            image.pixelSize.map(EcoTaxaValue.text) ?? "",
        ]
    }

    /// Units of fields whose meaning is fixed.
    private static func unit(_ field: String) -> String {
        switch field {
        case "object_lat", "object_lon": "°"
        case "object_depth", "object_depth_min", "object_depth_max": "m"
        case _ where field.hasSuffix("_um"): "µm"
        default: ""
        }
    }
}

/// A file that grows at its end.
final class TableFile {
    private let handle: FileHandle

    init(path: String) throws {
        guard FileManager.default.createFile(atPath: path, contents: nil), let handle = FileHandle(forWritingAtPath: path) else {
            throw CodecError.unwritable(file: path, reason: "it cannot be created; check that the disk is not full")
        }
        self.handle = handle
    }

    deinit { try? handle.close() }

    /// Writes and empties `bytes`.
    func write(_ bytes: inout [UInt8]) throws {
        try handle.write(contentsOf: bytes)
        bytes.removeAll(keepingCapacity: true)
    }
}
