import Foundation
import Pipeline
import Raster
import Store

/// Images that a node looks at together, with what flows into it of each of them, and a folder for what it makes.
package struct FrameGroup: Sendable {
    package struct Frame: Sendable {
        package let image: ImageRecord
        /// Fields by the names of the export, `acq_id` among them.
        package let metadata: [String: String]

        package var acquisition: String { metadata["acq_id"] ?? "" }
        /// Folder part of its name; empty without one.
        package var folder: String { image.name.lastIndex(of: "/").map { String(image.name[..<$0]) } ?? "" }

        package init(image: ImageRecord, metadata: [String: String]) { (self.image, self.metadata) = (image, metadata) }
    }

    /// What its frames have in common, as the node says it.
    package let name: String
    /// By name, then content: the same order on every machine.
    package let frames: [Frame]
    /// Where files of this group go: below the project folder, there already, its own for every key.
    package let folder: String
    private let pipeline: ProjectPipeline
    private let plan: Plan
    private let step: Plan.Step
    private let executor: (any TaskExecutor)?
    private let width: Int
    /// Most bytes that what is read ahead of its use should take.
    package let memory: Int
    private let report: @Sendable (_ done: Int, _ total: Int) -> Void
    package let isCancelled: @Sendable () -> Bool

    /// - Parameters:
    ///   - executor: threads for `concurrently`.
    ///   - width: how many work at the same time.
    ///   - memory: most bytes of what is read ahead of its use.
    package init(
        name: String, frames: [Frame], folder: String, pipeline: ProjectPipeline, plan: Plan, step: Plan.Step, executor: (any TaskExecutor)? = nil, width: Int = 1,
        memory: Int = .max, report: @escaping @Sendable (Int, Int) -> Void = { _, _ in }, isCancelled: @escaping @Sendable () -> Bool = { false }
    ) {
        (self.name, self.frames, self.folder) = (name, frames, folder)
        (self.pipeline, self.plan, self.step) = (pipeline, plan, step)
        (self.executor, self.width, self.memory, self.report, self.isCancelled) = (executor, width, memory, report, isCancelled)
    }

    /// What flows into an input of the node of one frame; nil when nothing is connected. Computed now and not kept: who needs it twice, keeps
    /// it or asks twice.
    /// - Throws: what one image can cause. A node that can go on without that frame catches it, unless it is `RunCancelled`.
    package func value<Value: SlotValue>(_ slot: Slot<Value>, of frame: Frame) throws -> Value? {
        guard let end = step.sources[slot.name]?.first else { return nil }
        try checkCancelled()
        let context = NodeContext(
            source: .init(
                uid: frame.image.uid, name: frame.image.name, pixelSizeMicrometres: frame.image.pixelSize, metadata: frame.metadata, area: frame.image.area,
                realm: frame.image.realm), isCancelled: isCancelled)
        let values = try pipeline.values(of: frame.image, wanted: [end], plan: plan, context: context, remembering: false)
        guard let value = values[end] else { preconditionFailure("\(end) was not made") }
        return SlotValues([slot.name: value])[slot]
    }

    /// Runs `body` for each item on the job's threads, a few at a time; results in the order of the items.
    package func concurrently<Item: Sendable, Result: Sendable>(
        _ items: [Item], _ body: @escaping @Sendable (Item) async throws -> Result
    ) async throws -> [Result] {
        try await withThrowingTaskGroup(of: (Int, Result).self) { group in
            var results = [Result?](repeating: nil, count: items.count)
            var next = 0
            func add() {
                guard next < items.count else { return }
                let (index, item) = (next, items[next])
                next += 1
                group.addTask(executorPreference: executor) {
                    try checkCancelled()
                    return (index, try await body(item))
                }
            }
            for _ in 0..<max(1, width) { add() }
            while let (index, result) = try await group.next() {
                results[index] = result
                add()
            }
            return results.map { result in
                guard let result else { preconditionFailure("an item of a group has no result") }
                return result
            }
        }
    }

    /// Writes a file of the group: `body` makes it at the path it is given, and it appears under its name when it is whole.
    package func write<Result>(_ name: String, _ body: (_ path: String) throws -> Result) throws -> Result {
        try pipeline.project.files.writeAtPath("\(folder)/\(name)", body)
    }

    /// What decides the value of an input of one frame: of equal states, the values are equal.
    package func inputState<Value: SlotValue>(of slot: Slot<Value>, _ frame: Frame) -> String {
        guard let end = step.sources[slot.name]?.first else { return "" }
        return FileDigest.sha256(Array(pipeline.state(of: end, image: frame.image, plan: plan).utf8))
    }

    /// Files whose names begin so that this step made with the same settings, of this group before it was interrupted or of another one; taken over
    /// into this group's folder.
    /// - Returns: whether there was one.
    package func takeEarlier(named stem: String, endings: [String]) throws -> Bool {
        let files = pipeline.project.files
        let (parent, own) = (String(folder.prefix { $0 != "/" }), String(folder.drop { $0 != "/" }.dropFirst()))
        var isThere = try endings.contains { try files.size("\(folder)/\(stem).\($0)") != nil }
        guard !isThere else { return true }
        for other in try files.list(parent) where other.kind == .folder && other.name != own && other.name.prefix(16) == own.prefix(16) {
            for ending in endings where try files.size("\(parent)/\(other.name)/\(stem).\(ending)") != nil {
                let bytes = try files.read("\(parent)/\(other.name)/\(stem).\(ending)")
                try write("\(stem).\(ending)") { path in try Data(bytes).write(to: URL(filePath: path)) }
                isThere = true
            }
            if isThere { return true }
        }
        return false
    }

    /// The same for a body that waits for others meanwhile.
    package func write<Result>(waiting name: String, _ body: (_ path: String) async throws -> Result) async throws -> Result {
        try await pipeline.project.files.writeAtPath(waiting: "\(folder)/\(name)", body)
    }

    /// Tells how far the node is with this group. Throws when the job was cancelled.
    package func progress(_ done: Int, of total: Int) throws(RunCancelled) {
        try checkCancelled()
        report(done, total)
    }

    package func checkCancelled() throws(RunCancelled) {
        if isCancelled() { throw RunCancelled() }
    }
}

