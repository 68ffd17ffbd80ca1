import Codecs
import Foundation
import Nodes
import Pipeline
import Store
import Synchronization

/// Indexes a folder in place: its images become part of the project without being copied, masks and outlines beside them are drawn as objects.
/// An EcoTaxa archive, as a ZIP or as a folder with its tables, becomes images with their objects.
struct ImportJob: JobKind {
    static let type = "import"

    struct Parameters: Codable {
        /// Folder or ZIP; relative to the project once it is stored, so that both can be moved together.
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
        guard FileManager.default.fileExists(atPath: project.folder + "/" + given.path), given.path.hasPrefix("..") || ImportJob.isArchive(given.path) else {
            throw JobError.badParameters(type: Self.type, reason: "\"path\" must be the full path of a folder or of a ZIP, not \"\(given.path)\"")
        }
        return parameters
    }

    func run(_ context: JobContext) async throws -> JobOutcome {
        let project = context.project
        let path = parameters.path.hasPrefix("/") ? parameters.path : project.folder + "/" + parameters.path
        let name = path.split(separator: "/").last.map(String.init) ?? path
        if Self.isArchive(path) { return try await importArchive(.zip(try ZipReader(path: path)), name: name, context) }
        let root = try await project.addImportRoot(folder: path)
        let (all, others, closed) = try FolderHandle(path: path).survey { name in !(name.split(separator: "/").last ?? "").hasPrefix(".") }
        if all.contains(where: EcoTaxaCheck.isTable) {
            await context.note("the folder \(name) holds tables of EcoTaxa, so it is brought in as an EcoTaxa archive")
            return try await importArchive(.root(root, path: path, names: all), name: name, context)
        }
        let companions = try await CompanionImporter(project: project, pipeline: context.pipeline)
        let outlines = companions.companions(among: all, images: [])
        let files = all.filter { ImageFile.isNamedAsImage($0) && !outlines.contains($0) }
        guard !files.isEmpty || !outlines.isEmpty else {
            throw JobError.failed("the folder \(name) holds no JPEG, PNG or TIFF file; choose another folder")
        }
        await context.note("\(files.count) image files" + (outlines.isEmpty ? "" : " and \(outlines.count) files of masks or outlines") + " in the folder \(name)")
        // Named, so that nobody looks for them in vain.
        let unknown = all.filter { !ImageFile.isNamedAsImage($0) && !outlines.contains($0) && !($0.split(separator: "/").last ?? "").hasPrefix(".") }
        var leftOut = unknown.map { "\($0): not named as JPEG, PNG or TIFF" } + others.map { "\($0): a link, a device, or a name that is not UTF-8" }
            + closed.map { "the folder \($0.path): it cannot be read (\($0.reason))" }
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
        let names = Set(files)
        // What lies where, and whose bytes are there twice.
        let contents = Mutex([String: String]())
        var twice: [String] = []
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
                    contents.withLock { $0[file] = sha256 }
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
                if !image.isNew, case .root(root.id, let place) = image.location, place != file.name, names.contains(place) {
                    twice.append("\(file.name) has the same bytes as \(place), so it is that image and no second one")
                }
                if withPyramids, importer.needsPyramid(image), waiting.insert(image.id).inserted { unfinished.append(image) }
            }
            context.announce(.images(images.map(\.id)))
        }
        let replaced = try await putAwayReplaced(root: root.id, contents: contents.withLock { $0 }, context)

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
        let (new, known, elsewhere, listed) = tally.withLock { $0 }
        var failures = listed
        let unreadable = failures.count
        for outline in outlines.sorted() {
            do { _ = try await companions.register(outline, at: .root(id: root.id, path: outline)) } catch let error as StoreError where error.stopsEverything {
                throw error
            } catch let other as NoOutlines {
                // Any JSON may lie in a folder.
                leftOut.append("\(other)")
            } catch {
                failures.append(.init(name: outline, reason: "\(error)"))
            }
        }
        let drawn = try await drawOutlines(companions, context)
        failures += drawn.failures
        for failure in failures { await context.note("\(failure.name): \(failure.reason)") }
        var outcome = JobOutcome(
            summary: "\(new) images imported, \(known) were there already, \(unreadable) cannot be read"
                + (elsewhere > 0 ? ", \(elsewhere) belong to other shards" : "") + (leftOut.isEmpty ? "" : ", \(leftOut.count) other files left out") + drawn.sentence)
        if !leftOut.isEmpty { outcome.warnings = leftOut.prefix(20) + (leftOut.count > 20 ? ["and \(leftOut.count - 20) more, listed in the job's log"] : []) }
        outcome.failures = failures.sorted { $0.name < $1.name }
        outcome.counts = ["new": new, "known": known, "failed": failures.count, "objects": drawn.objects]
        for notes in [replaced, twice] where !notes.isEmpty {
            for note in notes { await context.note(note) }
            outcome.warnings = (outcome.warnings ?? []) + notes.prefix(20) + (notes.count > 20 ? ["and \(notes.count - 20) more, listed in the job's log"] : [])
        }
        if !drawn.notes.isEmpty { outcome.warnings = (outcome.warnings ?? []) + drawn.notes.prefix(20) }
        return outcome
    }

    /// Images whose place has other bytes by now: where their own lie elsewhere in the folder, that is their place; the others are put into the trash
    /// with their objects, so that nothing is counted twice and no picture is cut from another file.
    ///
    /// - Parameter contents: SHA-256 of each file of the folder.
    /// - Returns: a sentence for each image that was put away.
    private func putAwayReplaced(root: Int64, contents: [String: String], _ context: JobContext) async throws -> [String] {
        let project = context.project
        var places: [String: String] = [:]
        for (path, sha256) in contents { places[sha256] = min(places[sha256] ?? path, path) }
        var notes: [String] = []
        for image in try await project.allImages() where image.made == nil {
            guard case .root(root, let path) = image.location, let present = contents[path], present != image.sha256 else { continue }
            if let place = places[image.sha256] {
                _ = try await project.moveImage(image.id, to: .root(id: root, path: place))
                continue
            }
            try await project.removeImage(image.id)
            context.announce(.images([image.id]))
            notes.append(
                "\(path) has other bytes than before, so it is a new image; the former one is in the trash"
                    + (image.objects > 0 ? " with its \(counted(image.objects, "object"))" : ""))
        }
        return notes
    }

    static func isArchive(_ path: String) -> Bool { path.lowercased().hasSuffix(".zip") }

    /// Draws what masks and outlines say, or leaves them to the step of the pipeline that reads them.
    private func drawOutlines(_ companions: CompanionImporter, _ context: JobContext) async throws -> CompanionImporter.Tally {
        try await companions.match()
        return try await companions.draw(context)
    }

    private func importArchive(_ place: EcoTaxaImporter.Place, name: String, _ context: JobContext) async throws -> JobOutcome {
        var archive = try await EcoTaxaImporter(place, context: context)
        try await archive.run()
        for failure in archive.failures { await context.note("\(failure.name): \(failure.reason)") }
        var outcome = JobOutcome(
            summary: "\(archive.objects) objects of the EcoTaxa archive \(name) brought in, \(archive.known) were there already, \(archive.failures.count) cannot be used")
        outcome.failures = archive.failures.count > 500 ? Array(archive.failures.prefix(500)) : archive.failures
        if !archive.warnings.isEmpty { outcome.warnings = archive.warnings }
        outcome.counts = ["new": archive.objects, "known": archive.known, "failed": archive.failures.count, "objects": archive.objects]
        return outcome
    }
}

extension CompanionImporter.Tally {
    /// For the end of a summary.
    var sentence: String { objects == 0 ? "" : "; \(objects) objects drawn in \(images) image\(images == 1 ? "" : "s") from masks and outlines" }
}
