import Foundation

/// Where a value comes from. What a person typed is never overwritten by what a program read.
package enum MetadataSource: String, Sendable, Codable, CaseIterable {
    case exif, pattern, imported, hand
}

package struct MetadataValue: Sendable, Equatable {
    package var value: String
    package var source: MetadataSource

    package init(value: String, source: MetadataSource) { (self.value, self.source) = (value, source) }
}

/// One line of the record of who changed which metadata or setting.
package struct AuditRecord: Sendable, Equatable {
    package var id: Int64
    package var at: Date
    package var by: String
    package var object: ObjectID?
    package var field: String
    package var before: String?
    package var after: String?
    /// Common to what was changed together.
    package var step: Int64?
}

/// One value of an image or an object that becomes another; nil removes it.
package struct MetadataChange: Sendable, Equatable {
    package var object: ObjectID
    package var key: String
    package var value: String?

    package init(object: ObjectID, key: String, value: String?) { (self.object, self.key, self.value) = (object, key, value) }

    /// The pixel size of an image, which is no text but stands in the same tables.
    package static let pixelSizeKey = "pixel_size_um"
}

package struct MetadataOutcome: Sendable, Equatable {
    /// For taking it back; nil when nothing changed.
    package var step: Int64?
    package var changes: [MetadataChange]
    /// Images whose pixel size is another one now.
    package var rescaled: [ObjectID]
}
