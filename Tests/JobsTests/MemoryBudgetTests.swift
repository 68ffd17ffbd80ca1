import Jobs
import Nodes
import Pipeline
import Store
import Synchronization
import Testing

private final class Held: Sendable {
    private let bytes = Mutex(0)

    func add(_ count: Int) -> Int {
        bytes.withLock { bytes in
            bytes += count
            return bytes
        }
    }
}

@Test func `as many hold memory at once as fit, and one that is too large holds it alone`() async throws {
    let budget = MemoryBudget(limit: 100)
    let memory = Held()
    try await withThrowingTaskGroup(of: Void.self) { group in
        for bytes in [40, 40, 40, 250, 40, 60, 40, 100] {
            group.addTask {
                try await budget.holding(bytes) {
                    let held = memory.add(bytes)
                    #expect(held <= 100 || held == bytes, "\(held) bytes held")
                    await Task.yield()
                    _ = memory.add(-bytes)
                }
            }
        }
        try await group.waitForAll()
    }
    #expect(memory.add(0) == 0)
    #expect(await budget.mostHolders == 2)
}

@Test func `a failing holder gives its memory back`() async throws {
    let budget = MemoryBudget(limit: 10)
    await #expect(throws: RunCancelled.self) { try await budget.holding(10) { throw RunCancelled() } }
    let result = try await budget.holding(10) { 5 }
    #expect(result == 5)
}

@Test func `deep and coloured images cost more than gray ones of the same size`() async throws {
    let plan = try Plan(.standard, classes: AllNodes.classes)
    let temporary = try TemporaryProject()
    func cost(_ channels: Int, _ bits: Int) async throws -> Int {
        var new = NewImage(uid: "u\(channels)\(bits)", name: "n", location: .project(path: "images/u\(channels)\(bits)"), node: "images", sha256: "s\(channels)\(bits)", bytes: 1)
        (new.width, new.height, new.channels, new.bits) = (1000, 1000, channels, bits)
        return plan.memoryCost(of: try await temporary.project.insertImage(new))
    }
    let (gray, deep, color) = (try await cost(1, 8), try await cost(1, 16), try await cost(3, 8))
    #expect(gray >= 3_000_000 && gray < 10_000_000)
    #expect(deep > 3 * gray / 2 && color > gray)
}
