import Pipeline
import Synchronization

/// Tells every open page of one project what happened. The last events are kept, so that a page whose connection broke for a
/// moment gets what it missed; when that is too long ago it gets `reset` and loads everything again.
package final class EventHub: Sendable {
    private struct Event { var number: Int; var text: String }
    private struct State {
        var next = 1
        var kept: [Event] = []
        var listeners: [Int: AsyncStream<String>.Continuation] = [:]
        var nextListener = 0
        var isClosed = false
    }
    private let state = Mutex(State())
    /// Ids of an earlier start of the server mean nothing here.
    private let epoch: String
    private let capacity: Int

    package init(capacity: Int = 1000) {
        self.capacity = capacity
        epoch = String(UInt32.random(in: .min ... .max), radix: 36)
    }

    /// - Parameter name: `job`, `objects`, `images`, `edit` …
    package func publish(_ name: String, _ data: JSONValue) {
        let data = String(decoding: data.encoded(), as: UTF8.self)  // Holds no line break: the encoder escapes them.
        state.withLock { state in
            guard !state.isClosed else { return }
            let text = "id: \(epoch)-\(state.next)\nevent: \(name)\ndata: \(data)\n\n"
            state.kept.append(Event(number: state.next, text: text))
            state.next += 1
            if state.kept.count > 2 * capacity { state.kept.removeFirst(state.kept.count - capacity) }
            send(text, &state)
        }
    }

    /// Keeps connections open and finds the ones whose client is gone.
    package func beat() { state.withLock { send(": alive\n\n", &$0) } }

    /// The events from now on, and before them those after `lastID` (the Last-Event-ID header).
    /// The stream ends when the hub is closed or when the listener is too slow; a browser then connects again and says what it had.
    package func listen(after lastID: String? = nil) -> AsyncStream<String> {
        let (stream, continuation) = AsyncStream<String>.makeStream(bufferingPolicy: .bufferingOldest(4 * capacity))
        state.withLock { state in
            guard !state.isClosed else { return continuation.finish() }
            continuation.yield("retry: 1000\n\n")
            if let lastID, !lastID.isEmpty {
                let parts = lastID.split(separator: "-")
                let number = parts.count == 2 && parts[0] == epoch ? Int(parts[1]) : nil
                let oldest = state.kept.first?.number ?? state.next
                if let number, number < state.next, number >= oldest - 1 {
                    for event in state.kept where event.number > number { continuation.yield(event.text) }
                } else {
                    continuation.yield("id: \(epoch)-\(state.next - 1)\nevent: reset\ndata: {}\n\n")
                }
            }
            let key = state.nextListener
            state.nextListener += 1
            state.listeners[key] = continuation
            continuation.onTermination = { [weak self] _ in
                // Not under the lock that `yield` and `finish` may hold.
                Task { self?.remove(key) }
            }
        }
        return stream
    }

    package var listenerCount: Int { state.withLock { $0.listeners.count } }

    package func close() {
        let listeners = state.withLock { state in
            state.isClosed = true
            defer { state.listeners = [:] }
            return Array(state.listeners.values)
        }
        for listener in listeners { listener.finish() }
    }

    private func remove(_ key: Int) { state.withLock { $0.listeners[key] = nil } }

    private func send(_ text: String, _ state: inout State) {
        for (key, listener) in state.listeners {
            if case .dropped = listener.yield(text) {
                listener.finish()
                state.listeners[key] = nil
            }
        }
    }
}
