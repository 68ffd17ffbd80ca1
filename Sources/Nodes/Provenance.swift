import Foundation
import Pipeline
import Store

/// How an export came to be: written into it or beside it as `provenance.json`. `ship run` takes that file as a pipeline and makes the same again.
///
/// Holds nothing of the machine, the moment or the folder, so that equal work gives equal bytes.
package struct Provenance: Codable, Sendable, Equatable {
    package static let fileName = "provenance.json"
    /// Raised when the file means something else than before.
    package static let currentFormat = 1

    package struct Program: Codable, Sendable, Equatable {
        package var name: String
        package var version: String
    }

    package struct Node: Codable, Sendable, Equatable {
        package var name: String
        package var kind: String
        /// Of the node class.
        package var version: Int
        /// Every parameter, defaults included.
        package var config: [String: JSONValue]
    }

    package struct Pipeline: Codable, Sendable, Equatable {
        package var nodes: [Node]
        package var edges: [Graph.Edge]
        /// SHA-256 of all that decides results.
        package var fingerprint: String

        package var graph: Graph { Graph(nodes: nodes.map { .init(name: $0.name, kind: $0.kind, config: $0.config) }, edges: edges) }
    }

    package struct Input: Codable, Sendable, Equatable {
        /// With its folders.
        package var name: String
        package var sha256: String
        package var bytes: Int
        package var pixelSizeUm: Double?
        package var pixelSizeSource: String?
        /// Drawn on this image by a person: GeoJSON in image pixels.
        package var area: String?
    }

    /// What people did, which the pipeline alone does not make again.
    package struct Hand: Codable, Sendable, Equatable {
        package var editedObjects: Int
        package var removedObjects: Int
        package var edits: Int
        package var labels: Int
    }

    package var provenance: Int
    package var program: Program
    package var title: String
    /// Node that wrote the export.
    package var export: String
    package var pipeline: Pipeline
    package var inputs: [Input]
    package var hand: Hand
    /// Of random numbers; "none", since no node draws any.
    package var seed = "none"

    /// Of an export, before it is written.
    package init(_ collection: ObjectCollection) async throws {
        let project = collection.project
        provenance = Self.currentFormat
        program = Program(name: "ship", version: shipVersion)
        title = try await project.title()
        export = collection.step.name
        let steps = Dictionary(uniqueKeysWithValues: collection.plan.steps.map { ($0.name, $0) })
        pipeline = Pipeline(
            nodes: collection.plan.graph.nodes.compactMap { instance in
                steps[instance.name].map { .init(name: $0.name, kind: $0.nodeClass.kind, version: $0.nodeClass.version, config: $0.nodeClass.configuration(of: $0.node)) }
            }, edges: collection.plan.graph.edges, fingerprint: collection.plan.fingerprint)
        let images: [ImageRecord]
        if let chosen = collection.images { images = chosen } else { images = try await project.allImages() }
        inputs = images.filter { $0.made == nil }.map {
            Input(name: $0.name, sha256: $0.sha256, bytes: $0.bytes, pixelSizeUm: $0.pixelSize, pixelSizeSource: $0.pixelSizeSource, area: $0.area)
        }.sorted { ($0.name, $0.sha256) < ($1.name, $1.sha256) }
        let chosen = Set(images.map(\.id))
        let counts = try await project.editCounts().filter { chosen.contains($0.key) }.values
        let (edits, labels) = try await project.handCounts()
        hand = Hand(editedObjects: counts.reduce(0) { $0 + $1.edited }, removedObjects: counts.reduce(0) { $0 + $1.removed }, edits: edits, labels: labels)
    }

    package func encoded() throws -> [UInt8] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .prettyPrinted, .withoutEscapingSlashes]
        return Array(try encoder.encode(self)) + [UInt8(ascii: "\n")]
    }
}
