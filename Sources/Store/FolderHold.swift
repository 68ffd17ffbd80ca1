import CPOSIX
import Glibc

/// A lock on a folder of this user, held until this is dropped or the process ends, however it ends.
package final class FolderHold: Sendable {
    private let descriptor: Int32

    /// Nil when somebody else holds it, or when it is no folder of this user.
    package init?(_ path: String) {
        let opened = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
        guard opened >= 0 else { return nil }
        var status = stat()
        guard fstat(opened, &status) == 0, status.st_uid == geteuid(), ship_lock(opened, 1) == 0 else {
            close(opened)
            return nil
        }
        descriptor = opened
    }

    deinit {
        ship_unlock(descriptor)
        close(descriptor)
    }
}
