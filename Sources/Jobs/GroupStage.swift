import Codecs
import Foundation
import Nodes
import Pipeline
import Store

/// The part of a run that looks at many images at once, before single ones are worked on: prepares and gathers, in the order of the steps.
struct GroupStage {
    let context: JobContext
    let plan: Plan
    /// Only groups with one of these images; nil for all.
    let selected: Set<ObjectID>?
    let keepEdited: Bool

    /// Groups that were prepared or gathered now, and those that were as before.
    private(set) var made = 0
    private(set) var kept = 0
    private(set) var failures: [JobOutcome.Failure] = []
    /// Images of groups that could not be prepared, with the reason.
    private(set) var failedImages: [ObjectID: String] = [:]
    /// Images that were made of others in this run.
    private(set) var newImages: Set<ObjectID> = []
    private(set) var warnings: [String] = []

    private var project: Project { context.project }

    init(context: JobContext, plan: Plan, selected: Set<ObjectID>?, keepEdited: Bool) {
        (self.context, self.plan, self.selected, self.keepEdited) = (context, plan, selected, keepEdited)
    }

    /// - Throws: `JobError`, which names the step, when what a step needs is not there.
    static func requireReady(_ plan: Plan) throws {
        for step in plan.steps {
            guard let node = step.node as? any PreparedNode else { continue }
            do { try node.requireReady() } catch { throw JobError.failed("\(step.name): \(error)") }
        }
    }

    /// - Throws: `JobError`, which names the step, when it could not prepare any group.
    mutating func run() async throws {
        for step in plan.steps {
            if let node = step.node as? any PreparedNode { try await prepare(step, node) }
            if let node = step.node as? any GatheringNode { try await gather(step, node) }
        }
    }

    private func isWanted(_ frames: [FrameGroup.Frame]) -> Bool {
        selected.map { chosen in frames.contains { chosen.contains($0.image.id) || newImages.contains($0.image.id) } } ?? true
    }

    private func group(_ name: String, _ frames: [FrameGroup.Frame], folder: String, step: Plan.Step) -> FrameGroup {
        let (progress, cancelled, paused, title) = (context.progress, context.cancelled, context.paused, step.nodeClass.title)
        progress.begin(total: frames.count, message: title)
        return FrameGroup(
            name: name, frames: frames, folder: folder, pipeline: context.pipeline, plan: plan, step: step, executor: context.workers, width: context.workers.count,
            memory: context.memory.limit / 2,
            report: { done, total in progress.set(done: done, total: total, message: "\(title), \(name)") }, isCancelled: { cancelled.isSet || paused.isSet })
    }

    /// A full or vanished disk, or a person, stops everything; all else is the group's own affair.
    private static func stopsEverything(_ error: any Error) -> Bool {
        error is RunCancelled || error is CancellationError || (error as? StoreError)?.stopsEverything == true
    }

    // MARK: - Prepared nodes

    private mutating func prepare(_ step: Plan.Step, _ node: some PreparedNode) async throws {
        var keys: [ObjectID: String?] = [:]
        var known: Set<String> = []
        var isAnyThere = false
        var failed: [ObjectID: String] = [:]
        for (name, frames) in try await context.pipeline.groups(realm: step.realm, by: node.group) {
            try context.checkCancelled()
            guard isWanted(frames) else {
                known.formUnion(frames.compactMap { $0.image.prepared[step.name] })
                continue
            }
            let key = context.pipeline.groupKey(frames, step: step, plan: plan, identity: node.identity)
            let files = PreparedFiles(files: project.files, folder: "\(step.name)/\(key)")
            known.insert(key)
            if try isThere("\(files.folder)/\(PreparedFiles.mark)") {
                kept += 1
                isAnyThere = true
                await context.note("\(step.name): \(frames.count) images of “\(name)” as before, kept")
            } else {
                let start = ContinuousClock.now
                do {
                    try project.files.makeFolder(files.folder)
                    let group = group(name, frames, folder: files.folder, step: step)
                    try await context.workers.run { try await node.prepare(group) }
                    try project.files.write("\(files.folder)/\(PreparedFiles.mark)") { try $0.write(Array("{}\n".utf8)) }
                    made += 1
                    isAnyThere = true
                    await context.note("\(step.name): \(frames.count) images of “\(name)” prepared (\(JobRunner.seconds(since: start)))")
                } catch let error where Self.stopsEverything(error) { throw error } catch {
                    await context.note("\(step.name): “\(name)” failed: \(error)")
                    for frame in frames {
                        failed[frame.image.id] = "\(error)"
                        keys[frame.image.id] = .some(nil)
                    }
                    continue
                }
            }
            for frame in frames where frame.image.prepared[step.name] != key { keys[frame.image.id] = key }
        }
        // Nothing to go on with is the step's fault, not that of single images: these stay as they were.
        if !isAnyThere, let reason = failed.min(by: { $0.key < $1.key })?.value { throw JobError.failed("\(step.name): \(reason)") }
        failedImages.merge(failed) { former, _ in former }
        try await project.setPrepared(step: step.name, keys: keys)
        try await removeUnused(step, keeping: known)
    }

    private func isThere(_ path: String) throws -> Bool { try project.files.size(path) != nil }

