import CPOSIX
import Foundation
import Store
import Testing

@Test(arguments: ["", "/etc/passwd", "../secret", "a/../../secret", "a//b", "./a", "a/.", "..", "a\0b", "/"])
func `paths that could lead out are refused`(path: String) throws {
    let folder = TemporaryFolder()
    try Data("secret".utf8).write(to: URL(fileURLWithPath: (folder.path as NSString).deletingLastPathComponent + "/secret"))
    let files = try FolderHandle(path: folder.path)
    try files.makeFolder("a")
    #expect(throws: StoreError.self) { try files.openFile(path) }
    #expect(throws: StoreError.self) { try files.write(path, bytes: [1]) }
    #expect(throws: StoreError.self) { try files.makeFolder(path) }
    #expect(throws: StoreError.self) { try files.remove(path) }
    #expect(throws: StoreError.self) { try files.move("a", to: path) }
}

@Test func `symbolic links are never followed, wherever they point`() throws {
    let folder = TemporaryFolder()
    let files = try FolderHandle(path: folder.path)
    try files.makeFolder("real")
    try files.write("real/file", bytes: [1, 2, 3])
    for (link, target) in [("out", "/etc"), ("passwd", "/etc/passwd"), ("inside", "real"), ("file", "real/file"), ("loop", "loop"), ("gone", "nowhere")] {
        symlink(target, folder / link)
    }
    for path in ["out/passwd", "passwd", "inside/file", "file", "loop", "gone"] {
        let error = #expect(throws: StoreError.self, "\(path)") { try files.openFile(path) }
        guard case .outside = error else {
            Issue.record("\(path): \(String(describing: error))")
            continue
        }
        #expect(throws: StoreError.self) { try files.size(path) }
    }
    #expect(throws: StoreError.self) { try files.write("out/x", bytes: [1]) }
    #expect(throws: StoreError.self) { try files.makeFolder("inside/x") }
    // A link in the place of a written file is replaced, not followed.
    try files.write("passwd", bytes: [7])
    #expect(try files.read("passwd") == [7])
    #expect(!FileManager.default.fileExists(atPath: "/etc/x"))
    // Removing a folder removes links in it, not what they point to.
    try files.makeFolder("doomed")
    symlink("../real", folder / "doomed/link")
    try files.remove("doomed")
    #expect(try files.read("real/file") == [1, 2, 3])
}

@Test func `kernels without openat2 refuse the same paths step by step`() throws {
    let folder = TemporaryFolder()
    let files = try FolderHandle(path: folder.path)
    try files.makeFolder("a/b")
    try files.write("a/b/c", bytes: [5])
    symlink("a", folder / "link")
    symlink("b/c", folder / "a/file")
    func opens(_ path: String) -> Bool {
        let file = files.openStepwise(path.split(separator: "/").map(String.init), flags: O_RDONLY)
        if file >= 0 { close(file) }
        return file >= 0
    }
    #expect(opens("a/b/c"))
    for path in ["link/b/c", "a/file", "a/b/none", "a/b/c/d"] { #expect(!opens(path), "\(path)") }
}

@Test func `devices, pipes and folders are not opened as files`() throws {
    let folder = TemporaryFolder()
    let files = try FolderHandle(path: folder.path)
    mkfifo(folder / "pipe", 0o600)
    try files.makeFolder("sub")
    for name in ["pipe", "sub"] { #expect(throws: StoreError.self) { try files.openFile(name) } }
    #expect(try files.size("none") == nil)
}

@Test func `a file appears whole or not at all`() throws {
    struct Interrupted: Error {}
    let folder = TemporaryFolder()
    let files = try FolderHandle(path: folder.path)
    try files.write("data.bin", bytes: [1])
    #expect(throws: Interrupted.self) {
        try files.write("data.bin") { writer in
            try writer.write([9, 9, 9])
            throw Interrupted()
        }
    }
    #expect(throws: Interrupted.self) {
        try files.writeAtPath("other.bin") { path in
            try Data([1]).write(to: URL(fileURLWithPath: path))
            throw Interrupted()
        }
    }
    #expect(try files.read("data.bin") == [1])
    #expect(try files.list().map(\.name) == ["data.bin"])
    try files.writeAtPath("other.bin") { path in
        #expect(path.hasSuffix(".part"))
        try Data([4, 5]).write(to: URL(fileURLWithPath: path))
    }
    #expect(try files.read("other.bin") == [4, 5])
    let count = try files.write("big.bin") { writer in
        for _ in 0..<10 { try writer.write([UInt8](repeating: 3, count: 100_000)) }
        return writer.count
    }
    #expect(count == 1_000_000)
    #expect(try files.size("big.bin") == 1_000_000)
    #expect(throws: StoreError.self) { try files.write("Upper Case", bytes: []) }
}

@Test func `reading is positioned and never trusts a length from outside`() throws {
    let folder = TemporaryFolder()
    let files = try FolderHandle(path: folder.path)
    try files.write("x", bytes: Array(0..<100))
    let file = try files.openFile("x")
    #expect(try file.read(count: 5, at: 10) == [10, 11, 12, 13, 14])
    #expect(try file.read(count: .max, at: 98) == [98, 99])
    #expect(try file.read(count: 10, at: 1000) == [])
    #expect(try file.read(count: -1, at: 0) == [])
    #expect(try file.read(count: 1, at: -5) == [])
}

@Test func `moving does not replace unless asked`() throws {
    let folder = TemporaryFolder()
    let files = try FolderHandle(path: folder.path)
    try files.makeFolder("a")
    try files.write("a/x", bytes: [1])
    try files.write("y", bytes: [2])
    #expect(throws: StoreError.exists(path: folder / "y")) { try files.move("a/x", to: "y") }
    try files.move("a/x", to: "y", replacing: true)
    #expect(try files.read("y") == [1])
    #expect(try files.files() == ["y"])
    try files.remove("a")
    try files.remove("never-there")
    try files.remove("never/there")
    #expect(try files.list().map(\.name) == ["y"])
}

@Test(.enabled(if: SmallDisk.isPossible, "needs the right to mount")) func `a full disk leaves the old file and nothing half-written`() throws {
    let disk = try #require(SmallDisk("size=256k"))
    let files = try FolderHandle(path: disk.path)
    try files.write("keep", bytes: [1, 2, 3])
    let error = #expect(throws: StoreError.self) { try files.write("keep", bytes: [UInt8](repeating: 7, count: 1 << 20)) }
    guard case .diskFull = error else {
        Issue.record("\(String(describing: error))")
        return
    }
    #expect(try files.read("keep") == [1, 2, 3])
    #expect(try files.list().map(\.name) == ["keep"])
    disk.becomeReadOnly()
    let refused = #expect(throws: StoreError.self) { try files.write("keep", bytes: [4]) }
    guard case .readOnly = refused else {
        Issue.record("\(String(describing: refused))")
        return
    }
    #expect(try files.volume().isReadOnly)
}

@Test func `sha256 equals the published value and is streamed`() throws {
    #expect(FileDigest.sha256(Array("abc".utf8)) == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
    let folder = TemporaryFolder()
    let files = try FolderHandle(path: folder.path)
    let bytes = [UInt8](repeating: 42, count: 3_000_000)
    try files.write("x", bytes: bytes)
    var steps = 0
    let digest = try FileDigest.sha256(try files.openFile("x")) { _ in steps += 1 }
    #expect(digest.sha256 == FileDigest.sha256(bytes) && digest.bytes == bytes.count && steps == 3)
}
