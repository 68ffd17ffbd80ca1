/// Path and query of a request, decoded once and checked, so that no handler ever sees an encoded or dangerous segment.
struct RequestTarget: Sendable, Equatable {
    /// Decoded segments; none is empty, "." or "..", none holds "/", "\", NUL or another control character.
    var segments: [String]
    var query: [String: String]

    /// - Parameter raw: as it stands in the request line, e.g. `/api/projects/local/demo?limit=5`.
    /// - Throws: `path.invalid`, `query.invalid`.
    init(_ raw: String) throws(Problem) {
        guard raw.utf8.first == UInt8(ascii: "/") else {
            throw Problem(.pathInvalid, "the request asks for \"\(raw.prefix(40).asciiOnly)\"; ask for a path that begins with /")
        }
        // As the decoder of HTTP has it, so that a tile's address is never fit for the short way alone.
        guard raw.utf8.count <= 16_384 else {
            throw Problem(.requestLineTooLong, "the address is longer than 16 kB; send long lists in the body of a POST, or ask for them in parts")
        }
        let parts = raw.utf8.split(separator: UInt8(ascii: "?"), maxSplits: 1, omittingEmptySubsequences: false)
        segments = []
        for part in parts[0].dropFirst().split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false) {
            guard let segment = Self.decoded(part, plusIsSpace: false) else {
                throw Problem(.pathInvalid, "the path holds a broken percent code or bytes that are not UTF-8; encode it as UTF-8")
            }
            segments.append(segment)
        }
        // "/" alone has no segments; any other empty segment is refused, so that "//host" can never mean something.
        if segments == [""] { segments = [] }
        for segment in segments {
            guard !segment.isEmpty, segment != ".", segment != "..",
                segment.unicodeScalars.allSatisfy({ $0 != "/" && $0 != "\\" && $0.value >= 0x20 && !(0x7F...0x9F).contains($0.value) })
            else {
                throw Problem(.pathInvalid, "a part of the path is empty, \".\", \"..\" or holds a slash, backslash or control character; leave it out")
            }
        }
        query = [:]
        guard parts.count == 2 else { return }
        for pair in parts[1].split(separator: UInt8(ascii: "&")) {
            let halves = pair.split(separator: UInt8(ascii: "="), maxSplits: 1, omittingEmptySubsequences: false)
            guard let name = Self.decoded(halves[0], plusIsSpace: true),
                let value = halves.count == 2 ? Self.decoded(halves[1], plusIsSpace: true) : ""
            else {
                throw Problem(.queryInvalid, "the query holds a broken percent code or bytes that are not UTF-8; encode it as UTF-8")
            }
            guard query.updateValue(value, forKey: name) == nil else {
                throw Problem(.queryInvalid, "the query names \(name.prefix(40)) twice; name it once", field: name)
            }
        }
    }

    /// Nil for a percent sign without two hexadecimal digits and for bytes that are not UTF-8 (overlong forms included).
    static func decoded(_ bytes: some Sequence<UInt8>, plusIsSpace: Bool) -> String? {
        var plain: [UInt8] = []
        var iterator = bytes.makeIterator()
        while let byte = iterator.next() {
            if byte == UInt8(ascii: "%") {
                guard let high = iterator.next().flatMap(hexDigit), let low = iterator.next().flatMap(hexDigit) else { return nil }
                plain.append(high << 4 | low)
            } else {
                plain.append(byte == UInt8(ascii: "+") && plusIsSpace ? UInt8(ascii: " ") : byte)
            }
        }
        return String(validating: plain, as: UTF8.self)
    }

    private static func hexDigit(_ byte: UInt8) -> UInt8? {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): byte - UInt8(ascii: "a") + 10
        case UInt8(ascii: "A")...UInt8(ascii: "F"): byte - UInt8(ascii: "A") + 10
        default: nil
        }
    }
}

extension StringProtocol {
    /// For logs and messages: anything but printable ASCII becomes "?".
    var asciiOnly: String { String(String.UnicodeScalarView(unicodeScalars.map { (0x20...0x7E).contains($0.value) ? $0 : "?" })) }
}
