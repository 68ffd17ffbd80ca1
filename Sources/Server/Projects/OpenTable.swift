import Synchronization

/// Open projects that can be looked up without waiting, by "user/name". Tiles are asked for by the hundred, and a hop onto an
/// actor costs more than reading one.
final class OpenTable: Sendable {
    private let projects = Mutex<[Substring: OpenProject]>([:])
    private let changes = Atomic(0)

    /// Changes with every project that is opened or closed: what was looked up before must be looked up again.
    var generation: Int { changes.load(ordering: .sequentiallyConsistent) }

    subscript(key: Substring) -> OpenProject? {
        get { projects.withLock { $0[key] } }
        set {
            projects.withLock { $0[key] = newValue }
            changes.add(1, ordering: .sequentiallyConsistent)
        }
    }
}
