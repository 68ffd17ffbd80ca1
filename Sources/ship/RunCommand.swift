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
            started again with the same arguments, the run goes on where it was; when nothing is left to do, it changes nothing.
            `ship pipeline` prints the standard pipeline, `ship nodes` says what can stand in one.

            On a cluster each task runs one shard: `--shard 3/8` takes the images of the third of eight parts, chosen by the hash
            of their bytes, and writes them to a project of its own, without exports. `ship merge` then unites the parts and
            exports what a single run would have exported, byte for byte.

            Exit codes: 0 all done; 1 failed, the message says why; 2 some images failed and are named, the rest is done;
            64 the arguments are wrong.
            """)

    @Argument(help: "Pipeline as JSON or YAML: nodes and edges; - reads standard input.", completion: .file(extensions: ["json", "yaml", "yml"]))
    var pipeline: String

    @Option(help: "Folder of images; it is read, never changed.", completion: .directory)
    var input: String

    @Option(help: "Project folder to create, or to go on with.", completion: .directory)
    var output: String

    @OptionGroup var models: ModelOptions

    @Option(help: "Images worked on at the same time; the number of processors when left out.")
    var workers: Int?

    @Option(
        name: .customLong("memory-mb"),
        help: "Most megabytes for the pixels of the images that are worked on at the same time: as many as fit, at least one. Half of the machine's memory when left out.")
    var memory: Int?

    @Option(help: ArgumentHelp("Only the i-th of n parts of the images, i from 1 to n.", valueName: "i/n"))
    var shard: Shard?

    @Flag(help: "Only say what would be done: steps, images to compute and up to date, expected disk use and time, measured on three images.")
    var dryRun = false

    @Flag(name: .customLong("no-export"), help: "Leave the export nodes of the pipeline out.")
    var noExport = false

    @Flag(help: "Also make the files from which a browser shows the images; without them they are made when somebody looks.")
    var pyramids = false

    @Option(help: "What becomes of objects that were edited by hand where the pipeline computes again: keep or replace. Without it, such objects stop the run.")
    var edited: String?

    func validate() throws {
        if let edited, edited != "keep", edited != "replace" { throw ValidationError("--edited must be keep or replace") }
        if let workers, !(1...256).contains(workers) { throw ValidationError("--workers must be from 1 to 256") }
        if let memory, !MemoryBudget.range.contains(memory) { throw ValidationError("--memory-mb must be from 64 to 1000000") }
    }

    func run() async throws {
        try await reportingFailure {
            let graph = try PipelineFile.read(pipeline)
            let provenance = try ProvenanceFile(path: fullPath(pipeline))
            let plan = try Plan(graph, classes: AllNodes.classes)
            let folder = fullPath(input)
            var isFolder: ObjCBool = false
            guard FileManager.default.fileExists(atPath: folder, isDirectory: &isFolder), isFolder.boolValue else {
                throw Sentence("\(input) is not a folder; give the folder that holds the images")
            }
            if let shard { try plan.requireShardable(shard) }
            let target = fullPath(output)
            if dryRun {
                try await DryRun(graph: graph, plan: plan, input: folder, output: target, shard: shard, workers: workers, exports: !noExport && shard == nil, pyramids: pyramids)
                    .report()
                return
            }
            // Titled after what is in it, so that results do not depend on where they are written.
            let title = provenance?.title ?? URL(filePath: folder).lastPathComponent
            try makeProject(target, title: title)
            try provenance?.checkInputs(folder)
            try await withProject(target, title: title) { project in
                try await project.savePipelineGraph(graph)
                // Names and numbers in an export are those of all images together, so shards leave it to the merge.
                let exports = !noExport && shard == nil
                var requests = try RunCommand.requests(input: folder, shard: shard, pyramids: pyramids, pictures: exports, edited: edited ?? "ask")
                if exports { requests += try await exportRequests(of: project) }
                try await runJobs(requests, on: project, workers: workers, memory: memory)
            }
        }
    }

    static func requests(input: String, shard: Shard?, pyramids: Bool, pictures: Bool, edited: String = "ask") throws -> [JobSequence.Request] {
        var parameters: [String: JSONValue] = ["path": .string(input), "pyramids": .boolean(pyramids)]
        if let shard { parameters["shard"] = ["index": .number(Double(shard.index)), "count": .number(Double(shard.count))] }
        return [
            try JobSequence.Request(type: "import", parameters: parameters),
            try JobSequence.Request(type: "run", parameters: ["pictures": .boolean(pictures), "edited": .string(edited)]),
        ]
    }
}

/// Creates the project at `path`, and the folders above it, unless it is there.
func makeProject(_ path: String, title: String) throws {
    if FileManager.default.fileExists(atPath: path + "/" + Project.databaseName) { return }
    try FileManager.default.createDirectory(at: URL(filePath: path).deletingLastPathComponent(), withIntermediateDirectories: true)
    try Project.create(folder: path, title: title).close()
}

extension Shard: ExpressibleByArgument {
    package init?(argument: String) { self.init(argument) }
}

extension Plan {
    /// - Throws: a sentence when a step needs images together that shards would tear apart.
    func requireShardable(_ shard: Shard) throws {
        if shard.count == 1 { return }
        guard let step = steps.first(where: { $0.nodeClass.gathers || $0.node is any PreparedNode }) else { return }
        throw Sentence(
            "\(step.name) (\(step.nodeClass.kind)) works on many images together, which --shard would tear apart; run the whole folder at once, or one folder for each task")
    }
}
