import ArgumentParser
import Foundation
import Store

struct CheckCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "check", abstract: "Verify a project: database, files, checksums, masks.",
        discussion: "Reads everything and changes nothing. Exit code 0: all is well; 1: something is lost or wrong.")

    @Argument(help: "Project folder.", completion: .directory)
    var project: String

    func run() async throws {
        try await reportingFailure {
            try await withProject(project) { project in
                let findings = try await project.check()
                for finding in findings { print(printable("\(finding.severity.rawValue) \(finding.code): \(finding.message) \(finding.remedy)")) }
                let summary = try await project.summary(user: "")
                let errors = findings.filter { $0.severity == .error }.count
                print("\(summary.images) images, \(summary.objects) objects: \(errors == 0 ? "all is well" : "\(errors) errors")")
                if errors > 0 { throw ExitCode(1) }
            }
        }
    }
}
