/// Pattern that takes fields out of a file name: `{cruise}_{station:d}_{date:%Y%m%d}_{frame:d}`.
///
/// | field | takes | value |
/// | --- | --- | --- |
/// | `{name}` | one or more characters but `/`, as few as the rest allows | as written |
/// | `{name:d}` | digits, as many as there are, with an optional `-` or `+` before | a whole number without leading zeros |
/// | `{name:4d}` | exactly 4 digits | the same |
/// | `{name:f}` | a decimal number | without leading zeros |
/// | `{name:%Y%m%d}` | a day or time of day, as by `strptime`: `%Y %y %m %d %j %b %H %M %S %f %%` | `2026-04-12`, `07:08:09`, `2026-04-12T07:08:09` |
///
/// Everything else stands for itself; `{{` and `}}` are braces. A pattern with `/` is compared with as many folders as it
/// names, one without only with the file's own name. The extension may be left out of the pattern.
///
/// Names are compared byte by byte, so a name that is not UTF-8 matches too; such bytes turn into U+FFFD in values.
package struct FileNamePattern: Sendable, Equatable {
    enum Kind: Sendable, Equatable {
        case text
        case integer(width: Int?)
        case decimal
        case time([TimePart])
    }
    enum Piece: Sendable, Equatable {
        case literal([UInt8])
        case field(String, Kind)
    }

    /// The pattern as it was written.
    package let text: String
    let pieces: [Piece]

    /// Names of the fields in the order of the pattern.
    package var fields: [String] {
        pieces.compactMap { if case .field(let name, _) = $0 { name } else { nil } }
    }

    /// - Throws: where the pattern is wrong and how to mend it.
    package init(_ text: String) throws(FileNamePatternError) {
        self.text = text
        pieces = try Self.parse(text)
    }

    // MARK: parsing

    private static func parse(_ text: String) throws(FileNamePatternError) -> [Piece] {
        let characters = Array(text)
        var pieces: [Piece] = []
        var literal = ""
        var at = 0
        func error(_ position: Int, _ message: String, _ remedy: String) -> FileNamePatternError {
            FileNamePatternError(pattern: text, position: position + 1, message: message, remedy: remedy)
        }
        while at < characters.count {
            let character = characters[at]
            if character == "{" || character == "}", at + 1 < characters.count, characters[at + 1] == character {
                literal.append(character)
                at += 2
            } else if character == "{" {
                guard let end = characters[at...].firstIndex(of: "}") else {
                    throw error(at, "the field that begins here has no end", "Add } after its name, or write {{ for a brace.")
                }
                if let inner = characters[(at + 1)..<end].firstIndex(of: "{") {
                    throw error(inner, "a field begins inside a field", "Close the one before with }, or write {{ for a brace.")
                }
                let content = characters[(at + 1)..<end]
                let colon = content.firstIndex(of: ":")
                let name = String(content[..<(colon ?? end)])
                guard let first = name.unicodeScalars.first, isLetter(first), name.unicodeScalars.allSatisfy({ isLetter($0) || "0"..."9" ~= $0 }) else {
                    throw error(
                        at + 1, name.isEmpty ? "the field has no name" : "“\(name)” is no name of a field",
                        "Use letters, digits and _, beginning with a letter, such as {station}.")
                }
                guard !pieces.contains(where: { if case .field(name, _) = $0 { true } else { false } }) else {
                    throw error(at + 1, "the field \(name) occurs twice", "Give the second one another name.")
                }
                let kind: Kind
                if let colon {
                    kind = try parseKind(String(content[(colon + 1)...]), at: colon + 1, error: error)
                } else {
                    kind = .text
                }
                if literal.isEmpty, case .field(let before, let beforeKind) = pieces.last, !canTouch(beforeKind, kind) {
                    throw error(
                        at, "nothing shows where \(before) ends and \(name) begins",
                        "Put the character between them into the pattern, or state a width such as {\(name):4d}.")
                }
                if !literal.isEmpty { pieces.append(.literal(Array(literal.utf8))) }
                literal = ""
                pieces.append(.field(name, kind))
                at = end + 1
            } else if character == "}" {
                throw error(at, "} closes a field that was not opened", "Put { before the field's name, or write }} for a brace.")
            } else {
                literal.append(character)
                at += 1
            }
        }
        if !literal.isEmpty { pieces.append(.literal(Array(literal.utf8))) }
        guard pieces.contains(where: { if case .field = $0 { true } else { false } }) else {
            throw error(0, "the pattern has no field", "Write the part to take as a name in braces, such as {station}_{frame:d}.")
        }
        return pieces
    }

    private static func parseKind(
        _ format: String, at position: Int, error: (Int, String, String) -> FileNamePatternError
    ) throws(FileNamePatternError) -> Kind {
        if format == "d" { return .integer(width: nil) }
        if format == "f" { return .decimal }
        if format.last == "d", let width = Int(format.dropLast()), 1...18 ~= width { return .integer(width: width) }
        guard format.contains("%") else {
            throw error(
                position, format.isEmpty ? "the form after : is missing" : "“\(format)” is no known form",
                "Use d for a whole number, 4d for four digits, f for a decimal number or a date such as %Y%m%d.")
        }
        var parts: [TimePart] = []
        var characters = Array(format)[...]
        while let character = characters.first {
            let offset = format.count - characters.count
            characters = characters.dropFirst()
            guard character == "%" else {
                parts.append(.literal(Array(String(character).utf8)))
                continue
            }
            guard let letter = characters.first, let part = TimePart(letter: letter) else {
                throw error(
                    position + offset, "%\(characters.first.map(String.init) ?? "") is no part of a date",
                    "Known are %Y %y %m %d %j %b %H %M %S %f, and %% for a percent sign.")
            }
            guard part.isLiteral || !parts.contains(part) else {
                throw error(position + offset, "%\(letter) occurs twice", "Leave one out.")
            }
            parts.append(part)
            characters = characters.dropFirst()
        }
        guard parts.contains(where: { !$0.isLiteral }) else {
            throw error(position, "the date has no part that varies", "Write for example %Y%m%d.")
        }
        if parts.contains(.fraction), !parts.contains(.second) {
            throw error(position, "%f needs the seconds before it", "Add %S.")
        }
        return .time(parts)
    }

    private static func isLetter(_ scalar: Unicode.Scalar) -> Bool {
        "a"..."z" ~= scalar || "A"..."Z" ~= scalar || scalar == "_"
    }

    /// Whether two fields without anything between them have one sensible boundary.
    private static func canTouch(_ first: Kind, _ second: Kind) -> Bool {
        switch (first, second) {
        case (.integer(.some), _), (_, .integer(.some)), (.time, _), (_, .time): true
        case (.text, .integer), (.integer, .text): true
        default: false
        }
    }

    // MARK: matching

    /// Values of the fields, or nil when the name does not fit.
    ///
    /// `name` may be a path; `/` separates folders.
    package func match(_ name: String) -> [String: String]? {
        match(bytes: Array(name.utf8))
    }

    /// The same for a name as the file system stores it.
    ///
    /// - Complexity: at most the length of the name times the length of the pattern, squared: no name can stall it.
    package func match(bytes name: [UInt8]) -> [String: String]? {
        let slash = UInt8(ascii: "/")
        let folders = pieces.reduce(0) { if case .literal(let bytes) = $1 { $0 + bytes.count { $0 == slash } } else { $0 } }
        let parts = name.split(separator: slash, omittingEmptySubsequences: true)
        guard parts.count > folders else { return nil }
        let whole = Array(parts.suffix(folders + 1).joined(separator: [slash]))
        let stem = Self.withoutExtension(whole)
        // A pattern that ends in an extension of its own is meant for whole names; any other for names without one.
        let forms = namesExtension ? [whole, stem] : [stem, whole]
        for form in forms {
            var matcher = FileNameMatcher(pieces: pieces, name: form)
            if let values = matcher.run() { return values }
        }
        return nil
    }

    private var namesExtension: Bool {
        for piece in pieces.reversed() {
            guard case .literal(let bytes) = piece else { continue }
            if bytes.contains(UInt8(ascii: ".")) { return true }
            if bytes.contains(UInt8(ascii: "/")) { return false }
        }
        return false
    }

    /// Cuts off a last "." with 1 to 5 letters or digits after it, at least one a letter: "z12.5" has no extension.
    private static func withoutExtension(_ name: [UInt8]) -> [UInt8] {
        guard let dot = name.lastIndex(of: UInt8(ascii: ".")), dot > 0, name[dot - 1] != UInt8(ascii: "/") else { return name }
        let end = name[(dot + 1)...]
        let isExtension = 1...5 ~= end.count && end.allSatisfy { 0x30...0x39 ~= $0 || 0x41...0x5a ~= $0 || 0x61...0x7a ~= $0 } && end.contains { $0 > 0x39 }
        return isExtension ? Array(name[..<dot]) : name
    }
}
