import Foundation

/// Runs a case several times and prints one line: CPU and wall time of the median run, and how much of what it works on per second.
struct Benchmark {
    private let filter: String?
    private let table: FileHandle?

    /// - Parameters:
    ///   - filter: only cases whose name holds this text.
    ///   - table: file that gets one line a case, name and CPU seconds separated by a tab, for comparison with other programs.
    init(filter: String? = nil, table: String? = nil) {
        self.filter = filter
        if let table { _ = FileManager.default.createFile(atPath: table, contents: nil) }
        self.table = table.flatMap { FileHandle(forWritingAtPath: $0) }
    }

    /// Whether a case of this name would run, for cases whose preparation takes long.
    func includes(_ name: String) -> Bool { filter.map { name.localizedCaseInsensitiveContains($0) } ?? true }

    /// - Parameters:
    ///   - who: whose CPU time counts: this process, or the children it has waited for.
    ///   - items: pixels, bytes or things that one run works on.
    ///   - unit: what an item is, for example `MP` with `per` 1e6.
    func run(
        _ name: String, items: Double, per: Double, unit: String, repeats: Int = 5, who: __rusage_who = RUSAGE_SELF, _ body: () throws -> Void
    ) rethrows {
        guard includes(name) else { return }
        try body()  // Warms caches; not counted.
        var cpu: [Double] = []
        var wall: [Double] = []
        for _ in 0..<repeats {
            let (cpuStart, start) = (Benchmark.cpuSeconds(who), ContinuousClock.now)
            try body()
            cpu.append(Benchmark.cpuSeconds(who) - cpuStart)
            wall.append((ContinuousClock.now - start) / .seconds(1))
        }
        report(name, items: items, per: per, unit: unit, cpu: cpu, wall: wall)
    }

    /// The same for work that waits for tasks.
    func run(_ name: String, items: Double, per: Double, unit: String, repeats: Int = 5, _ body: () async throws -> Void) async rethrows {
        guard includes(name) else { return }
        try await body()
        var (cpu, wall): ([Double], [Double]) = ([], [])
        for _ in 0..<repeats {
            let (cpuStart, start) = (Benchmark.cpuSeconds(RUSAGE_SELF), ContinuousClock.now)
            try await body()
            cpu.append(Benchmark.cpuSeconds(RUSAGE_SELF) - cpuStart)
            wall.append((ContinuousClock.now - start) / .seconds(1))
        }
        report(name, items: items, per: per, unit: unit, cpu: cpu, wall: wall)
    }

    private func report(_ name: String, items: Double, per: Double, unit: String, cpu: [Double], wall: [Double]) {
        let (cpu, wall) = (cpu.sorted(), wall.sorted())
        let (median, elapsed) = (cpu[cpu.count / 2], wall[wall.count / 2])
        table?.write(Data("\(name)\t\(median)\n".utf8))
        let rate = median > 0 ? items / per / median : .infinity
        let columns = [
            name.padding(toLength: max(64, name.count), withPad: " ", startingAt: 0), Benchmark.time(median) + " cpu", Benchmark.time(elapsed) + " wall",
            String(format: "%10.1f \(unit)/cpu-s", rate), String(format: "(%.0f–%.0f %%)", cpu[0] / median * 100, cpu[cpu.count - 1] / median * 100),
        ]
        print(columns.joined(separator: "  "))
    }

    private static func time(_ seconds: Double) -> String {
        switch seconds {
        case ..<1e-3: String(format: "%8.2f µs", seconds * 1e6)
        case ..<1: String(format: "%8.2f ms", seconds * 1e3)
        default: String(format: "%8.3f s ", seconds)
        }
    }

    /// User and system time of all threads of this process, or of its ended children.
    private static func cpuSeconds(_ who: __rusage_who) -> Double {
        var usage = rusage()
        getrusage(__rusage_who_t(who.rawValue), &usage)
        func seconds(_ time: timeval) -> Double { Double(time.tv_sec) + Double(time.tv_usec) / 1e6 }
        return seconds(usage.ru_utime) + seconds(usage.ru_stime)
    }
}
