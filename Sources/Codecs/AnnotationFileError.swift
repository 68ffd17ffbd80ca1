/// Why a file of outlines or masks cannot be used, in one sentence.
package struct AnnotationFileError: Error, Equatable, CustomStringConvertible {
    package let file: String
    package let reason: String

    package init(_ file: String, _ reason: String) { (self.file, self.reason) = (file, reason) }

    package var description: String { "\(file): \(reason)" }
}
