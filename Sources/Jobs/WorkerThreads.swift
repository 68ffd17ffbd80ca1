import Foundation

/// Threads for work that computes for long, apart from the few on which requests are answered.
///
/// Used as a task's preferred executor. The threads run at lower priority, so that on two cores a tile or an edit
/// goes before the next frame of a run.
package final class WorkerThreads: TaskExecutor, @unchecked Sendable {  // State is guarded by `condition`.
    package let count: Int
    private let condition = NSCondition()
    private var waiting: [UnownedJob] = []
    private var next = 0
    private var isStopped = false

    /// - Parameters:
    ///   - count: number of threads, at least 1.
    ///   - niceness: 0 (as important as requests) to 19.
    package init(count: Int, niceness: Int32 = 5) {
        precondition(count >= 1, "\(count) worker threads")
        self.count = count
        for number in 0..<count {
            // The threads keep the pool alive until `stop`.
            let thread = Thread { [self] in
                lowerPriority(by: niceness)
                while let job = nextJob() { job.runSynchronously(on: asUnownedTaskExecutor()) }
            }
            thread.name = "ship worker \(number)"
            // Recursion in image code is bounded, but codecs keep row buffers on the stack.
            thread.stackSize = 4 << 20
            thread.start()
        }
    }

    /// Lets the threads end after what they are doing; nothing may be enqueued afterwards.
    package func stop() {
        condition.lock()
        isStopped = true
        condition.broadcast()
        condition.unlock()
    }

    package func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        condition.lock()
        waiting.append(job)
        condition.signal()
        condition.unlock()
    }

    private func nextJob() -> UnownedJob? {
        condition.lock()
        defer { condition.unlock() }
        while next == waiting.count {
            if isStopped { return nil }
            condition.wait()
        }
        let job = waiting[next]
        next += 1
        // First in, first out without moving the rest at every step.
        if next == waiting.count || next > 1_000 {
            waiting.removeFirst(next)
            next = 0
        }
        return job
    }
}

private func lowerPriority(by niceness: Int32) {
    #if os(Linux)
        // On Linux this is a property of the calling thread when the id is 0.
        _ = setpriority(__priority_which_t(PRIO_PROCESS.rawValue), 0, niceness)
    #endif
}

extension WorkerThreads {
    /// Runs `body` for each item on these threads, at most `count` at a time, and returns when all are done.
    ///
    /// Stops handing out items when `body` throws, and then throws that error.
    package func forEach<Item: Sendable>(_ items: [Item], _ body: @escaping @Sendable (Item) async throws -> Void) async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            var iterator = items.makeIterator()
            var running = 0
            while running < count, let item = iterator.next() {
                group.addTask(executorPreference: self) { try await body(item) }
                running += 1
            }
            while try await group.next() != nil {
                if let item = iterator.next() { group.addTask(executorPreference: self) { try await body(item) } }
            }
        }
    }

    /// Runs `body` on one of these threads.
    package func run<R: Sendable>(_ body: @escaping @Sendable () async throws -> R) async throws -> R {
        try await Task(executorPreference: self) { try await body() }.value
    }
}
