import Codecs
import Operations
import Pipeline
import Raster
import Store

/// Writes a picture of every object.
package struct ImagesExportNode: CollectionNode {
    package static let kind = "export.images"
    package static let title = "Pictures of objects"
    package static let help = "A ZIP with a picture of every object, in folders by category or by image, and a table that says which is which."
    static let image = Slot<AnyImage>("image", help: "Where the pictures are cut from. Not needed when vignettes come in.", unless: "vignettes")
    static let vignettes = Slot<Vignettes>(
        "vignettes", help: "The pictures as vignette nodes draw them; with several edges, as many pictures of each object in their order.", takesMany: true,
        isOptional: true)
    static let regions = Slot<RegionSet>("regions", help: "The objects, those drawn by hand included. Not connected: all of the project.", isOptional: true)
    package static let inputs = [image.schema, vignettes.schema, regions.schema]
    package static let outputs: [SlotSchema] = []

    package enum Picture: String, CaseIterable, Sendable { case png, jpeg }
    package enum Folders: String, CaseIterable, Sendable { case category, image, none }

    package static let parameters: [Parameter<Self>] = [
        .choice(\.picture, "picture", label: "Pictures", titles: [.png: "PNG, exact", .jpeg: "JPEG, small"], help: "8 bits a sample."),
        .integer(\.quality, "quality", label: "JPEG quality", range: 50...100, help: "For JPEG pictures only.").applies(when: "picture", "jpeg"),
        .choice(
            \.folders, "folders", label: "Folders", titles: [.category: "one a category", .image: "one an image", .none: "none"],
            help: "Folders by category are what trainers of classifiers read. Objects without a label go to \"unlabelled\"."),
    ]
    package var picture = Picture.png
    package var quality = 92
    package var folders = Folders.category
    package init() {}

    package func check(_ collection: ObjectCollection) async throws -> [ExportFinding] { try await ExportObjects(collection, pixels: true).findings }

    package func export(_ collection: ObjectCollection) async throws -> ExportResult {
        let objects = try await ExportObjects(collection, pixels: true)
        try objects.requireNoErrors()
        let project = collection.project
        let facts = try await ObjectFacts(project)
        let sources = try VignetteSources(of: collection.step, in: collection.plan)
        let path = try await objects.path("images.zip")
        try await project.files.writeAtPath(waiting: path) { part in
            let writer = try ZipWriter(path: part)
            var names = EntryNames()
            var folderOf: [Int64: String] = [:]
            var table: [UInt8] = []
            TSV.append(["file", "object_uid", "category", "status", "image_name", "box_x", "box_y", "box_width", "box_height"], to: &table)
            try await objects.forEachImage { image in
                let folder = names.name(image, ending: "")
                let records = try await objects.objects(of: image)
                guard !records.isEmpty else { return }
                let context = try await collection.pipeline.context(of: image)
                let vignettes = try sources.vignettes(of: image, pipeline: collection.pipeline, plan: collection.plan, context: context)
                for object in records {
                    try collection.checkCancelled()
                    let category = facts.category(object.label)
                    let place: String
                    switch folders {
                    case .none: place = ""
                    case .image: place = folder + "/"
                    case .category:
                        if let category {
                            if folderOf[category.id] == nil {
                                let others = Set(folderOf.values)
                                let plain = OnDiskName.make(from: facts.path(category), otherwise: "category")
                                folderOf[category.id] = OnDiskName.unique(plain) { others.contains($0) || $0 == "unlabelled" }
                            }
                            place = "\(folderOf[category.id] ?? "")/"
                        } else {
                            place = "unlabelled/"
                        }
                    }
                    var mask = Mask.full(object.box)
                    if sources.drawsMasks, let stored = try await project.mask(object.id) { mask = try MaskPNG.decode(stored.png, origin: (stored.box.x, stored.box.y)) }
                    for (rank, vignettes) in vignettes.enumerated() {
                        let file = "\(place)\(ExportObjects.name(of: object, in: image))\(rank == 0 ? "" : "_\(rank)").\(picture == .png ? "png" : "jpg")"
                        let cut = vignettes.picture(of: mask)
                        try writer.add(name: file, bytes: picture == .png ? try PNGWriter.encode(cut) : try JPEGWriter.encode(cut, quality: quality), compress: false)
                        let (box, status) = (object.box, category == nil ? "" : object.label?.status.rawValue ?? "")
                        TSV.append(
                            [file, object.uid, category.map(facts.path) ?? "", status, image.name, "\(box.x)", "\(box.y)", "\(box.width)", "\(box.height)"],
                            to: &table)
                    }
                }
            }
            try writer.add(name: "images.tsv", bytes: table)
            try writer.close()
        }
        return objects.result([path])
    }
}
