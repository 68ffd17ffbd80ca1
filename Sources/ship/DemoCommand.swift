import ArgumentParser
import Demo
import Foundation
import Jobs
import Nodes
import Pipeline
import Store

struct DemoCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "demo", abstract: "Draw plankton-like frames, make a project of them and run the standard pipeline.",
        discussion: "The same arguments draw the same bytes on every machine.")

    @Argument(help: "Root folder for the project, or with --frames-only the folder for the frames.", completion: .directory)
    var root = "~/ship"

    @Option(help: "Number of frames.")
    var frames = 8

    @Option(help: "Size of a frame in pixels, WIDTHxHEIGHT.")
    var size = "2000x1500"

    @Flag(help: "Only draw the frames.")
    var framesOnly = false

    private static let owner = "local"

    func validate() throws {
        guard (1...10_000).contains(frames) else { throw ValidationError("--frames must be from 1 to 10000") }
        guard let size = pixels, (64...20_000).contains(size.width), (64...20_000).contains(size.height) else {
            throw ValidationError("--size is WIDTHxHEIGHT, each from 64 to 20000, for example 2000x1500")
        }
    }

    private var pixels: (width: Int, height: Int)? {
        let parts = size.lowercased().split(separator: "x").compactMap { Int($0) }
        return parts.count == 2 ? (parts[0], parts[1]) : nil
    }

    func run() async throws {
        try await reportingFailure {
            guard let pixels else { return }
            let folder = fullPath(root)
            if framesOnly {
                try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
                _ = try DemoFrames.write(to: folder, frames: 0..<frames, width: pixels.width, height: pixels.height)
                print("\(frames) frames of \(size) in \(folder)")
                return
            }
            let project = folder + "/\(Self.owner)/demo"
            guard !FileManager.default.fileExists(atPath: project) else {
                throw Sentence("\(project) is there already; delete it on the Projects page first, or choose another root")
            }
            // The frames lie beside the project and are indexed in place, as a stick's would be.
            let source = folder + "/demo-frames"
            try FileManager.default.createDirectory(atPath: source, withIntermediateDirectories: true)
            try FileManager.default.createDirectory(atPath: folder + "/\(Self.owner)", withIntermediateDirectories: true)
            _ = try DemoFrames.write(to: source, frames: 0..<frames, width: pixels.width, height: pixels.height)
            try Project.create(folder: project, title: "Demo").close()
            try await withProject(project) { project in
                var graph = Graph.standard
                graph.nodes[0].config["pattern"] = .string(DemoFrames.pattern)
                try await project.savePipelineGraph(graph)
                try await runJobs(
                    [JobSequence.Request(type: "import", parameters: ["path": .string(source)]), JobSequence.Request(type: "run")],
                    on: project, workers: nil)
            }
            print("Demo project in \(project)")
        }
    }
}
