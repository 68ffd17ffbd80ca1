import Foundation
import Logging
import Nodes
import Pipeline
import Store
import Synchronization

/// Runs the jobs of one open project, one after the other; the images of a job go to all worker threads.
package actor JobRunner {
    package nonisolated let project: Project
    package nonisolated let pipeline: ProjectPipeline
    private nonisolated let workers: WorkerThreads
    private nonisolated let logger: Logger
    private nonisolated let emit: @Sendable (ProjectEvent) -> Void

    private nonisolated let memoryLimit: Int?
    private var running: (id: Int64, cancelled: CancelFlag, paused: CancelFlag, report: JobProgress)?
    private var loop: Task<Void, Never>?
    private var isStopping = false
    /// Jobs that were cancelled after they were taken from the queue and before they were the running one.
    private var cancelledEarly: Set<Int64> = []
    /// Ends of jobs that could not be stored.
    private var unstored: [Int64: String] = [:]
    /// Wakes the loop; a signal that comes while it works is kept.
    private let wake: AsyncStream<Void>
    private nonisolated let signal: AsyncStream<Void>.Continuation

    /// - Parameters:
    ///   - memoryLimit: most bytes for the pixels of images that are worked on, unless the project says otherwise; nil: half of the machine's memory.
    ///   - emit: receives every event, from any thread; must return at once.
    package init(
        project: Project, pipeline: ProjectPipeline, workers: WorkerThreads, logger: Logger, memoryLimit: Int? = nil,
        emit: @escaping @Sendable (ProjectEvent) -> Void = { _ in }
    ) {
        (self.project, self.pipeline, self.workers) = (project, pipeline, workers)
        (self.logger, self.emit, self.memoryLimit) = (logger, emit, memoryLimit)
        (wake, signal) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
    }

    /// Begins to work on what is queued, jobs that a crash interrupted included.
    package func start() {
        guard loop == nil, !project.isReadOnly else { return }
        loop = Task { await self.work() }
        signal.yield()
    }

    /// Interrupts the running job, which goes on at the next start, and returns when it has let go.
    package func stop() async {
        isStopping = true
        running?.cancelled.set()
        signal.finish()
        await loop?.value
    }

    /// - Throws: `JobError` when type or parameters are wrong, `StoreError` when the job cannot be stored.
    package func enqueue(type: String, parameters: String, by: String = "local") async throws -> JobRecord {
        let kind = try AllJobs.make(type: type, parameters: parameters)
        let job = try await project.enqueue(type: type, parameters: try Swift.type(of: kind).stored(parameters, in: project), by: by)
        emit(.job(job, secondsLeft: nil))
        signal.yield()
        return job
    }

    /// Stops the job now when it runs, or before it starts. Returns it as it is after that; nil for an unknown id.
    package func cancel(_ id: Int64) async throws -> JobRecord? {
        guard let job = try await project.requestCancel(id) else { return nil }
        if running?.id == id {
            running?.cancelled.set()
        } else if job.state == .running {
            cancelledEarly.insert(id)
        }
        emit(.job(job, secondsLeft: nil))
        return job
    }

    /// Holds a job that waits; one that runs finishes the images it is working on and then waits, and others go before it. Over restarts too.
    package func pause(_ id: Int64) async throws -> JobRecord? {
        guard let job = try await project.setJobPaused(id, true) else { return nil }
        if running?.id == id { running?.paused.set() }
        emit(.job(job, secondsLeft: nil))
        return job
    }

    /// Lets a paused job go on where it was.
    package func resume(_ id: Int64) async throws -> JobRecord? {
        guard let job = try await project.setJobPaused(id, false) else { return nil }
        emit(.job(job, secondsLeft: nil))
        signal.yield()
        return job
    }

    /// Queues a finished job again, as a new one.
    ///
    /// - Parameter onlyFailed: only the images that failed in it. An import finds what it has brought in anyway.
    /// - Throws: `JobError` when it has not ended, or when nothing failed in it.
    package func retry(_ id: Int64, onlyFailed: Bool = false, by: String = "local") async throws -> JobRecord? {
        guard let job = try await project.job(id) else { return nil }
        guard job.state.isFinished else { throw JobError.failed("job \(id) is \(job.state.rawValue); wait for its end or cancel it first") }
        var parameters = job.parameters
        if onlyFailed {
            let failed = (job.outcome?.failures ?? []).compactMap(\.image)
            guard !failed.isEmpty || (job.type == "import" && job.outcome?.failures.isEmpty == false) else {
                throw JobError.failed("no image failed in job \(id); run the whole job again instead")
            }
            if !failed.isEmpty {
                guard case .object(var members) = try JSONDecoder().decode(JSONValue.self, from: Data(parameters.utf8)) else {
                    throw JobError.badParameters(type: job.type, reason: "they are not an object")
                }
                members["images"] = .array(failed.map { .number(Double($0)) })
                parameters = String(decoding: try JSONEncoder().encode(JSONValue.object(members)), as: UTF8.self)
            }
        }
        return try await enqueue(type: job.type, parameters: parameters, by: by)
    }

    /// How far a running job is; nil for any other.
    package func report(_ id: Int64) -> JobProgress.Report? {
        guard let running, running.id == id else { return nil }
        return running.report.current
    }

    private func work() async {
        for await _ in wake {
            while !isStopping {
                for (id, reason) in unstored where (try? await project.failJob(id, reason: reason)) != nil { unstored[id] = nil }
                let job: JobRecord?
                do { job = try await project.claimNextJob() } catch {
                    logger.error("cannot take the next job: \(error)")
                    break
                }
                guard let job else { break }
                await perform(job)
            }
            if isStopping { return }
        }
    }

    private func perform(_ job: JobRecord) async {
        let (project, emit, logger) = (project, emit, logger)
        let (cancelled, paused) = (CancelFlag(), CancelFlag())
        // Reports are stored in order by one task, so that an older one never overwrites a newer.
        let (reports, sink) = AsyncStream<JobProgress.Report>.makeStream(bufferingPolicy: .bufferingNewest(1))
        let progress = JobProgress { sink.yield($0) }
        running = (job.id, cancelled, paused, progress)
        defer { running = nil }
        if isStopping || cancelledEarly.remove(job.id) != nil { cancelled.set() }
        // Paused after it was taken from the queue and before it was the running one.
        if let now = try? await project.job(job.id), now.pauseRequested { paused.set() }
        emit(.job(job, secondsLeft: nil))
        let recorder = Task {
            for await report in reports {
                do {
                    let now = try await project.setJobProgress(job.id, done: report.done, total: report.total, message: report.message)
                    if let now { emit(.job(now, secondsLeft: report.secondsLeft, nodes: report.nodes)) }
                } catch { logger.warning("progress of job \(job.id) was not stored: \(error)") }
            }
        }

        let context = JobContext(
            job: job, project: project, pipeline: pipeline, workers: workers, progress: progress, cancelled: cancelled, paused: paused,
            memory: MemoryBudget(limit: await MemoryBudget.limit(of: project, otherwise: memoryLimit)), emit: emit,
            log: { line in
                do { try await project.appendJobLog(job.id, line) } catch { logger.warning("log line of job \(job.id) was not stored: \(error)") }
            })
        let start = ContinuousClock.now
        let result: Result<JobOutcome, any Error>
        do {
            let kind = try AllJobs.make(type: job.type, parameters: job.parameters)
            result = .success(try await kind.run(context))
        } catch { result = .failure(error) }
        sink.finish()
        await recorder.value

        do {
            let finished: JobRecord?
            switch result {
            case .success where cancelled.isSet && !isStopping:
                await context.note("cancelled after \(JobRunner.seconds(since: start)); what was finished stays")
                finished = try await project.markJobCancelled(job.id)
            case .success(let outcome):
                await context.note("\(outcome.summary) (\(JobRunner.seconds(since: start)))")
                let encoder = JSONEncoder()
                encoder.outputFormatting = [.sortedKeys]
                finished = try await project.finishJob(job.id, result: String(decoding: try encoder.encode(outcome), as: UTF8.self))
            case .failure where isStopping:
                // The program ends; the job goes on at the next start.
                finished = try await project.requeueJob(job.id)
            case .failure(let error) where paused.isSet && !cancelled.isSet && (error is RunCancelled || error is CancellationError):
                await context.note("paused after \(JobRunner.seconds(since: start)); what was finished stays")
                finished = try await project.requeueJob(job.id)
            case .failure(let error) where error is RunCancelled || error is CancellationError || cancelled.isSet:
                await context.note("cancelled after \(JobRunner.seconds(since: start)); what was finished stays")
                finished = try await project.markJobCancelled(job.id)
            case .failure(let error):
                await context.note("failed: \(error)")
                finished = try await project.failJob(job.id, reason: "\(error)")
            }
            if let finished { emit(.job(finished, secondsLeft: nil)) }
        } catch {
            logger.error("the end of job \(job.id) was not stored: \(error)")
            // Whoever waits for its end must not wait for ever; stored is it when that is possible again, at the next start at the latest.
            var failed = job
            (failed.state, failed.finishedAt) = (.failed, Date())
            failed.error = "the end of the job was not stored: \(error)"
            emit(.job(failed, secondsLeft: nil))
            unstored[job.id] = failed.error
        }
        ProcessMemory.releaseFreed()
        ProcessMemory.releaseCode()
    }

    static func seconds(since start: ContinuousClock.Instant) -> String {
        let seconds = (ContinuousClock.now - start) / .seconds(1)
        return seconds < 10 ? "\((seconds * 100).rounded() / 100) s" : "\(Int(seconds.rounded())) s"
    }
}
