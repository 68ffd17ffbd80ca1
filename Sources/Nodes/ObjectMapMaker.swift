import Codecs
import Pyramid
import Raster
import Store

/// Makes the map of an image's objects from the project's masks, and keeps that of many objects in a derived file beside them, so that the first
/// look after opening is as quick as any. The file may be deleted at any time.
package struct ObjectMapMaker: Sendable {
    /// Where work on many masks is done.
    package typealias Worker = @Sendable (@escaping @Sendable () throws -> ObjectLayer?) async throws -> ObjectLayer?

    /// From so many objects on, reading a file is worth it: making a map takes about 6 µs an object.
    package static let worthSaving = 2_000
    private static let folder = "overlays"
    /// Masks that are read, and turned into bits, at a time: an edit waits for no more.
    private static let portion = 2_000

    private let project: Project
    private let worker: Worker

    package init(project: Project, worker: @escaping Worker = { try $0() }) { (self.project, self.worker) = (project, worker) }

    package static func layout(of image: ImageRecord) -> PyramidLayout { PyramidLayout(width: image.width, height: image.height, tileSize: 512) }

    /// The objects at the image's revision or later.
    /// - Returns: with the revision of the derived file, if one was read; nil when they take more than `byteLimit`.
    package func map(of image: ImageRecord, byteLimit: Int) async throws -> (map: ObjectMap, saved: Int64?)? {
        let layout = Self.layout(of: image)
        if let (layer, revision) = saved(image, layout) {
            let map = ObjectMap(layout: layout, layers: [layer])
            if revision == image.revision { return (map, revision) }
            // Of an earlier state: what is different now is read from the project.
            let present = try await project.maskRevisions(image: image.id)
            let before = map.revisions()
            let gone = before.keys.filter { present[$0] == nil }
            let new = present.filter { before[$0.key] != $0.value }.map(\.value)
            if new.count < layer.count / 2 {
                guard let layer = try await self.layer(new, layout: layout) else { return nil }
                return (map.changed(gone: gone, new: layer), revision)
            }
        }
        var layers: [ObjectLayer] = []
        var bytes = 0
        for kind in [ObjectKind.region, .reject] {
            let (worker, portion) = (worker, Self.portion)
            let parts: [ObjectLayer]? = try await withThrowingTaskGroup(of: (Int, ObjectLayer?).self) { group in
                var parts: [Int: ObjectLayer] = [:]
                var (after, number, isAtEnd) = (ObjectID(0), 0, false)
                while true {
                    // Reading goes on while the masks that were read are decoded, by as many as there are processors, at most.
                    if !isAtEnd, number - parts.count < 3 {
                        let masks = try await project.masks(image: image.id, kind: kind, after: after, limit: portion)
                        isAtEnd = masks.count < portion
                        after = masks.last?.object ?? after
                        let index = number
                        group.addTask { (index, try await worker { Self.layer(masks, layout: layout) }) }
                        number += 1
                        continue
                    }
                    guard let (index, part) = try await group.next() else { break }
                    guard let part else { return nil }
                    parts[index] = part
                    bytes += part.byteCount
                    guard bytes <= byteLimit else { return nil }
                }
                return parts.sorted { $0.key < $1.key }.map(\.value)
            }
            guard let parts else { return nil }
            layers.append(ObjectMap(layout: layout, layers: parts.filter { $0.count > 0 }).compacted())
        }
        return (ObjectMap(layout: layout, layers: layers.filter { $0.count > 0 }), nil)
    }

    /// Masks by their numbers, whether in force or not; nil when they are too many.
    package func layer(_ revisions: [Int64], layout: PyramidLayout) async throws -> ObjectLayer? {
        var parts: [ObjectLayer] = []
        for start in stride(from: 0, to: revisions.count, by: Self.portion) {
            let masks = try await project.masks(revisions: Array(revisions[start..<min(revisions.count, start + Self.portion)]))
            guard let part = try await worker({ Self.layer(masks, layout: layout) }) else { return nil }
            parts.append(part)
        }
        return parts.count == 1 ? parts[0] : ObjectMap(layout: layout, layers: parts).compacted()
    }

    package static func layer(_ masks: [StoredMask], layout: PyramidLayout) -> ObjectLayer? {
        var builder = ObjectLayerBuilder(layout)
        for mask in masks {
            guard let decoded = (try? MaskPNG.decode(mask.png, origin: (mask.box.x, mask.box.y))) ?? boxed(mask, layout) else { continue }
            guard builder.add(id: mask.object, revision: mask.revision, tag: ObjectTag(kind: mask.kind.rawValue, rule: mask.rule), mask: decoded) else { return nil }
        }
        return builder.finish()
    }

    /// What stands for a mask that cannot be read: its whole box, so that it is seen, all others are too, and a person can delete or replace it.
    /// `ship check` names it.
    private static func boxed(_ mask: StoredMask, _ layout: PyramidLayout) -> Mask? {
        let native = layout.levels[layout.levels.count - 1]
        let box = mask.box.intersection(Rect(x: 0, y: 0, width: native.width, height: native.height))
        return box.isEmpty ? nil : .full(box)
    }

    // MARK: - The derived file

    private static func path(_ image: ObjectID) -> String { "\(folder)/\(image).objects" }

    package func hasFile(_ image: ObjectID) -> Bool { (try? project.files.size(Self.path(image))) ?? nil != nil }

    /// One that is not there or not readable is made again.
    private func saved(_ image: ImageRecord, _ layout: PyramidLayout) -> (layer: ObjectLayer, revision: Int64)? {
        guard hasFile(image.id), let file = try? project.files.openFile(Self.path(image.id)) else { return nil }
        return ObjectLayer.decode(size: file.size, owner: image.uid, layout: layout) { buffer, offset in
            (try? file.read(into: buffer, at: offset)) == buffer.count
        }
    }

    /// - Returns: whether there is a file of this revision now. Without it the next opening takes longer, and nothing else.
    @discardableResult
    package func save(_ map: ObjectMap, image: ObjectID, uid: String, revision: Int64) -> Bool {
        guard !project.isReadOnly, map.count >= Self.worthSaving else { return false }
        let bytes = map.compacted().encoded(owner: uid, revision: revision)
        return (try? project.files.makeFolder(Self.folder)) != nil && (try? project.files.write(Self.path(image), bytes: bytes)) != nil
    }

    /// Makes the file after a run, before anybody looks.
    package func prepare(_ id: ObjectID) async throws {
        guard !project.isReadOnly, let image = try await project.image(id), image.objects >= Self.worthSaving, image.width > 0,
            let (map, saved) = try await map(of: image, byteLimit: 256 << 20), saved != image.revision,
            // Nothing was changed while it was made.
            try await project.revision(image: id) == image.revision
        else { return }
        save(map, image: id, uid: image.uid, revision: image.revision)
    }
}
