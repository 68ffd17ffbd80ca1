/// What can go wrong between `ship` and a project on a disk; every text says what, where and what to do next.
package enum StoreError: Error, Equatable, Sendable, CustomStringConvertible {
    /// Something that was asked for by id or name is not there. `what` reads as the start of a sentence: "Image 12".
    case notFound(what: String)
    /// The project is open for reading only. `reason` is a clause: "the disk is mounted read-only".
    case readOnly(path: String, reason: String)
    /// Another process has the project open for writing.
    case inUse(path: String, owner: ProjectOwner?)
    /// Written by a newer `ship`.
    case newerVersion(path: String, found: Int, known: Int)
    /// The folder holds no project database of `ship`.
    case notAProject(path: String)
    /// A folder of this name is there already.
    case exists(path: String)
    /// No room. Nothing of the refused change was kept.
    case diskFull(path: String, freeBytes: Int?)
    /// The database or a file is damaged.
    case corrupt(path: String, detail: String)
    /// The operating system or SQLite reported an error. Nothing of the refused change counts as saved.
    case io(path: String, detail: String)
    /// A path that leaves its folder, goes through a symbolic link or holds a name that is not allowed.
    case outside(path: String, detail: String)
    /// A file that the project knows is not where it was.
    case missingFile(path: String, remedy: String)
    /// A file that the project knows has other bytes than when it was brought in.
    case changedFile(path: String, bytes: Int, before: Int)
    /// A value from outside that cannot be stored; `sentence` says which and why.
    case invalid(sentence: String)
    /// The request does not fit the present state (the object is gone, nothing to undo, job already finished …).
    case conflict(sentence: String)
    /// SQLite refused what this program asked of it: a mistake in ship, not of a disk or a person. Nothing of the refused change was kept.
    case program(path: String, detail: String)
    /// The project was closed while the request waited.
    case closed(path: String)

    package var description: String {
        switch self {
        case .notFound(let what): "\(what) is not in this project; reload the list"
        case .readOnly(let path, let reason): "\(path) can only be read: \(reason); copy the project folder to a writable disk to change it"
        case .inUse(let path, let owner):
            if let owner {
                "\(path) is already open in \(owner); use that one or stop it first"
            } else {
                "\(path) is already open in another program; stop it first"
            }
        case .newerVersion(let path, let found, let known):
            "\(path) was written by a newer ship (format \(found), this one knows up to \(known)); update ship to open it"
        case .notAProject(let path): "\(path) is not a project of ship; choose a folder that holds project.sqlite"
        case .exists(let path): "\(path) exists already; choose another name"
        case .diskFull(let path, let free):
            "no room left on the disk of \(path)\(free.map { " (\($0) bytes free)" } ?? ""); nothing was half-written: free some space and try again"
        case .corrupt(let path, let detail): "\(path) is damaged (\(detail)); run `ship check` on the project and restore the file from a copy"
        case .io(let path, let detail): "\(path): \(detail); nothing was changed: check the disk, its cable and the permissions, then try again"
        case .outside(let path, let detail): "\(path) is refused: \(detail); use a path inside the folder without symbolic links"
        case .missingFile(let path, let remedy): "\(path) is missing; \(remedy)"
        case .changedFile(let path, let bytes, let before):
            (bytes == before ? "\(path) has other bytes than at its import" : "\(path) has \(bytes) bytes, at its import it had \(before)")
                + ": it was changed or replaced; put the former file back, or bring its folder in again as it is now"
        case .invalid(let sentence): sentence
        case .conflict(let sentence): sentence
        case .program(let path, let detail): "ship made a mistake in \(path) (\(detail)); nothing was changed: please report it with the log"
        case .closed(let path): "\(path) was closed; open the project again"
        }
    }
}
