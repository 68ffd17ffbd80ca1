import ArgumentParser
import Foundation
import Jobs
import Nodes
import Pipeline
import Store

struct ExportCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "export", abstract: "Write a project's archive.",
        discussion: "Everything the archive's receiver would refuse is listed first, with what to do; then nothing is written.")

    @Argument(help: "Project folder.", completion: .directory)
    var project: String

    @Option(help: "Kind of archive.")
    var format = "ecotaxa"

    @Option(help: "Copy the finished archive to this file.", completion: .file(extensions: ["zip"]))
    var output: String?

    @Flag(help: "Only list what is wrong; write nothing.")
    var check = false

    func run() async throws {
        try await reportingFailure {
            try await withProject(project) { project in
                let pipeline = ProjectPipeline(project: project)
                let plan = try await pipeline.plan()
                let (step, node) = try plan.exportStep(format: format)
                let findings = try await node.check(ObjectCollection(pipeline: pipeline, plan: plan, step: step))
                for finding in findings {
                    let place = [finding.row.map { "line \($0)" }, finding.column].compactMap { $0 }.joined(separator: ", ")
                    print("\(finding.severity.rawValue): \(place.isEmpty ? "" : place + ": ")\(finding.message) \(finding.remedy)")
                }
                if findings.contains(where: { $0.severity == .error }) { throw ExitCode(1) }
                if check {
                    if findings.isEmpty { print("nothing to complain about") }
                    return
                }
                try await runJobs([JobSequence.Request(type: "export", parameters: ["node": .string(step.name)])], on: project, workers: nil)
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
