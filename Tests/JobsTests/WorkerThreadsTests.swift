import Jobs
import Synchronization
import Testing

@Test func `all items are worked on, at most so many at a time`() async throws {
    let workers = WorkerThreads(count: 3)
    defer { workers.stop() }
    let state = Mutex((running: 0, most: 0, done: Set<Int>()))
    try await workers.forEach(Array(0..<200)) { item in
        state.withLock { state in
            state.running += 1
            state.most = max(state.most, state.running)
        }
        var sum = 0
        for number in 0..<20_000 { sum &+= number }
        state.withLock { state in
            state.running -= 1
            if sum >= 0 { state.done.insert(item) }
        }
    }
    #expect(state.withLock { $0.done.count } == 200)
    #expect(state.withLock { $0.most } <= 3)
}

@Test func `an error ends the rest and comes out`() async throws {
    struct Bad: Error {}
    let workers = WorkerThreads(count: 2)
    defer { workers.stop() }
    let count = Mutex(0)
    await #expect(throws: Bad.self) {
        try await workers.forEach(Array(0..<1000)) { item in
            count.withLock { $0 += 1 }
            if item == 10 { throw Bad() }
        }
    }
    #expect(count.withLock { $0 } < 1000)
}
