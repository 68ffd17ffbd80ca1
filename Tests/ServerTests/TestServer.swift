import Foundation
import Logging
import Server
import Testing

/// A server on a free port with a root folder of its own, for the time of `body`.
func withServer<R>(
    _ configure: (inout ServerConfiguration) -> Void = { _ in }, _ body: (ShipServer, HTTPClient, _ root: String) async throws -> R
) async throws -> R {
    let root = NSTemporaryDirectory() + "ship-server-\(UUID().uuidString)"
    try FileManager.default.createDirectory(atPath: root, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: root) }
    var configuration = ServerConfiguration(root: root)
    configuration.port = 0
    configuration.version = "test"
    configuration.logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
    configure(&configuration)
    let server = ShipServer(configuration)
    let port = try await server.start()
    do {
        let result = try await body(server, HTTPClient(port: port, bearer: server.bearerToken), root)
        await server.stop()
        return result
    } catch {
        await server.stop()
        throw error
    }
}
