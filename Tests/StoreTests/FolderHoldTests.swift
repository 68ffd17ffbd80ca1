import Foundation
import Store
import Testing

@Test func `one holds a folder at a time, until it lets go`() throws {
    let folder = FileManager.default.temporaryDirectory.appending(path: "ship-hold-\(UUID().uuidString)").path
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: folder) }
    var first = FolderHold(folder)
    #expect(first != nil && FolderHold(folder) == nil)
    withExtendedLifetime(first) {}
    first = nil
    #expect(FolderHold(folder) != nil)
    try Data([1]).write(to: URL(filePath: folder + "/file"))
    #expect(FolderHold(folder + "/file") == nil && FolderHold(folder + "/missing") == nil)
}
