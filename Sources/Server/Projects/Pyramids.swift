import Jobs
import Nodes
import Pipeline
import Pyramid
import Store
import Synchronization

/// The pyramid files of a project's images, kept open. One that is missing is built again: such files may be deleted at any time.
/// Until then a coarse picture stands in for it.
actor Pyramids {
    private struct Key: Hashable {
        var image: ObjectID
        /// Path of the corrected image's pyramid; nil for the original's.
        var corrected: String?
        /// The file of full depth of a 16-bit image.
        var isDeep = false
    }

    /// What an image can be shown from.
    enum Shown {
        case file(PyramidFile)
        case early(EarlyPicture)

        var source: any TileSource {
            switch self {
            case .file(let file): file
            case .early(let picture): picture
            }
        }
    }

    /// For coarse pictures, so that reading a huge file holds up no tile of another.
    private static let decoding = WorkPool(threads: 2)
    private let project: Project
    private let pipeline: ProjectPipeline
    private let work: WorkPool
    private let workers: WorkerThreads
    private let events: EventHub
    private var tasks: [Key: Task<PyramidFile, any Error>] = [:]
    private var pictures: [ObjectID: Task<EarlyPicture, any Error>] = [:]
    /// Builds that nobody waits for, and why the last one of an image failed.
    private var builds: [Key: Task<Void, Never>] = [:]
    private var failures: [Key: any Error] = [:]
    private nonisolated let ready = Mutex<[Key: PyramidFile]>([:])
    private nonisolated let isStopped = Atomic<Bool>(false)

    init(project: Project, pipeline: ProjectPipeline, work: WorkPool, workers: WorkerThreads, events: EventHub) {
        (self.project, self.pipeline, self.work, self.workers, self.events) = (project, pipeline, work, workers, events)
    }

    // MARK: - What can be shown at once

    /// The pyramid of the image, or the coarse picture that is shown until it is there: then it is being made, and an event `images` tells
    /// when it is done.
    /// - Throws: `Problem` `image.unknown`, `image.unreadable`.
    nonisolated func shown(of id: ObjectID) async throws -> Shown {
        let key = Key(image: id)
        if let file = ready.withLock({ $0[key] }) { return .file(file) }
        let image = try await readable(id)
        if let relative = image.pyramid, let file = try? await open(relative, of: image) {
            await keep(file, key)
            return .file(file)
        }
        return .early(try await early(image, key))
    }

    /// The same in the full depth of a 16-bit image.
    nonisolated func shownDeep(of id: ObjectID) async throws -> Shown {
        let key = Key(image: id, isDeep: true)
        if let file = ready.withLock({ $0[key] }) { return .file(file) }
        let image = try await readable(id)
        if let file = try? await open(ImageImporter.deepPyramidPath(of: image), of: image) {
            await keep(file, key)
            return .file(file)
        }
        return .early(try await early(image, key))
    }

    private func keep(_ file: PyramidFile, _ key: Key) {
        ready.withLock { ready in
            // Each holds a descriptor.
            if ready.count >= 64, let any = ready.keys.first { ready[any] = nil }
            ready[key] = file
        }
        if !key.isDeep, builds[Key(image: key.image, isDeep: true)] == nil { pictures[key.image] = nil }
    }

    /// The coarse picture, as far as it has come within a third of a second; building the file of `key` follows it.
    private func early(_ image: ImageRecord, _ key: Key) async throws -> EarlyPicture {
        if let error = failures[key] { throw error }
        let task: Task<EarlyPicture, any Error>
        if let known = pictures[image.id] {
            task = known
        } else {
            if pictures.count >= 4, let any = pictures.keys.first(where: { id in !builds.keys.contains { $0.image == id } }) { pictures[any] = nil }
            task = Task { try await self.startPicture(image) }
            pictures[image.id] = task
        }
        let picture: EarlyPicture
        do { picture = try await task.value } catch {
            pictures[image.id] = nil
            throw error
        }
        build(key, image, after: picture)
        let deadline = ContinuousClock.now + .milliseconds(330)
        while !picture.isComplete, ContinuousClock.now < deadline { try await Task.sleep(for: .milliseconds(5)) }
        return picture
    }

    private func startPicture(_ image: ImageRecord) async throws -> EarlyPicture {
        let (project, work) = (project, work)
        let picture = try await work.run {
            let original = try project.openOriginal(image)
            return try EarlyPicture(
                descriptor: original.descriptor, name: image.name, page: image.page, orientation: image.orientation, tileSize: ImageJSON.tileSize)
        }
        let isStopped = { @Sendable [weak self] in self?.isStopped.load(ordering: .relaxed) ?? true }
        Task {
            // A file that ends too early shows what it has; building the pyramid says what is wrong.
            try? await Self.decoding.run { try picture.fill(isCancelled: isStopped) }
            self.announce(image.id)
        }
        return picture
    }

    private nonisolated func announce(_ id: ObjectID) { events.publish("images", ["ids": [.integer(id)]]) }

    private func build(_ key: Key, _ image: ImageRecord, after picture: EarlyPicture) {
        guard !project.isReadOnly, builds[key] == nil, !isStopped.load(ordering: .relaxed) else { return }
        builds[key] = Task {
            // The first view comes before the sharp one.
            while !picture.isComplete, !isStopped.load(ordering: .relaxed), !picture.hasFailed { try? await Task.sleep(for: .milliseconds(10)) }
            do {
                _ = try await load(key) { try await key.isDeep ? self.deep(image.id) : self.original(image.id) }
            } catch {
                if !(error is RunCancelled) { failures[key] = error }
            }
            builds[key] = nil
            if !key.isDeep { pictures[key.image] = nil }
            announce(key.image)
        }
    }

    /// Ends builds and waits for them; for a project that is closed.
    func stop() async {
        isStopped.store(true, ordering: .relaxed)
        for task in builds.values { await task.value }
    }

    // MARK: - Files

    /// - Throws: `Problem` `image.unknown`, `image.unreadable`, `file.missing` (read-only and not there).
    nonisolated func file(of image: ObjectID) async throws -> PyramidFile {
        // The way of nearly every tile: no hop, no database.
        let key = Key(image: image)
        if let file = ready.withLock({ $0[key] }) { return file }
        return try await load(key) { try await self.original(image) }
    }

    /// The image as the pipeline corrects it; made when it is first looked at.
    /// - Throws: as `file(of:)`, and `graph.invalid` when the pipeline corrects nothing.
    nonisolated func correctedFile(of id: ObjectID) async throws -> PyramidFile {
        let plan = try await pipeline.plan()
        let image = try await readable(id)
        guard let relative = pipeline.correctedPyramidPath(of: image, plan: plan) else {
            throw Problem(.graphInvalid, "the pipeline corrects nothing; add a Vignetting node to see a corrected image")
        }
        let key = Key(image: id, corrected: relative)
        if let file = ready.withLock({ $0[key] }) { return file }
        return try await load(key) { try await self.corrected(image, relative: relative, plan: plan) }
    }

    /// A file that is open already, without waiting for anything. The corrected image's only by its name: which one is the present one
    /// depends on the pipeline.
    nonisolated func readyFile(of image: ObjectID, isCorrected: Bool, name: Substring?) -> PyramidFile? {
        ready.withLock { ready in
            if !isCorrected { return ready[Key(image: image)] }
            return ready.first { $0.key.image == image && $0.key.corrected != nil && $0.value.name == name }?.value
        }
    }

    /// Whether `readyFile` gives this very file.
    nonisolated func isReady(_ file: PyramidFile, image: ObjectID, isCorrected: Bool, name: Substring?) -> Bool {
        readyFile(of: image, isCorrected: isCorrected, name: name) === file
    }

    nonisolated func forget(_ image: ObjectID) {
        ready.withLock { ready in ready = ready.filter { $0.key.image != image } }
        Task { await drop(image) }
    }

    private func drop(_ image: ObjectID) {
        tasks = tasks.filter { $0.key.image != image }
        failures = failures.filter { $0.key.image != image }
    }

    private nonisolated func readable(_ id: ObjectID) async throws -> ImageRecord {
        guard let image = try await project.image(id), image.removedAt == nil else { throw Problem.unknownImage(id) }
        guard image.width > 0, image.state != .failed else {
            throw Problem(.imageUnreadable, image.error ?? "\(image.name) could not be read when it was imported; import a good copy")
        }
        return image
    }

    private nonisolated func open(_ relative: String) async throws -> PyramidFile {
        let project = project
        return try await work.run { try PyramidFile(path: project.files.checkedPath(relative)) }
    }

    /// A file whose size is not the image's is as good as missing.
    private nonisolated func open(_ relative: String, of image: ImageRecord) async throws -> PyramidFile {
        let file = try await open(relative)
        guard file.width == image.width, file.height == image.height else {
            throw Problem(.imageUnreadable, "\(image.name) is not the file it was when it was imported; import it again")
        }
        return file
    }

    private nonisolated func original(_ id: ObjectID) async throws -> PyramidFile {
        let image = try await readable(id)
        if let relative = image.pyramid, let file = try? await open(relative, of: image) { return file }
        try requireWritable(image)
        let importer = try await ImageImporter(project: project)
        let relative = try await workers.run { [self] in try importer.buildPyramid(of: image, isCancelled: { isStopped.load(ordering: .relaxed) }) }
        var change = ImageChange()
        change.pyramid = .some(relative)
        try await project.updateImage(id, change)
        return try await open(relative, of: image)
    }

    private nonisolated func deep(_ id: ObjectID) async throws -> PyramidFile {
        let image = try await readable(id)
        try requireWritable(image)
        let importer = try await ImageImporter(project: project)
        return try await open(
            try await workers.run { [self] in try importer.buildDeepPyramid(of: image, isCancelled: { isStopped.load(ordering: .relaxed) }) }, of: image)
    }

    private nonisolated func corrected(_ image: ImageRecord, relative: String, plan: Plan) async throws -> PyramidFile {
        if let file = try? await open(relative, of: image) { return file }
        try requireWritable(image)
        let context = try await pipeline.context(of: image)
        let pipeline = pipeline
        try await work.run { try pipeline.buildCorrectedPyramid(of: image, plan: plan, context: context) }
        return try await open(relative)
    }

    private nonisolated func requireWritable(_ image: ImageRecord) throws(Problem) {
        guard project.isReadOnly else { return }
        throw Problem(.fileMissing, "the tiles of \(image.name) are missing and the project is read-only; copy it to a writable disk")
    }

    /// One at a time makes a file, the others wait for it.
    private func load(_ key: Key, _ make: @escaping @Sendable () async throws -> PyramidFile) async throws -> PyramidFile {
        if let task = tasks[key] { return try await task.value }
        let task = Task { try await make() }
        tasks[key] = task
        do {
            let file = try await task.value
            // Forgotten meanwhile: good for who asked before, for nobody after.
            guard tasks[key] == task else { return file }
            keep(file, key)
            tasks[key] = nil
            return file
        } catch {
            tasks[key] = nil
            throw error
        }
    }
}