    /// Files of settings and groups that are no more; they could be made again.
    private func removeUnused(_ step: Plan.Step, keeping known: Set<String>) async throws {
        // No folder, nothing to remove; and what cannot be removed now is removed by a later run.
        guard let entries = try? project.files.list(step.name) else { return }
        for entry in entries where entry.kind == .folder && entry.name.wholeMatch(of: /[0-9a-f]{32}/) != nil && !known.contains(entry.name) {
            try project.files.remove("\(step.name)/\(entry.name)")
        }
    }

    // MARK: - Gathering nodes

    /// What is noted in a group's folder when its images are all there.
    private struct Record: Codable {
        var images: [String]
        var leftOut: [Gathered.LeftOut]
        var warnings: [String]?
    }

    private mutating func gather(_ step: Plan.Step, _ node: some GatheringNode) async throws {
        let groups = try await context.pipeline.groups(realm: step.realm, by: node.group)
        for (name, frames) in groups where isWanted(frames) {
            try context.checkCancelled()
            let key = context.pipeline.groupKey(frames, step: step, plan: plan, identity: node.identity)
            let folder = "\(step.name)/\(key)"
            if let record = try await record(folder, key: key, step: step) {
                kept += 1
                await context.note("\(step.name): \(frames.count) images of “\(name)” as before, \(record.images.count) made of them kept")
                note(record.leftOut, step)
                warnings += record.warnings ?? []
                continue
            }
            let former = try await madeImages(step).filter { $0.made?.group == name && $0.made?.key != key }
            let edited = try await project.editedCount(images: former.map(\.id))
            if keepEdited, edited > 0 {
                warnings.append("\(former.map(\.name).joined(separator: ", ")) stays as it was, because \(edited) of its objects were edited; run again and replace them to make it anew.")
                await context.note("\(step.name): “\(name)” kept for its \(edited) edited objects")
                continue
            }
            let start = ContinuousClock.now
            do {
                try project.files.makeFolder(folder)
                let group = group(name, frames, folder: folder, step: step)
                let gathered = try await context.workers.run { try await node.gather(group) }
                let importer = try await ImageImporter(project: project)
                var record = Record(images: [], leftOut: gathered.leftOut, warnings: gathered.warnings.isEmpty ? nil : gathered.warnings)
                for (index, image) in gathered.images.enumerated() {
                    let made = MadeImage(key: key, group: name, frames: image.frames)
                    let stored = try await importer.insertMade(image, number: index, folder: folder, step: step.name, made: made, frames: frames, isCancelled: group.isCancelled)
                    record.images.append(stored.uid)
                    newImages.insert(stored.id)
                    context.announce(.images([stored.id]))
                }
                for image in former {
                    try await project.removeImage(image.id)
                    context.announce(.images([image.id]))
                }
                let encoder = JSONEncoder()
                encoder.outputFormatting = [.sortedKeys]
                let text = try encoder.encode(record)
                try project.files.write("\(folder)/\(PreparedFiles.mark)") { try $0.write([UInt8](text)) }
                made += 1
                for line in gathered.notes + gathered.warnings { await context.note("\(step.name): \(line)") }
                warnings += gathered.warnings
                await context.note(
                    "\(step.name): \(gathered.images.count) made of \(frames.count) images of “\(name)”, \(gathered.leftOut.count) left out (\(JobRunner.seconds(since: start)))")
                note(gathered.leftOut, step)
            } catch let error where Self.stopsEverything(error) { throw error } catch {
                failures.append(.init(name: "\(step.name) of \(name.isEmpty ? "\(frames.count) images" : name)", reason: "\(error)"))
                await context.note("\(step.name): “\(name)” failed: \(error)")
            }
        }
        // Of groups that are no more, for example because their frames were removed.
        let names = Set(groups.map(\.name))
        for image in try await madeImages(step) where selected == nil && !(image.made.map { names.contains($0.group) } ?? true) {
            if keepEdited, try await project.editedCount(images: [image.id]) > 0 { continue }
            try await project.removeImage(image.id)
            await context.note("\(step.name): \(image.name) put into the trash, its frames are gone")
            context.announce(.images([image.id]))
        }
    }

    private mutating func note(_ leftOut: [Gathered.LeftOut], _ step: Plan.Step) {
        failures += leftOut.map { .init(name: $0.name, reason: "\(step.name): \($0.reason)") }
    }

    private func madeImages(_ step: Plan.Step) async throws -> [ImageRecord] {
        try await project.allImages().filter { $0.made != nil && $0.node == step.name }
    }

    /// What was made by this key, when all of it is there; images that a later key had replaced come back.
    private func record(_ folder: String, key: String, step: Plan.Step) async throws -> Record? {
        guard try isThere("\(folder)/\(PreparedFiles.mark)"),
        let record = try? JSONDecoder().decode(Record.self, from: Data(try project.files.read("\(folder)/\(PreparedFiles.mark)")))
        else { return nil }
        let present = try await madeImages(step).filter { $0.made?.key == key }
        let uids = Set(present.map(\.uid))
        guard record.images.allSatisfy(uids.contains), present.allSatisfy({ (try? project.openOriginal($0)) != nil }) else { return nil }
        return record
    }
}
