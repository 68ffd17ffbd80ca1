import Pipeline

/// A comparison that an object must pass: `circularity >= 0.5`.
package struct FilterRule: Sendable, Hashable {
    package enum Comparison: String, Sendable, CaseIterable {
        case atLeast = ">="
        case atMost = "<="
        case unequal = "!="
        case above = ">"
        case below = "<"
        case equal = "="

        fileprivate var opposite: Comparison {
            switch self {
            case .atLeast: .below
            case .atMost: .above
            case .above: .atMost
            case .below: .atLeast
            case .equal: .unequal
            case .unequal: .equal
            }
        }

        fileprivate func holds(_ value: Double, _ limit: Double) -> Bool {
            switch self {
            case .atLeast: value >= limit
            case .atMost: value <= limit
            case .above: value > limit
            case .below: value < limit
            case .equal: value == limit
            case .unequal: value != limit
            }
        }
    }

    package let column: String
    package let comparison: Comparison
    package let limit: Double
    private let number: String

    /// Comparisons parted by semicolons, line ends or `and`; none in an empty text.
    /// - Throws: `FilterRuleError` with what cannot be understood.
    package static func list(_ text: String) throws(FilterRuleError) -> [FilterRule] {
        var rules: [FilterRule] = []
        for line in text.split(whereSeparator: { $0 == ";" || $0.isNewline }) {
            var part: [String] = []
            for word in line.split(whereSeparator: \.isWhitespace).map(String.init) + ["and"] {
                guard word.lowercased() == "and" else {
                    part.append(word)
                    continue
                }
                if !part.isEmpty { rules.append(try FilterRule(part.joined())) }
                part = []
            }
        }
        return rules
    }

    /// - Parameter text: without blanks.
    private init(_ text: String) throws(FilterRuleError) {
        let text = text.replacing("≥", with: ">=").replacing("≤", with: "<=").replacing("≠", with: "!=").replacing("==", with: "=")
        guard let (comparison, range) = Comparison.allCases.lazy.compactMap({ one in text.firstRange(of: one.rawValue).map { (one, $0) } }).first else {
            throw FilterRuleError(part: text, fault: "has no comparison")
        }
        let (name, value) = (String(text[..<range.lowerBound]), String(text[range.upperBound...]))
        guard name.wholeMatch(of: /[A-Za-z][A-Za-z0-9_]*/) != nil else { throw FilterRuleError(part: text, fault: "does not begin with the name of a column") }
        guard value.wholeMatch(of: /[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?/) != nil, let limit = Double(value), limit.isFinite else {
            throw FilterRuleError(part: text, fault: "does not end with a number, with a point for decimals")
        }
        (column, self.comparison, self.limit, number) = (name, comparison, limit, value)
    }

    /// Whether an object of this value stays. What has no value passes no comparison.
    package func passes(_ value: Double?) -> Bool { value.map { comparison.holds($0, limit) } ?? false }

    /// What an object is that the rule drops: `circularity < 0.5`.
    package func reason(for value: Double?) -> String { value == nil ? "no \(column)" : "\(column) \(comparison.opposite.rawValue) \(number)" }
}

/// A part of a text that is no comparison, and what the text must be instead.
package struct FilterRuleError: Error, Equatable, CustomStringConvertible {
    package let part: String
    package let fault: String

    package var description: String {
        "comparisons such as area >= 400; circularity > 0.3 (“\(part.prefix(60))” \(fault))"
    }
}
