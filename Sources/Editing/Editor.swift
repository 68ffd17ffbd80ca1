import Codecs
import Foundation
import Nodes
import Operations
import Pipeline
import Raster
import Store

/// Applies edits to the objects of one open project.
///
/// An edit computes new masks, measures what it touched by the project's pipeline, and stores all of it in one
/// transaction that is on the disk before `apply` returns. One edit at a time, so that none works on masks another changes.
package actor Editor {
    private let project: Project
    private let pipeline: ProjectPipeline
    /// Where decoding and measuring happen.
    private let executor: (any TaskExecutor)?
    /// The last edit in line; each waits for the one before.
    private var last: Task<Void, Never>?

    /// - Parameter executor: threads apart from those that answer requests; Swift's own when left out.
    package init(project: Project, pipeline: ProjectPipeline, executor: (any TaskExecutor)? = nil) {
        (self.project, self.pipeline, self.executor) = (project, pipeline, executor)
    }

    /// - Throws: `EditError` when the request makes no sense for these objects, `StoreError` when it cannot be stored.
    package func apply(_ request: EditRequest, by: String = "local") async throws -> EditOutcome {
        try await inLine { try await Editor.perform(request, project: self.project, pipeline: self.pipeline, by: by) }
    }

    /// nil when there is nothing to undo.
    package func undo(image: ObjectID) async throws -> EditOutcome? { try await inLine { try await self.project.undo(image: image) } }

    /// nil when there is nothing to redo.
    package func redo(image: ObjectID) async throws -> EditOutcome? { try await inLine { try await self.project.redo(image: image) } }

    private func inLine<R: Sendable>(_ body: @escaping @Sendable () async throws -> R) async throws -> R {
        let before = last
        let task = Task(executorPreference: executor) {
            await before?.value
            return try await body()
        }
        last = Task { _ = try? await task.value }
        return try await task.value
    }

    private nonisolated static func perform(
        _ request: EditRequest, project: Project, pipeline: ProjectPipeline, by: String
    ) async throws -> EditOutcome {
        guard let image = try await project.image(request.image) else { throw EditError.unknownObject(request.image) }
        var masks: [Mask] = []
        for id in request.objects {
            guard let stored = try await project.mask(id) else { throw EditError.unknownObject(id) }
            guard let object = try await project.object(id), object.active else { throw EditError.unknownObject(id) }
            guard object.image == image.id else { throw EditError.objectOfOtherImage(id) }
            masks.append(try MaskPNG.decode(stored.png, origin: (stored.box.x, stored.box.y), name: "the mask of object \(id)"))
        }
        let shapes = try EditShapes(request, masks: masks, frame: image.frame)

        let changed = shapes.revised.sorted { $0.key < $1.key }
        let measured = try await measure(changed.map(\.value) + shapes.created, in: image, pipeline: pipeline)
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys]
        var edit = NewEdit(
            operation: request.operation.rawValue, image: image.id, request: String(decoding: try encoder.encode(request), as: UTF8.self))
        edit.summary = summary(request, created: shapes.created.count)
        edit.by = by
        edit.expectedRevision = request.expectedRevision
        edit.retire = shapes.retired.map { request.objects[$0] }
        for (index, (position, mask)) in changed.enumerated() {
            var region = RevisedRegion(object: request.objects[position], mask: mask)
            region.touches = UInt8(BorderSides(of: mask.boundingBox, in: image.frame).rawValue)
            region.measurements = measured[index]
            edit.revise.append(region)
        }
        for (index, mask) in shapes.created.enumerated() {
            // The revision tells the same shape drawn twice apart.
            let uid = ObjectUID.make(image: image.uid, edit: "\(request.operation.rawValue) \(image.revision) \(index)", mask: mask)
            var region = NewRegion(mask: mask, uid: uid)
            region.touches = UInt8(BorderSides(of: mask.boundingBox, in: image.frame).rawValue)
            region.measurements = measured[changed.count + index]
            edit.create.append(region)
        }
        return try await project.commitEdit(edit)
    }

    private nonisolated static func measure(_ masks: [Mask], in image: ImageRecord, pipeline: ProjectPipeline) async throws -> [Measurements] {
        if masks.isEmpty { return [] }
        let plan = try await pipeline.plan()
        try await pipeline.ensureColumns(plan)
        let context = try await pipeline.context(of: image)
        do {
            return try pipeline.measurements(of: masks, in: image, plan: plan, context: context)
        } catch let error as CodecError {
            throw EditError.imageNotReadable(name: image.name, reason: "\(error)")
        }
    }

    private static func summary(_ request: EditRequest, created: Int) -> String {
        func objects(_ count: Int) -> String { count == 1 ? "1 object" : "\(count) objects" }
        let verb = request.operation.pastTense
        return switch request.operation {
        case .draw: "\(verb) \(objects(created))"
        case .split, .cut: "\(verb) \(objects(request.objects.count)) into \(created)"
        case .merge: "\(verb) \(objects(request.objects.count)) into one"
        case .delete, .add, .erase, .fill, .replace: "\(verb) \(objects(request.objects.count))"
        }
    }
}

extension RevisedRegion {
    init(object: ObjectID, mask: Mask) {
        let tight = mask.tight
        self.init(object: object, box: tight.bounds, png: MaskPNG.encode(tight), area: tight.area)
    }
}
