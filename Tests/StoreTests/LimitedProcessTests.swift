import Foundation
import Store
import Testing

struct LimitedProcessTests {
    private func run(
        _ script: String, seconds: Double = 30, memory: UInt64 = 0, environment: [String: String] = ["PATH": "/usr/bin:/bin"], isCancelled: () -> Bool = { false }
    ) throws -> (end: LimitedProcess.End, printed: String, folder: String) {
        let folder = FileManager.default.temporaryDirectory.appending(path: "ship-limited-\(UUID().uuidString)").path
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        let process = LimitedProcess(program: "/bin/sh", arguments: ["-c", script, "name"], folder: folder, environment: environment, memory: memory, seconds: seconds)
        let (end, printed) = process.run(isCancelled: isCancelled)
        return (end, printed, folder)
    }

    @Test func `exit code, signal and what was printed come back, and the program works in its folder`() throws {
        let done = try run("echo out; echo err >&2; echo x > made; exit 3")
        #expect(done.end == .exited(code: 3) && done.printed == "out\nerr" && FileManager.default.fileExists(atPath: done.folder + "/made"))
        #expect(try run("kill -TERM $$").end == .signalled(SIGTERM))
        #expect(try run("exit 0").end == .exited(code: 0))
    }

    @Test func `only the environment that is given is seen, and no open file`() throws {
        setenv("SHIP_LIMITED_SECRET", "1", 1)
        #expect(try run("env | grep -c SECRET; ls /proc/self/fd | wc -l; cat", environment: ["PATH": "/usr/bin:/bin", "A": "b c"]).printed == "0\n4")
        #expect(try run("echo \"$A\"", environment: ["A": "b c"]).printed == "b c")
    }

    @Test func `a program that hangs, and what it started, ends with the time it has`() throws {
        let start = ContinuousClock.now
        let result = try run("sleep 1000 & echo $! ; sleep 1000", seconds: 0.3)
        #expect(result.end == .outOfTime && start.duration(to: .now) < .seconds(20))
        #expect(ended(try #require(Int32(result.printed.split(separator: "\n").first ?? ""))))
    }

    /// Killed, perhaps not yet taken away by whoever adopted it.
    private func ended(_ process: Int32) -> Bool {
        for _ in 0..<200 {
            let state = (try? String(contentsOfFile: "/proc/\(process)/stat", encoding: .utf8))?.split(separator: ")").last?.trimmingCharacters(in: .whitespaces)
            if state?.hasPrefix("Z") ?? true { return true }
            usleep(10_000)
        }
        return false
    }

    @Test(arguments: [("ends well", "", LimitedProcess.End.exited(code: 0)), ("takes too long", "sleep 1000", .outOfTime)])
    func `what it started ends with it, also in sessions of their own`(name: String, last: String, end: LimitedProcess.End) throws {
        let script = "setsid sleep 1000 & echo $! ; setsid sh -c 'trap \"\" TERM HUP; setsid sleep 1000 & echo $!; sleep 1000' & echo $!; sleep 0.3; \(last)"
        let result = try run(script, seconds: last.isEmpty ? 30 : 1)
        #expect(result.end == end)
        let children = result.printed.split(separator: "\n").compactMap { Int32($0) }
        #expect(children.count == 3, "\(result.printed)")
        for child in children { #expect(ended(child), "\(name): \(child) of \(children)") }
    }

    @Test func `a cancelled program ends at once`() throws {
        let start = ContinuousClock.now
        let result = try run("trap '' TERM INT; sleep 1000", isCancelled: { start.duration(to: .now) > .milliseconds(100) })
        #expect(result.end == .cancelled && start.duration(to: .now) < .seconds(20))
    }

    @Test func `a program that wants more memory than it may have does not get it`() throws {
        // A text of 20 million characters.
        let hungry = "x=$(head -c 20000000 /dev/zero | tr '\\0' 'a'); echo ${#x}"
        #expect(try run(hungry).printed == "20000000")
        let limited = try run(hungry, memory: 8 << 20)
        #expect(limited.end != .exited(code: 0) || limited.printed != "20000000", "\(limited)")
    }

    @Test func `a program that is not there, or none, is told from one that fails`() throws {
        let folder = FileManager.default.temporaryDirectory.path
        let plain = folder + "/ship-plain-\(UUID().uuidString)"
        try Data("no program".utf8).write(to: URL(filePath: plain))
        defer { try? FileManager.default.removeItem(atPath: plain) }
        func end(_ program: String) -> LimitedProcess.End {
            LimitedProcess(program: program, arguments: [], folder: folder, environment: [:], memory: 0, seconds: 5).run().end
        }
        #expect(end("/nonexistent/program") == .refused(errno: ENOENT))
        #expect(end(plain) == .refused(errno: EACCES))
        #expect(LimitedProcess(program: "/bin/true", arguments: [], folder: "/nonexistent", environment: [:], memory: 0, seconds: 5).run().end == .refused(errno: ENOENT))
    }

    @Test func `of much that was printed the end is kept, without bytes that are no text`() throws {
        let printed = try run("head -c 100000 /dev/zero | tr '\\0' 'a'; printf '\\033[31m\\377end'").printed
        #expect(printed.hasSuffix("end") && printed.utf8.count <= 2010 && !printed.unicodeScalars.contains("\u{1b}"))
    }
}
