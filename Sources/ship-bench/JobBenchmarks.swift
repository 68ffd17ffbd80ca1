import Demo
import Foundation
import Jobs
import Logging
import Nodes
import Pipeline
import Store
import Synchronization

/// The table of jobs beside `../shared/peers/jobqueue.py` (200 bytes a job, as there), how soon an idle runner begins, and indexing a large folder.
func jobBenchmarks(_ benchmark: Benchmark) async throws {
    guard benchmark.includes(group: "jobs") else { return }
    let folder = FileManager.default.temporaryDirectory.appending(path: "ship-bench-jobs-\(getpid())")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let parameters = #"{"images":[1],"note":""# + String(repeating: "x", count: 170) + #""}"#
    let count = 3000

    let project = try Project.create(folder: folder.appending(path: "queue").path, title: "queue")
    for isDurable in [false, true] {
        project.setDurable(isDurable)
        let number = isDurable ? 300 : count
        let how = isDurable ? "each on the disk" : "without sync"
        try await benchmark.run("jobs: enqueue, \(how)", items: Double(number), per: 1, unit: "jobs", repeats: 3) {
            for _ in 0..<number { _ = try await project.enqueue(type: "run", parameters: parameters) }
        }
        try await benchmark.run("jobs: claim and finish, \(how)", items: Double(number), per: 1, unit: "jobs", repeats: 3) {
            for _ in 0..<number {
                guard let job = try await project.claimNextJob() else { preconditionFailure("no job is left") }
                _ = try await project.finishJob(job.id, result: #"{"summary":"done"}"#)
            }
        }
    }
    project.setDurable(true)
    while let job = try await project.claimNextJob() { _ = try await project.markJobCancelled(job.id) }
    try await wakeUp(benchmark, project)
    try project.close()
    try await indexing(benchmark, folder)
}

/// Until a sleeping runner takes a job: from the moment it is stored, and from asking for it.
private func wakeUp(_ benchmark: Benchmark, _ project: Project) async throws {
    let name = "jobs: an idle runner begins"
    guard benchmark.includes(name) else { return }
    let workers = WorkerThreads(count: 2)
    defer { workers.stop() }
    let (events, sink) = AsyncStream<ProjectEvent>.makeStream()
    let runner = JobRunner(
        project: project, pipeline: ProjectPipeline(project: project), workers: workers, logger: Logger(label: "bench"), emit: { sink.yield($0) })
    await runner.start()
    var iterator = events.makeAsyncIterator()
    var (waits, afterStored): ([Double], [Double]) = ([], [])
    for _ in 0..<50 {
        try await Task.sleep(for: .milliseconds(20))
        let start = ContinuousClock.now
        let job = try await runner.enqueue(type: "measure", parameters: #"{"images":[]}"#)
        let stored = ContinuousClock.now
        var begun = false
        while let event = await iterator.next() {
            guard case .job(let now, _, _) = event, now.id == job.id else { continue }
            if !begun, now.state != .queued {
                begun = true
                waits.append((ContinuousClock.now - start) / .milliseconds(1))
                afterStored.append((ContinuousClock.now - stored) / .milliseconds(1))
            }
            if now.state.isFinished { break }
        }
    }
    await runner.stop()
    for (name, times) in [(name, afterStored.sorted()), ("jobs: the same with storing it on the disk", waits.sorted())] {
        print(String(format: "%@  median %.2f ms, slowest %.2f ms", name.padding(toLength: 64, withPad: " ", startingAt: 0), times[25], times[49]))
    }
}

/// 10,000 JPEG files of a folder become images of a project where they lie.
private func indexing(_ benchmark: Benchmark, _ folder: URL) async throws {
    let name = "jobs: index 10,000 JPEG files in place"
    guard benchmark.includes(name) else { return }
    let drawn = folder.appending(path: "drawn").path
    let frames = folder.appending(path: "frames").path
    for path in [drawn, frames] { try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true) }
    _ = try DemoFrames.write(to: drawn, frames: 0..<4, width: 2592, height: 1944)
    let pictures = try FileManager.default.contentsOfDirectory(atPath: drawn).sorted().map { try Data(contentsOf: URL(filePath: drawn + "/" + $0)) }
    var bytes = 0
    for number in 0..<10_000 {
        // Other bytes in each, behind the end of the picture, where decoders do not look.
        let picture = pictures[number % pictures.count] + Data("\(number)".utf8)
        bytes += picture.count
        try picture.write(to: URL(filePath: frames + "/frame_\(number).jpg"))
    }
    var attempt = 0
    try await benchmark.run(name + " (\(bytes / 1_000_000) MB)", items: 10_000, per: 1, unit: "files", repeats: 1) {
        attempt += 1
        let project = try Project.create(folder: folder.appending(path: "index\(attempt)").path, title: "index")
        let jobs = try await JobSequence(project: project, workers: 2, logger: Logger(label: "bench")).run([
            JobSequence.Request(type: "import", parameters: ["path": .string(frames), "pyramids": false])
        ]) { _, _ in }
        precondition(jobs.first?.outcome?.counts["new"] == 10_000, "\(String(describing: jobs.first?.outcome))")
        try project.close()
    }
}
