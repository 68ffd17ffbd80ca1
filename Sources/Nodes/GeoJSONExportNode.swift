import Codecs
import Operations
import Pipeline
import Raster
import Store

/// Writes the objects of every image as GeoJSON in image pixels.
package struct GeoJSONExportNode: CollectionNode {
    package static let kind = "export.geojson"
    package static let title = "GeoJSON"
    package static let help = """
        A ZIP with one GeoJSON file an image: polygons along the pixels' edges, in pixels of the image with y down, holes included. They give exactly \
        the same masks again.
        """
    static let regions = Slot<RegionSet>("regions", help: "The objects, those drawn by hand included. Not connected: all of the project.", isOptional: true)
    static let measurements = Slot<MeasurementTable>("measurements", help: "Written with each object.", takesMany: true, isOptional: true)
    package static let inputs = [regions.schema, measurements.schema]
    package static let outputs: [SlotSchema] = []

    package enum Origin: String, CaseIterable, Sendable { case centre, corner }

    package static let parameters: [Parameter<Self>] = [
        .choice(
            \.origin, "origin", label: "(0, 0) is", titles: [.centre: "the centre of the first pixel (ship)", .corner: "the corner of the first pixel (QuPath)"],
            help: "QuPath reads the second; the label is then written as its classification."),
        .boolean(\.measures, "measurements", label: "Measurements", help: "As properties of each object."),
    ]
    package var origin = Origin.centre
    package var measures = true
    package init() {}

    package func check(_ collection: ObjectCollection) async throws -> [ExportFinding] { try await ExportObjects(collection).findings }

    package func export(_ collection: ObjectCollection) async throws -> ExportResult {
        let objects = try await ExportObjects(collection)
        try objects.requireNoErrors()
        let project = collection.project
        let facts = try await ObjectFacts(project)
        let shift = origin == .corner ? 0.5 : 0
        let path = try await objects.path("geojson.zip")
        try await project.files.writeAtPath(waiting: path) { part in
            let writer = try ZipWriter(path: part)
            var names = EntryNames()
            try await objects.forEachImage { image in
                let found = try await objects.masks(of: image)
                let name = names.name(image, ending: ".geojson")
                try writer.begin(name: name)
                var bytes = GeoJSONOutlines.begin
                for (index, entry) in found.enumerated() {
                    try collection.checkCancelled()
                    if index > 0 { bytes += GeoJSONOutlines.separator }
                    var polygons = entry.mask.polygons()
                    if shift != 0 { polygons = polygons.map { $0.map { $0.map { Point(x: $0.x + shift, y: $0.y + shift) } } } }
                    let category = facts.category(entry.object.label)?.name
                    var properties = facts.attributes(entry.object, measurements: measures)
                    properties.insert((origin == .corner ? "classification" : "category", category.map { .text($0) }), at: 1)
                    if origin == .corner { properties.insert(("objectType", .text("annotation")), at: 1) }
                    GeoJSONOutlines.append(id: entry.object.uid, polygons: polygons, properties: properties, to: &bytes)
                    if bytes.count > 1 << 18 {
                        try bytes.withUnsafeBytes { try writer.write($0) }
                        bytes.removeAll(keepingCapacity: true)
                    }
                }
                bytes += GeoJSONOutlines.end
                try bytes.withUnsafeBytes { try writer.write($0) }
                try writer.end()
            }
            try writer.close()
        }
        return objects.result([path])
    }
}
