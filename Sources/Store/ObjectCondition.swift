import Foundation
import GRDB

/// One condition that objects of a list fulfil, as `area>500` or `status=validated|dubious`.
package struct ObjectCondition: Sendable, Equatable {
    package enum Comparison: String, Sendable, CaseIterable {
        case atMost = "<="
        case atLeast = ">="
        case differs = "!="
        case less = "<"
        case greater = ">"
        case equals = "="
        /// The text holds the value, whatever the case of its letters.
        case contains = "~"
    }

    package var column: String
    package var comparison: Comparison
    /// One, or with `equals` and `differs` several of which one has to fit; `none` stands for a missing value.
    package var values: [String]

    package init(column: String, _ comparison: Comparison, _ values: [String]) {
        (self.column, self.comparison, self.values) = (column, comparison, values)
    }

    /// Conditions joined by ";". Names are not looked up here.
    /// - Throws: `.invalid` with a sentence for a part that is no condition, and for more than 50.
    package static func parse(_ text: String) throws(StoreError) -> [ObjectCondition] {
        let parts = text.split(separator: ";")
        guard parts.count <= 50 else { throw .invalid(sentence: "more than 50 conditions; ask with fewer") }
        var conditions: [ObjectCondition] = []
        for part in parts {
            let name = part.prefix { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "_") }
            let rest = part[name.endIndex...]
            guard !name.isEmpty, let comparison = Comparison.allCases.first(where: { rest.hasPrefix($0.rawValue) }) else {
                throw .invalid(sentence: "“\(part.prefix(60))” is no condition; write a column, one of = != < <= > >= ~, and a value, as area>500")
            }
            let value = rest.dropFirst(comparison.rawValue.count)
            let several = comparison == .equals || comparison == .differs
            let values = several ? value.split(separator: "|", omittingEmptySubsequences: false).map(String.init) : [String(value)]
            guard values.count <= 1000, values.allSatisfy({ !$0.isEmpty }) else {
                throw .invalid(sentence: "“\(part.prefix(60))” has no value; write one behind \(comparison.rawValue), with | between several")
            }
            conditions.append(ObjectCondition(column: String(name), comparison, values))
        }
        return conditions
    }

    /// As SQL on the columns of a list.
    /// - Throws: `.invalid` for a column the project has not, and for a value of the wrong kind.
    func sql(_ columns: ObjectColumns) throws(StoreError) -> (text: String, arguments: [any DatabaseValueConvertible]) {
        let column = try columns.find(column)
        var arguments: [any DatabaseValueConvertible] = []
        func value(_ text: String) throws(StoreError) -> any DatabaseValueConvertible {
            if column.isText { return text }
            guard let number = Double(text), number.isFinite else {
                throw .invalid(sentence: "\(self.column) is compared with “\(text.prefix(40))”, which is no number")
            }
            return number
        }
        switch comparison {
        case .contains:
            guard column.isText else { throw .invalid(sentence: "\(self.column) holds numbers; ~ searches in texts, as uid~abc") }
            return ("instr(lower(\(column.sql)), lower(?)) > 0", [values[0]])
        case .equals, .differs:
            var parts: [String] = []
            let known = values.filter { $0 != "none" }
            if !known.isEmpty {
                parts.append("\(column.sql) IN (\(known.map { _ in "?" }.joined(separator: ", ")))")
                for text in known { arguments.append(try value(text)) }
            }
            if known.count < values.count { parts.append("\(column.sql) IS NULL") }
            let text = "coalesce(\(parts.joined(separator: " OR ")), 0)"
            return (comparison == .equals ? text : "NOT \(text)", arguments)
        case .atMost, .atLeast, .less, .greater:
            guard !column.isText else { throw .invalid(sentence: "\(self.column) holds texts; compare it with =, != or ~") }
            return ("\(column.sql) \(comparison.rawValue) ?", [try value(values[0])])
        }
    }
}
