/// One name against the pieces of a pattern: tries each length of a field in its order of preference and never the
/// same (piece, position) twice.
struct FileNameMatcher {
    private let pieces: [FileNamePattern.Piece]
    private let name: [UInt8]
    private var failed: Set<Int> = []
    private var values: [String: String] = [:]

    init(pieces: [FileNamePattern.Piece], name: [UInt8]) {
        (self.pieces, self.name) = (pieces, name)
    }

    mutating func run() -> [String: String]? {
        match(piece: 0, at: 0) ? values : nil
    }

    private mutating func match(piece index: Int, at start: Int) -> Bool {
        guard index < pieces.count else { return start == name.count }
        let key = index * (name.count + 1) + start
        guard !failed.contains(key) else { return false }
        switch pieces[index] {
        case .literal(let bytes):
            let end = start + bytes.count
            if end <= name.count, name[start..<end].elementsEqual(bytes), match(piece: index + 1, at: end) { return true }
        case .field(let field, let kind):
            switch kind {
            case .text:
                var end = start
                while end < name.count, name[end] != UInt8(ascii: "/") {
                    end += 1
                    if match(piece: index + 1, at: end) { return keep(field, String(decoding: name[start..<end], as: UTF8.self)) }
                }
            case .integer(let width):
                let signed = width == nil && start < name.count && (name[start] == UInt8(ascii: "-") || name[start] == UInt8(ascii: "+"))
                // The sign may belong to the text before; then the field begins after it and this start fails.
                let first = signed ? start + 1 : start
                var end = first
                while end < name.count, Self.isDigit(name[end]), width.map({ end - first < $0 }) ?? true { end += 1 }
                if let width, end - first < width { break }
                while end > first {
                    if match(piece: index + 1, at: end) {
                        return keep(field, Self.number(name[first..<end], negative: signed && name[start] == UInt8(ascii: "-")))
                    }
                    if width != nil { break }
                    end -= 1
                }
            case .decimal:
                if let value = matchDecimal(next: index + 1, at: start) { return keep(field, value) }
            case .time(let parts):
                if let (value, end) = TimePart.read(parts, from: name, at: start), match(piece: index + 1, at: end) {
                    return keep(field, value)
                }
            }
        }
        failed.insert(key)
        return false
    }

    private mutating func matchDecimal(next: Int, at start: Int) -> String? {
        let negative = start < name.count && name[start] == UInt8(ascii: "-")
        let first = negative || (start < name.count && name[start] == UInt8(ascii: "+")) ? start + 1 : start
        var whole = first
        while whole < name.count, Self.isDigit(name[whole]) { whole += 1 }
        guard whole > first else { return nil }
        var end = whole
        if end < name.count, name[end] == UInt8(ascii: ".") {
            end += 1
            while end < name.count, Self.isDigit(name[end]) { end += 1 }
            if end == whole + 1 { end = whole }  // a point without digits after it is no part of the number
        }
        while end > first {
            if end != whole + 1, match(piece: next, at: end) {
                let number = Self.number(name[first..<min(whole, end)], negative: negative)
                return end > whole ? number + String(decoding: name[whole..<end], as: UTF8.self) : number
            }
            end -= 1
        }
        return nil
    }

    private mutating func keep(_ field: String, _ value: String) -> Bool {
        values[field] = value
        return true
    }

    private static func isDigit(_ byte: UInt8) -> Bool { 0x30...0x39 ~= byte }

    /// Digits without leading zeros.
    private static func number(_ digits: ArraySlice<UInt8>, negative: Bool) -> String {
        let rest = digits.drop { $0 == 0x30 }
        let text = rest.isEmpty ? "0" : String(decoding: rest, as: UTF8.self)
        return negative && text != "0" ? "-" + text : text
    }
}
