import Foundation
import Synchronization

/// How far a job is: counts items, estimates the rest, and lets through only as many reports as anybody can read.
package final class JobProgress: Sendable {
    package struct Report: Sendable, Equatable {
        package var done: Int
        package var total: Int
        package var message: String
        /// Seconds to the end at the pace so far; nil until something is done.
        package var secondsLeft: Double?
        /// Of a run, in the order of its steps.
        package var nodes: [NodeTally] = []
    }

    private struct State {
        var done = 0
        var total = 0
        var message = ""
        var nodes: [NodeTally] = []
        var atOnce = 1
        var start = ContinuousClock.now
        var lastSent: ContinuousClock.Instant?
        /// Items done before this start (of a resumed job, or unchanged).
        var doneAtStart = 0
    }

    private let state = Mutex(State())
    private let send: @Sendable (Report) -> Void
    private let interval: Duration

    package init(interval: Duration = .milliseconds(200), send: @escaping @Sendable (Report) -> Void) {
        (self.interval, self.send) = (interval, send)
    }

    package func begin(total: Int, done: Int = 0, message: String) {
        state.withLock { state in
            state.total = total
            state.done = done
            state.doneAtStart = done
            state.message = message
            state.start = .now
            state.lastSent = nil
        }
        report(always: true)
    }

    /// - Parameter isWork: false for items that were found done already, which say nothing about the pace.
    package func advance(by count: Int = 1, message: String? = nil, isWork: Bool = true) {
        state.withLock { state in
            state.done += count
            if !isWork { state.doneAtStart += count }
            if let message { state.message = message }
        }
        report(always: false)
    }

    /// For work that counts by itself.
    package func set(done: Int, total: Int, message: String) {
        state.withLock { ($0.done, $0.total, $0.message) = (done, total, message) }
        report(always: false)
    }

    /// Names the nodes of a run, in order.
    /// - Parameter atOnce: threads that share the work.
    package func begin(atOnce: Int = 1, nodes: [String]) { state.withLock { ($0.nodes, $0.atOnce) = (nodes.map(NodeTally.init), max(1, atOnce)) } }

    /// Counts one node's work on one image in.
    package func tally(_ node: String, _ body: (inout NodeTally) -> Void) {
        state.withLock { state in
            if let index = state.nodes.firstIndex(where: { $0.name == node }) { body(&state.nodes[index]) }
        }
    }

    package func say(_ message: String) {
        state.withLock { $0.message = message }
        report(always: false)
    }

    package var current: Report { state.withLock { JobProgress.report(of: $0) } }

    private func report(always: Bool) {
        let report = state.withLock { state -> Report? in
            let now = ContinuousClock.now
            if !always, let last = state.lastSent, now - last < interval, state.done < state.total { return nil }
            state.lastSent = now
            return JobProgress.report(of: state)
        }
        if let report { send(report) }
    }

    private static func report(of state: State) -> Report {
        let elapsed = (ContinuousClock.now - state.start) / .seconds(1)
        let finished = state.done - state.doneAtStart
        let left = finished > 0 && state.total > state.done ? elapsed / Double(finished) * Double(state.total - state.done) : nil
        var nodes = state.nodes
        // Images that are still to come, at each node's own pace.
        for index in nodes.indices where nodes[index].done > 0 && state.total > state.done {
            nodes[index].secondsLeft = nodes[index].seconds / Double(nodes[index].done) * Double(state.total - state.done) / Double(state.atOnce)
        }
        return Report(done: state.done, total: state.total, message: state.message, secondsLeft: left, nodes: nodes)
    }
}