extension ProjectPipeline {
    /// All images of a realm that can be read, in the groups that `group` gives; images for which it gives nil are left out.
    /// - Parameter images: of the project; nil as they are now.
    package func groups(
        _ images: [ImageRecord]? = nil, realm: String, by group: (FrameGroup.Frame) -> String?
    ) async throws -> [(name: String, frames: [FrameGroup.Frame])] {
        let all: [ImageRecord]
        if let images { all = images } else { all = try await project.allImages() }
        let said = try await project.imageMetadata()
        var names = LevelNames(sampleFallback: OnDiskName.make(from: try await project.title()))
        var groups: [String: [FrameGroup.Frame]] = [:]
        for image in all.sorted(by: { ($0.name, $0.uid) < ($1.name, $1.uid) }) where image.realm == realm {
            // Names count every image, so that those of the others do not change with one that cannot be read.
            let metadata = names.named(said[image.id] ?? [:], pixelSize: image.pixelSize)
            // One that failed in a former run may do now; a node goes on without those it cannot read.
            guard image.width > 0 else { continue }
            let frame = FrameGroup.Frame(image: image, metadata: metadata)
            if let name = group(frame) { groups[name, default: []].append(frame) }
        }
        return groups.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
    }

    /// Key of what a step makes of a group: equal keys, equal files. Begins with the part that the settings decide.
    package func groupKey(_ frames: [FrameGroup.Frame], step: Plan.Step, plan: Plan, identity: (FrameGroup.Frame) -> String) -> String {
        let inputs = step.sources.sorted { $0.key < $1.key }.flatMap(\.value)
        let parts = frames.map { frame in
            "\(frame.image.uid) \(identity(frame)) " + inputs.map { state(of: $0, image: frame.image, plan: plan) }.joined(separator: "|")
        }
        return settingsKey(of: step, plan: plan) + FileDigest.sha256(Array(parts.joined(separator: "\n").utf8)).prefix(16)
    }
}
