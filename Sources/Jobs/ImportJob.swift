import Codecs
import Foundation
import Nodes
import Pipeline
import Store
import Synchronization

/// Indexes a folder in place: its images become part of the project without being copied.
struct ImportJob: JobKind {
    static let type = "import"

    struct Parameters: Codable {
        /// Folder; relative to the project once it is stored, so that both can be moved together.
        var path: String
        /// Make the pyramids that viewers need; true. Without them an image is ready once it is indexed, and a viewer makes what it shows.
        var pyramids: Bool?
        /// Only the images of one of several equal parts of the folder.
        var shard: Shard?
    }

    /// Images that are stored by one transaction.
    private static let group = 64

    private let parameters: Parameters

    init(parameters data: Data) throws {
        parameters = try Self.decode(Parameters.self, from: data)
    }

    static func stored(_ parameters: String, in project: Project) throws -> String {
        let given = try Self.decode(Parameters.self, from: Data(parameters.utf8))
        if given.path.hasPrefix("/") {
            var relative = given
            relative.path = project.relativePath(ofFolder: given.path)
            return String(decoding: try JSONEncoder().encode(relative), as: UTF8.self)
        }
        // A job that is tried again comes with its stored path.
        guard FileManager.default.fileExists(atPath: project.folder + "/" + given.path), given.path.hasPrefix("..") else {
            throw JobError.badParameters(type: Self.type, reason: "\"path\" must be the full path of a folder, not \"\(given.path)\"")
        }
        return parameters
    }

    func run(_ context: JobContext) async throws -> JobOutcome {
        let project = context.project
        let path = parameters.path.hasPrefix("/") ? parameters.path : project.folder + "/" + parameters.path
        let root = try await project.addImportRoot(folder: path)
        let (all, others) = try FolderHandle(path: path).survey { name in !(name.split(separator: "/").last ?? "").hasPrefix(".") }
        let files = all.filter(ImageFile.isNamedAsImage)
        let name = path.split(separator: "/").last.map(String.init) ?? path
        guard !files.isEmpty else {
            throw JobError.failed("the folder \(name) holds no JPEG, PNG or TIFF file; choose another folder")
        }
        await context.note("\(files.count) image files in the folder \(name)")
        // Named, so that nobody looks for them in vain.
        let leftOut = all.filter { !ImageFile.isNamedAsImage($0) && !($0.split(separator: "/").last ?? "").hasPrefix(".") }.map { "\($0): not named as JPEG, PNG or TIFF" }
            + others.map { "\($0): a link, a device, or a name that is not UTF-8" }
        for line in leftOut.prefix(200) { await context.note("left out \(line)") }
        context.progress.begin(total: files.count, message: "Indexing")
        let importer = try await ImageImporter(project: project)
        let withPyramids = parameters.pyramids ?? true
        if let shard = parameters.shard {
            // So that a merge notices when one is missing.
            try await project.setSetting(ImportShard.setting, json: #"{"count":\#(shard.count),"index":\#(shard.index)}"#, by: "import")
        }
        let handle = try FolderHandle(path: path)
        let cancelled = context.cancelled
        let tally = Mutex((new: 0, known: 0, elsewhere: 0, failures: [JobOutcome.Failure]()))
        var unfinished: [ImageRecord] = []
        var waiting: Set<ObjectID> = []
        // Groups are read by all workers and stored in the order of the names by one transaction: of equal files the first name counts,
        // whatever the number of workers, and the disk is waited for once a group.
        for start in stride(from: 0, to: files.count, by: Self.group) {
            try context.checkCancelled()
            let group = Array(files[start..<min(start + Self.group, files.count)])
            let described = Mutex([NewImage?](repeating: nil, count: group.count))
            let shard = parameters.shard
            try await context.workers.forEach(Array(group.indices)) { index in
                try context.checkCancelled()
                let file = group[index]
                do {
                    let (sha256, bytes) = try FileDigest.sha256(try handle.openFile(file)) { _ in try context.checkCancelled() }
                    guard shard?.contains(sha256: sha256) ?? true else {
                        tally.withLock { $0.elsewhere += 1 }
                        return context.progress.advance(message: "Indexing \(file)")
                    }
                    var new = try importer.describe(try handle.openFile(file), at: .root(id: root.id, path: file), name: file, known: (sha256, bytes))
                    if !withPyramids, new.state == .new { new.state = .ready }
                    described.withLock { [new] in $0[index] = new }
                } catch let stop as RunCancelled { throw stop } catch let error as StoreError where error.stopsEverything { throw error } catch {
                    tally.withLock { $0.failures.append(.init(name: file, reason: "\(error)")) }
                    await context.note("\(file): \(error)")
                }
                context.progress.advance(message: "Indexing \(file)")
            }
            let list = described.withLock { $0.compactMap { $0 } }
            let images = try await project.insertImages(list)
            for (image, file) in zip(images, list) {
                tally.withLock { tally in
                    if image.state == .failed && !importer.needsPyramid(image) {
                        let reason = image.name == file.name ? image.error ?? "" : "\(file.name) has the same bytes as \(image.name), which cannot be read"
                        tally.failures.append(.init(name: file.name, reason: reason))
                    } else if image.isNew {
                        tally.new += 1
                    } else {
                        tally.known += 1
                    }
                }
                if withPyramids, importer.needsPyramid(image), waiting.insert(image.id).inserted { unfinished.append(image) }
            }
            context.announce(.images(images.map(\.id)))
        }

        if !unfinished.isEmpty { context.progress.begin(total: unfinished.count, message: "Preparing pictures") }
        try await context.workers.forEach(unfinished) { image in
            try context.checkCancelled()
            do {
                let finished = try await importer.finish(image, isCancelled: { cancelled.isSet })
                if finished.state == .failed {
                    tally.withLock { tally in
                        if image.isNew { tally.new -= 1 } else { tally.known -= 1 }
                        tally.failures.append(.init(name: image.name, reason: finished.error ?? ""))
                    }
                }
            } catch let stop as RunCancelled { throw stop } catch let error as StoreError where error.stopsEverything { throw error } catch {
                tally.withLock { $0.failures.append(.init(name: image.name, reason: "\(error)")) }
                await context.note("\(image.name): \(error)")
            }
            context.announce(.images([image.id]))
            context.progress.advance(message: "Preparing \(image.name)")
        }
        let (new, known, elsewhere, failures) = tally.withLock { $0 }
        for failure in failures { await context.note("\(failure.name): \(failure.reason)") }
        var outcome = JobOutcome(
            summary: "\(new) images imported, \(known) were there already, \(failures.count) cannot be read"
                + (elsewhere > 0 ? ", \(elsewhere) belong to other shards" : "") + (leftOut.isEmpty ? "" : ", \(leftOut.count) other files left out"))
        if !leftOut.isEmpty { outcome.warnings = leftOut.prefix(20) + (leftOut.count > 20 ? ["and \(leftOut.count - 20) more, listed in the job's log"] : []) }
        outcome.failures = failures.sorted { $0.name < $1.name }
        outcome.counts = ["new": new, "known": known, "failed": failures.count]
        return outcome
    }
}
