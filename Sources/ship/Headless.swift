import ArgumentParser
import Foundation
import Jobs
import Logging
import Nodes
import Pipeline
import Store

/// Full path of what a person typed, so that messages and the current folder cannot disagree.
func fullPath(_ path: String) -> String {
    let expanded = (path as NSString).expandingTildeInPath
    let full = expanded.hasPrefix("/") ? expanded : FileManager.default.currentDirectoryPath + "/" + expanded
    return (full as NSString).standardizingPath
}

/// Opens the project at `path`, works on it and closes it cleanly.
/// - Parameter title: of a project that was to be created by a program that was killed.
func withProject<R>(_ path: String, readOnly: Bool = false, title: String? = nil, _ body: (Project) async throws -> R) async throws -> R {
    let project = try Project.open(folder: fullPath(path), readOnly: readOnly, title: title)
    let result: R
    do { result = try await body(project) } catch {
        try? project.close()
        throw error
    }
    try project.close()
    return result
}

/// Runs jobs with progress on the terminal, prints what came out, and ends with the exit code that tells how it went, after all of them.
func runJobs(_ requests: [JobSequence.Request], on project: Project, workers: Int?, memory: Int? = nil, quiet: Bool = false) async throws {
    var logger = Logger(label: "ship")
    logger.logLevel = .warning
    ProcessMemory.keepFreed()
    let line = ProgressLine()
    let sequence = JobSequence(project: project, workers: workers ?? ProcessInfo.processInfo.activeProcessorCount, logger: logger, memoryLimit: memory.map { $0 << 20 })
    let jobs = try await sequence.run(requests) { job, secondsLeft in
        if !quiet, job.state == .running, job.total > 0 {
            line.show(done: job.done, total: job.total, message: printable(job.message), secondsLeft: secondsLeft)
        }
    }
    var (someFailed, jobFailed) = (false, false)
    for job in jobs {
        if let outcome = job.outcome {
            print(printable("\(job.type): \(outcome.summary)"))
            for failure in outcome.failures {
                someFailed = true
                let text = failure.reason.contains(failure.name) ? failure.reason : "\(failure.name): \(failure.reason)"
                complain(text)
            }
            for warning in outcome.warnings ?? [] { complain("warning: \(warning)") }
        }
        if job.state == .failed {
            complain("\(job.type) failed: \(job.error ?? "for an unknown reason")")
            jobFailed = true
        }
        if job.state == .cancelled { jobFailed = true }
    }
    if jobFailed { throw ExitCode(1) }
    if someFailed { throw ExitCode(2) }
}

/// Export jobs for every export node of the project's pipeline.
func exportRequests(of project: Project) async throws -> [JobSequence.Request] {
    let plan = try Plan(try await project.pipelineGraph(), classes: AllNodes.classes)
    return try plan.steps.filter { $0.node is any CollectionNode }.map {
        try JobSequence.Request(type: "export", parameters: ["node": .string($0.name)])
    }
}
