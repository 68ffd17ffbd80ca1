/// A mistake in a file-name pattern: where, what and how to mend it.
package struct FileNamePatternError: Error, Equatable, Sendable, CustomStringConvertible {
    package let pattern: String
    /// The character of the pattern that is wrong, counted from 1.
    package let position: Int
    package let message: String
    package let remedy: String

    package var description: String { "File-name pattern, character \(position): \(message). \(remedy)" }
}
