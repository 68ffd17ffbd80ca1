import Foundation
import Nodes
import Pipeline
import Store
import Testing

@Test func `settings of a node that are no object are told with the node's name, and saving the pipeline mends them`() async throws {
    let folder = FileManager.default.temporaryDirectory.appending(path: "ship-graph-\(UUID().uuidString)").path
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let project = try Project.create(folder: folder, title: "Graph")
    defer { try? project.close() }
    try await project.savePipelineGraph(.standard)
    var stored = try await project.graph()
    stored.nodes[1].config = "[]"
    try await project.saveGraph(stored, by: "test")
    let error = await #expect(throws: StoreError.self) { try await project.pipelineGraph() }
    guard case .invalid(let sentence) = error else { throw try #require(error) }
    #expect(sentence.contains("“\(stored.nodes[1].name)”"))
    try await project.savePipelineGraph(.standard)
    #expect(try await project.pipelineGraph() == .standard)
}
