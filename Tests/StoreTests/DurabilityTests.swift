import Foundation
import GRDB
import Raster
import Store
import Testing

// What is acknowledged survives: kill -9, a log cut off anywhere, a full disk, an error of the disk.

/// A second process of this very test program that runs one test below, told what to do by its environment.
private func child(_ test: String, _ environment: [String: String]) -> Process? {
    guard let arguments = try? String(contentsOfFile: "/proc/self/cmdline", encoding: .utf8).split(separator: "\0").map(String.init), let program = arguments.first
    else { return nil }
    var kept: [String] = []
    var skip = false
    for argument in arguments.dropFirst() {
        if skip { skip = false } else if argument == "--filter" || argument == "--skip" || argument == "--xunit-output" { skip = true } else { kept.append(argument) }
    }
    let process = Process()
    process.executableURL = URL(fileURLWithPath: program.hasPrefix("/") ? program : "/proc/self/exe")
    process.arguments = kept + ["--filter", test]
    process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
    process.standardOutput = FileHandle.nullDevice
    process.standardError = FileHandle.nullDevice
    return process
}

private let childFolder = ProcessInfo.processInfo.environment["SHIP_STORE_CHILD_EDITS"]
private let limitedFolder = ProcessInfo.processInfo.environment["SHIP_STORE_CHILD_LIMIT"]

