import ArgumentParser
import Foundation
import Nodes
import Pipeline
import Store

struct PipelineCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "pipeline", abstract: "Print a pipeline as JSON or YAML: the standard one, a preset, or a project's.",
        discussion: "The output is what `ship run` takes.")

    @Argument(help: "Project folder; the standard pipeline when left out.", completion: .directory)
    var project: String?

    @Flag(help: "YAML instead of JSON.")
    var yaml = false

    @Option(help: ArgumentHelp("Preset to print; \"list\" names them.", valueName: "name"))
    var preset: String?

    func run() async throws {
        try await reportingFailure {
            if preset == "list" {
                for preset in Preset.all { print("\(preset.name)\t\(preset.title): \(preset.help)") }
                return
            }
            var graph = try preset.map { try Preset.named($0).graph } ?? .standard
            if let project { graph = try await withProject(project, readOnly: true) { try await $0.pipelineGraph() } }
            // Every parameter is written, so that the file shows what can be changed.
            for index in graph.nodes.indices {
                guard let nodeClass = AllNodes.named(graph.nodes[index].kind) else { continue }
                graph.nodes[index].config = nodeClass.defaults.merging(graph.nodes[index].config) { $1 }
            }
            if yaml { return print(try PipelineFile.yaml(graph), terminator: "") }
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
            print(String(decoding: try encoder.encode(graph), as: UTF8.self))
        }
    }
}
