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

    private struct Header: Codable {
        var key: String
        /// x, y, width, height, size in bytes, CRC-32; in the order of the pictures behind the header.
        var pictures: [[Int]]
    }

    private func path(_ image: ImageRecord) -> String { "\(folder)/\(OnDiskName.make(from: image.uid))\(image.page == 0 ? "" : "-\(image.page)").bin" }

    private func key(_ image: ImageRecord) -> String {
        "1 \(pipeline.state(of: end, image: image, plan: plan)) \(padding) \(node.picture.rawValue) \(node.quality) \(shipVersion)"
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
        var header = Header(key: key(image), pictures: [])
        var payload: [UInt8] = []
        var known: Set<Rect> = []
        for box in boxes where known.insert(box).inserted {
            let bytes = try node.encode(pixels.cropped(to: box.expanded(by: padding).intersection(pixels.bounds)))
            header.pictures.append([box.x, box.y, box.width, box.height, bytes.count, Checksum.crc32(bytes)])
            payload += bytes
        }
        var file = Array(try JSONEncoder().encode(header))
        file.append(0x0A)
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
        guard let file = try? pipeline.project.files.read(path(image)), let line = file.firstIndex(of: 0x0A),
            let header = try? JSONDecoder().decode(Header.self, from: Data(file[..<line])), header.key == key(image)
        else { return nil }
        var pictures: [Rect: ArraySlice<UInt8>] = [:]
        var at = line + 1
        for entry in header.pictures {
            guard entry.count == 6, entry[4] >= 0, entry[4] <= file.count - at else { return nil }
            let bytes = file[at..<(at + entry[4])]
            guard Checksum.crc32(bytes) == entry[5] else { return nil }
            pictures[Rect(x: entry[0], y: entry[1], width: entry[2], height: entry[3])] = bytes
            at += entry[4]
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
