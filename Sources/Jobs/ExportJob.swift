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
        let (plan, step, node) = try await context.pipeline.plan().exportStep(format: parameters.format ?? "ecotaxa", node: parameters.node)
        let (progress, cancelled) = (context.progress, context.cancelled)
        progress.begin(total: 0, message: "Export")
        let collection = ObjectCollection(
            pipeline: context.pipeline, plan: plan, step: step,
            progress: { done, total in
                if done == 0 { progress.begin(total: total, message: "Export") } else { progress.advance(message: "Export") }
            }, isCancelled: { cancelled.isSet })
        let result = try await context.workers.run { try await node.export(collection) }
        for finding in result.findings { await context.note("\(finding.severity.rawValue): \(finding.message) \(finding.remedy)") }
        let place = result.files.isEmpty ? "no file was written" : "in \(result.files.joined(separator: ", "))"
        var outcome = JobOutcome(summary: "\(counted(result.objects, "object")) of \(counted(result.images, "image"))\(result.files.isEmpty ? "; " : " ")\(place)")
        outcome.files = result.files
        if !result.holdsProvenance, let first = result.files.first {
            // Beside it, by the same name, so that one finds the other.
            let name = first.split(separator: "/").last.map(String.init) ?? first
            let path = "\(step.name)/\(name.prefix { $0 != "." }).\(Provenance.fileName)"
            let bytes = try await Provenance(collection).encoded()
            try context.project.files.makeFolder(step.name)
            try context.project.files.write(path) { try $0.write(bytes) }
            outcome.files.append(path)
        }
        if !result.findings.isEmpty { outcome.warnings = result.findings.prefix(20).map { "\($0.message) \($0.remedy)" } }
        outcome.counts = ["objects": result.objects, "images": result.images, "findings": result.findings.count]
        return outcome
    }
}

extension Plan {
    /// The export node of this format, or of this name. A format that the pipeline has no node for is exported by one at its defaults, which takes
    /// the images as they are and all objects.
    /// - Returns: the plan that holds the step too.
    package func exportStep(format: String, node name: String? = nil) throws -> (plan: Plan, step: Step, node: any CollectionNode) {
        let exports = steps.filter { $0.node is any CollectionNode }
        let found = exports.first { step in name.map { step.name == $0 } ?? (step.nodeClass.kind == "export.\(format)") }
        if let found, let node = found.node as? any CollectionNode { return (self, found, node) }
        if let name {
            let known = exports.map { "\($0.name) (\($0.nodeClass.kind))" }.joined(separator: ", ")
            throw JobError.failed("the pipeline has no export node \"\(name)\"; it has \(known.isEmpty ? "no export" : known)")
        }
        let plan = try withExport(format: format)
        guard let step = plan.steps.last(where: { $0.nodeClass.kind == "export.\(format)" }), let node = step.node as? any CollectionNode else {
            preconditionFailure("a plan lost the step that was added to it")
        }
        return (plan, step, node)
    }

    /// Second halves of the kinds of all exports.
    package static var exportFormats: [String] { AllNodes.classes.filter { $0.group == "export" && $0.arity == .oneFromMany }.map { String($0.kind.dropFirst("export.".count)) } }

    /// The same pipeline with one more export, connected to the images, the first objects and their measurements.
    /// - Throws: `JobError` for a format that is not known or that needs objects where none are made.
    package func withExport(format: String) throws -> Plan {
        guard let nodeClass = AllNodes.named("export.\(format)"), Plan.exportFormats.contains(format) else {
            throw JobError.failed("there is no export \"\(format.prefix(40))\"; known are \(Plan.exportFormats.joined(separator: ", "))")
        }
        var graph = graph
        var (name, number) = (format, 1)
        while graph.nodes.contains(where: { $0.name == name }) {
            number += 1
            name = "\(format)-\(number)"
        }
        graph.nodes.append(Graph.Instance(name: name, kind: nodeClass.kind))
        // Of the images themselves, else of what was made of them.
        let objects = regionEnds.first { step($0.node)?.realm == "" } ?? regionEnds.first
        let origin = origins(of: objects.flatMap { step($0.node)?.realm } ?? "").first
        for input in nodeClass.inputs {
            switch input.type {
            case .image:
                if let origin { graph.edges.append(.init(from: origin, to: .init(name, input.name))) }
            case .regions: if let objects { graph.edges.append(.init(from: objects, to: .init(name, input.name))) }
            case .measurements:
                for end in objects.map(measurementEnds) ?? [] { graph.edges.append(.init(from: end, to: .init(name, input.name))) }
            default: continue
            }
        }
        return try Plan(graph, classes: AllNodes.classes)
    }
}
