import Foundation
import GRDB

extension StoreError {
    /// What an errno of reading means. `reading` completes "cannot …".
    init(code: Int32, path: String, reading: String) {
        switch code {
        case EACCES, EPERM: self = .io(path: path, detail: "cannot \(reading): its permissions do not let ship")
        default: self.init(code: code, path: path, doing: reading)
        }
    }

    /// What an errno of an operation that changes something means. `doing` completes "cannot …".
    init(code: Int32, path: String, doing: String) {
        switch code {
        case ENOSPC, EDQUOT: self = .diskFull(path: path, freeBytes: nil)
        case EROFS: self = .readOnly(path: path, reason: "the disk is mounted read-only")
        case EACCES, EPERM: self = .readOnly(path: path, reason: "its permissions do not let ship \(doing)")
        case ENOENT: self = .missingFile(path: path, remedy: "it was moved or removed, or its disk is not connected: put it back")
        case EXDEV, ELOOP: self = .outside(path: path, detail: "it leads out of its folder or through a symbolic link")
        case EEXIST: self = .exists(path: path)
        case ENOTDIR: self = .outside(path: path, detail: "a part of it is a file, not a folder")
        default: self = .io(path: path, detail: "cannot \(doing): \(String(cString: strerror(code)))")
        }
    }

    /// What an error of SQLite means.
    package init(_ error: any Error, path: String) {
        switch error {
        case let error as StoreError: self = error
        case let error as DatabaseError:
            let detail = "\(error.message ?? "SQLite error") (\(error.extendedResultCode.rawValue))"
            switch error.resultCode {
            case .SQLITE_FULL: self = .diskFull(path: path, freeBytes: nil)
            case .SQLITE_BUSY, .SQLITE_LOCKED: self = .inUse(path: path, owner: nil)
            case .SQLITE_READONLY, .SQLITE_PERM: self = .readOnly(path: path, reason: "the disk or the file does not allow writing")
            case .SQLITE_CORRUPT: self = .corrupt(path: path, detail: detail)
            case .SQLITE_NOTADB: self = .corrupt(path: path, detail: "it is not a database file")
            // Values from outside are checked before they get here, so what SQLite still refuses was asked wrongly.
            case .SQLITE_ERROR, .SQLITE_INTERNAL, .SQLITE_ABORT, .SQLITE_SCHEMA, .SQLITE_TOOBIG, .SQLITE_CONSTRAINT, .SQLITE_MISMATCH, .SQLITE_MISUSE, .SQLITE_RANGE:
                self = .program(path: path, detail: detail)
            default: self = .io(path: path, detail: detail)
            }
        case is DecodingError, is EncodingError: self = .program(path: path, detail: "\(error)")
        default: self = .io(path: path, detail: "\(error)")
        }
    }
}
