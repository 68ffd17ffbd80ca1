import Codecs
import Operations
import Pipeline
import Raster
import Store

/// Writes all objects of the project as one COCO file of instances.
package struct COCOExportNode: CollectionNode {
    package static let kind = "export.coco"
    package static let title = "COCO"
    package static let help = """
        One JSON file of instances: images, categories, and every object with box, area and outline. Objects without a label are of the category \
        "object". Measurements stand under "attributes".
        """
    static let regions = Slot<RegionSet>("regions", help: "The objects, those drawn by hand included. Not connected: all of the project.", isOptional: true)
    static let measurements = Slot<MeasurementTable>("measurements", help: "Written with each object.", takesMany: true, isOptional: true)
    package static let inputs = [regions.schema, measurements.schema]
    package static let outputs: [SlotSchema] = []
    package static let parameters: [Parameter<Self>] = [
        .choice(
            \.outline, "outline", label: "Outlines", titles: [.rle: "run lengths (exact)", .polygon: "polygons, where they are exact"],
            help: "Run lengths keep every pixel and every hole. Polygons are easier to read for people; objects with holes stay run lengths."),
        .boolean(\.measures, "measurements", label: "Measurements", help: "Under \"attributes\", which other programs pass over."),
    ]
    package var outline = COCOWriter.Outline.rle
    package var measures = true
    package init() {}

    package func check(_ collection: ObjectCollection) async throws -> [ExportFinding] { try await ExportObjects(collection).findings }

    package func export(_ collection: ObjectCollection) async throws -> ExportResult {
        let objects = try await ExportObjects(collection)
        try objects.requireNoErrors()
        let project = collection.project
        let facts = try await ObjectFacts(project)
        // Numbers follow names, so that they are equal on machines where categories were made in another order.
        let categories = facts.allCategories.sorted { (facts.path($0), $0.id) < (facts.path($1), $1.id) }
        let numbers = Dictionary(uniqueKeysWithValues: categories.enumerated().map { ($1.id, $0 + 2) })
        let path = try await objects.path("coco.json")
        let title = try await project.title()
        try await project.files.writeAtPath(waiting: path) { part in
            let file = try TableFile(path: part)
            let writer = try COCOWriter(
                description: title, version: "ship \(shipVersion)", pictures: objects.images.map { .init(name: $0.name, width: $0.width, height: $0.height) },
                categories: [.init(id: 1, name: "object")]
                    + categories.map { .init(id: numbers[$0.id] ?? 0, name: $0.name, supercategory: facts.parent($0)?.name) },
                write: { bytes in
                    var bytes = bytes
                    try file.write(&bytes)
                })
            var picture = 0
            try await objects.forEachImage { image in
                for (object, mask) in try await objects.masks(of: image) {
                    try collection.checkCancelled()
                    let category = facts.category(object.label)
                    try writer.add(
                        mask, picture: picture, category: category.flatMap { numbers[$0.id] } ?? 1, outline: outline, rings: { mask.contours() },
                        score: object.label?.score, attributes: facts.attributes(object, measurements: measures))
                }
                picture += 1
            }
            try writer.finish()
        }
        return objects.result([path])
    }
}
