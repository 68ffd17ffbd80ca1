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
    }

    private let parameters: Parameters

    init(parameters data: Data) throws {
        parameters = try Self.decode(Parameters.self, from: data)
    }

    static func stored(_ parameters: String, in project: Project) throws -> String {
        let given = try Self.decode(Parameters.self, from: Data(parameters.utf8))
        if given.path.hasPrefix("/") {
            let relative = Parameters(path: project.relativePath(ofFolder: given.path))
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
        let tally = Mutex((new: 0, known: 0, failures: [JobOutcome.Failure]()))
        let cancelled = context.cancelled
        try await context.workers.forEach(files) { file in
            try context.checkCancelled()
            do {
                let image = try await importer.importFile(at: .root(id: root.id, path: file), name: file, isCancelled: { cancelled.isSet }) {
                    context.announce(.images([$0.id]))
                }
                tally.withLock { tally in
                    if image.state == .failed {
                        let reason = image.name == file ? image.error ?? "" : "\(file) has the same bytes as \(image.name), which cannot be read"
                        tally.failures.append(.init(name: file, reason: reason))
                    } else if image.isNew {
                        tally.new += 1
                    } else {
                        tally.known += 1
                    }
                }
                context.announce(.images([image.id]))
            } catch let stop as RunCancelled { throw stop } catch let error as StoreError where error.stopsEverything { throw error } catch {
                tally.withLock { $0.failures.append(.init(name: file, reason: "\(error)")) }
                await context.note("\(file): \(error)")
            }
            context.progress.advance(message: "Indexing \(file)")
        }
        let (new, known, failures) = tally.withLock { $0 }
        for failure in failures { await context.note("\(failure.name): \(failure.reason)") }
        var outcome = JobOutcome(
            summary: "\(new) images imported, \(known) were there already, \(failures.count) cannot be read"
                + (leftOut.isEmpty ? "" : ", \(leftOut.count) other files left out"))
        if !leftOut.isEmpty { outcome.warnings = leftOut.prefix(20) + (leftOut.count > 20 ? ["and \(leftOut.count - 20) more, listed in the job's log"] : []) }
        outcome.failures = failures.sorted { $0.name < $1.name }
        outcome.counts = ["new": new, "known": known, "failed": failures.count]
        return outcome
    }
}
