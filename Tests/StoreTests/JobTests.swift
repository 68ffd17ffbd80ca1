import Foundation
import Store
import Testing

@Test func `a job goes from queued to done and leaves its log`() async throws {
    let folder = TemporaryFolder()
    let (project, _) = try await Project.sample(in: folder)
    let first = try await project.enqueue(type: "run", parameters: #"{"images":[1]}"#, by: "anna")
    let second = try await project.enqueue(type: "export")
    await #expect(throws: StoreError.self) { try await project.enqueue(type: "run", parameters: "{") }
    #expect(first.state == .queued && first.attempt == 0)
    let claimed = try #require(try await project.claimNextJob())
    #expect(claimed.id == first.id && claimed.state == .running && claimed.attempt == 1 && claimed.startedAt != nil)
    #expect(try await project.claimNextJob()?.id == second.id)
    #expect(try await project.claimNextJob() == nil)
    _ = try await project.setJobProgress(first.id, done: 3, total: 10, message: "image 3")
    try await project.setJobCheckpoint(first.id, "3")
    for line in ["one", "two"] { try await project.appendJobLog(first.id, line) }
    #expect(try await project.jobLog(first.id).map(\.line) == ["one", "two"])
    #expect(try await project.job(first.id)?.done == 3)
    #expect(try await project.job(first.id)?.checkpoint == "3")
    await #expect(throws: StoreError.self) { try await project.finishJob(first.id, result: "{") }
    #expect(try await project.setJobPaused(first.id, true)?.pauseRequested == true)
    #expect(try await project.setJobPaused(first.id, false)?.pauseRequested == false)
    #expect(try await project.finishJob(first.id, result: #"{"objects":7}"#)?.result == #"{"objects":7}"#)
    // What is finished stays so.
    #expect(try await project.failJob(first.id, reason: "late")?.state == .done)
    #expect(try await project.requestCancel(first.id)?.state == .done)
    #expect(try await project.failJob(second.id, reason: "no objects table")?.error == "no objects table")
    let page = try await project.jobs(limit: 1)
    #expect(page.items.map(\.id) == [second.id])
    #expect(try await project.jobs(cursor: page.next).items.map(\.id) == [first.id])
    #expect(try await project.job(99) == nil)
    #expect(try await project.requestCancel(99) == nil)
}

@Test func `cancelling ends a waiting job at once and asks a running one`() async throws {
    let folder = TemporaryFolder()
    let (project, _) = try await Project.sample(in: folder)
    let first = try await project.enqueue(type: "run")
    let second = try await project.enqueue(type: "run")
    _ = try await project.claimNextJob()
    #expect(try await project.requestCancel(second.id)?.state == .cancelled)
    let asked = try #require(try await project.requestCancel(first.id))
    #expect(asked.state == .running && asked.cancelRequested)
    #expect(try await project.markJobCancelled(first.id)?.state == .cancelled)
    #expect(try await project.claimNextJob() == nil)
}

@Test func `what a crash interrupted is queued again, and given up after the third time`() async throws {
    let folder = TemporaryFolder()
    var (project, _) = try await Project.sample(in: folder)
    let job = try await project.enqueue(type: "run")
    for attempt in 1...3 {
        #expect(try await project.claimNextJob()?.attempt == attempt)
        try await project.setJobCheckpoint(job.id, "\(attempt)")
        project.abandon()
        project = try Project.open(folder: folder / "plankton")
        #expect(project.tookOverFrom != nil)
    }
    let given = try #require(try await project.job(job.id))
    #expect(given.state == .failed && given.error?.contains("3 times") == true && given.checkpoint == "3")
    // An orderly stop is no attempt.
    let other = try await project.enqueue(type: "run")
    for _ in 1...5 {
        _ = try await project.claimNextJob()
        #expect(try await project.requeueJob(other.id)?.state == .queued)
    }
    #expect(try await project.claimNextJob()?.attempt == 1)
    // One that was asked to stop has stopped.
    let stopped = try await project.enqueue(type: "run")
    _ = try await project.claimNextJob()
    _ = try await project.requestCancel(stopped.id)
    let record = try #require(try await project.requeueJob(stopped.id))
    #expect(record.state == .cancelled && record.finishedAt != nil)
    // A running job that was asked to stop is not started again.
    _ = try await project.requestCancel(other.id)
    project.abandon()
    project = try Project.open(folder: folder / "plankton")
    #expect(try await project.job(other.id)?.state == .cancelled)
}

@Test func `a paused job is passed over, also after a restart, until it goes on`() async throws {
    let folder = TemporaryFolder()
    var (project, _) = try await Project.sample(in: folder)
    let first = try await project.enqueue(type: "run")
    let second = try await project.enqueue(type: "run")
    #expect(try await project.setJobPaused(first.id, true)?.state == .paused)
    #expect(try await project.claimNextJob()?.id == second.id)
    #expect(try await project.setJobPaused(second.id, true)?.state == .running)
    // It has let go.
    #expect(try await project.requeueJob(second.id)?.state == .paused)
    project.abandon()
    project = try Project.open(folder: folder / "plankton")
    #expect(try await project.claimNextJob() == nil)
    #expect(try await project.setJobPaused(second.id, false)?.state == .queued)
    #expect(try await project.claimNextJob()?.id == second.id)
    #expect(try await project.requestCancel(first.id)?.state == .cancelled)
    #expect(try await project.setJobPaused(first.id, true)?.state == .cancelled)
    #expect(try await project.setJobPaused(99, true) == nil)
}
