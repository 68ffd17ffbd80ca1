import Foundation
import GRDB
import Raster
import Store
import Testing

@Test func `a sound project has no findings, each damage has one`() async throws {
    let folder = TemporaryFolder()
    var (project, image) = try await Project.sample(in: folder)
    let second = try await project.addSampleImage("b")
    let third = try await project.addSampleImage("c")
    let ids = try await project.storeResult(
        ImageResult(image: image, node: "n", runKey: "1", regions: (0..<5).map { region("r\($0)", x: 20 * $0) })
    ).regions.compactMap(\.self)
    #expect(try await project.check() == [])
    try project.close()

    let path = folder / "plankton"
    try Data("pictura a".utf8).write(to: URL(fileURLWithPath: path + "/import/a.png"))  // One byte differs.
    try Data("short".utf8).write(to: URL(fileURLWithPath: path + "/import/b.png"))
    try FileManager.default.removeItem(atPath: path + "/import/c.png")
    try Data().write(to: URL(fileURLWithPath: path + "/import/d.png.123-4.part"))
    try Data().write(to: URL(fileURLWithPath: path + "/import/e.tif.123-5.part.part"))  // As a codec leaves it.
    try Data().write(to: URL(fileURLWithPath: path + "/import/upload.part"))  // An upload in progress is not a leftover.
    let database = try DatabaseQueue(path: path + "/project.sqlite")
    try await database.write { [ids] database in
        try database.execute(sql: "UPDATE mask SET png = CAST(png || x'00' AS BLOB) WHERE object_id = ?", arguments: [ids[0]])
        try database.execute(sql: "UPDATE object SET x = x + 1 WHERE id = ?", arguments: [ids[1]])
        try database.execute(sql: "DELETE FROM object_box WHERE id = ?", arguments: [ids[2]])
    }
    try await database.writeWithoutTransaction { [ids] database in
        try database.execute(sql: "PRAGMA foreign_keys = OFF; DELETE FROM mask WHERE object_id = \(ids[3])")
    }
    try database.close()
    project = try Project.open(folder: path)
    let findings = try await project.check()
    #expect(Set(findings.map(\.code)) == ["file.sha256", "file.size", "file.missing", "file.leftover", "mask.checksum", "mask.box", "database.index", "database.foreignKey"])
    #expect(findings.first { $0.code == "file.sha256" }?.image == image)
    #expect(findings.first { $0.code == "file.size" }?.image == second)
    #expect(findings.first { $0.code == "file.missing" }?.image == third)
    #expect(findings.filter { $0.code == "file.leftover" }.map(\.path) == ["import/d.png.123-4.part", "import/e.tif.123-5.part.part"])
    #expect(findings.first { $0.code == "mask.checksum" }?.object == ids[0])
    #expect(Set(findings.filter { $0.code == "mask.box" }.map(\.object)) == [ids[1], ids[3]])
    for finding in findings { #expect(finding.message.hasSuffix(".") && finding.remedy.hasSuffix("."), "\(finding)") }
    project.abandon()
    // Opening after a crash clears what a writer left unfinished.
    project = try Project.open(folder: path)
    #expect(try project.files.list("import").map(\.name) == ["a.png", "b.png", "upload.part"])
}

@Test func `bytes that changed on the disk are found, wherever they are in the database`() async throws {
    let folder = TemporaryFolder()
    let (project, image) = try await Project.sample(in: folder)
    let body = (0..<600).map { UInt8(truncatingIfNeeded: $0 &* 7 &+ 3) }
    let regions = (0..<200).map { region("r\($0)", x: $0, body: body + [UInt8($0)]) }
    _ = try await project.storeResult(ImageResult(image: image, node: "n", runKey: "1", regions: regions))
    try project.close()
    let path = folder / "plankton/project.sqlite"
    let sound = try Data(contentsOf: URL(fileURLWithPath: path))
    func check(_ damage: (inout Data) throws -> Void) async throws -> [CheckFinding] {
        var bytes = sound
        try damage(&bytes)
        try bytes.write(to: URL(fileURLWithPath: path))
        let project = try Project.open(folder: folder / "plankton", readOnly: true)
        defer { try? project.close() }
        return try await project.check()
    }
    let flipped = try await check { bytes in
        let mask = try #require(bytes.range(of: Data(body)))
        bytes[mask.lowerBound + 300] ^= 1
    }
    #expect(flipped.map(\.code) == ["mask.checksum"] && flipped[0].object != nil)
    // Pages without a meaning: the check reports and does not give up.
    var found = 0
    for page in stride(from: 40, to: sound.count / 4096, by: 7) {
        let findings = try await check { $0.replaceSubrange(page * 4096..<page * 4096 + 64, with: Data(repeating: 0xEE, count: 64)) }
        if !findings.isEmpty { found += 1 }
        for finding in findings { #expect(finding.severity == .error && !finding.remedy.isEmpty) }
    }
    #expect(found > 0)
    #expect(try await check { _ in }.isEmpty)
}
