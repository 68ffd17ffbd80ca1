import Jobs
import Synchronization
import Testing

@Test func `progress counts, ends at its total, and lets through only so many reports`() {
    let reports = Mutex<[JobProgress.Report]>([])
    let progress = JobProgress(interval: .seconds(60)) { report in reports.withLock { $0.append(report) } }
    progress.begin(total: 1000, message: "a")
    for _ in 0..<1000 { progress.advance() }
    let seen = reports.withLock { $0 }
    #expect(seen.count <= 3)
    #expect(seen.first?.done == 0)
    #expect(seen.last?.done == 1000)
    #expect(seen.last?.secondsLeft == nil)
}

@Test func `each node has its own time left, shared by all threads`() {
    let progress = JobProgress { _ in }
    progress.begin(total: 10, message: "Run")
    progress.begin(atOnce: 2, nodes: ["gray", "objects"])
    for _ in 0..<4 {
        progress.tally("gray") { ($0.done, $0.seconds) = ($0.done + 1, $0.seconds + 0.5) }
        progress.advance()
    }
    // Six images at half a second each, by two threads.
    #expect(progress.current.nodes.map(\.secondsLeft) == [1.5, nil])
    for _ in 0..<6 { progress.advance() }
    #expect(progress.current.nodes.map(\.secondsLeft) == [nil, nil])
}

@Test func `items that were found done say nothing about the time left`() async throws {
    let start = ContinuousClock.now
    let progress = JobProgress { _ in }
    progress.begin(total: 100, message: "Run")
    for _ in 0..<50 { progress.advance(isWork: false) }
    #expect(progress.current.done == 50)
    #expect(progress.current.secondsLeft == nil, "nothing was worked on")
    try await Task.sleep(for: .milliseconds(50))
    progress.advance()
    let left = try #require(progress.current.secondsLeft)
    // One item in so long, and 49 like it to come.
    #expect(left >= 49 * 0.05)
    #expect(left <= 49 * ((ContinuousClock.now - start) / .seconds(1)))
}
