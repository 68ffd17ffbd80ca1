import Foundation
import Jobs
import Pipeline
import Store
import Testing

@Test func `after an export that failed the others are made, after another job that failed nothing is`() async throws {
    let temporary = try TemporaryProject()
    let folder = try temporary.drawFrames(2)
    try await temporary.saveStandardGraph()
    let before = try await temporary.run(.init(type: "import", parameters: ["path": .string(folder)]), .init(type: "run"))
    #expect(before.map(\.state) == [.done, .done])
    for name in try FileManager.default.contentsOfDirectory(atPath: folder) { try FileManager.default.removeItem(atPath: folder + "/" + name) }
    let exports = try ["ecotaxa", "table", "images", "coco"].map { try JobSequence.Request(type: "export", parameters: ["format": .string($0)]) }
    let jobs = try await temporary.run(exports[0], exports[1], exports[2], exports[3])
    #expect(jobs.map(\.state) == [.failed, .done, .failed, .done])
    #expect(jobs.allSatisfy { $0.state == .done || $0.error?.contains("ship remove") == true })
    try await temporary.project.savePipelineGraph(Graph(nodes: [.init(name: "images", kind: "import.folder")], edges: []))
    let stopped = try await temporary.run(.init(type: "run"), exports[1])
    #expect(stopped.map(\.state) == [.failed])
}
