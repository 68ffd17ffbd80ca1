import Foundation
import Raster

/// A new mask for an object that keeps its id.
package struct RevisedRegion: Sendable {
    package var object: ObjectID
    package var box: Rect
    package var png: [UInt8]
    package var area: Int
    package var nInner = 0
    package var touches: UInt8 = 0
    package var measurements = Measurements.none

    package init(object: ObjectID, box: Rect, png: [UInt8], area: Int) {
        (self.object, self.box, self.png, self.area) = (object, box, png, area)
    }
}

/// One edit by a person: a single transaction and a single undo step.
package struct NewEdit: Sendable {
    /// `draw`, `merge`, `split` …
    package var operation: String
    package var image: ObjectID
    /// The request as it came, JSON.
    package var request: String
    /// One line for the history list.
    package var summary = ""
    package var retire: [ObjectID] = []
    package var create: [NewRegion] = []
    package var revise: [RevisedRegion] = []
    package var by = "local"
    /// When set and the image has moved on since, the edit is refused (`conflict`) instead of applied to what the person did not see.
    package var expectedRevision: Int64?
    /// Masks that the edit was computed from; where an object has another one by now, the edit is refused (`conflict`).
    package var base: [ObjectID: Int64] = [:]
    package var key: EditKey?

    package init(operation: String, image: ObjectID, request: String) {
        (self.operation, self.image, self.request) = (operation, image, request)
    }
}

/// What a client calls a request, to send it again without its being done again.
package struct EditKey: Sendable, Equatable {
    package var text: String
    /// Hash of the request; the same key with another request is a mistake of the client.
    package var request: String
    package init(_ text: String, request: String) { (self.text, self.request) = (text, request) }
}

/// What an edit, an undo, a redo or a step through the history changed.
package struct EditOutcome: Sendable, Equatable, Codable {
    /// The entry of the history that it made, took back or brought back; of a longer way the one it ended at, 0 before the first.
    package var edit: Int64
    package var operation: String
    /// Objects that are active now and were not before.
    package var created: [ObjectID]
    package var removed: [ObjectID]
    /// Objects that were and are active, with another mask.
    package var revised: [ObjectID]
    /// Masks of `created`, then of `revised`, as this made them.
    package var masks: [Int64]
    /// Box around everything that changed, before and after: overlay tiles outside stay valid.
    package var box: Rect
    package var revision: Int64
    package var canUndo: Bool
    package var canRedo: Bool
}

package enum EditState: String, Sendable, Codable {
    /// In force.
    case done
    /// Taken back; redo brings it again.
    case undone
    /// Taken back, and then another edit was made: kept as history, cannot come back.
    case superseded
}

package struct EditRecord: Sendable, Equatable {
    package var id: Int64
    package var image: ObjectID
    package var operation: String
    package var request: String
    package var summary: String
    package var by: String
    package var at: Date
    package var state: EditState
}
