import Pipeline
import Store

/// A node that sees all images of a project at once: an export.
package protocol CollectionNode: Node {
    /// Everything wrong with what would be written, before anything is.
    func check(_ collection: ObjectCollection) async throws -> [ExportFinding]

    /// Writes its result and returns the files, relative to the project folder.
    /// - Throws: `ExportRefused` when `check` finds an error; then nothing is written.
    func export(_ collection: ObjectCollection) async throws -> ExportResult
}

extension CollectionNode {
    package static var arity: Arity { .oneFromMany }
    /// Not run image by image.
    package func run(_ values: inout SlotValues, context: NodeContext) throws {}
}

/// What an export works on, and how it tells how far it is.
package struct ObjectCollection: Sendable {
    package let pipeline: ProjectPipeline
    package let plan: Plan
    /// The export's own step: says where its inputs come from.
    package let step: Plan.Step
    /// Only these images; nil for all.
    package let images: [ImageRecord]?
    /// Images done, of how many.
    package let progress: @Sendable (Int, Int) -> Void
    package let isCancelled: @Sendable () -> Bool

    package var project: Project { pipeline.project }

    package init(
        pipeline: ProjectPipeline, plan: Plan, step: Plan.Step, images: [ImageRecord]? = nil,
        progress: @escaping @Sendable (Int, Int) -> Void = { _, _ in }, isCancelled: @escaping @Sendable () -> Bool = { false }
    ) {
        (self.pipeline, self.plan, self.step, self.images) = (pipeline, plan, step, images)
        (self.progress, self.isCancelled) = (progress, isCancelled)
    }

    /// Where its objects come from; nil for an export that takes none.
    package var regionEnd: Graph.End? { step.source(of: [.regions]) }

    /// Whether the export is about an image: mosaics for what follows a mosaic, else the images that were brought in.
    package func concerns(_ image: ImageRecord) -> Bool { image.realm == step.realm }

    /// The present objects of an image that belong to the export: of several branches that make objects, those of its own.
    package func objects(of image: ImageRecord) async throws -> [ObjectRecord] {
        let all = try await project.allObjects(of: image.id)
        guard plan.regionEnds(of: image).count > 1, let regionEnd else { return all }
        return all.filter { plan.end(ofNode: $0.node, in: image) == regionEnd }
    }

    /// How many these are.
    package func objectCount(of image: ImageRecord) async throws -> Int {
        guard plan.regionEnds(of: image).count > 1, regionEnd != nil else { return try await project.objectCount(image: image.id) }
        return try await objects(of: image).count
    }

    package func checkCancelled() throws(RunCancelled) {
        if isCancelled() { throw RunCancelled() }
    }
}

/// Something an export's receiver would refuse or get wrong, and what to do about it.
package struct ExportFinding: Sendable, Equatable, Codable {
    package enum Severity: String, Sendable, Codable { case error, warning }
    package var severity: Severity
    /// Line of the table, 1 is the header.
    package var row: Int?
    package var column: String?
    package var object: String?
    package var message: String
    package var remedy: String

    package init(severity: Severity, row: Int? = nil, column: String? = nil, object: String? = nil, message: String, remedy: String) {
        (self.severity, self.row, self.column, self.object) = (severity, row, column, object)
        (self.message, self.remedy) = (message, remedy)
    }

    /// Of an export without objects: a normal result where somebody has looked for some, else the run was forgotten.
    /// - Parameters:
    ///   - images: that the export is about.
    ///   - result: what comes of it, as a sentence.
    static func noObjects(in images: [ImageRecord], result: String) -> ExportFinding {
        // Where all images failed, nobody need run them again to know.
        if images.contains(where: { $0.state == .processed }) || !images.isEmpty && images.allSatisfy({ $0.state == .failed }) {
            return ExportFinding(
                severity: .warning, message: "There is no object to export.",
                remedy: "\(result) Where objects were expected, change the parameters of the step that finds them, or draw some in the viewer.")
        }
        return ExportFinding(severity: .error, message: "There is no object to export.", remedy: "Run the pipeline, or draw objects in the viewer, then check again.")
    }
}

package struct ExportResult: Sendable, Equatable {
    package var files: [String]
    package var objects: Int
    package var images: Int
    package var findings: [ExportFinding]
    /// Whether `provenance.json` lies inside of what was written; else it is put beside it.
    package var holdsProvenance = false

    package init(files: [String], objects: Int, images: Int, findings: [ExportFinding], holdsProvenance: Bool = false) {
        (self.files, self.objects, self.images, self.findings) = (files, objects, images, findings)
        self.holdsProvenance = holdsProvenance
    }
}

/// The pre-flight check found errors; nothing was written.
package struct ExportRefused: Error, CustomStringConvertible {
    package let findings: [ExportFinding]

    package var description: String {
        let errors = findings.filter { $0.severity == .error }
        let shown = errors.prefix(3).map { "\($0.message) \($0.remedy)" }.joined(separator: " · ")
        return "nothing was written, for \(errors.count) reason\(errors.count == 1 ? "" : "s"): \(shown)\(errors.count > 3 ? " …" : "")"
    }
}
