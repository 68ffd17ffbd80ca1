import Foundation
import Nodes
import Store
import Testing

@Test func `folders that a killed ship left are removed, those in use and all others stay`() throws {
    let base = FileManager.default.temporaryDirectory.appending(path: "ship-sweep-\(UUID().uuidString)").path
    defer { try? FileManager.default.removeItem(atPath: base) }
    func make(_ name: String) throws -> String {
        try FileManager.default.createDirectory(atPath: "\(base)/\(name)/images", withIntermediateDirectories: true)
        try Data([1]).write(to: URL(filePath: "\(base)/\(name)/images/0001.png"))
        return "\(base)/\(name)"
    }
    func name() -> String { "ship-model-\(UUID().uuidString.lowercased())" }
    let left = try make(name()), used = try make(name()), beginning = try make(name() + ".new"), own = try make("ship-model-of-mine")
    let link = "\(base)/\(name())"
    try FileManager.default.createSymbolicLink(atPath: link, withDestinationPath: own)
    let hold = try #require(FolderHold(used))
    ModelFolder.sweep(base)
    #expect(!FileManager.default.fileExists(atPath: left))
    for path in [used, beginning, own, link] { #expect(FileManager.default.fileExists(atPath: path + "/images/0001.png"), "\(path)") }
    #expect(FolderHold(used) == nil && FolderHold(link) == nil)
    withExtendedLifetime(hold) {}
}

@Test func `a folder for a model is held while it is used`() throws {
    let folder = try ModelFolder()
    #expect(FolderHold(folder.path) == nil)
    ModelFolder.sweep(URL(filePath: folder.path).deletingLastPathComponent().path)
    #expect(FileManager.default.fileExists(atPath: folder.path + "/images"))
    folder.remove()
    #expect(!FileManager.default.fileExists(atPath: folder.path))
}
