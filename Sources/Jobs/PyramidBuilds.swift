import Foundation
import Pipeline
import Synchronization

/// Pyramid files that are being made in this process: importer, job and viewer may want the same one at the same moment, and only
/// the first makes it.
package enum PyramidBuilds {
    private static let underway = Mutex<Set<String>>([])

    package struct Claim {
        fileprivate let path: String
        /// Somebody else made it first.
        package let hasWaited: Bool

        package func release() { PyramidBuilds.underway.withLock { _ = $0.remove(path) } }
    }

    /// Waits until nobody else makes the file at `path`. To be called on a thread that may wait.
    package static func claim(_ path: String, isCancelled: @Sendable () -> Bool = { false }) throws -> Claim {
        var hasWaited = false
        while !underway.withLock({ $0.insert(path).inserted }) {
            if isCancelled() { throw RunCancelled() }
            hasWaited = true
            Thread.sleep(forTimeInterval: 0.02)
        }
        return Claim(path: path, hasWaited: hasWaited)
    }
}
