/// Why an archive could not be written or read.
package enum ZipError: Error, Equatable, Sendable, CustomStringConvertible {
    /// The system refused: `code` is its error number, `reason` its words.
    case io(file: String, code: Int32, reason: String)
    case diskFull(file: String)
    case notZip(file: String)
    case damaged(file: String, entry: String?)
    case unsafeName(file: String, entry: String, reason: String)
    case duplicateName(file: String, entry: String)
    case encrypted(file: String, entry: String)
    case unsupported(file: String, entry: String, what: String)
    case limit(file: String, what: String)

    package var description: String {
        switch self {
        case .io(let file, _, let reason): "\(file): \(reason.lowercased()); check the folder's rights and the disk, then try again"
        case .diskFull(let file): "\(file): the disk is full; free some space, then try again"
        case .notZip(let file): "\(file) is not a ZIP archive; choose a .zip file"
        case .damaged(let file, nil): "\(file) is damaged or cut off; copy or download it again"
        case .damaged(let file, let entry?): "\(file): the entry “\(entry)” is damaged; copy or download the archive again"
        case .unsafeName(let file, let entry, let reason): "\(file): the entry “\(entry)” is refused, \(reason); pack the archive again without it"
        case .duplicateName(let file, let entry): "\(file): the entry “\(entry)” occurs twice; give each file its own name"
        case .encrypted(let file, let entry): "\(file): the entry “\(entry)” is encrypted; pack the archive again without a password"
        case .unsupported(let file, let entry, let what): "\(file): the entry “\(entry)” \(what); pack the archive again with Deflate or without compression"
        case .limit(let file, let what): "\(file) is refused: \(what); split the archive"
        }
    }
}
