import Store
import Synchronization

/// Which objects of an image have a category, as long as neither labels nor objects change: one lookup for all tiles of a view.
final class LabelledObjects: Sendable {
    struct Entry {
        /// `Project.labelRevision`.
        var labels: Int64
        /// Revision of the image.
        var objects: Int64
        /// Ascending.
        var ids: [ObjectID]
    }

    private let entries = Mutex<[String: Entry]>([:])
    /// A view shows some categories of some images.
    private static let most = 64

    subscript(key: String) -> Entry? {
        get { entries.withLock { $0[key] } }
        set {
            entries.withLock { entries in
                if entries.count >= Self.most { entries = [:] }
                entries[key] = newValue
            }
        }
    }
}
