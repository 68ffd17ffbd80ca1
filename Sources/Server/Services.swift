import Codecs
import Foundation
import HTTPTypes
import Hummingbird
import Jobs
import Logging
import NIOCore
import Nodes
import Pipeline
import Store
import Synchronization

/// What the routes share.
final class Services: Sendable {
    let configuration: ServerConfiguration
    let sessions: Sessions
    let metrics = Metrics()
    /// For what a request waits for.
    let work = WorkPool()
    /// For jobs.
    let workers: WorkerThreads
    let projects: OpenProjects
    let openAPI = Late<JSONValue>()
    private let boundPort: Port
    private let housekeeping = Mutex<Task<Void, Never>?>(nil)

    /// Known once the server listens.
    final class Port: Sendable {
        private let number = Mutex(0)
        var value: Int {
            get { number.withLock { $0 } }
            set { number.withLock { $0 = newValue } }
        }
    }

    init(_ configuration: ServerConfiguration) {
        self.configuration = configuration
        sessions = Sessions(user: configuration.user, bearerToken: configuration.bearerToken, cookieKey: configuration.cookieKey)
        workers = WorkerThreads(count: max(1, System.coreCount))
        let port = Port()
        boundPort = port
        projects = OpenProjects(configuration, work: work, workers: workers, address: { "http://localhost:\(port.value)/" })
    }

    var port: Int {
        get { boundPort.value }
        set { boundPort.value = newValue }
    }

    var cookieName: String { "ship_session_\(port)" }

    /// Address that signs a browser in; the token stands in the fragment, which browsers do not send anywhere.
    func link() -> String { "http://localhost:\(port)/#token=\(sessions.startToken)" }

    // MARK: - Life

    func startHousekeeping() {
        let seconds = configuration.limits.heartbeatSeconds
        let task = Task { [projects] in
            var round = 0
            while (try? await Task.sleep(for: .seconds(seconds))) != nil {
                for project in await projects.all() {
                    project.events.beat()
                    project.vignettes.rest()
                }
                ProcessMemory.releaseFreed()
                ProcessMemory.releaseCode()
                round += 1
                if round % 4 == 0 { await projects.closeIdle() }
            }
        }
        housekeeping.withLock { $0 = task }
    }

    /// Event streams and long edits end, so that nothing keeps a connection open.
    func closeStreams() async {
        for project in await projects.all() {
            project.events.close()
            project.editor.stop()
        }
    }

    func close() async {
        housekeeping.withLock { $0?.cancel() }
        await projects.closeAll()
        workers.stop()
        await work.stop()
    }

    func checkRoot() throws {
        guard access(configuration.root, R_OK | X_OK) == 0 else {
            throw Problem(.diskError, "\(configuration.root) cannot be read; check that its disk is connected")
        }
    }

    func gauges() async -> [(name: String, help: String, values: [(labels: String, value: Double)])] {
        let open = await projects.all()
        var jobs: [JobState: Int] = [:]
        for project in open {
            for job in (try? await project.project.jobs(limit: 1000).items) ?? [] { jobs[job.state, default: 0] += 1 }
        }
        return [
            ("ship_open_projects", "Projects that are open.", [("", Double(open.count))]),
            ("ship_event_listeners", "Open event streams.", [("", Double(open.reduce(0) { $0 + $1.events.listenerCount }))]),
            ("ship_jobs", "Jobs of the open projects by state.", JobState.allCases.map { ("state=\"\($0.rawValue)\"", Double(jobs[$0] ?? 0)) }),
        ]
    }

    // MARK: - For routes below a project

    func rootFolder() throws -> RootFolder { try RootFolder(path: configuration.root) }

    /// The project of the address.
    func open(_ call: Call) async throws -> OpenProject {
        try await projects.project(user: call.parameter("user"), name: call.parameter("project"))
    }

