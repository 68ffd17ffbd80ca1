import Foundation

/// The process that has a project open, as its lock file names it for people and for other programs.
package struct ProjectOwner: Codable, Equatable, Sendable, CustomStringConvertible {
    package var pid: Int32
    package var host: String
    /// Identity of the machine's present start, so that a pid of an earlier start is known to be stale.
    package var boot: String
    /// Address of the server, when there is one.
    package var url: String?
    package var since: Date

    package var description: String {
        "process \(pid) on \(host)\(url.map { " at \($0)" } ?? "")"
    }
}
