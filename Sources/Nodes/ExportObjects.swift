import Codecs
import Foundation
import Pipeline
import Raster
import Store

/// The images and objects that an export writes, image by image, in an order that is equal on every machine: images by name, objects from
/// top to bottom. Of the objects only those of one image are in memory.
struct ExportObjects {
    let collection: ObjectCollection
    /// All images, those without objects too.
    let images: [ImageRecord]
    let findings: [ExportFinding]
    /// Objects that it writes, of all images.
    let count: Int

    /// - Parameter pixels: whether originals are read, so that one that is not there is an error.
    init(_ collection: ObjectCollection, pixels: Bool = false) async throws {
        let project = collection.project
        self.collection = collection
        let all: [ImageRecord]
        if let chosen = collection.images { all = chosen } else { all = try await project.allImages() }
        images = all.filter { $0.width > 0 && collection.concerns($0) }.sorted { ($0.name, $0.uid) < ($1.name, $1.uid) }
        var (stale, missing, count) = ([String](), [String](), 0)
        for image in images {
            try collection.checkCancelled()
            let objects = try await collection.objectCount(of: image)
            count += objects
            guard objects > 0 else { continue }
            for end in collection.plan.regionEnds where end == collection.regionEnd {
                guard let key = try await project.resultKey(image: image.id, node: collection.plan.storedNode(of: end)) else { continue }
                if RunKey(key) != RunKey(of: image, end: end, plan: collection.plan) { stale.append(image.name) }
            }
            if pixels { do throws(StoreError) { _ = try project.openOriginal(image) } catch { missing.append("\(error)") } }
        }
        var findings: [ExportFinding] = []
        if let first = stale.first {
            findings.append(
                ExportFinding(
                    severity: .error,
                    message: "\(stale.count) image\(stale.count == 1 ? " was" : "s were") computed with other parameters or another pixel size than now, the first being \(first).",
                    remedy: "Run the pipeline again; only what changed is computed, and edited objects stay."))
        }
        for sentence in missing.prefix(20) {
            findings.append(
                ExportFinding(
                    severity: .error, message: "An original is not there, so its objects' pictures cannot be cut: \(sentence).",
                    remedy: missing.count > 20 ? "The same holds for \(missing.count - 20) more." : "Then check again."))
        }
        if count == 0 { findings.append(.noObjects(in: all.filter(collection.concerns), result: "The files have no rows.")) }
        (self.findings, self.count) = (findings, count)
    }

    /// Nothing is written while there are errors.
    func requireNoErrors(_ more: [ExportFinding] = []) throws(ExportRefused) {
        let all = findings + more
        if all.contains(where: { $0.severity == .error }) { throw ExportRefused(findings: all) }
    }

    /// Objects of an image.
    func objects(of image: ImageRecord) async throws -> [ObjectRecord] {
        try await collection.objects(of: image).sorted { ($0.box.y, $0.box.x, $0.uid) < ($1.box.y, $1.box.x, $1.uid) }
    }

    /// Objects of an image with their masks.
    func masks(of image: ImageRecord) async throws -> [(object: ObjectRecord, mask: Mask)] {
        let objects = try await objects(of: image)
        guard !objects.isEmpty else { return [] }
        let stored = Dictionary(try await collection.project.masks(image: image.id).map { ($0.object, $0) }, uniquingKeysWith: { first, _ in first })
        return try objects.compactMap { object in
            guard let mask = stored[object.id] else { return nil }
            return (object, try MaskPNG.decode(mask.png, origin: (mask.box.x, mask.box.y)))
        }
    }

    /// Begins a file of this export's folder: `NAME_objects.tsv`, named after the project.
    func path(_ ending: String) async throws -> String {
        try collection.project.files.makeFolder(collection.step.name)
        return "\(collection.step.name)/\(OnDiskName.make(from: try await collection.project.title()))_\(ending)"
    }

    /// Calls `body` for each image in order, with progress.
    func forEachImage(_ body: (ImageRecord) async throws -> Void) async throws {
        collection.progress(0, images.count)
        for (done, image) in images.enumerated() {
            try collection.checkCancelled()
            try await body(image)
            if done + 1 < images.count { collection.progress(done + 1, images.count) }
        }
        collection.progress(images.count, images.count)
    }

    func result(_ files: [String], _ more: [ExportFinding] = []) -> ExportResult {
        ExportResult(files: files, objects: count, images: images.count, findings: findings + more)
    }

    /// Readable and unique on all machines: the image's file name and the object's own identity.
    static func name(of object: ObjectRecord, in image: ImageRecord) -> String {
        let file = image.name.split(separator: "/").last.map(String.init) ?? image.name
        let stem = file.lastIndex(of: ".").map { String(file[..<$0]) } ?? file
        return "\(OnDiskName.make(from: stem, otherwise: "image"))_\(object.uid)"
    }
}

/// Names of an archive's entries that are made from names of images: the same folders and stems, each once.
struct EntryNames {
    private var taken: Set<String> = []

    /// - Parameter ending: after the image's stem, `_labels.png`.
    mutating func name(_ image: ImageRecord, ending: String) -> String {
        let parts = image.name.split(whereSeparator: { $0 == "/" || $0 == "\\" }).map(String.init).filter { $0 != "." && $0 != ".." }
        let clean = parts.map { part in String(String.UnicodeScalarView(part.unicodeScalars.map { $0.value < 0x20 || $0.value == 0x7F || $0 == ":" ? "_" : $0 })) }
        let file = clean.last ?? image.uid
        let stem = file.lastIndex(of: ".").flatMap { $0 > file.startIndex ? String(file[..<$0]) : nil } ?? file
        let path = (clean.dropLast() + [stem]).joined(separator: "/")
        let name = path + ending
        // Two images of one name, or of names that differ in their endings only.
        return taken.insert(name).inserted ? name : unique("\(path)_\(image.uid)\(ending)")
    }

    private mutating func unique(_ name: String) -> String {
        taken.insert(name)
        return name
    }
}

/// What exports tell about an object besides its shape.
struct ObjectFacts {
    private let categories: [Int64: CategoryRecord]
    private let columns: [MeasureColumnRecord]

    init(_ project: Project) async throws {
        categories = Dictionary(uniqueKeysWithValues: try await project.categories().map { ($0.id, $0) })
        columns = try await project.measureColumns()
    }

    var allCategories: [CategoryRecord] { categories.values.sorted { $0.id < $1.id } }
    var measured: [MeasureColumnRecord] { columns }

    func category(_ label: LabelRecord?) -> CategoryRecord? { label.flatMap { categories[$0.category] } }

    func parent(_ category: CategoryRecord) -> CategoryRecord? { category.parent.flatMap { categories[$0] } }

    /// From the root of the tree, with `>` between.
    func path(_ category: CategoryRecord) -> String {
        var names = [category.name]
        var above = parent(category)
        while let next = above, names.count < 100 {
            names.insert(next.name, at: 0)
            above = parent(next)
        }
        return names.joined(separator: ">")
    }

    /// Identity, label and measurements, as JSON formats carry them.
    func attributes(_ object: ObjectRecord, measurements: Bool) -> [(name: String, value: COCOWriter.Value?)] {
        let label = object.label
        var facts: [(name: String, value: COCOWriter.Value?)] = [
            ("uid", .text(object.uid)), ("status", label.map { .text($0.status.rawValue) }), ("labelled_by", label.map { .text($0.by) }),
            ("edited", .number(object.edited ? 1 : 0)),
        ]
        if measurements { for column in columns { facts.append((column.name, object.measurements[column.name].map { .number($0) })) } }
        return facts
    }
}
