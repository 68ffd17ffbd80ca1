import Codecs
import Foundation
import Glibc
import Pipeline
import Raster
import Store

/// Objects' pictures for an export, cut and encoded by the run while it has the frame in memory, so that no frame is decoded twice.
///
/// One file an image in the export's folder, which the export removes once its archive is written. Derived: where one is missing, of another state
/// or damaged, and for objects that were changed since, the export decodes the image as it would without.
package struct PictureStore: Sendable {
    private let pipeline: ProjectPipeline
    private let plan: Plan
    private let node: EcoTaxaExportNode
    private let padding: Int
    private let folder: String
    private let realm: String
    /// What the pictures are cut from.
    package let end: Graph.End

    /// nil where the step is no export of pictures that are cut straight from an image.
    package init?(pipeline: ProjectPipeline, plan: Plan, step: Plan.Step) {
        let isDrawn = step.nodeClass.inputs.contains { $0.type == .vignettes && step.sources[$0.name] != nil }
        guard let node = step.node as? EcoTaxaExportNode, !isDrawn, let end = step.source(of: [.image, .gray]) else { return nil }
        (self.pipeline, self.plan, self.node, self.end, realm) = (pipeline, plan, node, end, step.realm)
        padding = plan.padding(of: step.source(of: [.regions]))
        folder = "\(step.name)/pictures"
    }

    /// Those of all exports of a pipeline.
    package static func all(_ pipeline: ProjectPipeline, plan: Plan) -> [PictureStore] {
        plan.steps.compactMap { PictureStore(pipeline: pipeline, plan: plan, step: $0) }
    }

    /// Of each picture in the file, behind the line with the key: x, y, width and height of its box, size in bytes, CRC-32.
    private static let numbers = 6

    private func path(_ image: ImageRecord) -> String { "\(folder)/\(OnDiskName.make(from: image.uid))\(image.page == 0 ? "" : "-\(image.page)").bin" }

    private func key(_ image: ImageRecord) -> String {
        // One line, whatever is said about the image.
        FileDigest.sha256(
            Array("2 \(pipeline.state(of: end, image: image, plan: plan)) \(padding) \(node.picture.rawValue) \(node.quality) \(shipVersion)".utf8))
    }

    /// Cuts and encodes the pictures of these boxes.
    package func save(_ value: (any SlotValue)?, of image: ImageRecord, boxes: [Rect]) throws {
        let pixels: AnyImage
        switch value {
        case let image as AnyImage: pixels = image.eightBit()
        case let gray as GrayImage: pixels = gray.anyImage.eightBit()
        default: return
        }
        guard image.realm == realm, !boxes.isEmpty else { return }
        var entries: [Int] = []
        var payload: [UInt8] = []
        var known: Set<Rect> = []
        for box in boxes where known.insert(box).inserted {
            let bytes = try node.encode(pixels.cropped(to: box.expanded(by: padding).intersection(pixels.bounds)))
            entries += [box.x, box.y, box.width, box.height, bytes.count, Checksum.crc32(bytes)]
            payload += bytes
        }
        var file = Array("\(key(image)) \(entries.count / Self.numbers)\n".utf8)
        entries.withUnsafeBytes { file += $0 }
        file += payload
        let files = pipeline.project.files
        try files.makeFolder(folder)
        // Not waited for the disk: whoever reads it checks every picture.
        let target = URL(filePath: "\(pipeline.project.folder)/\(path(image))")
        let part = target.appendingPathExtension("part")
        try Data(file).write(to: part)
        guard rename(part.path, target.path) == 0 else { throw StoreError.io(path: target.path, detail: String(cString: strerror(errno))) }
    }

    /// The pictures of an image, by box; nil where there are none of its present state.
    package func load(_ image: ImageRecord) -> [Rect: ArraySlice<UInt8>]? {
        guard let file = try? pipeline.project.files.read(path(image)), let line = file.prefix(100).firstIndex(of: 0x0A) else { return nil }
        let words = String(decoding: file[..<line], as: UTF8.self).split(separator: " ")
        guard words.count == 2, words[0] == key(image), let count = Int(words[1]), count >= 0 else { return nil }
        var at = line + 1
        guard count <= (file.count - at) / (Self.numbers * MemoryLayout<Int>.size) else { return nil }
        let entries = file.withUnsafeBytes { bytes in
            (0..<(count * Self.numbers)).map { bytes.loadUnaligned(fromByteOffset: line + 1 + $0 * MemoryLayout<Int>.size, as: Int.self) }
        }
        at += count * Self.numbers * MemoryLayout<Int>.size
        var pictures: [Rect: ArraySlice<UInt8>] = [:]
        for entry in stride(from: 0, to: entries.count, by: Self.numbers) {
            let size = entries[entry + 4]
            guard size >= 0, size <= file.count - at else { return nil }
            let bytes = file[at..<(at + size)]
            guard Checksum.crc32(bytes) == entries[entry + 5] else { return nil }
            pictures[Rect(x: entries[entry], y: entries[entry + 1], width: entries[entry + 2], height: entries[entry + 3])] = bytes
            at += size
        }
        return pictures
    }

    /// After the archive has them.
    package func removeAll() {
        guard let list = try? pipeline.project.files.list(folder) else { return }
        for entry in list { try? pipeline.project.files.remove("\(folder)/\(entry.name)") }
        rmdir("\(pipeline.project.folder)/\(folder)")
    }
}
