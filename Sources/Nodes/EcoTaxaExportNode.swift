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
    static let image = Slot<AnyImage>("image", help: "Where the pictures are cut from. Not needed when vignettes come in.", unless: "vignettes")
    static let vignettes = Slot<Vignettes>(
        "vignettes", help: "The pictures as vignette nodes draw them; with several edges, as many pictures of each object in their order.", takesMany: true,
        isOptional: true)
    static let regions = Slot<RegionSet>("regions", help: "The objects, those drawn by hand included. Not connected: all of the project.", isOptional: true)
    static let measurements = Slot<MeasurementTable>("measurements", help: "Columns of the table.", takesMany: true, isOptional: true)
    package static let inputs = [image.schema, vignettes.schema, regions.schema, measurements.schema]
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
        // No archive is right; one that was made before stays.
        if contents.objects.isEmpty { return ExportResult(files: [], objects: 0, images: 0, findings: contents.findings, holdsProvenance: true) }
        let project = collection.project
        let folder = collection.step.name
        try project.files.makeFolder(folder)
        // The name tells archives of different content apart; the same content has the same name, on every machine.
        // Encoded once: of many objects this is a good part of the work.
        let tables = contents.table.encode(name: contents.name)
        let relative = "\(folder)/ecotaxa_\(contents.name)_\(contents.digest(tables, picture: self).prefix(8)).zip"

        collection.progress(0, contents.images.count)
        let provenance = try await Provenance(collection).encoded()
        let sources = try VignetteSources(of: collection.step, in: collection.plan)
        let store = PictureStore(pipeline: collection.pipeline, plan: collection.plan, step: collection.step)
        try await project.files.writeAtPath(waiting: relative) { path in
            let archive = try EcoTaxaArchive.begin(tables, at: path)
            // Importers look for tables named ecotaxa…, and for the pictures that these name; other files are none of their business.
            try archive.add(name: Provenance.fileName, bytes: provenance)
            for (done, image) in contents.images.enumerated() {
                if done > 0 { collection.progress(done, contents.images.count) }
                let ready = store?.load(image.record) ?? [:]
                // Only where the run has left no picture, the image is decoded again.
                var vignettes: [Vignettes]?
                for portion in image.rows.portions(of: 1000) {
                    // Masks by the thousand, so that an image with very many objects takes no more memory.
                    let masks = try await masks(of: Set(portion.map { contents.objects[$0].object }), sources: sources, project)
                    for row in portion {
                        try collection.checkCancelled()
                        let object = contents.objects[row]
                        if let bytes = ready[object.box] {
                            try EcoTaxaArchive.add(Array(bytes), of: row, contents.table, to: archive)
                            continue
                        }
                        if vignettes == nil {
                            let context = try await collection.pipeline.context(of: image.record)
                            vignettes = try sources.vignettes(of: image.record, pipeline: collection.pipeline, plan: collection.plan, context: context)
                        }
                        guard let vignettes else { preconditionFailure("no pictures of \(image.record.name)") }
                        let mask = masks[object.object] ?? .full(object.box)
                        try EcoTaxaArchive.add(encode(vignettes[object.rank].picture(of: mask)), of: row, contents.table, to: archive)
                    }
                }
            }
            try archive.close()
        }
        store?.removeAll()
        collection.progress(contents.images.count, contents.images.count)
        return ExportResult(
            files: [relative], objects: contents.objects.count { $0.rank == 0 }, images: contents.images.count, findings: contents.findings, holdsProvenance: true)
    }

    /// Empty where nothing is drawn on the pictures: boxes are enough to cut them.
    private func masks(of objects: Set<ObjectID>, sources: VignetteSources, _ project: Project) async throws -> [ObjectID: Mask] {
        guard sources.drawsMasks else { return [:] }
        var masks: [ObjectID: Mask] = [:]
        for stored in try await project.masks(of: objects.sorted()) { masks[stored.object] = try MaskPNG.decode(stored.png, origin: (stored.box.x, stored.box.y)) }
        return masks
    }

    func encode(_ picture: AnyImage) throws -> [UInt8] {
        switch self.picture {
        case .png: try PNGWriter.encode(picture)
        case .jpeg: try JPEGWriter.encode(picture, quality: quality)
        }
    }

    private func contents(_ collection: ObjectCollection) async throws -> EcoTaxaContents {
        try await EcoTaxaContents(collection, suffix: picture == .png ? "png" : "jpg")
    }
}

extension Range<Int> {
    /// One after the other, each of at most so many.
    fileprivate func portions(of count: Int) -> [Range<Int>] {
        stride(from: lowerBound, to: upperBound, by: count).map { $0..<Swift.min(upperBound, $0 + count) }
    }
}
