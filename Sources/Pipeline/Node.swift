import Raster

/// How much of an image a node must see to compute one pixel of its result.
package enum Reach: Equatable, Sendable {
    /// So many pixels on each side; 0 for point operations. Such a node can work strip by strip.
    case halo(Int)
    case wholeImage
}

/// How results relate to what comes in.
package enum Arity: String, Sendable, Codable {
    /// Brings images in; has no inputs.
    case source
    case oneFromOne
    /// Makes several objects of each one and keeps it as their parent.
    case manyFromOne
    /// Sees all images of the project at once: an export, or, with an image as output, a mosaic.
    case oneFromMany
}

/// A step of a pipeline. The static part is declared once; form, JSON schema, validation and reference page follow from it.
package protocol Node: Sendable {
    /// Stored in projects, so never renamed, e.g. `segment.threshold`.
    static var kind: String { get }
    static var title: String { get }
    static var help: String { get }
    /// Raised when the same inputs and parameters give other results than before.
    static var version: Int { get }
    static var arity: Arity { get }
    static var inputs: [SlotSchema] { get }
    static var outputs: [SlotSchema] { get }
    static var parameters: [Parameter<Self>] { get }

    init()

    /// May depend on parameters.
    var reach: Reach { get }

    /// Whether the results depend on the image's pixel size. Not asked of nodes that measure: µm columns always do.
    var usesPixelSize: Bool { get }

    /// Whether the results depend on the area that a person drew on the image itself.
    var usesArea: Bool { get }

    /// Whether the results depend on files of outlines that lie beside the image.
    var usesCompanions: Bool { get }

    /// Reads the inputs, writes every declared output.
    /// - Throws: what one image can cause; the run goes on with the next.
    func run(_ values: inout SlotValues, context: NodeContext) throws
}

extension Node {
    package static var version: Int { 1 }
    package static var arity: Arity { .oneFromOne }
    package var reach: Reach { .wholeImage }
    package var usesPixelSize: Bool { false }
    package var usesArea: Bool { false }
    package var usesCompanions: Bool { false }
}

/// A file of outlines that speaks of an image.
package struct Companion: Sendable {
    package enum Kind: String, Sendable { case picture, geojson, coco }

    /// As people know it, with its folders.
    package let name: String
    package let kind: Kind
    package let sha256: String
    private let read: @Sendable () throws -> [UInt8]

    package init(name: String, kind: Kind, sha256: String, read: @escaping @Sendable () throws -> [UInt8]) {
        (self.name, self.kind, self.sha256, self.read) = (name, kind, sha256, read)
    }

    package func bytes() throws -> [UInt8] { try read() }
}

/// What a node may know and say besides its slots.
package struct NodeContext: Sendable {
    /// The image object that everything in this run descends from.
    package struct Source: Sendable, Equatable {
        /// Stable id, equal on every machine.
        package var uid: String
        package var name: String
        /// Edge length of a pixel in micrometres; nil without calibration.
        package var pixelSizeMicrometres: Double?
        package var metadata: [String: String]
        /// GeoJSON Polygon or MultiPolygon in image pixels to which a person restricted this image; nil where nobody did.
        package var area: String?
        /// Where the pixels lie in the image when only a part of it is looked at; nil for all of it.
        package var part: Rect?
        /// Name of the step that made the image of others; empty for images that were brought in. Only steps of this realm apply to it.
        package var realm: String
        /// All of the image, where it is one of a project.
        package var frame: Rect?

        package init(
            uid: String, name: String, pixelSizeMicrometres: Double? = nil, metadata: [String: String] = [:], area: String? = nil, part: Rect? = nil,
            realm: String = ""
        ) {
            (self.uid, self.name) = (uid, name)
            (self.pixelSizeMicrometres, self.metadata) = (pixelSizeMicrometres, metadata)
            (self.area, self.part, self.realm) = (area, part, realm)
        }
    }

    package var source: Source
    /// Gives what a step made of all images of a group before it works on single ones; set by whoever runs a plan.
    package var findPrepared: (@Sendable (Plan.Step) throws -> any Sendable)?
    /// The step that runs.
    var step: Plan.Step?
    /// Files of outlines that speak of this image, by name.
    package var companions: [Companion] = []
    private let report: @Sendable (Double) -> Void
    private let isCancelled: @Sendable () -> Bool

    package init(
        source: Source, report: @escaping @Sendable (Double) -> Void = { _ in }, isCancelled: @escaping @Sendable () -> Bool = { false }
    ) {
        (self.source, self.report, self.isCancelled) = (source, report, isCancelled)
    }

    /// Tells how much of this node's work on this image is done, 0 to 1. Throws when the job was cancelled, so that a
    /// node that reports often can be stopped in under a second.
    package func progress(_ fraction: Double) throws(RunCancelled) {
        try checkCancelled()
        report(fraction)
    }

    /// What the running node made of its image's whole group.
    /// - Throws: `NotPrepared` when that has not been made, or was made by other parameters.
    package func prepared<Prepared: Sendable>(_ type: Prepared.Type) throws -> Prepared {
        guard let step, let findPrepared else { throw NotPrepared(step: step?.name ?? "") }
        let value = try findPrepared(step)
        guard let prepared = value as? Prepared else { preconditionFailure("step \(step.name) prepared \(Swift.type(of: value)), not \(Prepared.self)") }
        return prepared
    }

    /// For loops that cannot throw.
    package var isStopped: Bool { isCancelled() }

    package func checkCancelled() throws(RunCancelled) {
        if isCancelled() { throw RunCancelled() }
    }
}

/// The job was cancelled by a person.
package struct RunCancelled: Error, CustomStringConvertible {
    package init() {}
    package var description: String { "cancelled" }
}

/// A step needs what is made of many images in a run, and that run has not been yet.
package struct NotPrepared: Error, Equatable, CustomStringConvertible {
    package let step: String
    package init(step: String) { self.step = step }
    package var description: String { "what \"\(step)\" makes of all images together is not there for its present settings; run the pipeline once" }
}