    /// The image of the address, unless it was removed.
    func image(_ call: Call, in project: OpenProject) async throws -> ImageRecord {
        let id = try call.id("image", unknown: .imageUnknown, what: "Image")
        guard let image = try await project.project.image(id), image.removedAt == nil else { throw Problem.unknownImage(id) }
        return image
    }

    /// Sends a part of a file in pieces, so that a large one needs little memory. A client that reads slowly is waited for.
    func stream(_ file: OpenFile, _ range: Range<Int>, status: HTTPResponse.Status, headers: HTTPFields) -> Response {
        let work = work
        let body = ResponseBody(contentLength: range.count) { writer in
            var offset = range.lowerBound
            while offset < range.upperBound {
                let (start, count) = (offset, min(256 << 10, range.upperBound - offset))
                let bytes = try await work.run { try file.read(count: count, at: start) }
                // The file became shorter meanwhile: break off, so that the client sees it is incomplete.
                guard !bytes.isEmpty else { throw StoreError.io(path: file.path, detail: "it became shorter while it was read") }
                try await writer.write(ByteBuffer(bytes: bytes))
                offset += bytes.count
            }
            try await writer.finish(nil)
        }
        return Response(status: status, headers: headers, body: body)
    }

    // MARK: - Settings of the import node

    func importSettings(_ project: OpenProject) async throws -> JSONValue {
        let config = try await project.project.pipelineGraph().nodes.first { $0.kind == ImportNode.kind }?.config ?? [:]
        let size = config["pixelSizeUm"]?.numberValue ?? 0
        return [
            "pattern": .string(config["pattern"]?.stringValue ?? ""), "pixelSizeUm": size > 0 ? .number(size) : .null,
            "losslessPyramids": .boolean(try await project.project.setting(ImageImporter.losslessSetting) != "false"),
        ]
    }

    /// Keeps pattern and pixel size in the import node of the pipeline; nil leaves one as it is, null empties it.
    func configureImport(_ project: OpenProject, pattern: JSONValue?, pixelSize: JSONValue?) async throws {
        guard pattern != nil || pixelSize != nil else { return }
        var graph = try await project.project.pipelineGraph()
        guard let index = graph.nodes.firstIndex(where: { $0.kind == ImportNode.kind }) else {
            throw Problem(.graphInvalid, "the pipeline has no Images node that could keep pattern and pixel size; add one")
        }
        let before = graph
        if let pattern {
            guard let text = pattern == .null ? "" : pattern.stringValue else { throw Problem(.bodyInvalid, "pattern must be a text", field: "pattern") }
            if !text.isEmpty { _ = try ImportRoutes.pattern(text) }
            graph.nodes[index].config["pattern"] = text.isEmpty ? nil : .string(text)
        }
        if let pixelSize {
            switch pixelSize {
            case .null: graph.nodes[index].config["pixelSizeUm"] = nil
            case .number(let size) where size > 0 && size <= ImportNode.largestPixelSize: graph.nodes[index].config["pixelSizeUm"] = .number(size)
            default:
                throw Problem(.valueInvalid, "pixelSizeUm is \(pixelSize) but must be a number above 0 and up to 1000000000, in µm; or null", field: "pixelSizeUm")
            }
        }
        guard graph != before else { return }
        do { try await project.project.savePipelineGraph(graph) } catch let error as GraphError { throw Problem(error) }
    }
}

extension Problem {
    static func unknownImage(_ id: Int64) -> Problem {
        Problem(.imageUnknown, "there is no image \(id) in this project; reload the list")
    }
}

/// A value that is set once, when everything it is made of exists.
final class Late<Value: Sendable>: Sendable {
    private let storage = Mutex<Value?>(nil)
    func set(_ value: Value) { storage.withLock { $0 = value } }
    func value() -> Value {
        guard let value = storage.withLock({ $0 }) else { preconditionFailure("\(Value.self) is asked for before it was set") }
        return value
    }
}
