import Foundation
import Jobs
import Logging
import Nodes
import Store

/// The projects that are open now. One is opened when it is first asked for, stays open, and is closed when nobody used it for
/// long, when it goes to the trash, and when the server stops.
actor OpenProjects {
    private let configuration: ServerConfiguration
    private let work: WorkPool
    private let workers: WorkerThreads
    /// Where the server can be reached, for the owner file.
    private let address: @Sendable () -> String
    private var open: [String: Task<OpenProject, any Error>] = [:]
    /// The same without waiting.
    let table = OpenTable()
    private var isClosing = false
    /// Projects that are being closed, which takes a moment: until then their lock is ours.
    private var closing: [String: Task<Void, any Error>] = [:]

    init(_ configuration: ServerConfiguration, work: WorkPool, workers: WorkerThreads, address: @escaping @Sendable () -> String) {
        (self.configuration, self.work, self.workers, self.address) = (configuration, work, workers, address)
    }

    /// - Throws: `project.unknown`, `project.inUse` with the other owner's sentence, …
    func project(user: String, name: String) async throws -> OpenProject {
        guard OnDiskName.isAllowedFolder(user), OnDiskName.isAllowedFolder(name) else { throw Self.unknown(user: user, name: name) }
        guard !isClosing else { throw Problem(.stopping, "the server is stopping; try again when it runs") }
        let key = user + "/" + name
        while let ending = closing[key] {
            _ = try? await ending.value
            if closing[key] == ending { closing[key] = nil }
        }
        let task: Task<OpenProject, any Error>
        if let known = open[key] {
            task = known
        } else {
            task = Task { try await self.load(user: user, name: name) }
            open[key] = task
        }
        do {
            let project = try await task.value
            project.touch()
            return project
        } catch {
            if open[key] == task { open[key] = nil }
            throw error
        }
    }

    private func load(user: String, name: String) async throws -> OpenProject {
        let folder = "\(configuration.root)/\(user)/\(name)"
        let isReadOnly = configuration.isReadOnly
        let project: Project
        do {
            project = try await work.run {
                // A link instead of a folder would lead out of the root.
                var status = stat()
                guard lstat(folder, &status) == 0, status.st_mode & S_IFMT == S_IFDIR else { throw Self.unknown(user: user, name: name) }
                return try Project.open(folder: folder, readOnly: isReadOnly)
            }
        } catch StoreError.notAProject {
            throw Self.unknown(user: user, name: name)
        }
        return adopt(project, user: user, name: name)
    }

    private func adopt(_ project: Project, user: String, name: String) -> OpenProject {
        let events = EventHub()
        let pipeline = ProjectPipeline(project: project)
        let late = Late<OpenProject>()
        let runner = JobRunner(project: project, pipeline: pipeline, workers: workers, logger: configuration.logger) { event in
            late.value().publish(event)
        }
        let open = OpenProject(
            user: user, name: name, project: project, pipeline: pipeline, runner: runner, events: events, work: work, workers: workers,
            limits: configuration.limits)
        late.set(open)
        project.announce(url: address())
        if let owner = project.tookOverFrom {
            configuration.logger.notice("\(user)/\(name): \(owner) ended without closing it; its work is on the disk")
        }
        table[Substring(user + "/" + name)] = open
        Task { await runner.start() }
        return open
    }

    /// Puts a project that was just created among the open ones.
    func add(_ project: Project, user: String, name: String) -> OpenProject {
        let project = adopt(project, user: user, name: name)
        open[user + "/" + name] = Task { project }
        return project
    }

    /// Those that are open, without opening any.
    func all() async -> [OpenProject] {
        var projects: [OpenProject] = []
        for task in open.values {
            if let project = try? await task.value { projects.append(project) }
        }
        return projects
    }

    func close(user: String, name: String) async throws {
        let key = user + "/" + name
        guard let task = open.removeValue(forKey: key) else { return }
        let ending = Task {
            // One that is still being opened enters the table when it is.
            let project = try? await task.value
            table[Substring(key)] = nil
            try await project?.close()
        }
        closing[key] = ending
        defer { if closing[key] == ending { closing[key] = nil } }
        try await ending.value
    }

    func closeIdle() async {
        for project in await all() {
            guard (try? await project.isIdle(for: .seconds(60 * configuration.limits.projectIdleMinutes))) == true else { continue }
            try? await close(user: project.user, name: project.name)
        }
    }

    func closeAll() async {
        isClosing = true
        for (key, task) in open {
            table[Substring(key)] = nil
            do {
                try await task.value.close()
            } catch {
                configuration.logger.error("\(key) was not closed cleanly: \(error)")
            }
        }
        open = [:]
    }

    static func unknown(user: String, name: String) -> Problem {
        Problem(.projectUnknown, "there is no project \(user.prefix(70))/\(name.prefix(70)) here; GET /api/projects lists them")
    }
}
