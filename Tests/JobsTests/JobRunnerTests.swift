import Foundation
import Jobs
import Logging
import Nodes
import Pipeline
import Store
import Testing

private let silent = Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() })

@Test func `a job that runs is cancelled in under a second, and what was finished stays`() async throws {
    let temporary = try TemporaryProject()
    try await temporary.saveStandardGraph()
    let frames = try temporary.drawFrames(12, width: 1600, height: 1200)
    let (events, sink) = AsyncStream<ProjectEvent>.makeStream()
    let workers = WorkerThreads(count: 1)
    defer { workers.stop() }
    let runner = JobRunner(
        project: temporary.project, pipeline: ProjectPipeline(project: temporary.project), workers: workers, logger: silent, emit: { sink.yield($0) })
    await runner.start()
    let job = try await runner.enqueue(type: "import", parameters: String(decoding: JSONEncoder().encode(["path": frames]), as: UTF8.self))
    var asked: ContinuousClock.Instant?
    for await event in events {
        guard case .job(let now, _) = event, now.id == job.id else { continue }
        if asked == nil, now.done > 0 {
            asked = .now
            _ = try await runner.cancel(job.id)
        }
        if now.state.isFinished { break }
    }
    let time = try #require(asked)
    #expect(ContinuousClock.now - time < .seconds(1))
    #expect(try await temporary.project.job(job.id)?.state == .cancelled)
    let images = try await temporary.project.allImages()
    #expect(images.contains { $0.state == .ready })
    #expect(images.count < 12)
    await runner.stop()
}

@Test func `a job goes on after the program ended in the middle`() async throws {
    let temporary = try TemporaryProject()
    try await temporary.saveStandardGraph()
    let frames = try temporary.drawFrames(6, width: 1000, height: 800)
    let (events, sink) = AsyncStream<ProjectEvent>.makeStream()
    let workers = WorkerThreads(count: 1)
    defer { workers.stop() }
    let pipeline = ProjectPipeline(project: temporary.project)
    let first = JobRunner(project: temporary.project, pipeline: pipeline, workers: workers, logger: silent, emit: { sink.yield($0) })
    await first.start()
    let job = try await first.enqueue(type: "import", parameters: String(decoding: JSONEncoder().encode(["path": frames]), as: UTF8.self))
    for await event in events { if case .job(let now, _) = event, now.id == job.id, now.done > 0 { break } }
    await first.stop()
    #expect(try await temporary.project.job(job.id)?.state == .queued)

    let second = JobRunner(project: temporary.project, pipeline: pipeline, workers: workers, logger: silent, emit: { sink.yield($0) })
    await second.start()
    for await event in events { if case .job(let now, _) = event, now.id == job.id, now.state.isFinished { break } }
    await second.stop()
    #expect(try await temporary.project.job(job.id)?.state == .done)
    #expect(try await temporary.project.allImages().count == 6)
}

@Test func `an unknown type and wrong parameters are refused before anything is queued`() async throws {
    let temporary = try TemporaryProject()
    let workers = WorkerThreads(count: 1)
    defer { workers.stop() }
    let runner = JobRunner(project: temporary.project, pipeline: ProjectPipeline(project: temporary.project), workers: workers, logger: silent)
    await #expect(throws: JobError.self) { try await runner.enqueue(type: "dance", parameters: "{}") }
    await #expect(throws: JobError.self) { try await runner.enqueue(type: "import", parameters: #"{"path":3}"#) }
    await #expect(throws: JobError.self) { try await runner.enqueue(type: "import", parameters: #"{"path":"relative"}"#) }
    #expect(try await temporary.project.jobs().items.isEmpty)
}

@Test func `a folder that is not there fails the job with a sentence`() async throws {
    let temporary = try TemporaryProject()
    let jobs = try await temporary.run(JobSequence.Request(type: "import", parameters: ["path": "/nowhere/at/all"]))
    #expect(jobs[0].state == .failed)
    #expect(jobs[0].error?.contains("/nowhere/at/all") == true)
}
