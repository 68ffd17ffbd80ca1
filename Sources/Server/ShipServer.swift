import Foundation
import HTTPTypes
import Hummingbird
import HummingbirdCore
import Logging
import NIOCore
import NIOPosix
import Pipeline
import ServiceLifecycle
import Synchronization
import UnixSignals

/// The web server of `ship`: listens, answers, and closes every project cleanly at the end.
package final class ShipServer: Sendable {
    private typealias Listener = HummingbirdCore.Server<ServerChannel>

    private struct Running { var listeners: [Listener] = []; var tasks: [Task<Void, Never>] = [] }

    private let configuration: ServerConfiguration
    private let services: Services
    private let gate = Gate()
    private let responder: Responder
    private let running = Mutex(Running())

    package init(_ configuration: ServerConfiguration) {
        self.configuration = configuration
        let services = Services(configuration)
        self.services = services
        let routes = AllRoutes.groups(services).flatMap(\.routes)
        services.openAPI.set(OpenAPI.document(routes, version: configuration.version))
        responder = Responder(
            table: RouteTable(routes), assets: AssetFiles(), gate: gate, sessions: services.sessions, metrics: services.metrics,
            limits: configuration.limits, logger: configuration.logger, cookieName: { services.cookieName })
    }

    /// Address for a browser, with the token that signs it in; valid after `start`.
    package var link: String { services.link() }
    package var bearerToken: String { services.sessions.bearerToken }

    /// Listens; returns the port when connections are taken.
    /// - Throws: `ServerError` when nobody may listen there.
    package func start() async throws -> Int {
        // Pages that wait for a server that crashed ask at once, and must not be told that it has another name.
        if configuration.port != 0 { answer(at: configuration.port) }
        let port: Int
        if let host = configuration.host {
            port = try await listen(host: host, port: configuration.port)
        } else {
            port = try await listenOnThisMachine()
        }
        answer(at: port)
        configuration.onLink(services.link())
        services.startHousekeeping()
        return port
    }

    private func answer(at port: Int) {
        services.port = port
        gate.allow(hosts: configuration.allowedHosts + (configuration.host.map { ["\($0):\(port)"] } ?? []), port: port)
    }

    /// Answers what has begun, tells event streams goodbye, closes the projects. At most a few seconds.
    package func stop() async {
        await services.closeStreams()
        let running = running.withLock { running in
            defer { running = Running() }
            return running
        }
        let deadline = Task {
            try await Task.sleep(for: .seconds(3))
            for task in running.tasks { task.cancel() }
        }
        await withTaskGroup(of: Void.self) { group in
            for listener in running.listeners { group.addTask { try? await listener.shutdownGracefully() } }
        }
        for task in running.tasks { await task.value }
        deadline.cancel()
        await services.close()
    }

    /// Starts, and stops at SIGINT or SIGTERM.
    /// - Parameter onStart: gets the port.
    package func run(onStart: @Sendable (Int) async -> Void = { _ in }) async throws {
        signal(SIGPIPE, SIG_IGN)
        signal(SIGXFSZ, SIG_IGN)
        let signals = await UnixSignalsSequence(trapping: .sigint, .sigterm)
        await onStart(try await start())
        for await received in signals {
            configuration.logger.info("\(received): stopping")
            break
        }
        await stop()
    }

    /// 127.0.0.1 and ::1 on the same port; a machine without IPv6 does with the first.
    private func listenOnThisMachine() async throws -> Int {
        var attempt = 1
        while true {
            let port = try await listen(host: "127.0.0.1", port: configuration.port)
            do {
                _ = try await listen(host: "::1", port: port)
                return port
            } catch ServerError.portTaken where configuration.port == 0 && attempt < 8 {
                // Free on one, taken on the other: try another.
                attempt += 1
                let last = running.withLock { ($0.listeners.popLast(), $0.tasks.popLast()) }
                try? await last.0?.shutdownGracefully()
            } catch ServerError.noSuchAddress {
                configuration.logger.info("this machine has no IPv6; listening on 127.0.0.1 only")
                return port
            }
        }
    }

    private func listen(host: String, port: Int) async throws -> Int {
        let (responder, gate, services) = (responder, gate, services)
        let bound = Awaited<Result<Int, any Error>>()
        var quiet = configuration.logger
        quiet.logLevel = .warning  // Its own start line would say what ours says.
        let listener = Listener(
            childChannelSetup: ServerChannel(
                responder: { request, writer, channel in try await responder.respond(to: request, writer: writer, channel: channel) },
                idleTimeout: .seconds(configuration.limits.idleSeconds),
                makeTileHandlers: { line in
                    let (sessions, projects, metrics) = (services.sessions, services.projects.table, services.metrics)
                    let shortcut = TileShortcut(sessions: sessions, projects: projects, metrics: metrics)
                    return (
                        shortcut,
                        TileHandler(
                            shortcut: shortcut, gate: gate, sessions: sessions, projects: projects, metrics: metrics,
                            cookieName: { services.cookieName }, line: line)
                    )
                }),
            configuration: HummingbirdCore.ServerConfiguration(
                address: .hostname(host, port: port), serverName: nil, backlog: 256, reuseAddress: true,
                availableConnectionsDelegate: MaximumAvailableConnections(configuration.limits.connections)),
            onServerRunning: { channel in bound.set(.success(channel.localAddress?.port ?? port)) },
            eventLoopGroup: MultiThreadedEventLoopGroup.singleton, logger: quiet)
        let task = Task {
            do {
                try await listener.run()
            } catch {
                bound.set(.failure(ServerError(error, host: host, port: port)))
            }
        }
        let port = try await bound.value().get()
        running.withLock { running in
            running.listeners.append(listener)
            running.tasks.append(task)
        }
        return port
    }
}

/// A value that one task waits for and another sets, once.
private final class Awaited<Value: Sendable>: Sendable {
    private let (stream, continuation) = AsyncStream<Value>.makeStream(bufferingPolicy: .bufferingOldest(1))
    func set(_ value: Value) {
        continuation.yield(value)
        continuation.finish()
    }
    func value() async -> Value {
        for await value in stream { return value }
        preconditionFailure("nothing was set")
    }
}

/// Why the server cannot listen.
package enum ServerError: Error, Equatable, CustomStringConvertible {
    case portTaken(host: String, port: Int)
    case noPermission(host: String, port: Int)
    case noSuchAddress(host: String)
    case io(host: String, port: Int, detail: String)

    package var description: String {
        switch self {
        case .portTaken(let host, let port):
            "port \(port) of \(host) is taken, perhaps by another ship; use that one, or choose another with --port (0: any free one)"
        case .noPermission(let host, let port): "listening on \(host) port \(port) is not allowed; choose a port above 1023 with --port"
        case .noSuchAddress(let host): "\(host) is not an address of this machine; leave --host out, or give one that it has"
        case .io(let host, let port, let detail): "cannot listen on \(host) port \(port): \(detail); choose another with --host and --port"
        }
    }

    init(_ error: any Error, host: String, port: Int) {
        switch (error as? IOError)?.errnoCode {
        case EADDRINUSE: self = .portTaken(host: host, port: port)
        case EACCES, EPERM: self = .noPermission(host: host, port: port)
        case EADDRNOTAVAIL, EAFNOSUPPORT, EINVAL: self = .noSuchAddress(host: host)
        default: self = .io(host: host, port: port, detail: "\(error)")
        }
    }
}
