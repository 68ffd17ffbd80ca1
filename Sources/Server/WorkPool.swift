import NIOCore
import NIOPosix

/// Threads for work that takes time or waits for a disk: decoding, drawing, hashing. Requests wait for it without holding a
/// thread of the event loops or of Swift's own pool.
struct WorkPool: Sendable {
    private let pool: NIOThreadPool

    init(threads: Int = max(2, NIOCore.System.coreCount)) {
        pool = NIOThreadPool(numberOfThreads: threads)
        pool.start()
    }

    func run<Value: Sendable>(_ body: @escaping @Sendable () throws -> Value) async throws -> Value {
        try await pool.runIfActive(body)
    }

    func stop() async { try? await pool.shutdownGracefully() }
}
