import Foundation
import Store
import Testing

struct ProcessMarkTests {
    private func sleeper(_ mark: String?) throws -> Process {
        let process = Process()
        process.executableURL = URL(filePath: "/bin/sleep")
        process.arguments = ["1000"]
        process.environment = mark.map { ["PATH": "/usr/bin:/bin", ProcessMark.variable: $0, "Z": "last"] } ?? ["PATH": "/usr/bin:/bin"]
        // What still holds the output of the tests would keep them from ending.
        (process.standardOutput, process.standardError) = (FileHandle.nullDevice, FileHandle.nullDevice)
        try process.run()
        return process
    }

    private func hasEnded(_ process: Process) -> Bool {
        for _ in 0..<300 where process.isRunning { usleep(10_000) }
        return !process.isRunning
    }

    @Test func `processes with a mark end, and no others`() throws {
        let (mine, other) = (ProcessMark(), ProcessMark())
        // Begun by a process of this one's number, but at another time.
        let gone = ProcessMark(start: 1)
        #expect(mine != other && mine.value.split(separator: ".").count >= 4)
        let marked = try (0..<3).map { _ in try sleeper(mine.value) }, nested = try sleeper(mine.value + "/" + other.value)
        let plain = try sleeper(nil), odd = try sleeper("1.2.3"), empty = try sleeper(""), abandoned = try sleeper(gone.value)
        let elsewhere = try sleeper(gone.value.split(separator: ".").enumerated().map { $0.offset == 2 ? "1" : String($0.element) }.joined(separator: "."))
        let all = marked + [nested, plain, odd, empty, abandoned, elsewhere]
        // Not SIGTERM, which a test runner may have told its children to ignore.
        defer { for process in all where process.isRunning { kill(process.processIdentifier, SIGKILL) } }

        ProcessMark.endAbandoned()
        #expect(hasEnded(abandoned))
        // What a ship in another container started is not this one's to judge.
        #expect((marked + [nested, plain, odd, empty, elsewhere]).allSatisfy { $0.isRunning })
        mine.end()
        #expect((marked + [nested]).allSatisfy { hasEnded($0) })
        #expect([plain, odd, empty, elsewhere].allSatisfy { $0.isRunning })
        other.end()
        #expect([plain, odd, empty, elsewhere].allSatisfy { $0.isRunning })
    }
}
