import ArgumentParser
import Foundation

/// Prints the sentence of an error, without a type name or trace, and ends with exit code 1.
func reportingFailure<R>(_ body: () async throws -> R) async throws -> R {
    do { return try await body() } catch let code as ExitCode { throw code } catch {
        complain("\(error)")
        throw ExitCode(1)
    }
}

/// Says what is wrong, beside the output proper.
func complain(_ sentence: String) { FileHandle.standardError.write(Data("ship: \(printable(sentence))\n".utf8)) }

/// A text without characters that steer a terminal: names and messages come from files and programs of strangers.
func printable(_ text: String) -> String {
    let controls = text.unicodeScalars.contains { isControl($0) }
    return controls ? String(String.UnicodeScalarView(text.unicodeScalars.filter { !isControl($0) })) : text
}

/// C0 and C1, but line feed and tab, and with them Unicode's line and paragraph separators, on which terminals do not agree.
private func isControl(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.value {
    case 0x09, 0x0A: false
    case 0x00...0x1F, 0x7F...0x9F, 0x2028, 0x2029: true
    default: false
    }
}

/// A failure that needs no more than a sentence.
struct Sentence: Error, CustomStringConvertible {
    let description: String
    init(_ description: String) { self.description = description }
}
