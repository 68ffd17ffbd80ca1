import Foundation
import Logging
import Nodes
import Pipeline
import Store

/// Runs jobs one after the other without a server, for the command line.
package struct JobSequence: Sendable {
    package struct Request: Sendable {
        package var type: String
        /// JSON object.
        package var parameters: String

        package init(type: String, parameters: [String: JSONValue] = [:]) throws {
            self.type = type
            self.parameters = String(decoding: try JSONEncoder().encode(JSONValue.object(parameters)), as: UTF8.self)
        }
    }

    private let project: Project
    private let workers: WorkerThreads
    private let logger: Logger
    private let classes: [NodeClass]
    private let memoryLimit: Int?

    /// - Parameter memoryLimit: as of `JobRunner`.
    package init(project: Project, workers: Int, logger: Logger, memoryLimit: Int? = nil, classes: [NodeClass] = AllNodes.classes) {
        (self.project, self.memoryLimit, self.classes) = (project, memoryLimit, classes)
        self.workers = WorkerThreads(count: workers, niceness: 0)
        self.logger = logger
    }

    /// Runs the jobs in order and returns them finished; stops after one that failed or was cancelled. Only exports do not need each other: after one that
    /// failed, the others are made.
    ///
    /// Jobs that an earlier, killed run left behind are dropped first: what they had finished is found finished.
    package func run(_ requests: [Request], report: @escaping @Sendable (JobRecord, Double?) -> Void) async throws -> [JobRecord] {
        let (events, sink) = AsyncStream<ProjectEvent>.makeStream()
        let runner = JobRunner(
            project: project, pipeline: ProjectPipeline(project: project, classes: classes), workers: workers, logger: logger, memoryLimit: memoryLimit,
            emit: { sink.yield($0) })
        for job in try await project.jobs(limit: 1000).items where !job.state.isFinished { _ = try await runner.cancel(job.id) }
        await runner.start()
        defer { workers.stop() }
        var iterator = events.makeAsyncIterator()
        var finished: [JobRecord] = []
        for request in requests {
            let job = try await runner.enqueue(type: request.type, parameters: request.parameters, by: "command line")
            while let event = await iterator.next() {
                guard case .job(let now, let secondsLeft, _) = event, now.id == job.id else { continue }
                report(now, secondsLeft)
                guard now.state.isFinished else { continue }
                finished.append(now)
                break
            }
            guard let last = finished.last, last.state == .done || (last.state == .failed && last.type == ExportJob.type) else { break }
        }
        await runner.stop()
        return finished
    }
}

extension JobRecord {
    /// The outcome of a job that is done.
    package var outcome: JobOutcome? { result.flatMap { try? JSONDecoder().decode(JobOutcome.self, from: Data($0.utf8)) } }
}
