import Codecs
import Foundation
import Nodes
import Pipeline
import Store

/// Draws masks and outlines that were uploaded as objects of their images.
struct OutlinesJob: JobKind {
    static let type = "outlines"

    struct Parameters: Codable {}

    init(parameters data: Data) throws { _ = try Self.decode(Parameters.self, from: data) }

    func run(_ context: JobContext) async throws -> JobOutcome {
        let companions = try await CompanionImporter(project: context.project, pipeline: context.pipeline)
        context.progress.begin(total: 0, message: "Masks")
        try await companions.match()
        if let step = companions.readingStep {
            return JobOutcome(summary: "The step \(step) of the pipeline reads masks and outlines in its next run")
        }
        let tally = try await companions.draw(context)
        let references = try await context.project.allImages().flatMap(\.companionReferences)
        let used = Set(references.map(\.id))
        let waiting = try await context.project.companions().filter { !used.contains($0.id) }
        var outcome = JobOutcome(
            summary: "\(tally.objects) objects drawn in \(tally.images) image\(tally.images == 1 ? "" : "s") from masks and outlines, \(tally.failures.count) failed"
                + (waiting.isEmpty ? "" : "; \(waiting.count) files wait for their image"))
        outcome.failures = tally.failures
        let notes = tally.notes + waiting.prefix(20).map {
            "\($0.name) belongs to no image of the project yet; bring the image in, or set the names in the step “\(ImportMasksNode.title)”"
        }
        if !notes.isEmpty { outcome.warnings = notes }
        for line in notes + tally.failures.map({ "\($0.name): \($0.reason)" }) { await context.note(line) }
        outcome.counts = ["objects": tally.objects, "images": tally.images, "failed": tally.failures.count, "waiting": waiting.count]
        return outcome
    }
}
