import ArgumentParser
import Foundation
import Jobs
import Nodes
import Pipeline
import Store

struct ImportCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "import", abstract: "Index a folder of images in place, or bring in an EcoTaxa archive.",
        discussion: """
            The images stay where they are and are never changed; the project remembers where they lie relative to it. Masks and outlines beside them \
            (x.png with x_mask.png, masks/x.tif, x.geojson, or a COCO file) are drawn as objects, once. A ZIP or a folder with an ecotaxa….tsv is an \
            EcoTaxa archive: its pictures become images with one object each, which have its fields, measurements and labels.
            """)

    @Argument(help: "Project folder; created when it is not there.", completion: .directory)
    var project: String

    @Argument(help: "Folder of images, or EcoTaxa archive.", completion: .file())
    var folder: String

    @Option(help: "What the parts of a file name mean, for example '{cruise}_{station:d}_{date:%Y%m%d}_{frame:d}'.")
    var pattern: String?

    @Option(name: .customLong("pixel-size-um"), help: "Edge length of a pixel in micrometres, for images whose name and file do not say.")
    var pixelSize: Double?

    @Option(help: "Images worked on at the same time; the number of processors when left out.")
    var workers: Int?

    func validate() throws {
        if let pixelSize, !(pixelSize > 0 && pixelSize <= ImportNode.largestPixelSize) { throw ValidationError("--pixel-size-um must be more than 0 and at most 1000000000") }
        if let workers, !(1...256).contains(workers) { throw ValidationError("--workers must be from 1 to 256") }
    }

    func run() async throws {
        try await reportingFailure {
            let target = fullPath(project)
            if !FileManager.default.fileExists(atPath: target + "/" + Project.databaseName) {
                try Project.create(folder: target, title: URL(filePath: target).lastPathComponent).close()
            }
            try await withProject(target) { project in
                var graph = try await project.pipelineGraph()
                for index in graph.nodes.indices where graph.nodes[index].kind == ImportNode.kind {
                    if let pattern { graph.nodes[index].config["pattern"] = .string(pattern) }
                    if let pixelSize { graph.nodes[index].config["pixelSizeUm"] = .number(pixelSize) }
                }
                try await project.savePipelineGraph(graph)
                try await runJobs(
                    [JobSequence.Request(type: "import", parameters: ["path": .string(fullPath(folder))])], on: project, workers: workers)
            }
        }
    }
}
