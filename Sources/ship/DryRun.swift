import Codecs
import Foundation
import Jobs
import Logging
import Nodes
import Pipeline
import Store

/// What `ship run --dry-run` says: which steps, which images, how large and how long. Nothing is written but a sample in the temporary folder,
/// run for real over up to three of the images that are to be computed, because sizes and times depend on what is in them.
struct DryRun {
    let graph: Graph
    let plan: Plan
    let input: String
    let output: String
    let shard: Shard?
    let workers: Int?
    let exports: Bool
    let pyramids: Bool

    private static let sampleSize = 3

    private struct Counts {
        var computed: [String] = []
        var measured = 0
        var unchanged = 0
        var elsewhere = 0
    }

    private struct Sample {
        var images = 0
        var objects = 0
        var cpuSeconds = 0.0
        /// Bytes that each part of the project grew by: `database`, folders of nodes.
        var bytes: [String: Int] = [:]
        var problems: [String] = []
    }

    func report() async throws {
        let (all, others, closed) = try FolderHandle(path: input).survey { name in !(name.split(separator: "/").last ?? "").hasPrefix(".") }
        let files = all.filter(ImageFile.isNamedAsImage)
        guard !files.isEmpty else { throw Sentence("the folder \(input) holds no JPEG, PNG or TIFF file; choose another folder") }
        print("steps:")
        for step in plan.steps {
            let changed = (graph.nodes.first { $0.name == step.name }?.config ?? [:]).filter { $0.value != step.nodeClass.defaults[$0.key] }
            let parameters = changed.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }.joined(separator: " ")
            let isLeftOut = step.node is any CollectionNode && !exports
            print("  \(step.name) (\(step.nodeClass.kind))\(parameters.isEmpty ? "" : " \(parameters)")\(isLeftOut ? " — left out" : "")")
        }
        let folder = try FolderHandle(path: input)
        let bytes = try files.reduce(0) { $0 + (try folder.size($1) ?? 0) }
        let leftOut = all.count - files.count + others.count
        for folder in closed { print(printable("left out the folder \(folder.path): it cannot be read (\(folder.reason))")) }
        print("input: \(files.count) image files, \(Self.size(bytes)), read in place" + (leftOut > 0 ? "; \(leftOut) other files left out" : ""))

