import Foundation
import GRDB
import Raster
import Store
import Testing

@Test func `a project is created, closed and opened again`() async throws {
    let folder = TemporaryFolder()
    let project = try Project.create(folder: folder / "p", title: "Ωmega\u{202E} <img onerror>")
    #expect(project.usesLog)
    let uid = project.uid
    try await project.setSetting("pixel_size_um", json: "10.6", by: "local")
    await #expect(throws: StoreError.self) { try await project.setSetting("x", json: "{nonsense", by: "local") }
    try project.close()
    try project.close()
    await #expect(throws: StoreError.closed(path: folder / "p/project.sqlite")) { try await project.title() }
    // Closed cleanly: one file, in the state that any medium opens.
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder / "p") == ["project.sqlite"])
    let header = try Data(contentsOf: URL(fileURLWithPath: folder / "p/project.sqlite")).prefix(100)
    #expect(header[18] == 1 && header[19] == 1, "journal mode is still WAL")
    #expect([UInt8](header[68..<72]) == Array("ship".utf8))

    let again = try Project.open(folder: folder / "p/")
    #expect(again.uid == uid && again.tookOverFrom == nil && !again.isReadOnly)
    #expect(try await again.title() == "Ωmega\u{202E} <img onerror>")
    #expect(try await again.settings() == ["pixel_size_um": "10.6"])
    try await again.setTitle("B", by: "anna")
    #expect(try await again.auditTrail().items.map(\.field) == ["title", "setting.pixel_size_um"])
    #expect(try await again.auditTrail().items[0].before == "Ωmega\u{202E} <img onerror>")
    #expect(throws: StoreError.exists(path: folder / "p")) { try Project.create(folder: folder / "p", title: "x") }
}

