import Foundation
import Nodes
import Testing

@Test(arguments: [
    ("cells", "must be NAME=PATH"), ("=/bin/sh", "no name of a model"), ("a b=/bin/sh", "no name of a model"), ("../x=/bin/sh", "no name of a model"), ("cells=/nonexistent", "is not there"),
    ("cells=/tmp", "is not there"), ("cells=/etc/passwd", "cannot be run; allow it with chmod +x"),
])
func `a model that cannot be run is refused when ship starts`(setting: String, part: String) {
    do throws(ModelProgramError) {
        try ModelPrograms.allow(setting)
        Issue.record("\(setting) was taken")
    } catch { #expect(error.description.contains(part), "\(error)") }
}

@Test func `a program is known by its name only, and by what is in it`() throws {
    let file = FileManager.default.temporaryDirectory.appending(path: "ship-program-\(UUID().uuidString)")
    defer { try? FileManager.default.removeItem(at: file) }
    try Data("#!/bin/sh\n".utf8).write(to: file)
    try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: file.path)
    let name = "p" + UUID().uuidString.prefix(8)
    #expect(throws: ModelProgramError.self) { try ModelPrograms.path(of: name) }
    #expect(ModelPrograms.digest(of: name) == "")
    try ModelPrograms.allow("\(name)=\(file.path)")
    #expect(try ModelPrograms.path(of: name) == file.standardizedFileURL.path)
    let digest = ModelPrograms.digest(of: name)
    #expect(digest.count == 64 && ModelPrograms.digest(of: name) == digest)
    try Data("#!/bin/sh\nexit 1\n".utf8).write(to: file)
    #expect(ModelPrograms.digest(of: name) != digest)
    #expect(throws: ModelProgramError.self) { try ModelPrograms.path(of: file.path) }
}
