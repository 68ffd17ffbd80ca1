import Foundation
import Nodes
import Pyramid
import Raster
import Store
import Synchronization

/// The objects of the images that people look at, in memory, so that tiles, hits and polygons wait neither for the disk nor for a run that is
/// being stored. A map is read from its derived file or made from the masks when it is first needed, and follows every change of the project
/// at once. Those used last stay within a bound of memory.
final class ObjectMaps: ObjectWatcher {
    /// An image's objects at one moment.
    struct Snapshot: Sendable {
        let image: ObjectID
        let uid: String
        /// The image's; grows with every change.
        let revision: Int64
        let layout: PyramidLayout
        let map: ObjectMap
        /// Boxes of the changes that led here, the last at the end, complete after revision `knownSince`.
        fileprivate var changes: [(revision: Int64, box: Rect)] = []
        fileprivate var knownSince: Int64
        /// Revision of the derived file, when there is one.
        fileprivate var saved: Int64?

        /// Whether what lies in the box is as it was at an earlier revision.
        func isUnchanged(since revision: Int64, in box: Rect) -> Bool {
            revision >= knownSince && revision <= self.revision && !changes.contains { $0.revision > revision && $0.box.intersects(box) }
        }
    }

    private struct Making {
        let task: Task<Snapshot?, any Error>
        /// Changes since it began.
        var later: [ObjectsChanged] = []
    }

    private struct State {
        var ready: [ObjectID: (snapshot: Snapshot, use: Int)] = [:]
        var making: [ObjectID: Making] = [:]
        /// Images whose masks do not fit into memory like this.
        var tooLarge: Set<ObjectID> = []
        var former: [(image: ObjectID, edit: Int64, revision: Int64, map: ObjectMap)] = []
        var uses = 0
        var isClosed = false
    }

    /// Objects that changed, after which all are put into one layer again.
    private static let mostChanged = 4_096
    private static let mostChanges = 128

    private let project: Project
    private let work: WorkPool
    private let maker: ObjectMapMaker
    private let byteLimit: Int
    private let state = Mutex(State())

    init(project: Project, work: WorkPool, byteLimit: Int = 256 << 20) {
        (self.project, self.work, self.byteLimit) = (project, work, byteLimit)
        maker = ObjectMapMaker(project: project) { body in try await work.run(body) }
        project.watchObjects(self)
    }

    /// The present objects, when they are in memory.
    func ready(_ image: ObjectID) -> Snapshot? {
        state.withLock { state in
            guard let known = state.ready[image] else { return nil }
            state.uses += 1
            state.ready[image]?.use = state.uses
            return known.snapshot
        }
    }

    /// The present objects; nil when they are too many to be kept in memory.
    /// - Throws: `image.unknown`, `image.unreadable`, `StoreError`.
    func objects(of image: ObjectID) async throws -> Snapshot? {
        if let known = ready(image) { return known }
        let task: Task<Snapshot?, any Error>? = state.withLock { state in
            if state.tooLarge.contains(image) { return nil }
            if let making = state.making[image] { return making.task }
            let task = Task { try await self.make(image) }
            state.making[image] = Making(task: task)
            return task
        }
        return try await task?.value
    }

    /// Whether the map is being made from the masks, which takes a second per 50,000 objects; what is not, is begun.
    func isMaking(_ image: ObjectID) -> Bool {
        if maker.hasFile(image) { return false }
        prepare(image)
        return true
    }

    /// Begins to make the map of an image with many objects, so that who looks at it next need not wait.
    func prepare(_ image: ObjectID) {
        guard ready(image) == nil else { return }
        Task {
            guard let record = try? await project.image(image), record.objects >= ObjectMapMaker.worthSaving else { return }
            _ = try? await objects(of: image)
        }
    }

    /// Objects just after an entry of the image's history.
    /// - Throws: `StoreError.notFound` when it has no such entry; as `objects(of:)`.
    func objects(of image: ObjectID, after edit: Int64) async throws -> ObjectMap {
        guard let present = try await objects(of: image) else {
            throw Problem(.valueInvalid, "the objects of image \(image) are too many to show how they were; look at its present state")
        }
        let known = state.withLock { state in state.former.first { $0.image == image && $0.edit == edit && $0.revision == present.revision }?.map }
        if let known { return known }
        let difference = try await project.objectState(image: image, edit: edit)
        let gone = difference.filter { $0.value == nil }.map(\.key)
        let revisions = difference.compactMap { object, mask in mask == present.map.revision(of: object) ? nil : mask }
        guard let layer = try await maker.layer(revisions, layout: present.layout) else {
            throw Problem(.valueInvalid, "the objects are too many to show how they were; look at their present state")
        }
        let map = present.map.changed(gone: gone, new: layer)
        state.withLock { state in
            state.former.append((image, edit, present.revision, map))
            // Two of them are compared, and one is being looked at.
            if state.former.count > 4 { state.former.removeFirst() }
        }
        return map
    }

    /// Gives up the maps of those images that were taken out of the project.
    func forgetRemoved(_ images: [ObjectID]) {
        for image in images where ready(image) != nil {
            Task {
                guard let record = try? await project.image(image), record.removedAt == nil else {
                    return state.withLock { state in
                        state.ready[image] = nil
                        state.former.removeAll { $0.image == image }
                    }
                }
            }
        }
    }

    /// Bytes that maps take now.
    var byteCount: Int { state.withLock { $0.ready.values.reduce(0) { $0 + $1.snapshot.map.byteCount } } }

