/// The Range field of a request (RFC 9110 14.2): one range of bytes; several at once are answered with the whole.
enum ByteRange: Equatable {
    case whole
    case part(Range<Int>)
    case outside

    static func parse(_ field: String?, size: Int) -> ByteRange {
        guard let field, field.lowercased().hasPrefix("bytes=") else { return .whole }
        let parts = field.dropFirst(6).split(separator: "-", omittingEmptySubsequences: false).map { $0.filter { $0 != " " } }
        guard parts.count == 2, parts.allSatisfy({ $0.utf8.count <= 18 && $0.utf8.allSatisfy { (0x30...0x39).contains($0) } }) else { return .whole }
        switch (Int(parts[0]), Int(parts[1])) {
        case (let first?, let last?):
            guard first <= last else { return .whole }
            return first < size ? .part(first..<min(last + 1, size)) : .outside
        case (let first?, nil): return first < size ? .part(first..<size) : .outside
        // The last so many bytes.
        case (nil, let count?): return count > 0 && size > 0 ? .part(max(0, size - count)..<size) : .outside
        case (nil, nil): return .whole
        }
    }
}
