import CPOSIX
import Glibc

/// A program that somebody else wrote, run with limits in a process group of its own: neither it nor what it starts outlives the work it was started for.
package struct LimitedProcess: Sendable {
    package var program: String
    package var arguments: [String]
    /// Where it works; what it prints is kept there, in `printed.log`.
    package var folder: String
    /// All it sees of the environment, but for the mark of this run.
    package var environment: [String: String]
    /// Private memory in bytes; 0 for no limit.
    package var memory: UInt64
    package var seconds: Double

    package enum End: Sendable, Equatable {
        case exited(code: Int32)
        case signalled(Int32)
        case outOfTime
        case cancelled
        /// It could not be started.
        case refused(errno: Int32)
    }

    package init(program: String, arguments: [String], folder: String, environment: [String: String], memory: UInt64, seconds: Double) {
        (self.program, self.arguments, self.folder) = (program, arguments, folder)
        (self.environment, self.memory, self.seconds) = (environment, memory, seconds)
    }

    private static let log = "printed.log"
    /// A program that prints without end fills no disk.
    private static let largestFile: UInt64 = 4 << 30

    /// Runs the program and waits for it on this thread. When this returns, nothing that it started runs any longer, though it left the program's group.
    ///
    /// - Parameter isCancelled: asked fifty times a second.
    /// - Returns: how it ended, and the last it printed.
    package func run(isCancelled: () -> Bool = { false }) -> (end: End, printed: String) {
        let path = folder + "/" + Self.log
        let out = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0o600)
        guard out >= 0 else { return (.refused(errno: errno), "") }
        let mark = ProcessMark()
        var environment = environment
        environment[ProcessMark.variable] = mark.value
        let child = Self.withStrings([program] + arguments) { arguments in
            Self.withStrings(environment.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }) { environment in
                ship_spawn_limited(program, arguments, environment, folder, out, memory, Self.largestFile)
            }
        }
        close(out)
        guard child > 0 else { return (.refused(errno: -child), "") }
        let end = wait(for: child, isCancelled)
        // Also what it may have left running.
        kill(-child, SIGKILL)
        mark.end()
        return (end, Self.tail(of: path))
    }

    private func wait(for child: Int32, _ isCancelled: () -> Bool) -> End {
        let start = ContinuousClock.now
        var why: End?
        while true {
            var code: Int32 = 0
            switch ship_child_ended(child, &code) {
            case 0: break
            case 1: return why ?? (code < 0 ? .signalled(-code) : .exited(code: code))
            default: return why ?? .exited(code: 127)
            }
            if why == nil {
                if isCancelled() { why = .cancelled } else if start.duration(to: .now) > .seconds(seconds) { why = .outOfTime }
                if why != nil { kill(-child, SIGKILL) }
            }
            // Short at first: a program that does little is not waited for.
            usleep(start.duration(to: .now) < .milliseconds(50) ? 1000 : 20_000)
        }
    }

    /// The last 2,000 bytes, without what is no text.
    private static func tail(of path: String) -> String {
        let file = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC)
        guard file >= 0 else { return "" }
        defer { close(file) }
        let size = lseek(file, 0, SEEK_END)
        var bytes = [UInt8](repeating: 0, count: min(2000, max(0, size)))
        let count = pread(file, &bytes, bytes.count, off_t(max(0, size - bytes.count)))
        let text = String(decoding: bytes.prefix(max(0, count)), as: UTF8.self)
        let clean = String(String.UnicodeScalarView(text.unicodeScalars.map { $0 == "\n" || $0.value >= 32 && $0.value != 127 ? $0 : " " }))
        return clean.split(separator: "\n").joined(separator: "\n")
    }

    private static func withStrings<R>(_ strings: [String], _ body: (UnsafePointer<UnsafeMutablePointer<CChar>?>) -> R) -> R {
        var pointers = strings.map { strdup($0) } + [nil]
        defer { for pointer in pointers { free(pointer) } }
        return pointers.withUnsafeMutableBufferPointer { body(UnsafePointer($0.baseAddress!)) }
    }
}
