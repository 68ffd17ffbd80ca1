import Jobs
import Nodes
import Pipeline
import Pyramid
import Store
import Synchronization

/// The pyramid files of a project's images, kept open. One that is missing is built again: such files may be deleted at any time.
actor Pyramids {
    private struct Key: Hashable {
        var image: ObjectID
        /// Path of the corrected image's pyramid; nil for the original's.
        var corrected: String?
    }

    private let project: Project
    private let pipeline: ProjectPipeline
    private let work: WorkPool
    private var tasks: [Key: Task<PyramidFile, any Error>] = [:]
    private nonisolated let ready = Mutex<[Key: PyramidFile]>([:])

    init(project: Project, pipeline: ProjectPipeline, work: WorkPool) { (self.project, self.pipeline, self.work) = (project, pipeline, work) }

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

    nonisolated func forget(_ image: ObjectID) {
        ready.withLock { ready in ready = ready.filter { $0.key.image != image } }
        Task { await drop(image) }
    }

    private func drop(_ image: ObjectID) { tasks = tasks.filter { $0.key.image != image } }

    private nonisolated func readable(_ id: ObjectID) async throws -> ImageRecord {
        guard let image = try await project.image(id), image.removedAt == nil else { throw Problem.unknownImage(id) }
        guard image.width > 0 else {
            throw Problem(.imageUnreadable, image.error ?? "\(image.name) could not be read when it was imported; import a good copy")
        }
        return image
    }

    private nonisolated func open(_ relative: String) async throws -> PyramidFile {
        let project = project
        return try await work.run { try PyramidFile(path: project.files.checkedPath(relative)) }
    }

    private nonisolated func original(_ id: ObjectID) async throws -> PyramidFile {
        let image = try await readable(id)
        if let relative = image.pyramid, let file = try? await open(relative) { return file }
        try requireWritable(image)
        let importer = try await ImageImporter(project: project)
        let relative = try await work.run { try importer.buildPyramid(of: image) }
        var change = ImageChange()
        change.pyramid = .some(relative)
        try await project.updateImage(id, change)
        return try await open(relative)
    }

    private nonisolated func corrected(_ image: ImageRecord, relative: String, plan: Plan) async throws -> PyramidFile {
        if let file = try? await open(relative) { return file }
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
            ready.withLock { ready in
                // Each holds a descriptor.
                if ready.count >= 64, let any = ready.keys.first { ready[any] = nil }
                ready[key] = file
            }
            tasks[key] = nil
            return file
        } catch {
            tasks[key] = nil
            throw error
        }
    }
}
