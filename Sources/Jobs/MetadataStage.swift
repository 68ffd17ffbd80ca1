import Codecs
import Foundation
import Nodes
import Pipeline
import Store

/// The part of a run that asks the metadata nodes of the pipeline, before anything is grouped or computed.
struct MetadataStage {
    let context: JobContext
    let plan: Plan

    private var steps: [(step: Plan.Step, node: any MetadataNode)] { plan.steps.compactMap { step in (step.node as? any MetadataNode).map { (step, $0) } } }

    /// - Returns: whether anything about any image is other than before.
    func run(_ images: [ImageRecord]) async throws -> Bool {
        let steps = steps
        guard let last = steps.last else { return false }
        let project = context.project
        let said = try await project.imageMetadata()
        // Without a metadata node the import's pattern says it alone; with one it goes on saying what it does.
        let importer = plan.steps.lazy.compactMap { $0.node as? ImportNode }.first
        let pattern = try importer.flatMap { $0.pattern.isEmpty ? nil : try FileNamePattern($0.pattern) }
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys]
        let settings = try steps.map { step, node in
            "\(step.nodeClass.kind) \(step.nodeClass.version) \(String(decoding: try encoder.encode(step.nodeClass.configuration(of: node)), as: UTF8.self))"
        } + [importer?.pattern ?? ""]
        var changed = 0
        var silent: [String: [String]] = [:]
        for image in images where image.made == nil && image.width > 0 {
            try context.checkCancelled()
            let key = FileDigest.sha256(Array((settings + [image.name, image.sha256]).joined(separator: "\n").utf8))
            if try await project.resultKey(image: image.id, node: last.step.name) == key { continue }
            var exif: EXIF??
            func read() -> EXIF? {
                if let exif { return exif }
                let found = (try? project.openOriginal(image)).flatMap { EXIF.read(path: "/proc/self/fd/\($0.descriptor)") }
                exif = .some(found)
                return found
            }
            var fields: [String: (value: String, source: MetadataSource)] = [:]
            if let found = pattern?.match(image.name) {
                for (name, value) in found where !FieldNames.pixelSizeTokens.contains(name) { fields[FieldNames.field(for: name)] = (value, .pattern) }
            }
            var pixelSize: Double?
            for (step, node) in steps {
                let sayings = node.metadata(of: image.name, exif: read)
                if sayings.isSilent { silent[step.name, default: []].append(image.name) }
                for (field, value) in sayings.fields { fields[field] = (value, type(of: node).source) }
                pixelSize = sayings.pixelSize ?? pixelSize
            }
            // What is no longer said goes, of those sources that the nodes speak for.
            let spoken = Set(steps.map { type(of: $0.node).source })
            for source in MetadataSource.allCases where source != .hand {
                var values: [String: String?] = fields.filter { $0.value.source == source }.mapValues { Optional($0.value) }
                for (field, value) in said[image.id] ?? [:] where value.source == source && spoken.contains(source) && fields[field] == nil {
                    values.updateValue(nil, forKey: field)
                }
                let present = said[image.id] ?? [:]
                values = values.filter { field, value in present[field]?.source != .hand && (present[field]?.value != value || present[field]?.source != source) }
                if values.isEmpty { continue }
                try await project.setMetadata(image.id, values, source: source, by: last.step.name)
                changed += 1
            }
            if let pixelSize, image.pixelSizeSource != MetadataSource.hand.rawValue, image.pixelSize != pixelSize || image.pixelSizeSource != MetadataSource.pattern.rawValue {
                var change = ImageChange()
                (change.pixelSize, change.pixelSizeSource) = (.some(pixelSize), MetadataSource.pattern.rawValue)
                try await project.updateImage(image.id, change)
                changed += 1
            }
            try await project.noteResultKey(image: image.id, node: last.step.name, key: key)
        }
        for (name, images) in silent.sorted(by: { $0.key < $1.key }) {
            await context.note("\(name): says nothing of \(images.count) image\(images.count == 1 ? "" : "s"), the first being \(images[0])")
        }
        if changed > 0 { context.announce(.images(images.map(\.id))) }
        return changed > 0
    }
}
