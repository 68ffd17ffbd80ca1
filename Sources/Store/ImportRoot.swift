/// A folder outside of the project whose images are indexed in place.
package struct ImportRoot: Sendable, Equatable {
    package var id: Int64
    /// Path relative to the project folder (`../../cruise/frames`); never absolute.
    package var path: String
    package var images: Int
    /// Whether the folder is there now.
    package var isPresent: Bool
}
