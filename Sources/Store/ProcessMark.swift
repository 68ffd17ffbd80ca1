import CPOSIX
import Glibc

/// Says in the environment of a program, and so of all it starts, for whom it works. What left the program's process group, or outlived a `ship` that was
/// killed, is found by it. A process that gives up its environment is not.
package struct ProcessMark: Sendable, Equatable {
    package static let variable = "SHIP_STARTED_FOR"

    /// The process that started the program: its number, the time at which it began in ticks since the computer did, and the space in which numbers of
    /// processes mean the same (containers have their own).
    let process: Int32
    let start: UInt64
    let space: String
    /// One start of a program.
    let run: UInt64

    /// - Parameter start: for tests; when this process began.
    package init(start: UInt64? = nil) {
        process = getpid()
        self.start = start ?? Self.look(at: getpid()).start ?? 0
        space = Self.space
        run = .random(in: 0 ... .max)
    }

    private init?(_ text: Substring) {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 4, let process = Int32(parts[0]), let start = UInt64(parts[1]), let run = UInt64(parts[3]) else { return nil }
        (self.process, self.start, self.space, self.run) = (process, start, String(parts[2]), run)
    }

    /// What programs get: this mark behind those that `ship` itself was started with, as a program of another `ship`.
    package var value: String {
        let own = "\(process).\(start).\(space).\(run)"
        return getenv(Self.variable).map { String(cString: $0) + "/" + own } ?? own
    }

    private static func marks(_ value: String) -> [ProcessMark] { value.split(separator: "/").compactMap { ProcessMark($0) } }

    /// Whether the process that started the program is no more, as far as this one can tell.
    private var isAbandoned: Bool {
        let (isKnown, now) = Self.look(at: process)
        return isKnown && now != start && space == Self.space && !space.isEmpty
    }

    /// Ends every process with this mark; returns when none is left, or after two seconds.
    package func end() { Self.endAll { Self.marks($0).contains(self) } }

    /// Ends every process that was started for a `ship` that is no more.
    package static func endAbandoned() { endAll { marks($0).contains(where: \.isAbandoned) } }

    private final class Judge {
        let says: (String) -> Bool
        init(_ says: @escaping (String) -> Bool) { self.says = says }
    }

    private static func endAll(_ says: @escaping (String) -> Bool) {
        let judge = Judge(says)
        let deadline = ContinuousClock.now.advanced(by: .seconds(2))
        // What was killed is there for a moment, and may have started something just before; so until two looks in a row find nothing.
        var calm = 0
        while calm < 2, ContinuousClock.now < deadline {
            let killed = withExtendedLifetime(judge) {
                ship_kill_marked(
                    variable, { value, context in Unmanaged<Judge>.fromOpaque(context!).takeUnretainedValue().says(String(cString: value!)) ? 1 : 0 },
                    Unmanaged.passUnretained(judge).toOpaque())
            }
            calm = killed == 0 ? calm + 1 : 0
            if killed > 0 { usleep(2000) }
        }
    }

    private static let space: String = {
        var bytes = [UInt8](repeating: 0, count: 100)
        let count = bytes.withUnsafeMutableBytes { readlink("/proc/self/ns/pid", $0.baseAddress!, $0.count) }
        // pid:[4026531836]
        return String(decoding: bytes.prefix(max(0, count)).filter { (48...57).contains($0) }, as: UTF8.self)
    }()

    /// When a process began, in ticks; nil when there is none of this number, or only its exit code is left.
    /// - Returns: also whether that could be found out.
    private static func look(at process: Int32) -> (isKnown: Bool, start: UInt64?) {
        let file = open("/proc/\(process)/stat", O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { return (errno == ENOENT, nil) }
        defer { close(file) }
        var bytes = [UInt8](repeating: 0, count: 2048)
        let count = read(file, &bytes, bytes.count)
        guard count > 0 else { return (count < 0 && errno == ESRCH, nil) }
        // The name in brackets may hold anything; fields after it are counted from the third.
        guard let end = bytes.prefix(count).lastIndex(of: UInt8(ascii: ")")) else { return (false, nil) }
        let fields = String(decoding: bytes[(end + 1)..<count], as: UTF8.self).split(separator: " ")
        guard fields.count > 19 else { return (false, nil) }
        return (true, fields[0] == "Z" || fields[0] == "X" ? nil : UInt64(fields[19]))
    }
}
