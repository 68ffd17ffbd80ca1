import ArgumentParser
import Foundation
import Jobs
import Nodes
import Pipeline
import Store

struct RunCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "run", abstract: "Run a pipeline over a folder of images, without a browser.",
        discussion: """
            OUT becomes an ordinary project folder: open it later with the server to look, edit and export again. Killed and
            started again with the same arguments, the run goes on where it was. `ship pipeline` prints the standard pipeline.
            """)

    @Argument(help: "Pipeline as JSON: nodes and edges.", completion: .file(extensions: ["json"]))
    var pipeline: String

    @Option(help: "Folder of images; it is read, never changed.", completion: .directory)
    var input: String

    @Option(help: "Project folder to create, or to go on with.", completion: .directory)
    var output: String

    @Option(help: "Images worked on at the same time; the number of processors when left out.")
    var workers: Int?

    func validate() throws {
        if let workers, !(1...256).contains(workers) { throw ValidationError("--workers must be from 1 to 256") }
    }

    func run() async throws {
        try await reportingFailure {
            let graph = try readGraph()
            _ = try Plan(graph, classes: AllNodes.classes)
            let folder = fullPath(input)
            var isFolder: ObjCBool = false
            guard FileManager.default.fileExists(atPath: folder, isDirectory: &isFolder), isFolder.boolValue else {
                throw Sentence("\(input) is not a folder; give the folder that holds the images")
            }
            let target = fullPath(output)
            let isThere = FileManager.default.fileExists(atPath: target + "/" + Project.databaseName)
            if !isThere {
                try FileManager.default.createDirectory(
                    at: URL(filePath: target).deletingLastPathComponent(), withIntermediateDirectories: true)
                // Titled after what is in it, so that results do not depend on where they are written.
                try Project.create(folder: target, title: URL(filePath: folder).lastPathComponent).close()
            }
            try await withProject(target) { project in
                try await project.savePipelineGraph(graph)
                try await runJobs(
                    [JobSequence.Request(type: "import", parameters: ["path": .string(folder)]), JobSequence.Request(type: "run")]
                        + exportRequests(of: project), on: project, workers: workers)
            }
        }
    }

    private func readGraph() throws -> Graph {
        guard let data = FileManager.default.contents(atPath: fullPath(pipeline)) else {
            throw Sentence("\(pipeline) cannot be read; give the path of a pipeline file, or make one with `ship pipeline > pipeline.json`")
        }
        do { return try JSONDecoder().decode(Graph.self, from: data) } catch let error as DecodingError {
            throw Sentence("\(pipeline) is not a pipeline: \(error.sentence)")
        }
    }
}