@Test func `what is no project, newer or damaged is refused with a sentence and not changed`() throws {
    let folder = TemporaryFolder()
    #expect(throws: StoreError.notAProject(path: folder.path)) { try Project.open(folder: folder.path) }
    #expect(throws: StoreError.notAProject(path: folder / "none")) { try Project.open(folder: folder / "none") }

    func refused(_ name: String, _ make: (String) throws -> Void) throws -> StoreError? {
        let path = folder / name
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        try make(path + "/project.sqlite")
        let before = try Data(contentsOf: URL(fileURLWithPath: path + "/project.sqlite"))
        for readOnly in [true, false] {
            let error = #expect(throws: StoreError.self) { try Project.open(folder: path, readOnly: readOnly) }
            if !readOnly {
                #expect(try Data(contentsOf: URL(fileURLWithPath: path + "/project.sqlite")) == before, "\(name) was changed")
                return error
            }
        }
        return nil
    }
    let newer = try refused("newer") { path in
        let database = try DatabaseQueue(path: path)
        try database.inDatabase { try $0.execute(sql: "CREATE TABLE future (x); PRAGMA application_id=0x73686970; PRAGMA user_version=999") }
    }
    guard case .newerVersion(_, 999, let known) = newer else { throw try #require(newer) }
    #expect(known >= 1)
    let foreign = try refused("foreign") { path in
        let database = try DatabaseQueue(path: path)
        try database.inDatabase { try $0.execute(sql: "CREATE TABLE browser_history (x)") }
    }
    guard case .notAProject = foreign else { throw try #require(foreign) }
    let damaged = try refused("damaged") { try Data("this is text, and rather long, so that it is not taken for an empty file".utf8).write(to: URL(fileURLWithPath: $0)) }
    guard case .corrupt = damaged else { throw try #require(damaged) }
    let emptied = try refused("emptied") { path in
        try Data().write(to: URL(fileURLWithPath: path))
        try FileManager.default.createDirectory(atPath: folder / "emptied/images", withIntermediateDirectories: true)
    }
    guard case .corrupt = emptied else { throw try #require(emptied) }
}

@Test func `boxes and sizes that no image can have refuse the project, naming table and row`() async throws {
    let folder = TemporaryFolder()
    let (project, image) = try await Project.sample(in: folder)
    let unreadable = NewImage(uid: "u", name: "u.png", location: .project(path: "import/u.png"), node: "import", sha256: "0", bytes: 1)
    #expect(try await project.insertImage(unreadable).width == 0)
    _ = try await project.storeResult(ImageResult(image: image, node: "n", runKey: "1", regions: [region("r")]))
    try project.close()
    let path = folder / "plankton"
    let damages = [
        ("object", "width = -5", "kind = 'region'"), ("object", "height = 1 << 62", "kind = 'region'"), ("object", "x = -(1 << 62)", "kind = 'region'"),
        ("mask", "width = -5", "1"), ("mask", "x = 1 << 62", "1"), ("mask", "y = 1 << 40", "1"), ("image_data", "width = 1 << 31", "width > 0"),
        ("image_data", "height = 0", "width > 0"), ("image_data", "height = -1", "width > 0"),
    ]
    for (table, change, rows) in damages {
        let sound = try Data(contentsOf: URL(fileURLWithPath: path + "/project.sqlite"))
        let database = try DatabaseQueue(path: path + "/project.sqlite")
        let row = try await database.writeWithoutTransaction { database in
            try database.execute(sql: "PRAGMA ignore_check_constraints = ON; UPDATE \(table) SET \(change) WHERE \(rows)")
            return try Int64.fetchOne(database, sql: "SELECT id FROM \(table) WHERE \(rows) OR width = -5 OR height < 0")
        }
        try database.close()
        let id = try #require(row)
        for readOnly in [true, false] {
            let error = #expect(throws: StoreError.self) { try Project.open(folder: path, readOnly: readOnly) }
            guard case .corrupt(_, let detail) = error else { throw try #require(error) }
            #expect(detail.contains("row \(id) of table \(table)"), "\(change): \(detail)")
        }
        try sound.write(to: URL(fileURLWithPath: path + "/project.sqlite"))
    }
    try Project.open(folder: path).close()
}

@Test func `a creation that was interrupted is completed at the next opening`() async throws {
    let folder = TemporaryFolder()
    try FileManager.default.createDirectory(atPath: folder / "p", withIntermediateDirectories: true)
    try Data().write(to: URL(fileURLWithPath: folder / "p/project.sqlite"))
    let project = try Project.open(folder: folder / "p")
    #expect(try await project.title() == "p")
    #expect(try await project.check().isEmpty)
    try project.close()
    // Whoever knows the title says it; once there is one, it stays.
    try Data().write(to: URL(fileURLWithPath: folder / "p/project.sqlite"))
    for said in ["Frames", "others"] {
        let again = try Project.open(folder: folder / "p", title: said)
        #expect(try await again.title() == "Frames")
        try again.close()
    }
}

@Test func `a second opening is refused at once and told who has it`() throws {
    let folder = TemporaryFolder()
    let project = try Project.create(folder: folder / "p", title: "P")
    project.announce(url: "http://127.0.0.1:8080")
    for readOnly in [false, true] {
        let error = #expect(throws: StoreError.self) { try Project.open(folder: folder / "p", readOnly: readOnly) }
        guard case .inUse(_, let owner?) = error else { throw try #require(error) }
        #expect(owner.pid == getpid() && owner.url == "http://127.0.0.1:8080" && !owner.host.isEmpty)
        #expect("\(try #require(error))".contains("process \(getpid())"))
    }
    try project.close()
    try Project.open(folder: folder / "p").close()
}

@Test(.enabled(if: FileManager.default.isExecutableFile(atPath: "/usr/bin/flock"), "needs /usr/bin/flock"))
func `another process that holds the project is respected, and its remains are taken over`() async throws {
    let folder = TemporaryFolder()
    try Project.create(folder: folder / "p", title: "P").close()
    let owner = #"{"boot":"b","host":"vessel","pid":4711,"since":"2026-01-02T03:04:05Z","url":"http://vessel:1"}"#
    try Data(owner.utf8).write(to: URL(fileURLWithPath: folder / "p/project.lock"))
    let other = Process()
    other.executableURL = URL(fileURLWithPath: "/usr/bin/flock")
    other.arguments = ["--no-fork", "-x", folder / "p/project.lock", "sh", "-c", "echo ready; exec sleep 60"]
    let output = Pipe()
    other.standardOutput = output
    try other.run()
    #expect(output.fileHandleForReading.readData(ofLength: 6) == Data("ready\n".utf8))
    for readOnly in [false, true] {
        let refusal = #expect(throws: StoreError.self) { try Project.open(folder: folder / "p", readOnly: readOnly) }
        guard case .inUse(_, let found?) = refusal else { throw try #require(refusal) }
        #expect(found.pid == 4711 && found.host == "vessel" && found.url == "http://vessel:1")
    }
    kill(other.processIdentifier, SIGKILL)
    other.waitUntilExit()
    let project = try Project.open(folder: folder / "p")
    #expect(project.tookOverFrom?.pid == 4711)
}

@Test func `looking at the folder does not drop SQLite's lock`() throws {
    let folder = TemporaryFolder()
    let root = try RootFolder(path: folder.path)
    let project = try root.createProject(user: "local", title: "P")
    defer { try? project.close() }
    var status = stat()
    #expect(stat(project.folder + "/project.sqlite", &status) == 0)
    func locks() throws -> Int {
        // The list is read in pieces while other tests lock and unlock, so that a line may be missed now and then.
        for _ in 0..<50 {
            let file = try #require(FileHandle(forReadingAtPath: "/proc/locks"))
            let data = try file.readToEnd()
            let lines = String(decoding: data ?? Data(), as: UTF8.self).split(separator: "\n")
            let count = lines.filter { $0.contains("POSIX") && $0.contains(":\(status.st_ino) ") }.count
            if count > 0 { return count }
            usleep(10_000)
        }
        return 0
    }
    #expect(try locks() > 0)
    _ = try root.projectFolders()
    _ = try root.summary(user: "local", name: "p")
    _ = try project.files.size("project.sqlite")
    _ = try project.files.list()
    #expect(try locks() > 0)
}

@Test func `a project opens wherever its folder is put`() async throws {
    let folder = TemporaryFolder()
    let (project, image) = try await Project.sample(in: folder)
    var edit = NewEdit(operation: "draw", image: image, request: "{}")
    edit.create = [region("a")]
    _ = try await project.commitEdit(edit)
    let shown = try await project.shown(image)
    try project.close()
    let elsewhere = TemporaryFolder("d'autre côté")
    try FileManager.default.moveItem(atPath: folder / "plankton", toPath: elsewhere / "Kopie von plankton")
    let moved = try Project.open(folder: elsewhere / "Kopie von plankton")
    #expect(try await moved.shown(image) == shown)
    #expect(try await moved.check() == [])
    #expect(try moved.openOriginal(#require(try await moved.image(image))).readAll() == Array("picture a".utf8))
    try moved.close()
    let bytes = try Data(contentsOf: URL(fileURLWithPath: elsewhere / "Kopie von plankton/project.sqlite"))
    for path in [folder.path, elsewhere.path, NSHomeDirectory()] where path.count > 1 { #expect(bytes.range(of: Data(path.utf8)) == nil, "\(path) is stored") }
}

@Test(.enabled(if: SmallDisk.isPossible, "needs the right to mount"))
func `a read-only medium opens for reading, also after a crash, and every change is refused`() async throws {
    let disk = try #require(SmallDisk("size=32m"))
    let home = TemporaryFolder()
    let (project, image) = try await Project.sample(in: home)
    var edit = NewEdit(operation: "draw", image: image, request: "{}")
    edit.create = [region("a")]
    _ = try await project.commitEdit(edit)
    // As a crash leaves it: the last edit only in the log.
    #expect(run("/bin/cp", "-r", home / "plankton", disk.path + "/crashed") == 0)
    let shown = try await project.shown(image)
    try project.close()
    #expect(run("/bin/cp", "-r", home / "plankton", disk.path + "/closed") == 0)
    disk.becomeReadOnly()
    for name in ["closed", "crashed"] {
        for readOnly in [true, false] {
            let copy = try Project.open(folder: disk.path + "/" + name, readOnly: readOnly)
            #expect(copy.isReadOnly)
            #expect((copy.readOnlyReason != nil) == !readOnly)
            #expect(try await copy.shown(image) == shown, "\(name)")
            await #expect(throws: StoreError.self) { try await copy.setTitle("x", by: "") }
            await #expect(throws: StoreError.self) { try await copy.undo(image: image) }
            await #expect(throws: StoreError.self) { try await copy.setJobProgress(1, done: 1, total: 1, message: "") }
            try copy.close()
        }
    }
    disk.becomeWritable()
}

@Test func `where a log is not possible a journal does the same`() async throws {
    let folder = TemporaryFolder()
    try Project.create(folder: folder / "p", title: "P").close()
    let project = try Project.open(folder: folder / "p", allowLog: false)
    #expect(!project.usesLog)
    let image = try await project.addSampleImage("a")
    var edit = NewEdit(operation: "draw", image: image, request: "{}")
    edit.create = [region("a")]
    _ = try await project.commitEdit(edit)
    let job = try await project.enqueue(type: "run")
    _ = try await project.claimNextJob()
    #expect(try await project.setJobProgress(job.id, done: 1, total: 2, message: "x")?.done == 1)
    try project.close()
    let again = try Project.open(folder: folder / "p")
    #expect(again.usesLog)
    #expect(try await again.objectCount(image: image) == 1)
}

@Test func `a project left in log mode with an empty log opens for reading without a trace`() async throws {
    let folder = TemporaryFolder()
    let (project, image) = try await Project.sample(in: folder)
    let shown = try await project.image(image)
    try project.close()
    let database = try DatabaseQueue(path: folder / "plankton/project.sqlite")
    try await database.writeWithoutTransaction { try $0.execute(sql: "PRAGMA journal_mode=WAL") }
    try database.close()
    for suffix in ["-wal", "-shm"] { try? FileManager.default.removeItem(atPath: folder / "plankton/project.sqlite" + suffix) }
    let before = try FileManager.default.contentsOfDirectory(atPath: folder / "plankton").sorted()
    let reading = try Project.open(folder: folder / "plankton", readOnly: true)
    #expect(try await reading.image(image) == shown)
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder / "plankton").sorted() == before)
    try reading.close()
    #expect(try await Project.open(folder: folder / "plankton").image(image) == shown)
}

@Test func `a program started meanwhile does not keep a closed project locked`() throws {
    let folder = TemporaryFolder()
    for _ in 0..<20 {
        let project = try Project.create(folder: folder / UUID().uuidString.lowercased(), title: "P")
        let other = Process()
        other.executableURL = URL(fileURLWithPath: "/bin/sleep")
        other.arguments = ["5"]
        try other.run()
        project.abandon()
        try Project.open(folder: project.folder).close()
        other.terminate()
    }
}

@Test func `a database that is taken away while it is open is not replaced by an empty one`() async throws {
    let folder = TemporaryFolder()
    let (project, image) = try await Project.sample(in: folder)
    let path = folder / "plankton/project.sqlite"
    try FileManager.default.moveItem(atPath: folder / "plankton", toPath: folder / "elsewhere")
    var edit = NewEdit(operation: "draw", image: image, request: "{}")
    edit.create = [region("a")]
    _ = try? await project.commitEdit(edit)
    #expect(!FileManager.default.fileExists(atPath: path))
    try? project.close()
    #expect(!FileManager.default.fileExists(atPath: path))
    // What was acknowledged is where the folder went.
    #expect(try await Project.open(folder: folder / "elsewhere").objectCount(image: image) <= 1)
}

@Test func `of many that open a project at once one gets it, and looking at the list disturbs nobody`() async throws {
    let folder = TemporaryFolder()
    let root = try RootFolder(path: folder.path)
    try root.createProject(user: "local", title: "P").close()
    // As a crash leaves it, so that lookers and openers meet on the lock file.
    try Data("{}".utf8).write(to: URL(fileURLWithPath: folder / "local/p/project.lock"))
    let looking = Task.detached {
        while !Task.isCancelled { _ = try root.summary(user: "local", name: "p") }
    }
    for _ in 0..<20 {
        let opened = await withTaskGroup(of: Result<Project, StoreError>.self) { group in
            for _ in 0..<4 { group.addTask { Result { () throws(StoreError) -> Project in try root.open(user: "local", name: "p") } } }
            return await group.reduce(into: []) { $0.append($1) }
        }
        var owners: [Project] = []
        for result in opened {
            switch result {
            case .success(let project): owners.append(project)
            case .failure(.inUse): break
            case .failure(let error): throw error
            }
        }
        #expect(owners.count == 1)
        for owner in owners { try owner.close() }
    }
    looking.cancel()
    _ = await looking.result
}

@Test(.enabled(if: geteuid() != 0, "the superuser may write everywhere"))
func `a folder without the right to write opens for reading and says why`() async throws {
    let folder = TemporaryFolder()
    let (project, image) = try await Project.sample(in: folder)
    try project.close()
    for (path, mode) in [("plankton/project.sqlite", 0o444), ("plankton", 0o555)] as [(String, mode_t)] { chmod(folder / path, mode) }
    defer { chmod(folder / "plankton", 0o755) }
    let reading = try Project.open(folder: folder / "plankton")
    #expect(reading.isReadOnly && reading.readOnlyReason?.contains("permissions") == true)
    #expect(try await reading.image(image)?.id == image)
    await #expect(throws: StoreError.self) { try await reading.setTitle("x", by: "") }
    try reading.close()
    chmod(folder / "plankton/import/a.png", 0)
    let record = try #require(try await Project.open(folder: folder / "plankton").image(image))
    let error = #expect(throws: StoreError.self) { try Project.open(folder: folder / "plankton").openOriginal(record) }
    guard case .io = error else { throw try #require(error) }
}
