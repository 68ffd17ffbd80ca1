import CPOSIX
import Glibc

/// The process that started this one.
package enum ParentProcess {
    /// From now on this process is killed when its parent ends; safe, because everything acknowledged is on the disk.
    /// - Returns: false when the parent has ended already.
    package static func endWithIt() -> Bool {
        _ = ship_end_with_parent()
        return getppid() != 1
    }
}

/// Memory of this process.
package enum ProcessMemory {
    /// Gives back the pages of code that starting or a job needed; what is used again comes back from the program's file.
    package static func releaseCode() { ship_release_code() }

    /// Gives back what was freed, which the allocator would keep for long: a pyramid or a run takes tens of megabytes for seconds.
    package static func releaseFreed() { ship_release_freed() }

    /// Lets the allocator keep what is freed until then. For a process that only runs jobs: each frame of 5 megapixels would otherwise give back and
    /// fetch 50 MB, page by page.
    package static func keepFreed() { ship_keep_freed() }
}
