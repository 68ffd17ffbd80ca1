import Foundation
import Nodes
import Pipeline
import Store
import Synchronization

/// Indexes a folder in place: its images become part of the project without being copied.
struct ImportJob: JobKind {
    static let type = "import"

    struct Parameters: Codable {
        /// Folder on this machine.
        var path: String
    }

    private let parameters: Parameters

    init(parameters data: Data) throws {
        parameters = try Self.decode(Parameters.self, from: data)
        guard parameters.path.hasPrefix("/") else {
            throw JobError.badParameters(type: Self.type, reason: "\"path\" must be the full path of a folder, not \"\(parameters.path)\"")
        }
    }

    /// Endings of files worth trying; what they really are is told by their content.
    static let endings: Set<String> = ["jpg", "jpeg", "jpe", "png", "tif", "tiff", "svs", "btf"]

    static func isCandidate(_ path: String) -> Bool {
        let name = path.split(separator: "/").last.map(String.init) ?? path
        guard !name.hasPrefix("."), let dot = name.lastIndex(of: ".") else { return false }
        return endings.contains(name[name.index(after: dot)...].lowercased())
    }

    func run(_ context: JobContext) async throws -> JobOutcome {
        let project = context.project
        let root = try await project.addImportRoot(folder: parameters.path)
        let folder = try FolderHandle(path: parameters.path)
        let files = try folder.files(below: "") { name in !name.hasPrefix(".") && name != "project.sqlite" }.filter(Self.isCandidate).sorted()
        guard !files.isEmpty else {
            throw JobError.failed("\(parameters.path) holds no JPEG, PNG or TIFF file; choose another folder")
        }
        await context.note("\(files.count) image files in \(parameters.path)")
        context.progress.begin(total: files.count, message: "Indexing")
        let importer = try await ImageImporter(project: project)
        let tally = Mutex((new: 0, known: 0, failures: [JobOutcome.Failure]()))
        let cancelled = context.cancelled
        try await context.workers.forEach(files) { file in
            try context.checkCancelled()
            do {
                let image = try await importer.importFile(at: .root(id: root.id, path: file), name: file, isCancelled: { cancelled.isSet })
                tally.withLock { tally in
                    if image.state == .failed {
                        tally.failures.append(.init(name: file, reason: image.error ?? ""))
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
        var outcome = JobOutcome(summary: "\(new) images imported, \(known) were there already, \(failures.count) cannot be read")
        outcome.failures = failures.sorted { $0.name < $1.name }
        outcome.counts = ["new": new, "known": known, "failed": failures.count]
        return outcome
    }
}
