import Foundation
import Jobs
import Logging
import Nodes
import Pipeline
import Store
import Testing

private let silent = Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() })

@Test func `a job that runs stops within the image it works on, and what was finished stays`() async throws {
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
    var readyWhenAsked: Int?
    for await event in events {
        guard case .job(let now, _, _) = event, now.id == job.id else { continue }
        if readyWhenAsked == nil, now.done > 0, now.message.hasPrefix("Preparing") {
            _ = try await runner.cancel(job.id)
            readyWhenAsked = try await temporary.project.allImages().filter { $0.state == .ready }.count
        }
        if now.state.isFinished { break }
    }
    let before = try #require(readyWhenAsked)
    let job2 = try await temporary.project.job(job.id)
    let ready = try await temporary.project.allImages().filter { $0.state == .ready }.count
    // The one that was nearly done may still finish; a report may come late, when all are done.
    #expect(ready <= before + 1)
    #expect(ready >= 1)
    #expect(job2?.state == .cancelled || ready == 12)
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
    for await event in events { if case .job(let now, _, _) = event, now.id == job.id, now.done > 0 { break } }
    await first.stop()
    #expect(try await temporary.project.job(job.id)?.state == .queued)

    let second = JobRunner(project: temporary.project, pipeline: pipeline, workers: workers, logger: silent, emit: { sink.yield($0) })
    await second.start()
    for await event in events { if case .job(let now, _, _) = event, now.id == job.id, now.state.isFinished { break } }
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

@Test func `a paused job lets go after the images underway, waits over a restart, and goes on where it was`() async throws {
    let temporary = try TemporaryProject()
    try await temporary.saveStandardGraph()
    let frames = try temporary.drawFrames(12, width: 1200, height: 900)
    let (events, sink) = AsyncStream<ProjectEvent>.makeStream()
    let workers = WorkerThreads(count: 1)
    defer { workers.stop() }
    let pipeline = ProjectPipeline(project: temporary.project)
    let first = JobRunner(project: temporary.project, pipeline: pipeline, workers: workers, logger: silent, emit: { sink.yield($0) })
    await first.start()
    let job = try await first.enqueue(type: "import", parameters: String(decoding: JSONEncoder().encode(["path": frames]), as: UTF8.self))
    var isAsked = false
    for await event in events {
        guard case .job(let now, _, _) = event, now.id == job.id else { continue }
        if !isAsked, now.done > 0, now.message.hasPrefix("Preparing") {
            isAsked = true
            #expect(try await first.pause(job.id)?.pauseRequested == true)
        }
        if now.state == .paused || now.state.isFinished { break }
    }
    #expect(isAsked)
    #expect(try await temporary.project.job(job.id)?.state == .paused)
    let ready = try await temporary.project.allImages().filter { $0.state == .ready }.count
    #expect((1..<12).contains(ready))
    // Others go before it, and a restart does not wake it.
    let other = try await first.enqueue(type: "pyramid", parameters: #"{"images":[]}"#)
    for await event in events { if case .job(let now, _, _) = event, now.id == other.id, now.state.isFinished { break } }
    #expect(try await temporary.project.job(job.id)?.state == .paused)
    await first.stop()
    let second = JobRunner(project: temporary.project, pipeline: pipeline, workers: workers, logger: silent, emit: { sink.yield($0) })
    await second.start()
    #expect(try await second.resume(job.id)?.state == .queued)
    for await event in events { if case .job(let now, _, _) = event, now.id == job.id, now.state.isFinished { break } }
    await second.stop()
    #expect(try await temporary.project.job(job.id)?.state == .done)
    #expect(try await temporary.project.allImages().filter { $0.state == .ready }.count == 12)
    #expect(try await second.pause(job.id)?.state == .done)
    #expect(try await second.pause(99) == nil)
}

@Test func `only the images that failed run again`() async throws {
    let temporary = try TemporaryProject()
    try await temporary.saveStandardGraph()
    let frames = try temporary.drawFrames(3, width: 400, height: 300)
    let broken = try #require(FileManager.default.contentsOfDirectory(atPath: frames).sorted().first)
    let whole = try Data(contentsOf: URL(filePath: frames + "/" + broken))
    _ = try await temporary.run(JobSequence.Request(type: "import", parameters: ["path": .string(frames), "pyramids": false]))
    try whole.prefix(whole.count / 2).write(to: URL(filePath: frames + "/" + broken))
    let first = try #require(try await temporary.run(JobSequence.Request(type: "run")).first)
    let failed = try #require(first.outcome?.failures.first)
    #expect(first.outcome?.failures.count == 1 && failed.name == broken && failed.image != nil)
    try whole.write(to: URL(filePath: frames + "/" + broken))

    let (events, sink) = AsyncStream<ProjectEvent>.makeStream()
    let workers = WorkerThreads(count: 1)
    defer { workers.stop() }
    let runner = JobRunner(
        project: temporary.project, pipeline: ProjectPipeline(project: temporary.project), workers: workers, logger: silent, emit: { sink.yield($0) })
    await runner.start()
    let again = try #require(try await runner.retry(first.id, onlyFailed: true))
    let number = try #require(failed.image)
    #expect(again.parameters.contains("[\(number)]"))
    for await event in events { if case .job(let now, _, _) = event, now.id == again.id, now.state.isFinished { break } }
    let outcome = try #require(try await temporary.project.job(again.id)?.outcome)
    #expect(outcome.failures.isEmpty && outcome.counts["images"] == 1 && outcome.counts["unchanged"] == 0)
    // Nothing failed in it, so there is nothing to try again.
    await #expect(throws: JobError.self) { try await runner.retry(again.id, onlyFailed: true) }
    await runner.stop()
}

@Test(.timeLimit(.minutes(5))) func `a job whose end cannot be stored ends all the same for those who wait`() async throws {
    let temporary = try TemporaryProject()
    try await temporary.saveStandardGraph()
    let project = temporary.project
    let (events, sink) = AsyncStream<ProjectEvent>.makeStream()
    let workers = WorkerThreads(count: 1)
    defer { workers.stop() }
    let runner = JobRunner(
        project: project, pipeline: ProjectPipeline(project: project), workers: workers, logger: silent,
        emit: { event in
            // The database is gone while the job is at work.
            if case .job(let job, _, _) = event, job.state == .running { project.abandon() }
            sink.yield(event)
        })
    await runner.start()
    let job = try await runner.enqueue(type: "run", parameters: "{}")
    for await event in events {
        guard case .job(let now, _, _) = event, now.id == job.id, now.state.isFinished else { continue }
        #expect(now.state == .failed && now.error?.hasPrefix("the end of the job was not stored: ") == true)
        break
    }
    await runner.stop()
}
