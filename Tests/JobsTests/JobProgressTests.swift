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
