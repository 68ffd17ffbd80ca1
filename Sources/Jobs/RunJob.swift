import Codecs
import Foundation
import Nodes
import Operations
import Pipeline
import Raster
import Store
import Synchronization

/// Runs the project's pipeline over its images. Images whose inputs and parameters are as before are not computed again.
package struct RunJob: JobKind {
    package static let type = "run"

    struct Parameters: Codable {
        /// Only these; all when left out.
        var images: [Int64]?
        /// Objects that a person made or changed stay (default), or are replaced.
        var keepEdited: Bool?
        /// Cut the pictures of exports while the frames are in memory; for runs that are followed by an export.
        var pictures: Bool?
        /// The same in words. `ask` lets the job fail, before it changes anything, when there are such objects on images that would be computed.
        var edited: Edited?

        enum Edited: String, Codable, CaseIterable {
            case keep, replace, ask

            init(from decoder: any Decoder) throws {
                let container = try decoder.singleValueContainer()
                let text = try container.decode(String.self)
                guard let known = Self(rawValue: text) else {
                    let all = Self.allCases.map(\.rawValue).joined(separator: ", ")
                    throw DecodingError.dataCorruptedError(in: container, debugDescription: "it must be one of \(all), not \"\(text.prefix(40))\"")
                }
                self = known
            }
        }

        /// What was said; nil: nothing.
        var policy: Edited? { edited ?? keepEdited.map { $0 ? .keep : .replace } }
    }

    private let parameters: Parameters

    package init(parameters data: Data) throws { parameters = try Self.decode(Parameters.self, from: data) }

    /// What parameters of a run, as they come from outside, say about edited objects: whether there is anything to ask.
    package static func asks(_ parameters: String) throws -> Bool { try RunJob(parameters: Data(parameters.utf8)).parameters.policy == nil }

    package static func images(_ parameters: String) throws -> [ObjectID]? { try RunJob(parameters: Data(parameters.utf8)).parameters.images }

    private struct Tally {
        var objects = 0
        var rejects: [String: Int] = [:]
        var labelsLost = 0
        /// Objects of steps that no longer make objects of their image.
        var retired = 0
        var computed = 0
        var measured = 0
        var unchanged = 0
        var failures: [JobOutcome.Failure] = []
    }

    package func run(_ context: JobContext) async throws -> JobOutcome {
        let (project, pipeline) = (context.project, context.pipeline)
        let plan = try await pipeline.plan()
        let seesMany = plan.steps.contains { $0.node is any PreparedNode || $0.node is any GatheringNode }
        guard !plan.regionEnds.isEmpty || seesMany || plan.steps.contains(where: { $0.node is any CollectionNode }) else {
            throw JobError.failed("the pipeline makes no objects; add an Objects node and connect it")
        }
        try GroupStage.requireReady(plan)
        try await pipeline.ensureColumns(plan)
        if plan.steps.contains(where: { $0.node.usesCompanions }) {
            // Another file of masks, or other names of such files: the images that they speak of are computed again.
            try await CompanionImporter(project: project, pipeline: pipeline).refresh()
        }
        let keepEdited = parameters.policy != .replace
        if parameters.policy == .ask {
            let stake = try await EditsAtStake(project: project, pipeline: pipeline, plan: plan, images: parameters.images)
            if !stake.isEmpty { throw JobError.failed("\(stake.sentence); run again and say whether to keep or to replace them") }
        }
        var images = try await selectedImages(project)
        // First, because names of acquisitions and pixel sizes come from these.
        let calibrated = try await ImageImporter(project: project).calibrate(images)
        if !calibrated.isEmpty {
            context.announce(.images(calibrated.map(\.id)))
            images = try await selectedImages(project)
        }
        if try await MetadataStage(context: context, plan: plan).run(images) { images = try await selectedImages(project) }
        var stage = GroupStage(context: context, plan: plan, selected: parameters.images.map(Set.init), keepEdited: keepEdited)
        if seesMany {
            try await stage.run()
            // As they are now: with keys of what was prepared, and with images that were made of others.
            let wanted = stage.selected.map { $0.union(stage.newImages) }
            images = try await project.allImages().filter { wanted?.contains($0.id) ?? true }
        }
        let groups = stage
        await context.note(
            "\(images.count) images through \(plan.steps.map(\.name).joined(separator: " → ")), \(context.workers.count) at a time")
        context.progress.begin(total: images.count, message: "Segmentation")
        context.progress.begin(atOnce: context.workers.count, nodes: plan.steps.filter(\.nodeClass.isPerImage).map(\.name))

        let tally = Mutex(Tally())
        let makers = try await project.computingNodes()
        try await context.workers.forEach(images) { image in
            try context.checkCancelled()
            var isWork = true
            do {
                if let reason = groups.failedImages[image.id] { throw JobError.failed(reason) }
                let work = try await context.memory.holding(plan.memoryCost(of: image)) {
                    try context.checkCancelled()
                    try await retire(makers[image.id] ?? [], of: image, plan: plan, keepEdited: keepEdited, context: context, tally: tally)
                    return try await process(image, plan: plan, keepEdited: keepEdited, context: context, tally: tally)
                }
                switch work {
                case .unchanged:
                    tally.withLock { $0.unchanged += 1 }
                    isWork = false
                case .measured: tally.withLock { $0.measured += 1 }
                case .computed: tally.withLock { $0.computed += 1 }
                }
            } catch let stop as RunCancelled { throw stop } catch let error as StoreError where error.stopsEverything { throw error } catch {
                // A bad image fails alone.
                tally.withLock { $0.failures.append(.init(name: image.name, reason: "\(error)", image: image.id)) }
                await context.note("\(image.name) failed: \(error)")
                try await markFailed(image, reason: "\(error)", project: project)
                context.announce(.images([image.id]))
            }
            context.progress.advance(message: "Segmentation", isWork: isWork)
        }

        let total = tally.withLock { $0 }
        let most = await context.memory.mostHolders
        if total.computed > 0, most < min(context.workers.count, total.computed) {
            await context.note("\(most) at a time, so that the pixels stay within \(context.memory.limit >> 20) MB")
        }
        var outcome = JobOutcome(
            summary: "\(counted(total.computed, "image")) computed, " + (total.measured > 0 ? "\(total.measured) only measured again, " : "")
                + "\(total.unchanged) unchanged, \(total.failures.count) failed"
                + (total.computed > 0 ? "; \(counted(total.objects, "object")) found" : ""))
        outcome.failures = (total.failures + groups.failures).sorted { $0.name < $1.name }
        if total.retired > 0 { outcome.summary += "; \(counted(total.retired, "object")) of steps that make none here any more taken away" }
        if total.labelsLost > 0 {
            let (objects, back) = total.labelsLost == 1 ? ("1 labelled object is", "it comes") : ("\(total.labelsLost) labelled objects are", "they come")
            outcome.summary += "; \(objects) not found any more, with the former parameters \(back) back with what was said"
        }
        if !groups.warnings.isEmpty { outcome.warnings = groups.warnings }
        outcome.counts = ["images": total.computed, "measured": total.measured, "unchanged": total.unchanged, "failed": total.failures.count, "objects": total.objects]
        if total.labelsLost > 0 { outcome.counts["labelsLost"] = total.labelsLost }
        if seesMany { outcome.counts.merge(["groups": groups.made, "groupsUnchanged": groups.kept, "imagesMade": groups.newImages.count]) { $1 } }
        let nodes = context.progress.current.nodes
        for node in nodes { await context.note(node.sentence) }
        if total.computed + total.measured > 0 { outcome.nodes = nodes }
        for (rule, count) in total.rejects { outcome.counts["reject.\(rule)"] = count }
        return outcome
    }

    private func selectedImages(_ project: Project) async throws -> [ImageRecord] {
        if let ids = parameters.images {
            var images: [ImageRecord] = []
            for id in ids {
                guard let image = try await project.image(id), image.removedAt == nil else { throw JobError.failed("there is no image \(id) in this project") }
                images.append(image)
            }
            return images
        }
        return try await project.allImages()
    }

    /// Takes away what steps found that no longer make objects of the image: they left the pipeline, or work on other images now, as those of a mosaic.
    /// As after any run, objects that come back have their labels.
    private func retire(
        _ makers: Set<String>, of image: ImageRecord, plan: Plan, keepEdited: Bool, context: JobContext, tally: borrowing Mutex<Tally>
    ) async throws {
        let project = context.project
        for node in makers.subtracting(plan.regionEnds(of: image).map(\.node)).sorted() {
            let labelled = try await project.labelledObjects(image: image.id, node: node, editedToo: !keepEdited).count
            var result = ImageResult(image: image.id, node: node, runKey: "", regions: [])
            result.keepEdited = keepEdited
            let before = try await project.objectCount(image: image.id)
            let outcome = try await project.storeResult(result)
            let retired = before - (try await project.objectCount(image: image.id))
            tally.withLock {
                $0.retired += retired
                $0.labelsLost += labelled
            }
            if !outcome.removed.isEmpty { context.announce(.objects(image: image.id, revision: outcome.revision)) }
        }
    }

    private enum Work { case unchanged, measured, computed }

    /// Does what of an image's work is not done already.
    private func process(
        _ image: ImageRecord, plan: Plan, keepEdited: Bool, context: JobContext, tally: borrowing Mutex<Tally>
    ) async throws -> Work {
        guard image.width > 0 else { throw JobError.failed(image.error ?? "its size is unknown; import it again") }
        let (pipeline, progress, cancelled) = (context.pipeline, context.progress, context.cancelled)
        let work = try await ImageWork(image, plan: plan, pipeline: pipeline, replacing: !keepEdited)
        // What each step did: ran for a new result, ran again because its pixels are not kept, or was left alone.
        let now = pipeline.states(of: image, plan: plan)
        let mayRun = Set(work.relevant)
        func left(_ names: Set<String>) { for name in mayRun.subtracting(names) { progress.tally(name) { $0.kept = ($0.kept ?? 0) + 1 } } }
        if work.ends.isEmpty {
            // Frames of a mosaic, or images of which only pictures are exported.
            if image.state != .processed, image.state != .failed || image.pyramid != nil {
                var change = ImageChange()
                (change.state, change.error) = (.processed, .some(nil))
                try await context.project.updateImage(image.id, change)
                context.announce(.images([image.id]))
            }
            return .unchanged
        }
        if work.stale.isEmpty && work.measures.isEmpty {
            left([])
            // The first run that notes them.
            if image.states.isEmpty { try await context.project.setStates(image: image.id, now) }
            return .unchanged
        }

        let nodes = try await pipeline.context(of: image, isCancelled: { cancelled.isSet })
        if work.stale.isEmpty {
            progress.say("Measures, \(image.name)")
            let start = ContinuousClock.now
            try await pipeline.measureAgain(image, only: work.measures, plan: plan, context: nodes)
            let seconds = (ContinuousClock.now - start) / .seconds(1)
            for name in work.measures {
                progress.tally(name) { tally in
                    tally.done += 1
                    tally.seconds += seconds / Double(work.measures.count)
                }
            }
            left(work.measures)
            context.announce(.objects(image: image.id, revision: image.revision))
            return .measured
        }
        let states = now
        var step: (name: String, start: ContinuousClock.Instant)?
        var ran: Set<String> = []
        func next(_ name: String?) {
            let now = ContinuousClock.now
            if let step {
                let isAgain = !image.states.isEmpty && image.states[step.name] == states[step.name] && !work.forced
                progress.tally(step.name) {
                    $0.seconds += (now - step.start) / .seconds(1)
                    $0.done += 1
                    if isAgain { $0.again = ($0.again ?? 0) + 1 }
                }
                ran.insert(step.name)
            }
            step = name.map { ($0, now) }
        }
        let stores = parameters.pictures == true ? PictureStore.all(pipeline, plan: plan) : []
        var pictured: [Graph.End: any SlotValue] = [:]
        let results = try pipeline.results(
            of: image, ends: work.stale, plan: plan, context: nodes,
            progress: { name, _ in
                next(name)
                progress.say("\(plan.step(name)?.nodeClass.title ?? name), \(image.name)")
            },
            inspect: { values in
                next(nil)
                for (end, value) in values { progress.tally(end.node) { $0.add(value) } }
                for store in stores { pictured[store.end] = values[store.end] }
            })
        left(ran)
        for store in stores {
            try nodes.checkCancelled()
            try store.save(pictured[store.end], of: image, boxes: results.flatMap { $0.regions.map(\.box) })
        }
        pictured = [:]
        for (index, var result) in results.enumerated() {
            result.keepEdited = keepEdited
            if keepEdited { result = try await leavingOutEdited(result, project: context.project) }
            let labelled = try await context.project.labelledObjects(image: image.id, node: result.node, editedToo: !keepEdited)
            if !labelled.isEmpty {
                let known = try await context.project.identities(image: image.id, node: result.node)
                let (followed, lost) = try FollowedLabels.followed(
                    in: result, labelled: labelled.map { .init(uid: $0.uid, box: $0.mask.box, png: $0.mask.png) }, known: known)
                result = followed
                tally.withLock { $0.labelsLost += lost }
            }
            // With the last of them, all steps that ran are as now; measuring steps of other slots follow below.
            if index == results.count - 1 { result.states = image.states.merging(now.filter { !work.measures.contains($0.key) }) { $1 } }
            let outcome = try await context.project.storeResult(result)
            try await label(result, outcome, context)
            tally.withLock { [result] tally in
                tally.objects += result.regions.count
                for reject in result.rejects { tally.rejects[reject.rule ?? "", default: 0] += 1 }
            }
            context.announce(.objects(image: image.id, revision: outcome.revision))
        }
        // Edited objects keep their masks, but not measurements by another pixel size or correction.
        if keepEdited { try await pipeline.measureAgain(image, edited: true, plan: plan, context: nodes) }
        if !work.measures.isEmpty, let present = try await context.project.image(image.id) {
            try await pipeline.measureAgain(present, only: work.measures, plan: plan, context: nodes)
        }
        try await ObjectMapMaker(project: context.project).prepare(image.id)
        context.announce(.images([image.id]))
        return .computed
    }

    /// Gives objects that were read from files the labels that these say; what a person or model said stays.
    private func label(_ result: ImageResult, _ outcome: ResultOutcome, _ context: JobContext) async throws {
        guard !result.categories.isEmpty else { return }
        var categories = try await CategoryImport(context.project, by: "import")
        let present = Dictionary(uniqueKeysWithValues: try await context.project.allObjects(of: result.image).map { ($0.id, $0.label) })
        var labels: [NewLabel] = []
        for (object, region) in zip(outcome.regions, result.regions) {
            guard let object, let said = result.categories[region.uid], let label = present[object], label == nil || label?.source == .rule else { continue }
            let category = try await categories.id(of: said)
            labels.append(NewLabel(object: object, category: .id(category), status: said.score == nil ? .validated : .predicted, score: said.score))
        }
        if !labels.isEmpty { _ = try await context.project.setLabels(labels, source: .rule, by: "import") }
    }

    /// Drops what lies on objects that a person made, changed or took away: their word stands.
    private func leavingOutEdited(_ result: ImageResult, project: Project) async throws -> ImageResult {
        let footprint = try await project.editFootprint(image: result.image)
        if footprint.isEmpty { return result }
        let edited = Mask.union(of: try footprint.map { try MaskPNG.decode($0.png, origin: ($0.box.x, $0.box.y)) })
        let area = edited.boundingBox
        func isFree(_ region: NewRegion) throws -> Bool {
            guard region.box.intersects(area) else { return true }
            return try !MaskPNG.decode(region.png, origin: (region.box.x, region.box.y)).intersects(edited)
        }
        let all = result.regions + result.rejects
        let free = try all.indices.filter { try isFree(all[$0]) }
        let position = Dictionary(uniqueKeysWithValues: free.enumerated().map { ($0.element, $0.offset) })
        func moved(_ index: Int) -> NewRegion {
            var region = all[index]
            region.parentIndex = region.parentIndex.flatMap { position[$0] }
            return region
        }
        var kept = result
        kept.regions = free.filter { $0 < result.regions.count }.map(moved)
        kept.rejects = free.filter { $0 >= result.regions.count }.map(moved)
        return kept
    }

    private func markFailed(_ image: ImageRecord, reason: String, project: Project) async throws {
        var change = ImageChange()
        change.state = .failed
        change.error = .some(reason)
        try await project.updateImage(image.id, change)
    }
}

extension StoreError {
    /// Whether the next image would meet the same: a full or vanished disk, not a bad file.
    var stopsEverything: Bool {
        switch self {
        case .diskFull, .io, .closed, .readOnly: true
        default: false
        }
    }
}
