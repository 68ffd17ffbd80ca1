import Raster

/// One setting of a node class: how it is called, what it may be, and where the value lies in the node.
package struct Parameter<N>: Sendable {
    package private(set) var declaration: ParameterDeclaration
    let apply: @Sendable (inout N, JSONValue) throws(ParameterError) -> Void
    let read: @Sendable (N) -> JSONValue

    /// The same parameter, which counts only while the choice or switch named `other` has one of these values. Otherwise what is set for it
    /// is neither used nor checked, so that it can wait there until it counts.
    package func applies(when other: String, _ values: JSONValue...) -> Parameter {
        var limited = self
        limited.declaration.appliesWhen = .init(parameter: other, values: values)
        return limited
    }

    package static func integer(
        _ path: WritableKeyPath<N, Int> & Sendable, _ name: String, label: String, unit: String = "", range: ClosedRange<Int>, step: Int = 1, help: String
    ) -> Parameter {
        Parameter(
            declaration: ParameterDeclaration(
                name: name, label: label, unit: unit, help: help, type: .integer(min: range.lowerBound, max: range.upperBound, step: step)),
            apply: { node, value throws(ParameterError) in
                guard let number = value.numberValue, let whole = Int(exactly: number), range.contains(whole), (whole - range.lowerBound) % step == 0 else {
                    let steps = step == 1 ? "" : ", in steps of \(step)"
                    throw ParameterError(name: name, value: value, expected: "a whole number from \(range.lowerBound) to \(range.upperBound)\(steps)")
                }
                node[keyPath: path] = whole
            },
            read: { .number(Double($0[keyPath: path])) })
    }

    package static func number(
        _ path: WritableKeyPath<N, Double> & Sendable, _ name: String, label: String, unit: String = "", range: ClosedRange<Double>,
        step: Double? = nil, help: String
    ) -> Parameter {
        Parameter(
            declaration: ParameterDeclaration(
                name: name, label: label, unit: unit, help: help,
                type: .number(min: range.lowerBound, max: range.upperBound, step: step)),
            apply: { node, value throws(ParameterError) in
                guard let number = value.numberValue, range.contains(number) else {
                    throw ParameterError(
                        name: name, value: value,
                        expected: "a number from \(JSONValue.number(range.lowerBound)) to \(JSONValue.number(range.upperBound))")
                }
                node[keyPath: path] = number
            },
            read: { .number($0[keyPath: path]) })
    }

    package static func boolean(_ path: WritableKeyPath<N, Bool> & Sendable, _ name: String, label: String, help: String) -> Parameter {
        Parameter(
            declaration: ParameterDeclaration(name: name, label: label, unit: "", help: help, type: .boolean),
            apply: { node, value throws(ParameterError) in
                guard let flag = value.booleanValue else { throw ParameterError(name: name, value: value, expected: "true or false") }
                node[keyPath: path] = flag
            },
            read: { .boolean($0[keyPath: path]) })
    }

    /// Text of at most `maxLength` characters.
    /// - Parameter fault: what the text must be instead, as it stands after "must be"; nil when it is right.
    package static func text(
        _ path: WritableKeyPath<N, String> & Sendable, _ name: String, label: String, maxLength: Int = 500, help: String,
        fault: @escaping @Sendable (String) -> String? = { _ in nil }
    ) -> Parameter {
        Parameter(
            declaration: ParameterDeclaration(name: name, label: label, unit: "", help: help, type: .text(maxLength: maxLength)),
            apply: { node, value throws(ParameterError) in
                guard let text = value.stringValue, text.count <= maxLength else {
                    throw ParameterError(name: name, value: value, expected: "a text of at most \(maxLength) characters")
                }
                if let expected = fault(text) { throw ParameterError(name: name, value: value, expected: expected) }
                node[keyPath: path] = text
            },
            read: { .string($0[keyPath: path]) })
    }

    /// A colour, written RRGGBB in hexadecimal digits.
    package static func color(_ path: WritableKeyPath<N, BGR<UInt8>> & Sendable, _ name: String, label: String, help: String) -> Parameter {
        Parameter(
            declaration: ParameterDeclaration(name: name, label: label, unit: "", help: help, type: .color),
            apply: { node, value throws(ParameterError) in
                guard let text = value.stringValue, text.utf8.count == 6, text.utf8.allSatisfy({ $0 != UInt8(ascii: "+") }), let number = UInt32(text, radix: 16) else {
                    throw ParameterError(name: name, value: value, expected: "a colour as RRGGBB, two hexadecimal digits for red, green and blue")
                }
                node[keyPath: path] = BGR(
                    blue: UInt8(truncatingIfNeeded: number), green: UInt8(truncatingIfNeeded: number >> 8), red: UInt8(truncatingIfNeeded: number >> 16))
            },
            read: { node in
                let color = node[keyPath: path]
                let digits = [color.red, color.green, color.blue].map { ($0 < 16 ? "0" : "") + String($0, radix: 16, uppercase: true) }
                return .string(digits.joined())
            })
    }

    /// One of the cases of an enumeration, each with the words a person reads.
    package static func choice<Choice: RawRepresentable & CaseIterable & Sendable>(
        _ path: WritableKeyPath<N, Choice> & Sendable, _ name: String, label: String, titles: [Choice: String] = [:], help: String
    ) -> Parameter where Choice.RawValue == String, Choice: Hashable {
        let choices = Choice.allCases.map { ParameterDeclaration.Choice(value: $0.rawValue, label: titles[$0] ?? $0.rawValue) }
        return Parameter(
            declaration: ParameterDeclaration(name: name, label: label, unit: "", help: help, type: .choice(choices)),
            apply: { node, value throws(ParameterError) in
                guard let text = value.stringValue, let choice = Choice(rawValue: text) else {
                    throw ParameterError(name: name, value: value, expected: "one of \(choices.map(\.value).joined(separator: ", "))")
                }
                node[keyPath: path] = choice
            },
            read: { .string($0[keyPath: path].rawValue) })
    }
}

/// The part of a parameter that form, schema and reference page are made from.
package struct ParameterDeclaration: Sendable {
    package struct Choice: Sendable, Hashable {
        package let value: String
        package let label: String
    }

    package enum Kind: Sendable {
        case integer(min: Int, max: Int, step: Int)
        case number(min: Double, max: Double, step: Double?)
        case boolean
        case text(maxLength: Int)
        case color
        case choice([Choice])
    }

    package let name: String
    package let label: String
    /// Empty when the value has none.
    package let unit: String
    package let help: String
    package let type: Kind
    package fileprivate(set) var appliesWhen: Condition?

    /// The values of another parameter with which this one counts.
    package struct Condition: Sendable, Equatable {
        package let parameter: String
        package let values: [JSONValue]
    }

    package init(name: String, label: String, unit: String, help: String, type: Kind) {
        (self.name, self.label, self.unit, self.help, self.type) = (name, label, unit, help, type)
    }
}

/// A configuration value that a node cannot take.
package struct ParameterError: Error, Equatable, CustomStringConvertible {
    package let name: String
    package let value: JSONValue
    package let expected: String

    package var description: String { "\(name) is \(value) but must be \(expected)" }
}
