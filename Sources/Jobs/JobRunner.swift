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

    private var running: (id: Int64, cancelled: CancelFlag, report: JobProgress)?
    private var loop: Task<Void, Never>?
    private var isStopping = false
    /// Jobs that were cancelled after they were taken from the queue and before they were the running one.
    private var cancelledEarly: Set<Int64> = []
    /// Wakes the loop; a signal that comes while it works is kept.
    private let wake: AsyncStream<Void>
    private nonisolated let signal: AsyncStream<Void>.Continuation

    /// - Parameter emit: receives every event, from any thread; must return at once.
    package init(
        project: Project, pipeline: ProjectPipeline, workers: WorkerThreads, logger: Logger,
        emit: @escaping @Sendable (ProjectEvent) -> Void = { _ in }
    ) {
        (self.project, self.pipeline, self.workers) = (project, pipeline, workers)
        (self.logger, self.emit) = (logger, emit)
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

    /// How far a running job is; nil for any other.
    package func report(_ id: Int64) -> JobProgress.Report? {
        guard let running, running.id == id else { return nil }
        return running.report.current
    }

    private func work() async {
        for await _ in wake {
            while !isStopping {
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
        let cancelled = CancelFlag()
        // Reports are stored in order by one task, so that an older one never overwrites a newer.
        let (reports, sink) = AsyncStream<JobProgress.Report>.makeStream(bufferingPolicy: .bufferingNewest(1))
        let progress = JobProgress { sink.yield($0) }
        running = (job.id, cancelled, progress)
        defer { running = nil }
        if isStopping || cancelledEarly.remove(job.id) != nil { cancelled.set() }
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
            job: job, project: project, pipeline: pipeline, workers: workers, progress: progress, cancelled: cancelled, emit: emit,
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
            case .failure(let error) where error is RunCancelled || error is CancellationError || cancelled.isSet:
                await context.note("cancelled after \(JobRunner.seconds(since: start)); what was finished stays")
                finished = try await project.markJobCancelled(job.id)
            case .failure(let error):
                await context.note("failed: \(error)")
                finished = try await project.failJob(job.id, reason: "\(error)")
            }
            if let finished { emit(.job(finished, secondsLeft: nil)) }
        } catch { logger.error("the end of job \(job.id) was not stored: \(error)") }
        ProcessMemory.releaseFreed()
        ProcessMemory.releaseCode()
    }

    private static func seconds(since start: ContinuousClock.Instant) -> String {
        let seconds = (ContinuousClock.now - start) / .seconds(1)
        return seconds < 10 ? "\((seconds * 100).rounded() / 100) s" : "\(Int(seconds.rounded())) s"
    }
}
