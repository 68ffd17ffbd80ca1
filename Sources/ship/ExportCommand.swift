import ArgumentParser
import Foundation
import Jobs
import Nodes
import Pipeline
import Store

struct ExportCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "export", abstract: "Write a project's archive, table, pictures, outlines or label images.",
        discussion: "Everything the receiver would refuse is listed first, with what to do; then nothing is written.")

    @Argument(help: "Project folder.", completion: .directory)
    var project: String

    @Option(help: "What to write: \(Plan.exportFormats.joined(separator: ", ")). The pipeline's export of that kind, or one at its defaults where it has none.")
    var format = "ecotaxa"

    @Option(help: "Name of the export in the pipeline, where it has several of a kind.")
    var node: String?

    @Option(help: "Copy the finished archive to this file.", completion: .file())
    var output: String?

    @Flag(help: "Only list what is wrong; write nothing.")
    var check = false

    func run() async throws {
        try await reportingFailure {
            try await withProject(project) { project in
                let pipeline = ProjectPipeline(project: project)
                let (plan, step, export) = try await pipeline.plan().exportStep(format: format, node: node)
                let findings = try await export.check(ObjectCollection(pipeline: pipeline, plan: plan, step: step))
                for finding in findings {
                    let place = [finding.row.map { "line \($0)" }, finding.column].compactMap { $0 }.joined(separator: ", ")
                    print(printable("\(finding.severity.rawValue): \(place.isEmpty ? "" : place + ": ")\(finding.message) \(finding.remedy)"))
                }
                if findings.contains(where: { $0.severity == .error }) { throw ExitCode(1) }
                if check {
                    if findings.isEmpty { print("nothing to complain about") }
                    return
                }
                try await runJobs([JobSequence.Request(type: "export", parameters: node.map { ["node": .string($0)] } ?? ["format": .string(format)])], on: project, workers: nil)
                guard let output, let job = try await project.jobs(limit: 1).items.first, let file = job.outcome?.files.first else { return }
                let target = fullPath(output)
                let source = try project.files.checkedPath(file)
                if FileManager.default.fileExists(atPath: target) { try FileManager.default.removeItem(atPath: target) }
                try FileManager.default.copyItem(atPath: source, toPath: target)
                print(target)
            }
        }
    }
}