    /// Saves what changed since it was read, so that the next opening is quick.
    func close() {
        project.watchObjects(nil)
        let ready = state.withLock { state in
            defer { state = State(isClosed: true) }
            return state.ready.values.map(\.snapshot)
        }
        for snapshot in ready { save(snapshot) }
    }

    // MARK: - Following changes

    func wants(_ image: ObjectID) -> Bool {
        state.withLock { $0.ready[image] != nil || $0.making[image] != nil || $0.tooLarge.contains(image) }
    }

    func objectsChanged(_ change: ObjectsChanged) {
        let known: Snapshot? = state.withLock { state in
            if change.objects == nil { state.tooLarge.remove(change.image) }
            state.making[change.image]?.later.append(change)
            return state.ready[change.image]?.snapshot
        }
        guard let known else { return }
        // Changes come one after the other, from the one queue of the connection.
        guard let next = Self.apply(change, to: known) else {
            state.withLock { $0.ready[change.image] = nil }
            prepare(change.image)
            return
        }
        state.withLock { state in
            if state.ready[change.image] != nil { state.ready[change.image]?.snapshot = next }
        }
        if next.map.changedCount > Self.mostChanged { Task { try? await compact(next) } }
    }

    /// The snapshot after a change; nil when it has to be made anew.
    private static func apply(_ change: ObjectsChanged, to snapshot: Snapshot) -> Snapshot? {
        guard let (present, gone) = change.objects, change.revision >= 0 else { return nil }
        guard change.revision > snapshot.revision else { return snapshot }
        guard let layer = ObjectMapMaker.layer(present, layout: snapshot.layout) else { return nil }
        var box = Rect(x: 0, y: 0, width: 0, height: 0)
        for id in gone { if let old = snapshot.map.box(of: id) { box = box.union(old) } }
        for mask in present {
            box = box.union(mask.box)
            if let old = snapshot.map.box(of: mask.object) { box = box.union(old) }
        }
        var changes = snapshot.changes + [(change.revision, box)]
        var knownSince = snapshot.knownSince
        if changes.count > mostChanges { knownSince = changes.removeFirst().revision }
        return Snapshot(
            image: snapshot.image, uid: snapshot.uid, revision: change.revision, layout: snapshot.layout,
            map: snapshot.map.changed(gone: gone, new: layer), changes: changes, knownSince: knownSince, saved: snapshot.saved)
    }

    private func compact(_ snapshot: Snapshot) async throws {
        let map = try await work.run { ObjectMap(layout: snapshot.layout, layers: [snapshot.map.compacted()]) }
        state.withLock { state in
            // An edit came in between: the next one tries again.
            guard let now = state.ready[snapshot.image]?.snapshot, now.revision == snapshot.revision else { return }
            state.ready[snapshot.image]?.snapshot = Snapshot(
                image: now.image, uid: now.uid, revision: now.revision, layout: now.layout, map: map, changes: now.changes, knownSince: now.knownSince,
                saved: now.saved)
        }
    }

    // MARK: - Making

    private func make(_ image: ObjectID) async throws -> Snapshot? {
        do {
            while true {
                state.withLock { $0.making[image]?.later = [] }
                var snapshot = try await load(image)
                let isDone = state.withLock { state in
                    for change in state.making[image]?.later ?? [] {
                        guard let before = snapshot else { break }
                        // All at once changed: begin anew.
                        guard let next = Self.apply(change, to: before) else { return false }
                        snapshot = next
                    }
                    state.making[image] = nil
                    if let snapshot {
                        if !state.isClosed { insert(snapshot, &state) }
                    } else {
                        state.tooLarge.insert(image)
                    }
                    return true
                }
                guard isDone else { continue }
                if let snapshot, snapshot.saved == nil || snapshot.saved != snapshot.revision {
                    let done = snapshot
                    Task { try? await self.work.run { self.save(done) } }
                }
                return snapshot
            }
        } catch {
            state.withLock { $0.making[image] = nil }
            throw error
        }
    }

    private func insert(_ snapshot: Snapshot, _ state: inout State) {
        state.uses += 1
        state.ready[snapshot.image] = (snapshot, state.uses)
        var bytes = state.ready.values.reduce(0) { $0 + $1.snapshot.map.byteCount }
        while bytes > byteLimit, state.ready.count > 1, let oldest = state.ready.min(by: { $0.value.use < $1.value.use }) {
            bytes -= oldest.value.snapshot.map.byteCount
            state.ready[oldest.key] = nil
        }
    }

    private func load(_ image: ObjectID) async throws -> Snapshot? {
        guard let record = try await project.image(image), record.removedAt == nil else { throw Problem.unknownImage(image) }
        guard record.width > 0 else { throw Problem(.imageUnreadable, record.error ?? "\(record.name) cannot be read; import a good copy") }
        guard let (map, saved) = try await maker.map(of: record, byteLimit: byteLimit) else { return nil }
        return Snapshot(
            image: image, uid: record.uid, revision: record.revision, layout: ObjectMapMaker.layout(of: record), map: map, knownSince: record.revision, saved: saved)
    }

    private func save(_ snapshot: Snapshot) {
        guard snapshot.saved != snapshot.revision,
            maker.save(snapshot.map, image: snapshot.image, uid: snapshot.uid, revision: snapshot.revision)
        else { return }
        state.withLock { $0.ready[snapshot.image]?.snapshot.saved = snapshot.revision }
    }
}
