import ArgumentParser
import Foundation
import Jobs
import Nodes
import Pipeline
import Store

struct MergeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "merge", abstract: "Unite the projects that `ship run --shard` wrote, and export what a single run would have exported.",
        discussion: """
            Images come with their objects, masks, measurements, labels, facts and the history of their edits. The order of the
            shards does not matter, and merging again what is there already changes nothing. An image that two shards hold with
            different objects, edits or labels is a conflict: each is named, and nothing is written, unless --keep-first says
            that the first one counts. The shards are not changed.

            Exit codes: 0 all done; 1 failed, the message says why; 2 some images of the shards failed or were never computed,
            the rest is done; 64 the arguments are wrong.
            """)

    @Argument(help: "Project folder to create, or to add to.", completion: .directory)
    var output: String

    @Argument(help: "Project folders of the shards.", completion: .directory)
    var shards: [String]

    @Flag(help: "Of an image that differs between shards, keep the first.")
    var keepFirst = false

    @Flag(name: .customLong("no-export"), help: "Leave the export nodes of the pipeline out.")
    var noExport = false

    @Option(help: "Images worked on at the same time by exports; the number of processors when left out.")
    var workers: Int?

    func validate() throws {
        if shards.isEmpty { throw ValidationError("give the project folders of the shards after OUT") }
        if let workers, !(1...256).contains(workers) { throw ValidationError("--workers must be from 1 to 256") }
    }

    private struct Survey {
        var title = ""
        var graph = Graph(nodes: [], edges: [])
        var shard: Shard?
        var images: [String: MergeImage] = [:]
    }

    func run() async throws {
        try await reportingFailure {
            let target = fullPath(output)
            for shard in shards where fullPath(shard) == target { throw Sentence("\(shard) is OUT itself; give another folder for the whole") }
            var surveys: [(name: String, survey: Survey)] = []
            for shard in shards { surveys.append((shard, try await survey(shard))) }
            let first = surveys[0].survey
            var known: [(name: String, survey: Survey)] = []
            if FileManager.default.fileExists(atPath: target + "/" + Project.databaseName) { known.append((output, try await survey(output))) }
            for (name, survey) in known + surveys where survey.graph != first.graph {
                throw Sentence("\(name) was made by another pipeline than \(shards[0]); run all shards with the same pipeline file")
            }
            let conflicts = conflicts(known + surveys)
            if !conflicts.isEmpty, !keepFirst {
                let shown = conflicts.prefix(20).joined(separator: "\n") + (conflicts.count > 20 ? "\nand \(conflicts.count - 20) more" : "")
                throw Sentence("\(shown)\nnothing was merged; --keep-first keeps the first of each")
            }
            for conflict in conflicts { complain("warning: \(conflict); the first is kept") }
            warnOfMissing(surveys.map(\.survey))

            try makeProject(target, title: first.title)
            var isComplete = true
            try await withProject(target, title: first.title) { project in
                try await project.savePipelineGraph(first.graph)
                for shard in shards {
                    let outcome = try await project.merge(fullPath(shard))
                    print("merge: \(shard): \(outcome.images) images with \(outcome.objects) objects" + (outcome.known > 0 ? ", \(outcome.known) images were there already" : ""))
                }
                for image in try await project.mergeImages().values.sorted(by: { ($0.name, $0.uid) < ($1.name, $1.uid) }) where image.state != .processed {
                    isComplete = false
                    complain("\(image.name): \(image.error ?? "was not computed; run its shard again, then merge again")")
                }
                if !noExport { try await runJobs(try await exportRequests(of: project), on: project, workers: workers) }
            }
            if !isComplete { throw ExitCode(2) }
        }
    }

    private func survey(_ path: String) async throws -> Survey {
        try await withProject(path, readOnly: true) { project in
            var survey = Survey()
            survey.title = try await project.title()
            survey.graph = try await project.pipelineGraph()
            survey.images = try await project.mergeImages()
            survey.shard = try await project.setting(ImportShard.setting).flatMap { try? JSONDecoder().decode(Shard.self, from: Data($0.utf8)) }
            return survey
        }
    }

    private func conflicts(_ surveys: [(name: String, survey: Survey)]) -> [String] {
        var first: [String: (name: String, image: MergeImage)] = [:]
        var sentences: [String] = []
        for (name, survey) in surveys {
            for (key, image) in survey.images.sorted(by: { ($0.value.name, $0.key) < ($1.value.name, $1.key) }) {
                guard let before = first[key] else {
                    first[key] = (name, image)
                    continue
                }
                if before.image.content != image.content {
                    sentences.append("\(image.name) has other objects in \(before.name) (\(before.image.objects)) than in \(name) (\(image.objects))")
                } else if before.image.handwork != image.handwork {
                    sentences.append("\(image.name) has other edits, labels or facts in \(before.name) than in \(name)")
                }
            }
        }
        return sentences
    }

    /// Shards know how many they are, so that one that was forgotten is noticed.
    private func warnOfMissing(_ surveys: [Survey]) {
        let shards = surveys.compactMap(\.shard)
        guard let count = shards.map(\.count).max(), shards.allSatisfy({ $0.count == count }) else { return }
        let missing = Set(1...count).subtracting(shards.map(\.index)).sorted()
        guard !missing.isEmpty else { return }
        complain("warning: of \(count) shards, \(missing.prefix(10).map(String.init).joined(separator: ", "))\(missing.count > 10 ? " …" : "") not given; merge again when they are there")
    }
}
