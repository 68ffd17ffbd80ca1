import Foundation
import Nodes
import Pipeline
import Store
import Synchronization

/// Builds the pyramid files that are missing, for example after somebody deleted them to save room.
struct PyramidJob: JobKind {
    static let type = "pyramid"

    private let selection: ImageSelection

    init(parameters data: Data) throws { selection = try Self.decode(ImageSelection.self, from: data) }

    func run(_ context: JobContext) async throws -> JobOutcome {
        let project = context.project
        let importer = try await ImageImporter(project: project)
        var missing: [ImageRecord] = []
        for image in try await project.allImages() where image.width > 0 && selection.contains(image) {
            let isThere = try image.pyramid.map { try project.files.size($0) != nil } ?? false
            if !isThere { missing.append(image) }
        }
        context.progress.begin(total: missing.count, message: "Pyramids")
        let failures = Mutex<[JobOutcome.Failure]>([])
        let cancelled = context.cancelled
        try await context.workers.forEach(missing) { image in
            try context.checkCancelled()
            do {
                var change = ImageChange()
                change.pyramid = .some(try importer.buildPyramid(of: image, isCancelled: { cancelled.isSet }))
                try await project.updateImage(image.id, change)
                context.announce(.images([image.id]))
            } catch let stop as RunCancelled { throw stop } catch let error as StoreError where error.stopsEverything { throw error } catch {
                failures.withLock { $0.append(.init(name: image.name, reason: "\(error)", image: image.id)) }
                await context.note("\(image.name): \(error)")
            }
            context.progress.advance(message: "Pyramids")
        }
        let failed = failures.withLock { $0 }
        var outcome = JobOutcome(summary: "\(missing.count - failed.count) pyramids built, \(failed.count) failed")
        outcome.failures = failed.sorted { $0.name < $1.name }
        outcome.counts = ["built": missing.count - failed.count, "failed": failed.count]
        return outcome
    }
}
