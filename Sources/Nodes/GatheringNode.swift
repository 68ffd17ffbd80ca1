import Foundation
import Pipeline
import Store

/// A node that makes new images of many: a mosaic of overlapping frames. Its output is an image; steps after it work on the new images,
/// steps before it on the frames.
///
/// A run calls `gather` once a group. Equal frames and parameters find the image that was made before.
package protocol GatheringNode: Node {
    /// Images of equal answers are gathered together; nil leaves an image out. By default: one acquisition and one folder.
    func group(of frame: FrameGroup.Frame) -> String?

    /// What counts of a frame besides the values of the inputs: stage position, file name. By default nothing.
    func identity(of frame: FrameGroup.Frame) -> String

    /// Makes the images of a group: writes their files with `group.write`. On a worker thread.
    /// - Throws: what makes it impossible; the group is then listed as failed with that reason.
    func gather(_ group: FrameGroup) async throws -> Gathered
}

extension GatheringNode {
    package static var arity: Arity { .oneFromMany }
    package func group(of frame: FrameGroup.Frame) -> String? { [frame.acquisition, frame.folder].filter { !$0.isEmpty }.joined(separator: " ") }
    package func identity(of frame: FrameGroup.Frame) -> String { "" }
    /// Not run image by image.
    package func run(_ values: inout SlotValues, context: NodeContext) throws {}
}

/// What a gathering node made of one group.
package struct Gathered: Sendable {
    package struct NewImage: Sendable {
        /// File in the group's folder, `[a-z0-9_-]` and an extension: PNG, JPEG or TIFF.
        package var file: String
        /// As people see it.
        package var name: String
        /// `uid` of the frames that are in it.
        package var frames: [String]
        /// Nil: that of the frames, where all have the same.
        package var pixelSizeMicrometres: Double?
        /// Fields besides those that all frames have in common.
        package var metadata: [String: String] = [:]
        /// Kept with the image for people and programs, for example the place of every frame.
        package var details: JSONValue = [:]

        package init(file: String, name: String, frames: [String]) { (self.file, self.name, self.frames) = (file, name, frames) }
    }

    /// A frame that is in none of the images, and why.
    package struct LeftOut: Codable, Sendable, Equatable {
        package var name: String
        package var reason: String

        package init(name: String, reason: String) { (self.name, self.reason) = (name, reason) }
    }

    package var images: [NewImage]
    package var leftOut: [LeftOut]
    /// Lines for the job's log.
    package var notes: [String]
    /// Sentences that a person has to read before using what was made; shown with the job.
    package var warnings: [String]

    package init(images: [NewImage], leftOut: [LeftOut] = [], notes: [String] = [], warnings: [String] = []) {
        (self.images, self.leftOut, self.notes, self.warnings) = (images, leftOut, notes, warnings)
    }
}
