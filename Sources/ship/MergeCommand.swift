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

            A merge that finds shards missing unites and exports what is there; when they come, merge them into the same project.
            What an earlier merge exported there is then replaced.

            Exit codes: 0 all done; 1 failed, the message says why; 2 some images of the shards failed or were never computed, or
            shards are missing, the rest is done; 64 the arguments are wrong.
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

    /// What a merged project knows of its merges.
    private struct Merged: Codable {
        static let setting = "merge"
        /// Of how many shards which were given.
        var count = 0
        var shards: [Int] = []
        /// What was exported last.
        var files: [String] = []
    }

    private struct Survey {
        var title = ""
        var graph = Graph(nodes: [], edges: [])
        var shard: Shard?
        var merged = Merged()
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
            var merged = known.first?.survey.merged ?? Merged()

            try makeProject(target, title: first.title)
            var isComplete = true
            try await withProject(target, title: first.title) { project in
                isComplete = try await noteShards(surveys.compactMap(\.survey.shard), of: project, in: &merged)
                try await project.savePipelineGraph(first.graph)
                for shard in shards {
                    let outcome = try await project.merge(fullPath(shard))
                    print("merge: \(shard): \(outcome.images) images with \(outcome.objects) objects" + (outcome.known > 0 ? ", \(outcome.known) images were there already" : ""))
                }
                for image in try await project.mergeImages().values.sorted(by: { ($0.name, $0.uid) < ($1.name, $1.uid) }) where image.state != .processed {
                    isComplete = false
                    complain("\(image.name): \(image.error ?? "was not computed; run its shard again, then merge again")")
                }
                if !noExport { try await export(project, &merged) }
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
            survey.merged = try await project.setting(Merged.setting).flatMap { try? JSONDecoder().decode(Merged.self, from: Data($0.utf8)) } ?? Merged()
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

    /// Shards know how many they are, so that one that was forgotten is noticed; those of earlier merges count, and those whose images are there.
    /// - Returns: whether none is missing.
    private func noteShards(_ shards: [Shard], of project: Project, in merged: inout Merged) async throws -> Bool {
        guard let count = shards.first?.count, shards.allSatisfy({ $0.count == count }) else { return true }
        var there = Set(shards.map(\.index))
        if merged.count == count { there.formUnion(merged.shards) }
        (merged.count, merged.shards) = (count, there.sorted())
        try await save(merged, in: project)
        let known = try await project.allImages().filter { $0.made == nil && $0.sha256.count == 64 }.map(\.sha256)
        for index in 1...count where !there.contains(index) && known.contains(where: Shard(index: index, count: count).contains(sha256:)) { there.insert(index) }
        let missing = Set(1...count).subtracting(there).sorted()
        if missing.isEmpty { return true }
        complain("warning: of \(count) shards, \(missing.prefix(10).map(String.init).joined(separator: ", "))\(missing.count > 10 ? " …" : "") not given; merge again when they are there")
        return false
    }

    /// Exports the whole, in place of what an earlier merge exported of fewer images.
    private func export(_ project: Project, _ merged: inout Merged) async throws {
        let last = try await project.jobs(limit: 1).items.first?.id ?? 0
        let requests = try await exportRequests(of: project)
        var failure: (any Error)?
        do { try await runJobs(requests, on: project, workers: workers) } catch { failure = error }
        let jobs = try await project.jobs(limit: 2 * requests.count + 1).items.filter { $0.id > last && $0.type == "export" }
        if jobs.count == requests.count, jobs.allSatisfy({ $0.state == .done }) {
            let files = jobs.flatMap { $0.outcome?.files ?? [] }
            for file in merged.files where !files.contains(file) {
                guard try project.files.size(file) != nil else { continue }
                try project.files.remove(file)
                print("merge: \(file), which the merge before had exported, is replaced")
            }
            merged.files = files.sorted()
            try await save(merged, in: project)
        }
        if let failure { throw failure }
    }

    private func save(_ merged: Merged, in project: Project) async throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        try await project.setSetting(Merged.setting, json: String(decoding: try encoder.encode(merged), as: UTF8.self), by: "merge")
    }
}
