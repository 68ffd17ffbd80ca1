import Foundation
import Glibc
import Store
import Synchronization

/// Small parent that starts the server as a child of the same binary and starts it again when it crashes.
///
/// A programming mistake ends a Swift process; the person at the browser should notice no more than a hiccup.
enum Supervisor {
    private static let childMark = "SHIP_SERVER_CHILD"
    static let portKey = "SHIP_SERVER_PORT"
    static let tokenKey = "SHIP_SERVER_TOKEN"
    static let cookieKey = "SHIP_SERVER_COOKIE_KEY"

    /// Whether this process is the watched child.
    static var isChild: Bool { ProcessInfo.processInfo.environment[childMark] != nil }

    private static let child = Atomic<Int32>(0)
    private static let isStopping = Atomic<Bool>(false)

    /// Called first in the child: ends with the parent, so that no server is left behind without its watcher.
    static func followParent() {
        if !ParentProcess.endWithIt() { exit(1) }
    }

    /// Runs the same command as a child until it ends by itself, and returns its exit status.
    ///
    /// - Parameters:
    ///   - port: kept over restarts, so that open pages find the server again.
    ///   - token: of scripts, likewise. Cookies are signed with a key of this start, so that browsers stay signed in.
    static func run(port: Int, token: String) -> Int32 {
        for number in [SIGINT, SIGTERM, SIGHUP] {
            signal(number) { number in
                Supervisor.isStopping.store(true, ordering: .relaxed)
                let pid = Supervisor.child.load(ordering: .relaxed)
                if pid > 0 { kill(pid, number) }
            }
        }
        let cookieKey = newToken()
        var crashes: [ContinuousClock.Instant] = []
        while true {
            let pid: pid_t
            do { pid = try spawn(port: port, token: token, cookieKey: cookieKey) } catch {
                FileHandle.standardError.write(Data("ship: cannot start the server process: \(String(cString: strerror(error.code)))\n".utf8))
                return 1
            }
            child.store(pid, ordering: .relaxed)
            // From here on this process only waits.
            ProcessMemory.releaseCode()
            var status: Int32 = 0
            while waitpid(pid, &status, 0) < 0 && errno == EINTR {}
            child.store(0, ordering: .relaxed)
            let signalNumber = status & 0x7f
            if signalNumber == 0 { return (status >> 8) & 0xff }
            if isStopping.load(ordering: .relaxed) { return 0 }

            crashes.append(.now)
            crashes.removeAll { ContinuousClock.now - $0 > .seconds(60) }
            let name = String(cString: strsignal(signalNumber))
            if crashes.count >= 5 {
                FileHandle.standardError.write(
                    Data("ship: the server crashed 5 times within a minute (\(name)); nothing acknowledged is lost. Start it again, and report this with the lines above.\n".utf8))
                return 1
            }
            FileHandle.standardError.write(Data("ship: the server crashed (\(name)) and is started again; nothing acknowledged is lost\n".utf8))
        }
    }

    private struct SpawnError: Error { let code: Int32 }

    private static func spawn(port: Int, token: String, cookieKey key: String) throws(SpawnError) -> pid_t {
        var environment = ProcessInfo.processInfo.environment
        environment[childMark] = "1"
        environment[portKey] = "\(port)"
        environment[tokenKey] = token
        environment[cookieKey] = key
        var arguments: [UnsafeMutablePointer<CChar>?] = CommandLine.arguments.map { strdup($0) } + [nil]
        var variables: [UnsafeMutablePointer<CChar>?] = environment.map { strdup("\($0.key)=\($0.value)") } + [nil]
        defer {
            arguments.forEach { free($0) }
            variables.forEach { free($0) }
        }
        var pid: pid_t = 0
        let code = posix_spawn(&pid, "/proc/self/exe", nil, nil, &arguments, &variables)
        guard code == 0 else { throw SpawnError(code: code) }
        return pid
    }
}

extension Supervisor {
    /// Secret that signs scripts in: 256 bits, hexadecimal.
    static func newToken() -> String {
        var generator = SystemRandomNumberGenerator()
        return (0..<4).map { _ in String(generator.next() as UInt64, radix: 16) }.map { String(repeating: "0", count: 16 - $0.count) + $0 }.joined()
    }
}
