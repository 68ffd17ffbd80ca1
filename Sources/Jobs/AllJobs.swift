import Foundation
import Pipeline

/// Every kind of job.
package enum AllJobs {
    package static let kinds: [any JobKind.Type] = [ImportJob.self, RunJob.self, ExportJob.self, MeasureJob.self, PyramidJob.self]

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
            throw JobError.badParameters(type: Self.type, reason: error.sentence)
        }
    }
}

extension DecodingError {
    /// The error as a person would say it.
    package var sentence: String {
        func path(_ context: Context) -> String { context.codingPath.map { $0.intValue.map(String.init) ?? $0.stringValue }.joined(separator: ".") }
        return switch self {
        case .keyNotFound(let key, _): "\"\(key.stringValue)\" is missing"
        case .typeMismatch(let type, let context): "\"\(path(context))\" must be \(DecodingError.word(for: type))"
        case .valueNotFound(let type, let context): "\"\(path(context))\" must be \(DecodingError.word(for: type)), not null"
        case .dataCorrupted(let context):
            context.codingPath.isEmpty ? "it is not valid JSON" : "\"\(path(context))\": \(context.debugDescription)"
        @unknown default: "it is not what was expected"
        }
    }

    private static func word(for type: Any.Type) -> String {
        switch type {
        case is String.Type: "a text"
        case is Bool.Type: "true or false"
        case is any BinaryInteger.Type: "a whole number"
        case is Double.Type: "a number"
        case is any Collection.Type: "a list"
        default: "an object"
        }
    }
}