        let counts = try await count(files, folder)
        if let shard { print("shard \(shard): \(files.count - counts.elsewhere) of \(files.count) images") }
        print("to compute: \(counts.computed.count); only to measure again: \(counts.measured); up to date: \(counts.unchanged)")
        if !counts.computed.isEmpty {
            let sample = try await sample(of: counts.computed, folder)
            tell(sample, images: counts.computed.count)
        }
        print("nothing was written to \(output)")
    }

    // MARK: - What is up to date

    private func count(_ files: [String], _ folder: FolderHandle) async throws -> Counts {
        var counts = Counts()
        let isThere = FileManager.default.fileExists(atPath: output + "/" + Project.databaseName)
        guard isThere || shard != nil else {
            counts.computed = files
            return counts
        }
        var hashes: [(file: String, sha256: String)] = []
        for file in files {
            let sha256 = try FileDigest.sha256(try folder.openFile(file)).sha256
            if let shard, !shard.contains(sha256: sha256) { counts.elsewhere += 1 } else { hashes.append((file, sha256)) }
        }
        var known: [String: ImageRecord] = [:]
        var keys: [ObjectID: [Graph.End: RunKey?]] = [:]
        if isThere {
            try await withProject(output, readOnly: true) { project in
                let pipeline = ProjectPipeline(project: project)
                for image in try await project.allImages() {
                    known[image.sha256] = image
                    for end in plan.regionEnds { keys[image.id, default: [:]][end] = try await pipeline.runKey(of: image, end: end, plan: plan) }
                }
            }
        }
        for (file, sha256) in hashes {
            guard let image = known[sha256] else {
                counts.computed.append(file)
                continue
            }
            var (hasRegions, hasMeasures) = (true, true)
            for end in plan.regionEnds {
                let (stored, now) = (keys[image.id]?[end] ?? nil, RunKey(of: image, end: end, plan: plan))
                hasRegions = hasRegions && stored?.regions == now.regions
                hasMeasures = hasMeasures && stored == now
            }
            if hasRegions && hasMeasures { counts.unchanged += 1 } else if hasRegions { counts.measured += 1 } else { counts.computed.append(file) }
        }
        return counts
    }

    // MARK: - The sample

    /// The real run over copies of a few images, spread evenly.
    private func sample(of files: [String], _ folder: FolderHandle) async throws -> Sample {
        let place = FileManager.default.temporaryDirectory.appending(path: "ship-dry-run-\(getpid())")
        defer { try? FileManager.default.removeItem(at: place) }
        let title = URL(filePath: input).lastPathComponent
        let images = place.appending(path: "in/\(title.isEmpty ? "images" : title)")
        let count = min(Self.sampleSize, files.count)
        for number in 0..<count {
            let file = files[(2 * number + 1) * files.count / (2 * count)]
            let target = images.appending(path: file)
            try FileManager.default.createDirectory(at: target.deletingLastPathComponent(), withIntermediateDirectories: true)
            try FileManager.default.copyItem(atPath: try folder.checkedPath(file), toPath: target.path)
        }
        let target = place.appending(path: "out").path
        try makeProject(target, title: title)
        let empty = Self.parts(of: target)
        var sample = Sample(images: count)
        let start = Self.cpuSeconds
        try await withProject(target) { project in
            try await project.savePipelineGraph(graph)
            var requests = try RunCommand.requests(input: images.path, shard: nil, pyramids: pyramids, pictures: exports)
            if exports { requests += try await exportRequests(of: project) }
            var logger = Logger(label: "ship")
            logger.logLevel = .error
            let sequence = JobSequence(project: project, workers: workers ?? ProcessInfo.processInfo.activeProcessorCount, logger: logger)
            for job in try await sequence.run(requests, report: { _, _ in }) {
                sample.objects = job.outcome?.counts["objects"] ?? sample.objects
                sample.problems += (job.outcome?.failures ?? []).map { "\($0.name): \($0.reason)" } + (job.error.map { ["\(job.type): \($0)"] } ?? [])
            }
        }
        sample.cpuSeconds = Self.cpuSeconds - start
        sample.bytes = Self.parts(of: target).reduce(into: [:]) { $0[$1.key] = $1.value - (empty[$1.key] ?? 0) }
        return sample
    }

    private func tell(_ sample: Sample, images: Int) {
        for problem in sample.problems { print("in the sample, \(problem)") }
        func scaled(_ number: Int) -> Int { Int((Double(number) / Double(sample.images) * Double(images)).rounded()) }
        let parts = sample.bytes.filter { $0.value > 0 }.sorted { $0.key < $1.key }
        let total = scaled(parts.reduce(0) { $0 + $1.value })
        let seconds = sample.cpuSeconds / Double(sample.images) * Double(images)
        let threads = min(workers ?? ProcessInfo.processInfo.activeProcessorCount, ProcessInfo.processInfo.activeProcessorCount)
        print("sample of \(sample.images): \(sample.objects / max(1, sample.images)) objects and \(Int((sample.cpuSeconds / Double(sample.images) * 1000).rounded())) ms of processor time an image")
        print(
            "expected: about \(scaled(sample.objects)) objects, \(Self.size(total)) on disk (\(parts.map { "\($0.key) \(Self.size(scaled($0.value)))" }.joined(separator: ", "))), "
                + "\(ProgressLine.duration(seconds / Double(threads))) with \(threads) at a time")
        var parent = output
        while !FileManager.default.fileExists(atPath: parent), parent != "/" { parent = (parent as NSString).deletingLastPathComponent }
        if let free = try? FolderHandle(path: parent).volume().freeBytes {
            print("free there: \(Self.size(free))" + (free < total ? "; that is not enough" : ""))
        }
    }

    private static func parts(of project: String) -> [String: Int] {
        guard let files = try? FolderHandle(path: project).files() else { return [:] }
        var parts: [String: Int] = [:]
        for file in files {
            let components = file.split(separator: "/")
            let part = file == Project.databaseName ? "database" : components.count > 1 ? String(components[0]) : "other"
            parts[part, default: 0] += (try? FileManager.default.attributesOfItem(atPath: project + "/" + file)[.size] as? Int) ?? 0
        }
        return parts
    }

    private static var cpuSeconds: Double {
        var usage = rusage()
        getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
        func seconds(_ time: timeval) -> Double { Double(time.tv_sec) + Double(time.tv_usec) / 1e6 }
        return seconds(usage.ru_utime) + seconds(usage.ru_stime)
    }

    static func size(_ bytes: Int) -> String {
        switch bytes {
        case ..<1_000_000: "\((bytes + 500) / 1000) kB"
        case ..<1_000_000_000: "\((bytes + 500_000) / 1_000_000) MB"
        default: "\(Double((bytes + 50_000_000) / 100_000_000) / 10) GB"
        }
    }
}
