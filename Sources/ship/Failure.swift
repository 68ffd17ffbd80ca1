import ArgumentParser
import Foundation

/// Prints the sentence of an error, without a type name or trace, and ends with exit code 1.
func reportingFailure<R>(_ body: () async throws -> R) async throws -> R {
    do { return try await body() } catch let code as ExitCode { throw code } catch {
        FileHandle.standardError.write(Data("ship: \(error)\n".utf8))
        throw ExitCode(1)
    }
}

/// A failure that needs no more than a sentence.
struct Sentence: Error, CustomStringConvertible {
    let description: String
    init(_ description: String) { self.description = description }
}
