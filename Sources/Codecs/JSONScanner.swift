/// Reads JSON from bytes piece by piece, without building a tree: a file of a million vertices takes the memory of what is kept of it.
///
/// Depth, numbers and texts are checked as they come; what nobody asks for is passed over. Errors name the line.
package struct JSONScanner {
    package enum Kind: Sendable { case object, array, string, number, boolean, null }

    private let bytes: [UInt8]
    private let file: String
    /// Byte that is looked at next.
    package private(set) var offset: Int
    private var depth = 0
    /// No file of outlines needs a tenth of it; deeper ones are made to break readers.
    private static let deepest = 128

    /// - Parameter offset: where the value begins, as `offset` said in an earlier pass over the same bytes.
    package init(_ bytes: [UInt8], file: String, offset: Int = 0) {
        (self.bytes, self.file) = (bytes, file)
        self.offset = offset == 0 && bytes.starts(with: TSV.byteOrderMark) ? 3 : offset
    }

    package func error(_ reason: String) -> AnnotationFileError {
        let line = bytes.prefix(min(offset, bytes.count)).count { $0 == UInt8(ascii: "\n") } + 1
        return AnnotationFileError(file, "line \(line): \(reason)")
    }

    /// What begins here; nothing is consumed.
    package mutating func peek() throws(AnnotationFileError) -> Kind {
        skipSpace()
        guard offset < bytes.count else { throw error("the file ends too early; it was not written to its end") }
        switch bytes[offset] {
        case UInt8(ascii: "{"): return .object
        case UInt8(ascii: "["): return .array
        case UInt8(ascii: "\""): return .string
        case UInt8(ascii: "t"), UInt8(ascii: "f"): return .boolean
        case UInt8(ascii: "n"): return .null
        case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): return .number
        case UInt8(ascii: "N"), UInt8(ascii: "I"): throw error("NaN and Infinity are no numbers of JSON; write the file without them")
        default: throw error("this is not JSON")
        }
    }

    /// Nothing but space may follow the outermost value.
    package mutating func finish() throws(AnnotationFileError) {
        skipSpace()
        guard offset == bytes.count else { throw error("something follows after the end of the JSON value") }
    }

    /// Calls `body` at the value of each member; it must consume that value, with `skip` where it does not want it.
    package mutating func members(_ body: (inout JSONScanner, String) throws(AnnotationFileError) -> Void) throws(AnnotationFileError) {
        try open(UInt8(ascii: "{"), "an object")
        if take(UInt8(ascii: "}")) { return depth -= 1 }
        repeat {
            skipSpace()
            let name = try string()
            guard take(UInt8(ascii: ":")) else { throw error("a colon is missing after \"\(name.prefix(40))\"") }
            try body(&self, name)
        } while take(UInt8(ascii: ","))
        guard take(UInt8(ascii: "}")) else { throw error("an object is not closed") }
        depth -= 1
    }

    /// Calls `body` at each element; it must consume it.
    package mutating func elements(_ body: (inout JSONScanner) throws(AnnotationFileError) -> Void) throws(AnnotationFileError) {
        try open(UInt8(ascii: "["), "a list")
        if take(UInt8(ascii: "]")) { return depth -= 1 }
        repeat { try body(&self) } while take(UInt8(ascii: ","))
        guard take(UInt8(ascii: "]")) else { throw error("a list is not closed") }
        depth -= 1
    }

    package mutating func number() throws(AnnotationFileError) -> Double {
        guard try peek() == .number else { throw error("a number is wanted here") }
        let start = offset
        var mantissa: UInt64 = 0
        var (digits, fraction) = (0, 0)
        var isSimple = true
        let negative = bytes[offset] == UInt8(ascii: "-")
        if negative { offset += 1 }
        var seenPoint = false
        scan: while offset < bytes.count {
            switch bytes[offset] {
            case UInt8(ascii: "0")...UInt8(ascii: "9"):
                digits += 1
                if seenPoint { fraction += 1 }
                if digits <= 18 { mantissa = mantissa * 10 + UInt64(bytes[offset] & 15) }
            case UInt8(ascii: "."):
                guard !seenPoint else { throw error("a number has two points") }
                seenPoint = true
            case UInt8(ascii: "e"), UInt8(ascii: "E"), UInt8(ascii: "+"), UInt8(ascii: "-"): isSimple = false
            default: break scan
            }
            offset += 1
        }
        guard digits > 0 else { throw error("a number is wanted here") }
        // Below 2^53 and with a power of ten that is exact, one division rounds rightly.
        if isSimple, digits <= 18, mantissa < 1 << 53, fraction <= 18 {
            let value = Double(mantissa) / Self.powers[fraction]
            return negative ? -value : value
        }
        guard let value = Double(String(decoding: bytes[start..<offset], as: UTF8.self)), value.isFinite else {
            throw error("\"\(String(decoding: bytes[start..<min(offset, start + 40)], as: UTF8.self))\" is not a number")
        }
        return value
    }

    private static let powers: [Double] = (0...18).map { exponent in (0..<exponent).reduce(1.0) { power, _ in power * 10 } }

    package mutating func string() throws(AnnotationFileError) -> String {
        let (range, isPlain) = try stringRange()
        guard !isPlain else { return String(decoding: bytes[range], as: UTF8.self) }
        var text: [UInt8] = []
        var at = range.lowerBound
        while at < range.upperBound {
            let byte = bytes[at]
            at += 1
            guard byte == UInt8(ascii: "\\"), at < range.upperBound else {
                text.append(byte)
                continue
            }
            let escape = bytes[at]
            at += 1
            switch escape {
            case UInt8(ascii: "n"): text.append(10)
            case UInt8(ascii: "t"): text.append(9)
            case UInt8(ascii: "r"): text.append(13)
            case UInt8(ascii: "b"): text.append(8)
            case UInt8(ascii: "f"): text.append(12)
            case UInt8(ascii: "u"):
                var unit = hex(at, range.upperBound)
                at += 4
                if 0xD800..<0xDC00 ~= unit, at + 6 <= range.upperBound, bytes[at] == UInt8(ascii: "\\"), bytes[at + 1] == UInt8(ascii: "u") {
                    let low = hex(at + 2, range.upperBound)
                    if 0xDC00..<0xE000 ~= low {
                        unit = 0x10000 + (unit - 0xD800) << 10 + (low - 0xDC00)
                        at += 6
                    }
                }
                text += Array(String(UInt32(exactly: unit).flatMap(Unicode.Scalar.init).map(Character.init) ?? "\u{FFFD}").utf8)
            default: text.append(escape)  // quote, slash, backslash
            }
        }
        return String(decoding: text, as: UTF8.self)
    }

    /// Where the bytes of a text lie, quotes not included, and whether they hold no escapes.
    package mutating func stringRange() throws(AnnotationFileError) -> (range: Range<Int>, isPlain: Bool) {
        guard try peek() == .string else { throw error("a text is wanted here") }
        offset += 1
        let start = offset
        var isPlain = true
        while offset < bytes.count, bytes[offset] != UInt8(ascii: "\"") {
            if bytes[offset] == UInt8(ascii: "\\") {
                isPlain = false
                offset += 1
            }
            offset += 1
        }
        guard offset < bytes.count else { throw error("a text is not closed") }
        offset += 1
        return (start..<(offset - 1), isPlain)
    }

    package mutating func boolean() throws(AnnotationFileError) -> Bool {
        guard try peek() == .boolean else { throw error("true or false is wanted here") }
        if word("true") { return true }
        guard word("false") else { throw error("this is not JSON") }
        return false
    }

    /// Text, whole number or other simple value as people would write it; nil for null, lists and objects, which are passed over.
    package mutating func plainText() throws(AnnotationFileError) -> String? {
        switch try peek() {
        case .string: return try string()
        case .number:
            let value = try number()
            return Int64(exactly: value).map(String.init) ?? "\(value)"
        case .boolean: return try boolean() ? "true" : "false"
        case .null, .object, .array:
            try skip()
            return nil
        }
    }

    /// Passes over one value of any kind.
    package mutating func skip() throws(AnnotationFileError) {
        switch try peek() {
        case .object: try members { scanner, _ throws(AnnotationFileError) in try scanner.skip() }
        case .array: try elements { scanner throws(AnnotationFileError) in try scanner.skip() }
        case .string: _ = try stringRange()
        case .number: _ = try number()
        case .boolean: _ = try boolean()
        case .null: guard word("null") else { throw error("this is not JSON") }
        }
    }

    /// Goes back to a place where a value begins.
    mutating func move(to offset: Int) { self.offset = offset }

    // MARK: -

    private mutating func skipSpace() {
        while offset < bytes.count, bytes[offset] == 0x20 || bytes[offset] == 0x0A || bytes[offset] == 0x0D || bytes[offset] == 0x09 { offset += 1 }
    }

    private mutating func take(_ byte: UInt8) -> Bool {
        skipSpace()
        guard offset < bytes.count, bytes[offset] == byte else { return false }
        offset += 1
        return true
    }

    private mutating func open(_ byte: UInt8, _ what: String) throws(AnnotationFileError) {
        _ = try peek()
        guard take(byte) else { throw error("\(what) is wanted here") }
        depth += 1
        guard depth <= Self.deepest else { throw error("lists and objects lie more than \(Self.deepest) deep in each other; no file that is meant to be read does that") }
    }

    private mutating func word(_ text: String) -> Bool {
        let utf8 = Array(text.utf8)
        guard offset + utf8.count <= bytes.count, bytes[offset..<(offset + utf8.count)].elementsEqual(utf8) else { return false }
        offset += utf8.count
        return true
    }

    private func hex(_ at: Int, _ end: Int) -> Int {
        guard at + 4 <= end else { return 0xFFFD }
        return Int(String(decoding: bytes[at..<(at + 4)], as: UTF8.self), radix: 16) ?? 0xFFFD
    }
}
