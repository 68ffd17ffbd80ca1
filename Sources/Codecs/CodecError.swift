/// What can go wrong with an image file, in cases a caller can act on; the text says what, where and what to do.
package enum CodecError: Error, Equatable, CustomStringConvertible {
    case unreadable(file: String, reason: String)
    case empty(file: String)
    case notAnImage(file: String)
    case truncated(file: String, row: Int?)
    case damaged(file: String, reason: String)
    case unsupported(file: String, reason: String)
    case tooLarge(file: String, reason: String)
    case noSuchPage(file: String, page: Int, pages: Int)
    case cannotEncode(reason: String)
    case unwritable(file: String, reason: String)
    /// The caller said so while the file was being read; nothing is wrong with it.
    case cancelled(file: String)

    package var description: String {
        switch self {
        case .unreadable(let file, let reason): "\(file) cannot be read: \(reason)"
        case .empty(let file): "\(file) is empty (0 bytes); copy it again from its source"
        case .notAnImage(let file): "\(file) is neither a JPEG, PNG nor TIFF image; save it in one of these formats"
        case .truncated(let file, let row?): "\(file) ends too early: row \(row) of its pixels is missing; copy it again from its source"
        case .truncated(let file, nil): "\(file) ends too early, before its pixels begin; copy it again from its source"
        case .damaged(let file, let reason): "\(file) is damaged (\(reason)); copy it again from its source"
        case .unsupported(let file, let reason): "\(file) cannot be used: \(reason); save it as 8- or 16-bit gray or RGB in PNG, JPEG or TIFF"
        case .tooLarge(let file, let reason): "\(file) is too large: \(reason)"
        case .noSuchPage(let file, let page, let pages):
            "\(file) has \(pages) \(pages == 1 ? "page" : "pages"), so there is no page \(page) (pages count from 0)"
        case .cannotEncode(let reason): "The image cannot be written: \(reason)"
        case .unwritable(let file, let reason): "\(file) cannot be written: \(reason)"
        case .cancelled(let file): "reading \(file) was cancelled"
        }
    }
}