/// What edit number `step` draws; the same in both processes.
private func edit(_ step: Int, image: ObjectID) -> NewEdit {
    var dice = Dice(UInt64(step))
    var edit = NewEdit(operation: "draw", image: image, request: #"{"step":\#(step)}"#)
    edit.create = [region("step-\(step)", x: Int.random(in: 0...900, using: &dice), body: (0..<Int.random(in: 1...2000, using: &dice)).map { _ in .random(in: 0...255, using: &dice) })]
    return edit
}

/// Every step up to `acknowledged` must be there as it was sent; one more may be.
private func verify(_ folder: String, acknowledged: Int, image: ObjectID) async throws {
    let project = try Project.open(folder: folder)
    defer { try? project.close() }
    let shown = try await project.shown(image)
    #expect(shown.count >= acknowledged && shown.count <= acknowledged + 1, "\(acknowledged) edits were acknowledged, \(shown.count) are there")
    for (step, object) in shown.enumerated() { #expect(object.mask?.png == edit(step, image: image).create[0].png, "step \(step)") }
    #expect(try await project.check() == [])
}

@Test(.enabled(if: childFolder != nil, "only as the child of another test")) func `child that edits until it is killed`() async throws {
    let folder = try #require(childFolder)
    let project = try Project.open(folder: folder)
    let image = try await project.images().items[0].id
    let start = try await project.objectCount(image: image)
    let acknowledged = open(folder + "/../acknowledged", O_WRONLY | O_CREAT | O_TRUNC, 0o600)
    for step in start... {
        _ = try await project.commitEdit(edit(step, image: image))
        let text = Array("\(step + 1)\n".utf8)
        _ = pwrite(acknowledged, text, text.count, 0)
    }
}

@Test func `kill -9 loses no acknowledged edit`() async throws {
    let home = TemporaryFolder()
    let (project, image) = try await Project.sample(in: home)
    try project.close()
    var dice = Dice(UInt64(getpid()))
    var seen = 0
    @Sendable func acknowledged() -> Int { (try? String(contentsOfFile: home / "acknowledged", encoding: .utf8)).flatMap { Int($0.prefix { $0 != "\n" }) } ?? 0 }
    for round in 0..<6 {
        try? FileManager.default.removeItem(atPath: home / "acknowledged")
        let process = try #require(child("edits until it is killed", ["SHIP_STORE_CHILD_EDITS": home / "plankton"]))
        try process.run()
        let (before, more) = (seen, Double.random(in: 0...0.15, using: &dice))
        // On a thread of its own: the other tests keep Swift's few threads busy, and the child would write on and on.
        await withCheckedContinuation { continuation in
            Thread.detachNewThread {
                for _ in 0..<6000 where acknowledged() <= before && process.isRunning { Thread.sleep(forTimeInterval: 0.005) }
                Thread.sleep(forTimeInterval: more)
                kill(process.processIdentifier, SIGKILL)
                process.waitUntilExit()
                continuation.resume()
            }
        }
        let count = acknowledged()
        #expect(count > seen, "round \(round): the child made no edit")
        try await verify(home / "plankton", acknowledged: count, image: image)
        let reopened = try Project.open(folder: home / "plankton")
        seen = try await reopened.objectCount(image: image)
        try reopened.close()
    }
}

@Test func `a log that ends anywhere behind the last acknowledged edit brings back all of them`() async throws {
    let home = TemporaryFolder()
    let (project, image) = try await Project.sample(in: home)
    let path = home / "plankton/project.sqlite"
    func log() -> Data { (try? Data(contentsOf: URL(fileURLWithPath: path + "-wal"))) ?? Data() }
    var dice = Dice(11)
    var acknowledged = 0
    var database = try Data(contentsOf: URL(fileURLWithPath: path))
    for trial in 0..<40 {
        _ = try await project.commitEdit(edit(acknowledged, image: image))
        acknowledged += 1
        let after = log()
        // The edit is acknowledged; the next one is on its way into the log when the power goes: any part of it may be there.
        _ = try await project.commitEdit(edit(acknowledged, image: image))
        acknowledged += 1
        let next = log()
        let now = try Data(contentsOf: URL(fileURLWithPath: path))
        defer { database = now }
        // A checkpoint in between would make this picture of a crash one that cannot be.
        guard now == database, next.count > after.count, next.starts(with: after) else { continue }
        let cut = Int.random(in: after.count...next.count, using: &dice)
        let crashed = home / "crashed-\(trial)"
        try FileManager.default.createDirectory(atPath: crashed, withIntermediateDirectories: true)
        #expect(run("/bin/cp", "-r", home / "plankton/import", crashed) == 0)
        try now.write(to: URL(fileURLWithPath: crashed + "/project.sqlite"))
        try next.prefix(cut).write(to: URL(fileURLWithPath: crashed + "/project.sqlite-wal"))
        try await verify(crashed, acknowledged: acknowledged - 1, image: image)
    }
}

@Test(.enabled(if: SmallDisk.isPossible, "needs the right to mount")) func `a full disk refuses an edit, keeps all before, and goes on when there is room`() async throws {
    let disk = try #require(SmallDisk("size=1m"))
    let project = try Project.create(folder: disk.path + "/p", title: "Small")
    let image = try await project.addSampleImage("a")
    var acknowledged = 0
    var refusal: StoreError?
    while refusal == nil, acknowledged < 5000 {
        do throws(StoreError) {
            _ = try await project.commitEdit(edit(acknowledged, image: image))
            acknowledged += 1
        } catch {
            refusal = error
        }
    }
    guard case .diskFull(_, let free?) = refusal else { throw try #require(refusal) }
    #expect(free < 1 << 20 && acknowledged > 100, "\(acknowledged) edits")
    #expect("\(try #require(refusal))".contains("free some space"))
    #expect(try await project.objectCount(image: image) == acknowledged)
    await #expect(throws: StoreError.self) { try await project.commitEdit(edit(acknowledged, image: image)) }
    #expect(run("/bin/mount", "-o", "remount,size=4m", disk.path) == 0)
    _ = try await project.commitEdit(edit(acknowledged, image: image))
    acknowledged += 1
    try project.close()
    try await verify(disk.path + "/p", acknowledged: acknowledged, image: image)
    print("1 MiB disk: full after \(acknowledged - 1) edits")
}

@Test(.enabled(if: limitedFolder != nil, "only as the child of another test")) func `child whose disk reports errors`() async throws {
    let folder = try #require(limitedFolder)
    signal(SIGXFSZ, SIG_IGN)
    let project = try Project.open(folder: folder)
    let image = try await project.images().items[0].id
    for step in 0..<5 { _ = try await project.commitEdit(edit(step, image: image)) }
    let size = try #require(try project.files.size("project.sqlite-wal"))
    var limit = rlimit()
    getrlimit(__rlimit_resource_t(RLIMIT_FSIZE.rawValue), &limit)
    let usual = limit.rlim_cur
    limit.rlim_cur = rlim_t(size + 100)  // Writing beyond fails with EFBIG, which SQLite reports as an I/O error.
    setrlimit(__rlimit_resource_t(RLIMIT_FSIZE.rawValue), &limit)
    let error = await #expect(throws: StoreError.self) { try await project.commitEdit(edit(5, image: image)) }
    limit.rlim_cur = usual
    setrlimit(__rlimit_resource_t(RLIMIT_FSIZE.rawValue), &limit)
    guard case .io = error else { throw try #require(error) }
    #expect(try await project.objectCount(image: image) == 5)
    #expect(project.reopenings == 1)
    for step in 5..<10 { _ = try await project.commitEdit(edit(step, image: image)) }
    try project.close()
    try Data().write(to: URL(fileURLWithPath: folder + "/../done"))
}

@Test func `after an error of the disk the edit is refused, the database opened again, and the next edit works`() async throws {
    let home = TemporaryFolder()
    let (project, image) = try await Project.sample(in: home)
    try project.close()
    let process = try #require(child("child whose disk reports errors", ["SHIP_STORE_CHILD_LIMIT": home / "plankton"]))
    try process.run()
    process.waitUntilExit()
    #expect(process.terminationStatus == 0 && FileManager.default.fileExists(atPath: home / "done"))
    try await verify(home / "plankton", acknowledged: 10, image: image)
}

@Test func `requests of many tasks are all served, also cancelled ones`() async throws {
    let home = TemporaryFolder()
    let (project, image) = try await Project.sample(in: home)
    let others = try await withThrowingTaskGroup(of: ObjectID.self) { group in
        for name in ["b", "c", "d"] { group.addTask { try await project.addSampleImage(name) } }
        return try await group.reduce(into: []) { $0.append($1) }
    }
    await withTaskGroup(of: Void.self) { group in
        for step in 0..<60 {
            group.addTask {
                let task = Task {
                    var made = edit(step, image: ([image] + others)[step % 4])
                    made.summary = "\(step)"
                    _ = try? await project.commitEdit(made)
                }
                if step % 3 == 0 { task.cancel() }
                await task.value
            }
        }
    }
    #expect(try await project.objects(ObjectQuery()).total == 60)
    #expect(try await project.check() == [])
    try project.close()
}

@Test func `a thousand regions are stored quickly`() async throws {
    let home = TemporaryFolder()
    let (project, image) = try await Project.sample(in: home)
    let names = (0..<40).map { "measure_\($0)" }
    try await project.setMeasureColumns(names.map { MeasureColumnRecord(name: $0, unit: "px", title: $0, definition: $0) })
    var dice = Dice(5)
    func regions(_ run: Int) -> [NewRegion] {
        (0..<1000).map { index in
            var one = region("\(run)-\(index)", x: .random(in: 0...900, using: &dice), y: .random(in: 0...700, using: &dice), body: [UInt8](repeating: UInt8(index % 250), count: 250))
            one.measurements = Measurements(names: names, values: (0..<40).map { Double($0 * index) })
            return one
        }
    }
    func time(_ what: String, _ body: () async throws -> Void) async throws -> Duration {
        let duration = try await ContinuousClock().measure(body)
        print("\(what): \(duration)")
        return duration
    }
    let first = regions(0)
    let second = regions(1)
    let stored = try await time("store 1,000 regions × 40 measures") { _ = try await project.storeResult(ImageResult(image: image, node: "n", runKey: "0", regions: first)) }
    #expect(stored < .seconds(20))  // Some 30 ms on an idle machine; the bound only catches what is wrong by far.
    _ = try await time("replace them by 1,000 others") { _ = try await project.storeResult(ImageResult(image: image, node: "n", runKey: "1", regions: second)) }
    _ = try await time("replace them by the same") { _ = try await project.storeResult(ImageResult(image: image, node: "n", runKey: "2", regions: second)) }
    _ = try await time("200 edits") { for step in 0..<200 { _ = try await project.commitEdit(edit(step, image: image)) } }
    _ = try await time("1,000 progress reports") {
        let job = try await project.enqueue(type: "x")
        _ = try await project.claimNextJob()
        for step in 0..<1000 { _ = try await project.setJobProgress(job.id, done: step, total: 1000, message: "") }
    }
    _ = try await time("a page of 200 objects with measures, by a measure") {
        var query = ObjectQuery(image: image)
        query.sort = "measure_3"
        _ = try await project.objects(query)
    }
    _ = try await time("100 × masks of a box of 256 × 256") {
        for step in 0..<100 { _ = try await project.masks(image: image, box: Rect(x: step * 7, y: step * 5, width: 256, height: 256)) }
    }
    _ = try await time("all 1,200 masks") { _ = try await project.masks(image: image) }
}

/// The number of edits that were acknowledged so far.
private actor Acknowledged {
    private(set) var count = 0
    func note(_ count: Int) { self.count = count }
}

@Test func `files copied while edits stream hold every edit that was acknowledged before`() async throws {
    let home = TemporaryFolder()
    let (project, image) = try await Project.sample(in: home)
    let path = home / "plankton/project.sqlite"
    let acknowledged = Acknowledged()
    let editing = Task.detached {
        var step = 0
        while !Task.isCancelled {
            _ = try await project.commitEdit(edit(step, image: image))
            step += 1
            await acknowledged.note(step)
        }
    }
    var pictures = 0
    for trial in 0..<25 {
        try await Task.sleep(for: .milliseconds(10))
        let before = await acknowledged.count
        let copy = home / "copy-\(trial)"
        try FileManager.default.createDirectory(atPath: copy, withIntermediateDirectories: true)
        #expect(run("/bin/cp", "-r", home / "plankton/import", copy) == 0)
        let database = try Data(contentsOf: URL(fileURLWithPath: path))
        let log = (try? Data(contentsOf: URL(fileURLWithPath: path + "-wal"))) ?? Data()
        // Two files are not copied in one instant: with a checkpoint in between, the copy would be a moment that never was.
        guard try Data(contentsOf: URL(fileURLWithPath: path)) == database else { continue }
        pictures += 1
        try database.write(to: URL(fileURLWithPath: copy + "/project.sqlite"))
        try log.write(to: URL(fileURLWithPath: copy + "/project.sqlite-wal"))
        let restored = try Project.open(folder: copy)
        let shown = try await restored.shown(image)
        #expect(shown.count >= before, "\(before) edits were acknowledged, \(shown.count) are in the copy")
        for (step, object) in shown.enumerated() { #expect(object.mask?.png == edit(step, image: image).create[0].png, "step \(step)") }
        #expect(try await restored.check() == [])
        try restored.close()
        try FileManager.default.removeItem(atPath: copy)
    }
    editing.cancel()
    _ = await editing.result
    #expect(pictures > 0)
    print("\(pictures) copies while \(await acknowledged.count) edits streamed")
    try project.close()
}
