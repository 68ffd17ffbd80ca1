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
}
