import ArgumentParser
import Foundation
import Logging
import Pipeline
import Server
import Store

struct ServeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "serve", abstract: "Start the server and print the address to open.",
        discussion: """
            Only this machine can reach it unless --host says otherwise, and only with the token in the printed address.
            Scripts use the bearer token that is printed too, or the one in the environment variable SHIP_TOKEN.
            Stop it with Ctrl-C; projects are then closed so that they open on read-only media too.
            """)

    @Argument(help: "Folder that holds <user>/<project>/; made when it is not there.", completion: .directory)
    var root = "~/ship"

    @Option(help: "Address to listen on; this machine only when left out.")
    var host: String?

    @Option(help: "Port; 0 takes any free one.")
    var port = 4664

    @Option(name: .customLong("allow-host"), help: "Name and port under which other machines reach this server, such as ship.lab:4664; repeat for more.")
    var allowedHosts: [String] = []

    @Flag(help: "Open the address in the default browser.")
    var open = false

    @Flag(help: "Show everything, change nothing.")
    var readOnly = false

    @Flag(help: "Do not restart the server when it crashes; for debuggers.")
    var unwatched = false

    func validate() throws {
        guard (0...65535).contains(port) else { throw ValidationError("--port must be from 0 to 65535") }
    }

    func run() async throws {
        try await reportingFailure {
            if Supervisor.isChild {
                Supervisor.followParent()
            } else {
                try prepareRoot()
                if !unwatched {
                    // A fixed port lets open pages find the server again after a crash.
                    let code = Supervisor.run(port: port == 0 ? try freePort() : port, token: try scriptToken())
                    throw ExitCode(code)
                }
            }
            try await serve()
        }
    }

    /// Secret for scripts: chosen by the person who starts the server, or a new one.
    private func scriptToken() throws -> String {
        guard let chosen = ProcessInfo.processInfo.environment["SHIP_TOKEN"] else { return Supervisor.newToken() }
        guard chosen.utf8.count >= 16, chosen.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7f }) else {
            throw Sentence("SHIP_TOKEN must have at least 16 printable ASCII characters without blanks; choose a longer one, or leave it out")
        }
        return chosen
    }

    private func prepareRoot() throws {
        let folder = fullPath(root)
        do { try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true) } catch {
            var isFolder: ObjCBool = false
            if FileManager.default.fileExists(atPath: folder, isDirectory: &isFolder), !isFolder.boolValue {
                throw Sentence("\(root) is a file, not a folder; give the folder that shall hold the projects")
            }
            throw Sentence("\(root) cannot be made: \(error.localizedDescription) Choose a folder that you may write to.")
        }
    }

    private func serve() async throws {
        var logger = Logger(label: "ship", factory: { StreamLogHandler.standardError(label: $0) })
        logger.logLevel = ProcessInfo.processInfo.environment["SHIP_LOG_LEVEL"].flatMap { Logger.Level(rawValue: $0) } ?? .info
        var configuration = ServerConfiguration(root: fullPath(root))
        configuration.host = host
        configuration.port = ProcessInfo.processInfo.environment[Supervisor.portKey].flatMap(Int.init) ?? port
        configuration.bearerToken = try ProcessInfo.processInfo.environment[Supervisor.tokenKey] ?? scriptToken()
        configuration.isReadOnly = readOnly
        configuration.allowedHosts = allowedHosts
        configuration.cookieKey = ProcessInfo.processInfo.environment[Supervisor.cookieKey]
        configuration.version = shipVersion
        configuration.logger = logger
        configuration.openBrowser = open
        // Written past the buffer, so that a program that waits for the address gets it at once.
        configuration.onLink = { link in FileHandle.standardOutput.write(Data("Open \(link)\n".utf8)) }
        let server = ShipServer(configuration)
        let opensBrowser = open
        FileHandle.standardOutput.write(Data("Scripts send the header  Authorization: Bearer \(server.bearerToken)\n".utf8))
        try await server.run { _ in
            if opensBrowser { openBrowser(server.link) }
            ProcessMemory.releaseCode()
        }
    }

    /// A port that is free now.
    private func freePort() throws -> Int {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        defer { close(descriptor) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = in_addr_t(INADDR_LOOPBACK).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let isBound = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor, $0, length) == 0 && getsockname(descriptor, $0, &length) == 0
            }
        }
        guard isBound else { throw Sentence("this machine has no free port; close a program that listens") }
        return Int(UInt16(bigEndian: address.sin_port))
    }
}

private func openBrowser(_ link: String) {
    let process = Process()
    process.executableURL = URL(filePath: "/usr/bin/env")
    process.arguments = ["xdg-open", link]
    process.standardError = FileHandle.nullDevice
    do { try process.run() } catch { print("No browser could be started; open the address by hand.") }
}
