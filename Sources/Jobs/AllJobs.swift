import Foundation
import Pipeline

/// Every kind of job.
package enum AllJobs {
    package static let kinds: [any JobKind.Type] = [ImportJob.self, OutlinesJob.self, RunJob.self, ExportJob.self, MeasureJob.self, PyramidJob.self]

    package static var types: [String] { kinds.map { $0.type } }

    static func make(type: String, parameters: String) throws -> any JobKind {
        guard let kind = kinds.first(where: { $0.type == type }) else { throw JobError.unknownType(type, known: types) }
        return try kind.init(parameters: Data(parameters.utf8))
    }
}

extension JobKind {
    /// Decodes parameters with a sentence for what is wrong.
    static func decode<P: Decodable>(_ type: P.Type, from data: Data) throws -> P {
        do {
            let parameters = try JSONDecoder().decode(P.self, from: data)
            // The members of these types bear the names of their properties.
            let known = Mirror(reflecting: parameters).children.compactMap(\.label)
            let unknown = try JSONDecoder().decode([String: JSONValue].self, from: data).keys.sorted().filter { !known.contains($0) }
            guard unknown.isEmpty else {
                let names = unknown.prefix(10).map { "\"\($0.prefix(60))\"" }.joined(separator: ", ")
                throw JobError.badParameters(type: Self.type, reason: "it knows no \(names), only \(known.joined(separator: ", "))")
            }
            return parameters
        } catch let error as DecodingError {
            // Of a number that does not fit, JSONDecoder says no more than that the whole is not JSON; all numbers that jobs take are whole.
            if let value = try? JSONDecoder().decode(JSONValue.self, from: data), let fault = value.fraction() {
                throw JobError.badParameters(type: Self.type, reason: "\"\(fault.path.prefix(60))\" is \(fault.number) but must be a whole number")
            }
            throw JobError.badParameters(type: Self.type, reason: error.sentence)
        }
    }
}

extension JSONValue {
    /// The first number that is not whole, with its place.
    fileprivate func fraction(at path: String = "") -> (path: String, number: JSONValue)? {
        switch self {
        case .number(let number): return Int64(exactly: number) == nil ? (path, self) : nil
        case .array(let items):
            for (index, item) in items.enumerated() { if let found = item.fraction(at: "\(path)[\(index)]") { return found } }
            return nil
        case .object(let members):
            for (key, member) in members.sorted(by: { $0.key < $1.key }) {
                if let found = member.fraction(at: path.isEmpty ? key : "\(path).\(key)") { return found }
            }
            return nil
        default: return nil
        }
    }
}

extension DecodingError {
    /// The error as a person would say it.
    package var sentence: String {
        func path(_ keys: [any CodingKey]) -> String {
            let path = keys.map { key in key.intValue.map { "[\($0)]" } ?? key.stringValue }.joined(separator: ".").replacingOccurrences(of: ".[", with: "[")
            return path.isEmpty ? "it" : "\"\(path)\""
        }
        return switch self {
        case .keyNotFound(let key, let context): "\(path(context.codingPath + [key])) is missing"
        case .typeMismatch(let type, let context): "\(path(context.codingPath)) must be \(DecodingError.word(for: type))"
        case .valueNotFound(let type, let context): "\(path(context.codingPath)) must be \(DecodingError.word(for: type)), not null"
        case .dataCorrupted(let context):
            context.codingPath.isEmpty ? "it is not valid JSON" : "\(path(context.codingPath)): \(context.debugDescription)"
        @unknown default: "it is not what was expected"
        }
    }

    private static func word(for type: Any.Type) -> String {
        switch type {
        case is String.Type: "a text"
        case is Bool.Type: "true or false"
        case is any BinaryInteger.Type: "a whole number"
        case is any BinaryFloatingPoint.Type: "a number"
        // A dictionary is a collection too, so the names of the types say which it is.
        default: "\(type)".hasPrefix("Array") ? "a list" : "an object"
        }
    }
}
