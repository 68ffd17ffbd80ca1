import Foundation
import Nodes
import Pipeline
import Store

/// Measures all objects of images again, for example after their pixel size was corrected. Masks stay as they are.
struct MeasureJob: JobKind {
    static let type = "measure"

    private let selection: ImageSelection

    init(parameters data: Data) throws { selection = try Self.decode(ImageSelection.self, from: data) }

    func run(_ context: JobContext) async throws -> JobOutcome {
        let (project, pipeline, cancelled) = (context.project, context.pipeline, context.cancelled)
        let plan = try await pipeline.plan()
        try await pipeline.ensureColumns(plan)
        let images = try await project.allImages().filter { $0.objects > 0 && selection.contains($0) }
        context.progress.begin(total: images.count, message: "Measuring")
        try await context.workers.forEach(images) { image in
            try context.checkCancelled()
            let nodes = try await pipeline.context(of: image, isCancelled: { cancelled.isSet })
            try await pipeline.measureAgain(image, plan: plan, context: nodes)
            context.announce(.objects(image: image.id, revision: image.revision))
            context.progress.advance(message: "Measuring \(image.name)")
        }
        var outcome = JobOutcome(summary: "the objects of \(images.count) images measured again")
        outcome.counts = ["images": images.count]
        return outcome
    }
}
