import Codecs
import Foundation
import Nodes
import Operations
import Pipeline
import Raster
import Store
import Synchronization

/// Applies edits to the objects of one open project.
///
/// An edit computes new masks, measures what it touched by the project's pipeline, and stores all of it in one
/// transaction that is on the disk before `apply` returns. One edit at a time, so that none works on masks another changes.
package actor Editor {
    private nonisolated let project: Project
    private nonisolated let pipeline: ProjectPipeline
    /// Where decoding and measuring happen.
    private nonisolated let executor: (any TaskExecutor)?
    private nonisolated let looking: (any TaskExecutor)?
    /// The last edit in line; each waits for the one before.
    private var last: Task<Void, Never>?
    private nonisolated let isStopped = Atomic<Bool>(false)

    /// - Parameters:
    ///   - executor: threads apart from those that answer requests; Swift's own when left out.
    ///   - looking: threads for previews; as `executor` when left out.
    package init(project: Project, pipeline: ProjectPipeline, executor: (any TaskExecutor)? = nil, looking: (any TaskExecutor)? = nil) {
        (self.project, self.pipeline, self.executor, self.looking) = (project, pipeline, executor, looking ?? executor)
    }

    /// - Parameter key: what the client calls this request; of one that is stored already, the first outcome is returned.
    /// - Throws: `EditError` when the request makes no sense for these objects, `StoreError` when it cannot be stored.
    package func apply(_ request: EditRequest, by: String = "local", key: String? = nil) async throws -> EditOutcome {
        let key = try key.map { EditKey($0, request: try Editor.hash(request)) }
        return try await inLine {
            if let key, let known = try await self.project.outcome(of: key) { return known }
            return try await self.perform(request, by: by, key: key)
        }
    }

    /// What an edit would make, without storing anything.
    package func preview(_ request: EditRequest) async throws -> EditPreview {
        let task = Task(executorPreference: looking) { try await self.shapes(request).preview }
        return try await withTaskCancellationHandler {
            try await task.value
        } onCancel: {
            task.cancel()
        }
    }

    /// Ends what is being drawn after the feature or object that it is at, with `EditError.stopped`; for a project that is being closed.
    package nonisolated func stop() { isStopped.store(true, ordering: .relaxed) }

    /// Closed, or a preview that nobody waits for any more.
    private nonisolated var mayNotGoOn: Bool { isStopped.load(ordering: .relaxed) || Task.isCancelled }

    /// nil when there is nothing to undo.
    package func undo(image: ObjectID, key: String? = nil) async throws -> EditOutcome? {
        try await inLine { try await self.project.undo(image: image, key: key.map { EditKey($0, request: "undo \(image)") }) }
    }

    /// nil when there is nothing to redo.
    package func redo(image: ObjectID, key: String? = nil) async throws -> EditOutcome? {
        try await inLine { try await self.project.redo(image: image, key: key.map { EditKey($0, request: "redo \(image)") }) }
    }

    /// Makes `edit` the last one in force; 0: none.
    package func goTo(edit: Int64, image: ObjectID, key: String? = nil) async throws -> EditOutcome {
        try await inLine { try await self.project.goTo(edit: edit, image: image, key: key.map { EditKey($0, request: "goto \(image) \(edit)") }) }
    }

    /// Gets ready what measuring objects of an image needs, so that the first edit need not wait for decoding. Failures show in that edit.
    /// - Parameter executor: threads for decoding, which is not to hold up edits of other images.
    package func prepare(image: ObjectID, executor: (any TaskExecutor)? = nil) async {
        guard let image = try? await project.image(image, counting: false), image.width > 0, let plan = try? await pipeline.plan() else { return }
        _ = try? await pipeline.pixels(of: image, ends: pipeline.measuredEnds(plan, of: image), plan: plan, executor: executor)
    }

    private func inLine<R: Sendable>(_ body: @escaping @Sendable () async throws -> R) async throws -> R {
        let before = last
        let task = Task(executorPreference: executor) {
            await before?.value
            return try await body()
        }
        last = Task { _ = try? await task.value }
        return try await task.value
    }

    /// The new masks of a request, and what they were made from.
    private struct Draft: Sendable {
        var input: EditInput
        var shapes: EditShapes
        var objects: [ObjectID]

        var preview: EditPreview {
            EditPreview(
                created: shapes.created, revised: shapes.revised.sorted { $0.key < $1.key }.map { (objects[$0.key], $0.value) },
                removed: shapes.retired.map { objects[$0] })
        }
    }

    private nonisolated func shapes(_ request: EditRequest) async throws -> Draft {
        try EditShapes.checkWands(request)
        guard let input = try await project.editInput(image: request.image, objects: request.objects + request.expected.keys.sorted()) else {
            throw EditError.unknownObject(request.image)
        }
        let changed = request.expected.keys.sorted().filter { id in
            guard let object = input.objects[id], object.isActive, object.image == request.image else { return true }
            return object.mask.revision != request.expected[id]
        }
        if !changed.isEmpty { throw EditError.changedMeanwhile(changed) }
        var masks: [Mask] = []
        for id in request.objects {
            guard let object = input.objects[id], object.isActive else { throw EditError.unknownObject(id) }
            guard object.image == request.image else { throw EditError.objectOfOtherImage(id) }
            let stored = object.mask
            let origin = (stored.box.x, stored.box.y)
            if request.operation == .delete || request.operation == .replace {
                // The way to be rid of a damaged mask, of which nothing but the box is known.
                masks.append((try? MaskPNG.decode(stored.png, origin: origin)) ?? .full(stored.box))
            } else {
                masks.append(try MaskPNG.decode(stored.png, origin: origin, name: "the mask of object \(id)"))
            }
        }
        let wands = try await wands(request, in: input.image)
        let shapes = try EditShapes(request, masks: masks, wands: wands, frame: input.image.frame, isStopped: { mayNotGoOn })
        return Draft(input: input, shapes: shapes, objects: request.objects)
    }

    /// Pixels about as bright as those that wands point to, in the original at its native resolution.
    private nonisolated func wands(_ request: EditRequest, in image: ImageRecord) async throws -> [Int: Mask] {
        var wands: [Int: Mask] = [:]
        for (index, feature) in request.annotations.features.enumerated() where feature.properties.role == .wand {
            guard case .point(let point) = feature.geometry else { continue }
            if mayNotGoOn { throw EditError.stopped(request.operation) }
            let (x, y) = (Int(point.x.rounded()), Int(point.y.rounded()))
            guard image.frame.contains(x: x, y: y) else { throw EditError.outsideImage(request.operation) }
            let box = Rect(x: x, y: y, width: 1, height: 1).expanded(by: Editor.reachOfWand).intersection(image.frame)
            let tolerance = feature.properties.tolerance ?? Editor.usualTolerance
            let gray = try await explaining(image) {
                let ends: Set = [ProjectPipeline.originalGray]
                return try await pipeline.pixels(of: image, ends: ends, plan: try await pipeline.plan(), executor: executor).values.first?.window(box)
            }
            guard let gray else { continue }
            let mask: Mask =
                if case .gray16(let gray) = gray {
                    gray.wand(x: x - box.x, y: y - box.y, tolerance: Int((tolerance * 257).rounded(.down)))
                } else {
                    gray.gray8().wand(x: x - box.x, y: y - box.y, tolerance: Int(tolerance.rounded(.down)))
                }
            wands[index] = mask.translated(x: box.x, y: box.y)
        }
        return wands
    }

    /// Pixels from the point to each side that a wand looks at, so that its result does not depend on what is on the screen.
    private static let reachOfWand = 1024
    private static let usualTolerance = 16.0

    private nonisolated func perform(_ request: EditRequest, by: String, key: EditKey?) async throws -> EditOutcome {
        let draft = try await shapes(request)
        let (image, shapes) = (draft.input.image, draft.shapes)
        let changed = shapes.revised.sorted { $0.key < $1.key }
        let masks = changed.map(\.value) + shapes.created
        let (measured, touches) = try await explaining(image) { (try await measure(masks, in: image), try await sides(masks, in: image)) }
        var edit = NewEdit(operation: request.operation.rawValue, image: image.id, request: try Editor.text(request))
        edit.summary = Editor.summary(request, created: shapes.created.count)
        edit.by = by
        edit.key = key
        edit.expectedRevision = request.expectedRevision
        edit.base = draft.input.objects.mapValues(\.mask.revision)
        edit.retire = shapes.retired.map { request.objects[$0] }
        for (index, (position, mask)) in changed.enumerated() {
            var region = RevisedRegion(object: request.objects[position], mask: mask)
            region.touches = touches[index]
            region.measurements = measured[index]
            edit.revise.append(region)
        }
        for (index, mask) in shapes.created.enumerated() {
            // The revision tells the same shape drawn twice apart.
            let uid = ObjectUID.make(image: image.uid, edit: "\(request.operation.rawValue) \(image.revision) \(index)", mask: mask)
            var region = NewRegion(mask: mask, uid: uid)
            region.touches = touches[changed.count + index]
            region.sources = shapes.sources[index].map { request.objects[$0] }
            region.measurements = measured[changed.count + index]
            edit.create.append(region)
        }
        return try await project.commitEdit(edit)
    }

    private static func text(_ request: EditRequest) throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys]
        return String(decoding: try encoder.encode(request), as: UTF8.self)
    }

    private static func hash(_ request: EditRequest) throws -> String { String(FileDigest.sha256(Array(try text(request).utf8)).prefix(32)) }

    private nonisolated func measure(_ masks: [Mask], in image: ImageRecord) async throws -> [Measurements] {
        if masks.isEmpty { return [] }
        let plan = try await pipeline.plan()
        try await pipeline.ensureColumns(plan)
        return try await pipeline.measurements(of: masks, in: image, plan: plan, executor: executor)
    }

    /// Sides on which each mask reaches the frame, or the limit of the part that counts.
    private nonisolated func sides(_ masks: [Mask], in image: ImageRecord) async throws -> [UInt8] {
        if masks.isEmpty { return [] }
        let limit = try await pipeline.limit(of: image, plan: try await pipeline.plan()).map(AreaLimit.init)
        return masks.map { mask in
            let sides = BorderSides(of: mask.boundingBox, in: image.frame)
            return UInt8((limit.map { sides.union($0.sides(of: mask)) } ?? sides).rawValue)
        }
    }

    private nonisolated func explaining<Result>(_ image: ImageRecord, _ body: () async throws -> Result) async throws -> Result {
        do {
            return try await body()
        } catch let error as CodecError {
            throw EditError.imageNotReadable(name: image.name, reason: "\(error)")
        } catch let error as ScratchLost {
            throw EditError.imageNotReadable(name: image.name, reason: "\(error)")
        }
    }

    private static func summary(_ request: EditRequest, created: Int) -> String {
        func objects(_ count: Int) -> String { count == 1 ? "1 object" : "\(count) objects" }
        let verb = request.operation.pastTense
        return switch request.operation {
        case .draw: "\(verb) \(objects(created))"
        case .split, .cut, .separate: "\(verb) \(objects(request.objects.count)) into \(created)"
        case .merge: "\(verb) \(objects(request.objects.count)) into one"
        case .delete, .add, .erase, .fill, .replace, .smooth: "\(verb) \(objects(request.objects.count))"
        }
    }
}

/// New masks, changed ones by object, and objects that would go.
package struct EditPreview: Sendable {
    package var created: [Mask]
    package var revised: [(object: ObjectID, mask: Mask)]
    package var removed: [ObjectID]
}

extension RevisedRegion {
    init(object: ObjectID, mask: Mask) {
        let tight = mask.tight
        self.init(object: object, box: tight.bounds, png: MaskPNG.encode(tight), area: tight.area)
    }
}
