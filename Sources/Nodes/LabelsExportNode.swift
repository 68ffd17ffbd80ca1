import Codecs
import Operations
import Pipeline
import Raster
import Store

/// Writes label pictures: of every image one whose pixels are the numbers of its objects.
package struct LabelsExportNode: CollectionNode {
    package static let kind = "export.labels"
    package static let title = "Label images"
    package static let help = """
        A ZIP with one picture an image in which every pixel is the number of its object, 0 background, and a table of what the numbers are. \
        Objects that overlap are spread over several pictures, name_labels_2 and so on.
        """
    static let regions = Slot<RegionSet>("regions", help: "The objects, those drawn by hand included. Not connected: all of the project.", isOptional: true)
    package static let inputs = [regions.schema]
    package static let outputs: [SlotSchema] = []

    package enum Format: String, CaseIterable, Sendable { case png, tiff }
    package enum Values: String, CaseIterable, Sendable { case objects, categories, mask }
    package enum Bits: String, CaseIterable, Sendable { case auto, bits8 = "8", bits16 = "16", bits32 = "32" }

    package static let parameters: [Parameter<Self>] = [
        .choice(\.format, "format", label: "Pictures", titles: [.tiff: "TIFF", .png: "PNG, at most 65,535 objects an image"], help: "Both without loss."),
        .choice(
            \.values, "values", label: "A pixel holds",
            titles: [.objects: "the number of its object", .categories: "the number of its category", .mask: "1 where any object is (1-bit mask)"],
            help: "Objects count from 1 in each image; categories from 1 in the order of their names, objects without one are the next."),
        .choice(
            \.bits, "bits", label: "Bits a pixel", titles: [.auto: "as many as needed", .bits8: "8", .bits16: "16", .bits32: "32 (TIFF)"],
            help: "As needed: 8 up to 255 objects in the largest image, 16 up to 65,535, then 32; all pictures get the same.").applies(when: "values", "objects", "categories"),
    ]
    package var format = Format.tiff
    package var values = Values.objects
    package var bits = Bits.auto
    package init() {}

    package func check(_ collection: ObjectCollection) async throws -> [ExportFinding] {
        let objects = try await ExportObjects(collection)
        return objects.findings + (try await depth(objects).findings)
    }

    /// Bits a pixel, and what does not fit.
    private func depth(_ objects: ExportObjects) async throws -> (bits: Int, findings: [ExportFinding]) {
        if values == .mask { return (1, []) }
        var (most, largest) = (0, "")
        if values == .categories {
            most = try await objects.collection.project.categories().count + 1
        } else {
            for image in objects.images {
                let count = try await objects.collection.project.objectCount(image: image.id)
                if count > most { (most, largest) = (count, image.name) }
            }
        }
        let needed = most < 1 << 8 ? 8 : most < 1 << 16 ? 16 : 32
        let bits = Int(bits.rawValue) ?? needed
        let what = largest.isEmpty ? "\(most) categories" : "\(largest) has \(most) objects, which"
        if format == .png, bits == 32 {
            return (bits, [ExportFinding(severity: .error, message: "\(what) need 32 bits a pixel, and PNG holds 16.", remedy: "Choose TIFF.")])
        }
        if bits < needed {
            return (bits, [ExportFinding(severity: .error, message: "\(what) need \(needed) bits a pixel, not \(bits).", remedy: "Choose as many bits as needed.")])
        }
        return (bits, [])
    }

    package func export(_ collection: ObjectCollection) async throws -> ExportResult {
        let objects = try await ExportObjects(collection)
        let (bits, more) = try await depth(objects)
        try objects.requireNoErrors(more)
        let project = collection.project
        let facts = try await ObjectFacts(project)
        let categories = facts.allCategories.sorted { (facts.path($0), $0.id) < (facts.path($1), $1.id) }
        let numbers = Dictionary(uniqueKeysWithValues: categories.enumerated().map { ($1.id, UInt32($0 + 1)) })
        let unlabelled = UInt32(categories.count + 1)
        let path = try await objects.path("labels.zip")
        let ending = format == .png ? "png" : "tif"
        var overlapping: [String] = []
        try await project.files.writeAtPath(waiting: path) { part in
            let writer = try ZipWriter(path: part)
            var names = EntryNames()
            var table: [UInt8] = []
            TSV.append(["file", "label", "object_uid", "category", "image_name"], to: &table)
            try await objects.forEachImage { image in
                let found = try await objects.masks(of: image)
                let layers = values == .objects ? Self.layers(found.map(\.mask)) : [Array(found.indices)]
                if layers.count > 1 { overlapping.append(image.name) }
                let name = names.name(image, ending: "")
                for (index, layer) in layers.enumerated() {
                    try collection.checkCancelled()
                    let file = "\(name)_labels\(index == 0 ? "" : "_\(index + 1)").\(ending)"
                    let labels = labels(layer.map { ($0, found[$0].object, found[$0].mask) }, frame: image.frame) { object in
                        facts.category(object.label).flatMap { numbers[$0.id] } ?? unlabelled
                    }
                    for position in layer where values != .mask {
                        let object = found[position].object
                        let category = facts.category(object.label)
                        let value = values == .objects ? UInt32(position + 1) : category.flatMap { numbers[$0.id] } ?? unlabelled
                        TSV.append([file, String(value), object.uid, category?.name ?? "", image.name], to: &table)
                    }
                    let picture = try LabelFile.encode(labels, width: image.width, height: image.height, bits: bits, as: format == .png ? .png : .tiff)
                    try writer.add(name: file, bytes: picture, compress: false)
                }
            }
            if values != .mask { try writer.add(name: "labels.tsv", bytes: table) }
            try writer.close()
        }
        let spread = overlapping.first.map { first in
            [
                ExportFinding(
                    severity: .warning,
                    message: "Objects overlap in \(overlapping.count == 1 ? "1 image" : "\(overlapping.count) images"), the first being \(first), so they go to several pictures.",
                    remedy: "Read name_labels, name_labels_2 and so on of such an image together; the table tells which object is where.")
            ]
        }
        return objects.result([path], more + (spread ?? []))
    }

    /// Labels of one picture. Of categories and masks, what lies below another object's pixels is theirs.
    private func labels(_ objects: [(index: Int, object: ObjectRecord, mask: Mask)], frame: Rect, category: (ObjectRecord) -> UInt32) -> [LabelFile.Label] {
        switch values {
        case .objects: return objects.map { LabelFile.Label(value: UInt32($0.index + 1), mask: $0.mask) }
        case .mask: return [LabelFile.Label(value: 1, mask: Mask.union(of: objects.map(\.mask)))]
        case .categories:
            // Later objects go on top, as everywhere.
            var byValue: [UInt32: [Mask]] = [:]
            for object in objects { byValue[category(object.object), default: []].append(object.mask) }
            var covered: Mask?
            var labels: [LabelFile.Label] = []
            for (value, masks) in byValue.sorted(by: { $0.key > $1.key }) {
                let whole = Mask.union(of: masks)
                let own = covered.map { whole.subtracting($0) } ?? whole
                covered = covered.map { $0.union(whole) } ?? whole
                labels.append(LabelFile.Label(value: value, mask: own))
            }
            return labels
        }
    }

    /// Indices of masks in as many layers as needed for no two of a layer to overlap; each in the first that has room for it.
    package static func layers(_ masks: [Mask]) -> [[Int]] {
        var layers: [(members: [Int], cover: RunCover)] = [([], RunCover())]
        for (index, mask) in masks.enumerated() {
            var placed = false
            for layer in layers.indices where !placed && !layers[layer].cover.overlaps(mask) {
                layers[layer].cover.insert(mask)
                layers[layer].members.append(index)
                placed = true
            }
            if !placed {
                var cover = RunCover()
                cover.insert(mask)
                layers.append(([index], cover))
            }
        }
        return layers.map(\.members)
    }
}

/// Pixels that are taken, by row; asked about masks that come from top to bottom.
struct RunCover {
    private var rows: [Int32: [Run]] = [:]

    func overlaps(_ mask: Mask) -> Bool {
        for run in mask.runs {
            guard let row = rows[run.y] else { continue }
            // First run that does not end before this one begins.
            var (low, high) = (0, row.count)
            while low < high {
                let middle = (low + high) / 2
                if row[middle].last < run.first { low = middle + 1 } else { high = middle }
            }
            if low < row.count, row[low].first <= run.last { return true }
        }
        return false
    }

    /// The mask must not overlap what is there.
    mutating func insert(_ mask: Mask) {
        for run in mask.runs {
            var row = rows[run.y] ?? []
            rows[run.y] = nil
            var (low, high) = (0, row.count)
            while low < high {
                let middle = (low + high) / 2
                if row[middle].first < run.first { low = middle + 1 } else { high = middle }
            }
            row.insert(run, at: low)
            rows[run.y] = row
        }
    }
}
