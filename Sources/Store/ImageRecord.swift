import Foundation

/// How far an image is; stored, so never renamed.
package enum ImageState: String, Sendable, Codable, CaseIterable {
    case new, ready, processed, failed
}

/// Where an image's original file is. Paths are relative, with "/" between the parts.
package enum ImageLocation: Sendable, Equatable {
    /// Below the project folder.
    case project(path: String)
    /// Below an import root, in place: the project does not own it and never changes it.
    case root(id: Int64, path: String)
}

/// An image that was just found or uploaded.
package struct NewImage: Sendable {
    /// Stable identity, derived from the content by the caller.
    package var uid: String
    /// Title for people: original file name or path, any Unicode.
    package var name: String
    package var location: ImageLocation
    /// Instance name of the importing node; its folder holds uploaded files.
    package var node: String
    /// Lower-case hexadecimal; `FileDigest` makes it.
    package var sha256: String
    package var bytes: Int
    /// 0 × 0 when the file could not be read (state `failed`).
    package var width = 0
    package var height = 0
    package var channels = 1
    package var bits = 8
    /// `jpeg`, `png`, `tiff`.
    package var format = ""
    /// Page of a multi-page file, from 0.
    package var page = 0
    /// EXIF orientation 1 … 8 of the stored pixels; width and height are those of the upright image.
    package var orientation = 1
    package var pixelSize: Double?
    package var pixelSizeSource: String?
    package var state = ImageState.new
    package var error: String?
    package var metadata: [String: String] = [:]
    package var metadataSource = MetadataSource.exif
    /// What its name says by the project's pattern, which goes before what the file says.
    package var namedMetadata: [String: String] = [:]
    /// Set when a step of the pipeline made it of other images; known again by its `uid`.
    package var made: MadeImage?
    /// JSON object: what the step says about it, for example where each frame lies.
    package var details = "{}"

    package init(uid: String, name: String, location: ImageLocation, node: String, sha256: String, bytes: Int) {
        (self.uid, self.name, self.location, self.node) = (uid, name, location, node)
        (self.sha256, self.bytes) = (sha256, bytes)
    }
}

package struct ImageRecord: Sendable, Equatable {
    package var id: ObjectID
    package var uid: String
    package var name: String
    package var location: ImageLocation
    package var node: String
    package var sha256: String
    package var bytes: Int
    package var width: Int
    package var height: Int
    package var channels: Int
    package var bits: Int
    package var format: String
    package var page: Int
    package var orientation: Int
    /// Micrometres per pixel.
    package var pixelSize: Double?
    /// Where the pixel size comes from: `exif`, `pattern`, `hand` …
    package var pixelSizeSource: String?
    package var state: ImageState
    /// GeoJSON Polygon or MultiPolygon in image pixels, the part that counts, as a person drew it; nil leaves that to the pipeline.
    package var area: String?
    /// Sentence for state `failed`.
    package var error: String?
    /// Path of the pyramid file below the project folder.
    package var pyramid: String?
    /// Grows with every change of the image's objects, never goes back: part of overlay URLs and ETags.
    package var revision: Int64
    /// Active regions.
    package var objects: Int
    package var createdAt: Date
    /// In the trash since.
    package var removedAt: Date?
    /// Set when a step of the pipeline (`node`) made it of other images.
    package var made: MadeImage?
    /// By step, the key of what it made of this image's whole group.
    package var prepared: [String: String]
    /// Which files of outlines speak of it: JSON list of `CompanionReference`; nil: none.
    package var companions: String?
    /// By step, of what its last result on this image was made.
    package var states: [String: String]
    /// False when `insertImage` found the same bytes already in the project and returned that image.
    package var isNew = false
}

/// Of what a step of the pipeline made an image.
package struct MadeImage: Codable, Sendable, Equatable {
    /// Of all that decides what it looks like; another key, another image.
    package var key: String
    /// What its frames have in common.
    package var group: String
    /// `uid` of each frame.
    package var frames: [String]

    package init(key: String, group: String, frames: [String]) { (self.key, self.group, self.frames) = (key, group, frames) }
}

/// What `updateImage` changes; nil leaves a field alone.
package struct ImageChange: Sendable {
    package var state: ImageState?
    /// `.some(nil)` clears the sentence.
    package var error: String??
    package var width: Int?
    package var height: Int?
    package var channels: Int?
    package var bits: Int?
    package var format: String?
    package var orientation: Int?
    package var pyramid: String??
    package var pixelSize: Double??
    package var pixelSizeSource: String?
    package var name: String?
    package var area: String??

    package init() {}
}

package enum ImageOrder: String, Sendable, Codable {
    case imported, name
}
