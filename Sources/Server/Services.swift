import Foundation
import Logging
import Pipeline
import Store
import Synchronization

/// What the routes share.
final class Services: Sendable {
    let configuration: ServerConfiguration
    let sessions: Sessions
    let metrics = Metrics()
    let work = WorkPool()
    private let boundPort = Mutex(0)
    private let routeTable = Mutex<[Route]>([])

    init(_ configuration: ServerConfiguration) {
        self.configuration = configuration
        sessions = Sessions(user: configuration.user, bearerToken: configuration.bearerToken)
    }

    var port: Int {
        get { boundPort.withLock { $0 } }
        set { boundPort.withLock { $0 = newValue } }
    }

    var cookieName: String { "ship_session_\(port)" }

    /// Address that signs a browser in; the token stands in the fragment, which browsers do not send anywhere.
    func link() -> String { "http://localhost:\(port)/#token=\(sessions.startToken)" }

    let openAPI = Late<JSONValue>()

    func checkRoot() throws {
        guard access(configuration.root, R_OK | X_OK) == 0 else {
            throw Problem(.diskError, "\(configuration.root) cannot be read; check that its disk is connected")
        }
    }

    /// Event streams end, so that nothing keeps a connection open.
    func closeStreams() async {}

    func close() async { await work.stop() }

    func startHousekeeping() {}

    func gauges() async -> [(name: String, help: String, values: [(labels: String, value: Double)])] { [] }
}

/// A value that is set once, when everything it is made of exists.
final class Late<Value: Sendable>: Sendable {
    private let storage = Mutex<Value?>(nil)
    func set(_ value: Value) { storage.withLock { $0 = value } }
    func value() -> Value {
        guard let value = storage.withLock({ $0 }) else { preconditionFailure("\(Value.self) is asked for before it was set") }
        return value
    }
}
