import Foundation

/// One line of the list of projects.
package struct ProjectSummary: Sendable, Equatable {
    package var user: String
    /// Folder name.
    package var name: String
    package var title: String
    package var images: Int
    package var objects: Int
    /// Size of all original images.
    package var bytes: Int
    package var changedAt: Date
    /// Whether its disk or its permissions forbid changes, open or not.
    package var isReadOnly: Bool
    /// An image to show for the project; nil when it has none that can be read.
    package var firstImage: ObjectID?
    /// Why the project cannot be opened now (in use, newer version, damaged), as a sentence.
    package var problem: String?
}

/// A project that was moved to the trash of its user.
package struct TrashedProject: Sendable, Equatable {
    /// Folder name inside `.trash`, unique.
    package var id: String
    package var user: String
    package var name: String
    package var title: String
    package var trashedAt: Date
}
