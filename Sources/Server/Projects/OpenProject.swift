import Editing
import Foundation
import Jobs
import Nodes
import Pipeline
import Pyramid
import Store
import Synchronization

/// A project that the server has open, with everything that works on it.
final class OpenProject: Sendable {
    let user: String
    let name: String
    let project: Project
    let pipeline: ProjectPipeline
    let runner: JobRunner
    let editor: Editor
    let events: EventHub
    let pyramids: Pyramids
    let originals: OriginalPixels
    let overlays = TileCache(byteLimit: 32 << 20)
    let objects: ObjectMaps
    /// Objects by category, for overlays of one category.
    let labelled = LabelledObjects()
    let vignettes = Vignettes()
    /// Contact sheets by their tags: about a kilobyte an object.
    let sheets = TileCache(byteLimit: 16 << 20)
    let uploads: Uploads
    let work: WorkPool
    /// One thread for edits, so that they wait for no run and no request waits for them.
    private let editing = WorkerThreads(count: 1, niceness: 0)
    /// And one for previews of edits, which may take long for shapes that no hand draws, so that neither edits nor tiles wait for those.
    let looking = WorkerThreads(count: 1, niceness: 5)
    private let lastUse = Mutex(ContinuousClock.now)

    init(
        user: String, name: String, project: Project, pipeline: ProjectPipeline, runner: JobRunner, events: EventHub, work: WorkPool,
        workers: WorkerThreads, limits: ServerConfiguration.Limits
    ) {
        (self.user, self.name, self.project, self.pipeline) = (user, name, project, pipeline)
        (self.runner, self.events, self.work) = (runner, events, work)
        editor = Editor(project: project, pipeline: pipeline, executor: editing, looking: looking)
        pyramids = Pyramids(project: project, pipeline: pipeline, work: work, workers: workers, events: events)
        originals = OriginalPixels(project: project, work: work)
        objects = ObjectMaps(project: project, work: work)
        uploads = Uploads(project: project, work: work, workers: workers, limit: limits.upload)
    }

    /// `/api/projects/{user}/{project}`.
    var address: String { "/api/projects/\(user)/\(name)" }

    func touch() { lastUse.withLock { $0 = .now } }

    /// Nobody listens, nothing runs, and nobody asked for that long.
    func isIdle(for duration: Duration) async throws -> Bool {
        guard events.listenerCount == 0, lastUse.withLock({ $0.duration(to: .now) }) >= duration else { return false }
        return try await project.jobs(limit: 20).items.allSatisfy(\.state.isFinished)
    }

    /// Ends streams, lets the running job go, brings the folder into the state that opens anywhere.
    func close() async throws {
        events.close()
        editor.stop()
        await runner.stop()
        await pyramids.stop()
        editing.stop()
        looking.stop()
        objects.close()
        try project.close()
    }

    /// Objects of images whose pixel size changed get new measurements at once: µm of an old calibration must not stand.
    func measureAgain(_ images: [ImageRecord]) async throws {
        let ids = images.filter { $0.objects > 0 }.map(\.id)
        if ids.isEmpty { return }
        _ = try await runner.enqueue(type: "measure", parameters: String(decoding: JSONEncoder().encode(["images": ids]), as: UTF8.self), by: user)
    }

    /// Gives images the pixel size that the pipeline says now, and measures again what that changes.
    func calibrate() async throws {
        let changed = try await ImageImporter(project: project).calibrate(try await project.allImages())
        if changed.isEmpty { return }
        publish(.images(changed.map(\.id)))
        try await measureAgain(changed)
    }

    /// Tells open pages about something.
    func publish(_ event: ProjectEvent) {
        switch event {
        case .job(let job, let secondsLeft, let nodes): events.publish("job", JobJSON.value(job, secondsLeft: secondsLeft, nodes: nodes, log: nil))
        case .objects(let image, let revision): events.publish("objects", ["image": .integer(image), "revision": .integer(revision)])
        case .images(let ids):
            for id in ids { pyramids.forget(id) }
            objects.forgetRemoved(ids)
            events.publish("images", ["ids": .array(ids.map { .integer($0) })])
        }
    }
}
