import Foundation
import Nodes
import Pipeline
import Store

/// Runs one of the pipeline's export nodes.
struct ExportJob: JobKind {
    static let type = "export"

    struct Parameters: Codable {
        /// Second half of the node kind: `ecotaxa` is `export.ecotaxa`.
        var format: String?
        /// Name of the node, where the pipeline has several of a kind.
        var node: String?
    }

    private let parameters: Parameters

    init(parameters data: Data) throws { parameters = try Self.decode(Parameters.self, from: data) }

    func run(_ context: JobContext) async throws -> JobOutcome {
        let plan = try await context.pipeline.plan()
        let step = try plan.exportStep(format: parameters.format ?? "ecotaxa", node: parameters.node)
        let (progress, cancelled) = (context.progress, context.cancelled)
        progress.begin(total: 0, message: "Export")
        let collection = ObjectCollection(
            pipeline: context.pipeline, plan: plan, step: step.step,
            progress: { done, total in
                if done == 0 { progress.begin(total: total, message: "Export") } else { progress.advance(message: "Export") }
            }, isCancelled: { cancelled.isSet })
        let result = try await context.workers.run { try await step.node.export(collection) }
        for finding in result.findings { await context.note("\(finding.severity.rawValue): \(finding.message) \(finding.remedy)") }
        var outcome = JobOutcome(summary: "\(result.objects) objects of \(result.images) images in \(result.files.joined(separator: ", "))")
        outcome.files = result.files
        if !result.findings.isEmpty { outcome.warnings = result.findings.prefix(20).map { "\($0.message) \($0.remedy)" } }
        outcome.counts = ["objects": result.objects, "images": result.images, "findings": result.findings.count]
        return outcome
    }
}

extension Plan {
    /// The export node of this format, or of this name.
    package func exportStep(format: String, node name: String? = nil) throws -> (step: Step, node: any CollectionNode) {
        let exports = steps.filter { $0.node is any CollectionNode }
        let found = exports.first { step in name.map { step.name == $0 } ?? (step.nodeClass.kind == "export.\(format)") }
        guard let found, let node = found.node as? any CollectionNode else {
            let known = exports.map { "\($0.name) (\($0.nodeClass.kind))" }.joined(separator: ", ")
            throw JobError.failed(
                "the pipeline has no \(name.map { "export node \"\($0)\"" } ?? "\(format) export"); add one on the pipeline page. It has \(known.isEmpty ? "no export" : known)")
        }
        return (found, node)
    }
}
