import Foundation
import Logging
import Nodes
import Pipeline
import Store
import Synchronization

/// What a running job works with.
package struct JobContext: Sendable {
    package let job: JobRecord
    package let project: Project
    package let pipeline: ProjectPipeline
    package let workers: WorkerThreads
    package let progress: JobProgress
    let cancelled: CancelFlag
    /// Nothing new is begun; what is underway is finished.
    let paused: CancelFlag
    package let memory: MemoryBudget
    let emit: @Sendable (ProjectEvent) -> Void
    let log: @Sendable (String) async -> Void

    package var isCancelled: Bool { cancelled.isSet }

    /// To be asked before each item; a node at work asks only whether it was cancelled.
    package func checkCancelled() throws(RunCancelled) {
        if cancelled.isSet || paused.isSet { throw RunCancelled() }
    }

    /// One line in the job's own log, kept with the job.
    package func note(_ line: String) async { await log(line) }

    /// Tells open pages.
    package func announce(_ event: ProjectEvent) { emit(event) }
}

/// Set once from anywhere, read often from the job's threads.
package final class CancelFlag: Sendable {
    private let flag = Atomic<Bool>(false)
    package init() {}
    package var isSet: Bool { flag.load(ordering: .relaxed) }
    package func set() { flag.store(true, ordering: .relaxed) }
}
