import Demo
import Foundation
import Jobs
import Logging
import Nodes
import Pipeline
import Store

/// A project in a folder of its own that is gone when the test ends.
final class TemporaryProject {
    let folder: URL
    let project: Project

    init(title: String = "Test") throws {
        folder = FileManager.default.temporaryDirectory.appending(path: "ship-jobs-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        project = try Project.create(folder: folder.appending(path: "project").path, title: title)
    }

    deinit {
        try? project.close()
        try? FileManager.default.removeItem(at: folder)
    }

    /// Draws frames into a folder beside the project.
    func drawFrames(_ count: Int, width: Int = 640, height: Int = 480) throws -> String {
        let frames = folder.appending(path: "frames").path
        try FileManager.default.createDirectory(atPath: frames, withIntermediateDirectories: true)
        _ = try DemoFrames.write(to: frames, frames: 0..<count, width: width, height: height)
        return frames
    }

    /// Runs the jobs and returns them finished.
    func run(_ requests: JobSequence.Request..., workers: Int = 2, classes: [NodeClass] = AllNodes.classes) async throws -> [JobRecord] {
        try await JobSequence(project: project, workers: workers, logger: Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() }), classes: classes)
            .run(requests) { _, _ in }
    }

    /// The standard graph with other parameters of its Objects node.
    func saveStandardGraph(regions config: [String: JSONValue]) async throws {
        try await saveStandardGraph { graph in
            for index in graph.nodes.indices where graph.nodes[index].kind == RegionsNode.kind { graph.nodes[index].config.merge(config) { $1 } }
        }
    }

    func saveStandardGraph(_ change: (inout Graph) -> Void = { _ in }) async throws {
        var graph = Graph.standard
        graph.nodes[0].config["pattern"] = .string(DemoFrames.pattern)
        change(&graph)
        try await project.savePipelineGraph(graph)
    }
}
