import Foundation

/// A file of outlines or masks of one or more images.
package struct CompanionRecord: Sendable, Equatable {
    /// What is in it; stored, so never renamed.
    package enum Kind: String, Sendable, Codable { case picture, geojson, coco }

    package var id: Int64
    /// As people know it, with its folders.
    package var name: String
    package var kind: Kind
    package var location: ImageLocation
    package var sha256: String
    package var bytes: Int
}

/// One of the files that speak of an image, as the image's row names it.
package struct CompanionReference: Sendable, Equatable, Codable {
    package var id: Int64
    package var name: String
    package var kind: CompanionRecord.Kind
    package var sha256: String

    package init(_ record: CompanionRecord) { (id, name, kind, sha256) = (record.id, record.name, record.kind, record.sha256) }

    package init(from decoder: any Decoder) throws {
        var list = try decoder.unkeyedContainer()
        id = try list.decode(Int64.self)
        name = try list.decode(String.self)
        kind = try list.decode(CompanionRecord.Kind.self)
        sha256 = try list.decode(String.self)
    }

    package func encode(to encoder: any Encoder) throws {
        var list = encoder.unkeyedContainer()
        try list.encode(id)
        try list.encode(name)
        try list.encode(kind)
        try list.encode(sha256)
    }
}
