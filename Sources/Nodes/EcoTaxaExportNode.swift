import Codecs
import Foundation
import Operations
import Pipeline
import Raster
import Store

/// Writes all objects of the project as an archive that EcoTaxa imports.
package struct EcoTaxaExportNode: CollectionNode {
    package static let kind = "export.ecotaxa"
    package static let title = "EcoTaxa archive"
    package static let help = "A ZIP with a picture of every object and a table of all fields and measurements, checked before it is written."
    static let image = Slot<AnyImage>("image", help: "Where the pictures are cut from.")
    static let regions = Slot<RegionSet>("regions", help: "The objects.")
    static let measurements = Slot<MeasurementTable>("measurements", help: "Columns of the table.", takesMany: true)
    package static let inputs = [image.schema, regions.schema, measurements.schema]
    package static let outputs: [SlotSchema] = []

    package enum Picture: String, CaseIterable, Sendable { case png, jpeg }

    package static let parameters: [Parameter<Self>] = [
        .choice(
            \.picture, "picture", label: "Pictures", titles: [.png: "PNG, exact", .jpeg: "JPEG, small"],
            help: "EcoTaxa takes both."),
        .integer(\.quality, "quality", label: "JPEG quality", range: 50...100, help: "For JPEG pictures only."),
    ]
    package var picture = Picture.png
    package var quality = 92
    package init() {}

    package func check(_ collection: ObjectCollection) async throws -> [ExportFinding] {
        try await contents(collection).findings
    }

    package func export(_ collection: ObjectCollection) async throws -> ExportResult {
        let contents = try await contents(collection)
        if contents.findings.contains(where: { $0.severity == .error }) { throw ExportRefused(findings: contents.findings) }
        let project = collection.project
        let folder = collection.step.name
        try project.files.makeFolder(folder)
        // The name tells archives of different content apart; the same content has the same name, on every machine.
        let relative = "\(folder)/ecotaxa_\(contents.name)_\(contents.digest(picture: self).prefix(8)).zip"

        collection.progress(0, contents.images.count)
        let cutter = try VignetteCutter(collection: collection)
        // Contexts come from the database, so they are fetched before the writer asks for pictures, row by row.
        var contexts: [ObjectID: NodeContext] = [:]
        for image in contents.images { contexts[image.id] = try await collection.pipeline.context(of: image) }
        var done = 0
        var current: (image: ObjectID, pixels: AnyImage)?
        try project.files.writeAtPath(relative) { path in
            try EcoTaxaArchive.write(contents.table, name: contents.name, to: path) { row in
                try collection.checkCancelled()
                let object = contents.objects[row]
                if current?.image != object.image.id {
                    guard let context = contexts[object.image.id] else { preconditionFailure("image \(object.image.id) has no context") }
                    current = (object.image.id, try cutter.pixels(of: object.image, context: context))
                    done += 1
                    if done > 1 { collection.progress(done - 1, contents.images.count) }
                }
                guard let pixels = current?.pixels else { preconditionFailure("no picture for row \(row)") }
                return try encode(cutter.cut(object.box, from: pixels))
            }
        }
        collection.progress(contents.images.count, contents.images.count)
        return ExportResult(files: [relative], objects: contents.objects.count, images: contents.images.count, findings: contents.findings)
    }

    private func encode(_ picture: AnyImage) throws -> [UInt8] {
        switch self.picture {
        case .png: try PNGWriter.encode(picture)
        case .jpeg: try JPEGWriter.encode(picture, quality: quality)
        }
    }

    private func contents(_ collection: ObjectCollection) async throws -> EcoTaxaContents {
        try await EcoTaxaContents(collection, suffix: picture == .png ? "png" : "jpg")
    }
}

/// Cuts objects' pictures out of the image that flows into an export.
package struct VignetteCutter: Sendable {
    private let pipeline: ProjectPipeline
    private let plan: Plan
    private let end: Graph.End
    package let padding: Int

    package init(collection: ObjectCollection) throws {
        guard let end = collection.step.sources[EcoTaxaExportNode.image.name]?.first else {
            preconditionFailure("a checked graph connects every input")
        }
        self.init(
            pipeline: collection.pipeline, plan: collection.plan, end: end,
            padding: collection.plan.padding(of: collection.step.sources[EcoTaxaExportNode.regions.name]?.first))
    }

    private init(pipeline: ProjectPipeline, plan: Plan, end: Graph.End, padding: Int) {
        (self.pipeline, self.plan, self.end, self.padding) = (pipeline, plan, end, padding)
    }

    /// For showing objects: as the export would cut them, or from the original where the pipeline exports nothing.
    package init(pipeline: ProjectPipeline, plan: Plan) throws {
        let export = plan.steps.first { $0.node is EcoTaxaExportNode }
        let source = plan.origins(of: "").first
        guard let end = export?.sources[EcoTaxaExportNode.image.name]?.first ?? source else {
            throw GraphError(problems: ["the pipeline has no node that brings images in; add one"])
        }
        self.init(pipeline: pipeline, plan: plan, end: end, padding: plan.padding(of: plan.regionEnds.first))
    }

    /// The image that pictures are cut from, 8 bits a sample.
    package func pixels(of image: ImageRecord, context: NodeContext) throws -> AnyImage {
        // Of images that the export leaves out, objects are shown as they are in the original.
        guard let step = plan.step(end.node), step.nodeClass.isPerImage ? step.realm == image.realm : plan.origins(of: image.realm).contains(end) else {
            return try pipeline.decode(image, context: context).eightBit()
        }
        let values = try pipeline.values(of: image, wanted: [end], plan: plan, context: context, remembering: false)
        switch values[end] {
        case let pixels as AnyImage: return pixels.eightBit()
        case let gray as GrayImage: return gray.anyImage.eightBit()
        default: preconditionFailure("\(end) holds no image")
        }
    }

    /// The box with its padding, cut at the edges of the image.
    package func cut(_ box: Rect, from pixels: AnyImage) -> AnyImage {
        pixels.cropped(to: box.expanded(by: padding).intersection(pixels.bounds))
    }
}

extension Plan {
    /// Margin around the objects that come out of `end`, in pixels.
    func padding(of end: Graph.End?) -> Int {
        guard let end, let node = step(end.node)?.node as? RegionsNode else { return RegionsNode().padding }
        return node.padding
    }
}
