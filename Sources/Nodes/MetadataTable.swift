import Codecs
import Foundation
import Store

/// What is known about the images and objects of a project as tables, one for each level that EcoTaxa knows. All is stored with the images
/// (and single objects): a row of a sample, an acquisition or a process stands for its images, and a change of it changes them all.
package struct MetadataTable: Sendable {
    package enum Level: String, Sendable, CaseIterable {
        case image, sample, acquisition, process, object

        /// What the names of its values begin with.
        fileprivate var prefix: String {
            switch self {
            case .image: ""
            case .sample: "sample_"
            case .acquisition: "acq_"
            case .process: "process_"
            case .object: "object_"
            }
        }

        /// Columns that every table of this level has.
        fileprivate var usual: [String] {
            let frame = ["object_lat", "object_lon", "object_date", "object_time", "object_depth_min", "object_depth_max"]
            switch self {
            case .image: return ["sample_id", "acq_id", MetadataChange.pixelSizeKey] + frame
            case .sample: return ["sample_id"]
            case .acquisition: return ["acq_id", "acq_instrument"]
            case .process: return ["process_id"]
            case .object: return frame
            }
        }
    }

    package struct Row: Sendable {
        /// Number of an image or object, else the path of names that leads to it.
        package var id: String
        package var name: String
        /// Images, or the one image of an object.
        package var images: [ObjectID]
        package var values: [String: String] = [:]
        /// Where a value comes from, where that is not a person.
        package var sources: [String: String] = [:]
        /// Values that the row does not have itself: made by the program, or those of the object's image.
        package var inherited: [String: String] = [:]
        /// Fields in which its images differ.
        package var mixed: Set<String> = []
    }

    package let level: Level
    package private(set) var columns: [String] = []
    package private(set) var rows: [Row] = []
    /// Where the next page begins; only objects come in pages.
    package private(set) var next: String?
    package private(set) var total = 0

    /// - Parameter cursor: `next` of the page before.
    package init(_ project: Project, level: Level, cursor: String? = nil, limit: Int = 5000) async throws {
        self.level = level
        let images = try await project.allImages().sorted { ($0.name, $0.uid) < ($1.name, $1.uid) }
        let said = try await project.imageMetadata()
        var keys = Set(said.values.flatMap(\.keys))
        if level == .object {
            keys.formUnion(try await project.objectMetadataKeys())
            try await readObjects(project, images, said, cursor, limit)
        } else {
            var names = LevelNames(sampleFallback: OnDiskName.make(from: try await project.title()))
            var positions: [String: Int] = [:]
            for image in images {
                let metadata = said[image.id] ?? [:]
                let named = names.named(metadata, pixelSize: image.pixelSize)
                if level == .image {
                    rows.append(Self.row(image, metadata, named))
                    continue
                }
                let path = ["sample_id", "acq_id", "process_id"].prefix(level == .sample ? 1 : level == .acquisition ? 2 : 3).map { named[$0] ?? "" }
                let id = path.joined(separator: "\t")
                if let position = positions[id] {
                    rows[position].join(image.id, metadata, prefix: level.prefix)
                } else {
                    positions[id] = rows.count
                    var row = Row(id: id, name: path.last ?? "", images: [image.id])
                    row.values = metadata.filter { $0.key.hasPrefix(level.prefix) }.mapValues(\.value)
                    row.sources = Self.sources(metadata.filter { $0.key.hasPrefix(level.prefix) })
                    let key = level.prefix + "id"
                    if row.values[key] == nil { row.inherited[key] = named[key] }
                    rows.append(row)
                }
            }
            total = rows.count
        }
        let usual = level.usual
        columns = usual + keys.filter { ($0.hasPrefix(level.prefix) || level == .image) && !usual.contains($0) && !LevelNames.ofProgram.contains($0) }.sorted()
    }

    /// What is wrong with a value, as a sentence that says what to write instead; nil when it is right. Empty removes.
    package static func fault(level: Level, key: String, value: String) -> String? {
        guard key.wholeMatch(of: /[A-Za-z][A-Za-z0-9_]{0,63}/) != nil else { return "“\(key.prefix(40))” cannot name a column; use 1 to 64 letters, digits and _" }
        let isMade = key == "object_id" || key.hasPrefix("img_") || key.hasPrefix("object_annotation_") || LevelNames.ofProgram.contains(key)
        if isMade { return "\(key) is filled in by ship itself; choose another column" }
        guard key.hasPrefix(level.prefix) else {
            return "\(key) says nothing about \(level == .image ? "an image" : "one \(level.rawValue)"); its name begins with \(level.prefix)"
        }
        if value.isEmpty { return nil }
        let shown = value.count <= 40 ? value : value.prefix(37) + "…"
        if value.unicodeScalars.contains(where: { $0.value < 32 }) { return "“\(shown)” holds a tab or a line end; write it on one line" }
        if isAmbiguous(key: key, value: value) {
            return "“\(shown)” may mean \(value.replacing(",", with: ".")) or \(value.replacing(",", with: "")); write it with a point, and without a mark for thousands"
        }
        func degrees(_ limit: Double, _ name: String, _ side: String) -> String? {
            if let degrees = EcoTaxaValue.degrees(value), abs(degrees) <= limit { return nil }
            return "“\(shown)” is no \(name); write degrees from −\(Int(limit)) to \(Int(limit)) with a point, \(side) negative"
        }
        switch key {
        case "object_lat": return degrees(90, "latitude", "south")
        case "object_lon": return degrees(180, "longitude", "west")
        case "object_date": return EcoTaxaValue.isDate(value) ? nil : "“\(shown)” is no day of the calendar; write YYYY-MM-DD or YYYYMMDD"
        case "object_time": return EcoTaxaValue.isTime(value) ? nil : "“\(shown)” is no time of day; write HH:MM:SS in UTC"
        case "object_depth", "object_depth_min", "object_depth_max":
            return EcoTaxaValue.number(value).map(\.isFinite) == true ? nil : "“\(shown)” is no depth; write metres with a point"
        case MetadataChange.pixelSizeKey:
            if let size = EcoTaxaValue.number(value), size > 0, size <= ImportNode.largestPixelSize { return nil }
            return "“\(shown)” is no pixel size; write micrometres above 0, with a point"
        default:
            let longest = key.hasSuffix("_id") && key.split(separator: "_").count == 2 ? 255 : EcoTaxaColumn.longestText
            return value.unicodeScalars.count <= longest ? nil : "the text has \(value.unicodeScalars.count) characters; EcoTaxa takes \(longest)"
        }
    }

    // MARK: -

    private static func sources(_ metadata: [String: MetadataValue]) -> [String: String] {
        metadata.filter { $0.value.source != .hand }.mapValues(\.source.rawValue)
    }

    private static func row(_ image: ImageRecord, _ metadata: [String: MetadataValue], _ named: [String: String]) -> Row {
        var row = Row(id: "\(image.id)", name: image.name, images: [image.id])
        row.values = metadata.mapValues(\.value)
        row.sources = sources(metadata)
        for key in ["sample_id", "acq_id"] where row.values[key] == nil { row.inherited[key] = named[key] }
        if let size = image.pixelSize { row.values[MetadataChange.pixelSizeKey] = EcoTaxaValue.text(size) }
        if let source = image.pixelSizeSource, source != MetadataSource.hand.rawValue { row.sources[MetadataChange.pixelSizeKey] = source }
        return row
    }

    private mutating func readObjects(
        _ project: Project, _ images: [ImageRecord], _ said: [ObjectID: [String: MetadataValue]], _ cursor: String?, _ limit: Int
    ) async throws {
        let names = Dictionary(uniqueKeysWithValues: images.map { ($0.id, $0.name) })
        var query = ObjectQuery()
        (query.withMeasurements, query.cursor, query.limit) = (false, cursor, limit)
        let page = try await project.objects(query)
        let own = try await project.metadata(objects: page.items.map(\.id))
        let ofImages = said.mapValues { $0.filter { $0.key.hasPrefix(Level.object.prefix) }.mapValues(\.value) }
        for object in page.items {
            var row = Row(id: "\(object.id)", name: "\(names[object.image] ?? "") · \(object.id)", images: [object.image])
            let metadata = own[object.id] ?? [:]
            row.values = metadata.mapValues(\.value)
            row.sources = Self.sources(metadata)
            row.inherited = ofImages[object.image] ?? [:]
            rows.append(row)
        }
        (next, total) = (page.next, page.total ?? rows.count)
    }
}

extension MetadataTable.Row {
    fileprivate mutating func join(_ image: ObjectID, _ metadata: [String: MetadataValue], prefix: String) {
        images.append(image)
        let keys = Set(values.keys).union(metadata.keys.filter { $0.hasPrefix(prefix) })
        for key in keys where values[key] != metadata[key]?.value {
            mixed.insert(key)
            if values[key] == nil { values[key] = metadata[key]?.value }
        }
    }
}
