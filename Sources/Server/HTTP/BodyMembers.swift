import Foundation
import NIOCore
import Pipeline

/// Members of a body that its route does not declare: mostly a name typed wrongly, which must not be taken for one left out.
///
/// What the route declares as any object (GeoJSON, configurations of nodes) is the route's to check; GeoJSON may hold foreign members.
struct BodyMembers: Decodable {
    /// "box.z" with the members known in its place, in the order of the body.
    private var unknown: [(path: String, known: [String])] = []

    private static let schemaKey = CodingUserInfoKey(rawValue: "schema")!
    private static let most = 10

    private struct Name: CodingKey {
        let stringValue: String
        let intValue: Int? = nil
        init(stringValue: String) { self.stringValue = stringValue }
        init?(intValue: Int) { nil }
    }

    /// - Throws: `body.invalid`, naming what is unknown and what is known. What is no JSON is left to those who read it.
    static func check(_ body: ByteBuffer, _ schema: Schema) throws(Problem) {
        let decoder = JSONDecoder()
        decoder.userInfo[schemaKey] = schema.json
        guard let found = try? decoder.decode(BodyMembers.self, from: Data(body.readableBytesView)), let first = found.unknown.first else { return }
        let names = found.unknown.prefix(most).map { "\"\($0.path)\"" }.joined(separator: ", ")
        let known = first.known.isEmpty ? "none is" : first.known.count == 1 ? "only \(first.known[0]) is" : "\(first.known.joined(separator: ", ")) are"
        let place = first.path.contains(".") ? " there" : ""
        throw Problem(.bodyInvalid, "the body has \(names), which this address does not know; \(known) known\(place)", field: first.path)
    }

    init(from decoder: any Decoder) throws {
        guard let schema = decoder.userInfo[Self.schemaKey] as? JSONValue else { return }
        walk(try decoder.container(keyedBy: Name.self), Self.resolved(schema), path: "")
    }

    private mutating func walk(_ container: KeyedDecodingContainer<Name>, _ schema: JSONValue, path: String) {
        let members = schema["properties"]?.objectValue
        let others = schema["additionalProperties"]
        if members == nil && others == nil { return }
        for key in container.allKeys {
            let name = path + (path.isEmpty ? "" : ".") + key.stringValue.prefix(60)
            guard let inner = members?[key.stringValue] ?? others else {
                unknown.append((name, members?.keys.sorted() ?? []))
                continue
            }
            let schema = Self.resolved(inner)
            if Self.isObject(schema), let nested = try? container.nestedContainer(keyedBy: Name.self, forKey: key) {
                walk(nested, schema, path: name)
            } else if let items = schema["items"].map(Self.resolved), Self.isObject(items), var list = try? container.nestedUnkeyedContainer(forKey: key) {
                // One that is no object stops the walk; who reads the body says so.
                while unknown.count < Self.most, !list.isAtEnd, let nested = try? list.nestedContainer(keyedBy: Name.self) {
                    walk(nested, items, path: "\(name)[\(list.currentIndex - 1)]")
                }
            }
        }
    }

    private static func isObject(_ schema: JSONValue) -> Bool { schema["properties"] != nil || schema["additionalProperties"] != nil }

    private static func resolved(_ schema: JSONValue) -> JSONValue {
        if let name = schema["$ref"]?.stringValue?.split(separator: "/").last { return Schemas.components[String(name)]?.json ?? schema }
        // What may also be null.
        if let choice = schema["anyOf"]?.arrayValue?.first { return resolved(choice) }
        return schema
    }
}
