import Pipeline

/// JSON Schema of a request or an answer, as the OpenAPI description holds it.
struct Schema: Sendable {
    var json: JSONValue

    static let string = Schema(json: ["type": "string"])
    static let integer = Schema(json: ["type": "integer"])
    static let number = Schema(json: ["type": "number"])
    static let boolean = Schema(json: ["type": "boolean"])
    static let anyObject = Schema(json: ["type": "object"])
    static let any = Schema(json: [:])
    static let date = Schema(json: ["type": "string", "format": "date-time"])
    static func choice(_ values: [String]) -> Schema { Schema(json: ["type": "string", "enum": .array(values.map { .string($0) })]) }
    static func array(_ element: Schema) -> Schema { Schema(json: ["type": "array", "items": element.json]) }
    static func map(_ element: Schema) -> Schema { Schema(json: ["type": "object", "additionalProperties": element.json]) }
    /// One of `Schemas.components`.
    static func ref(_ name: String) -> Schema { Schema(json: ["$ref": .string("#/components/schemas/\(name)")]) }

    /// - Parameter members: names that end in "?" may be missing.
    static func object(_ members: KeyValuePairs<String, Schema>) -> Schema {
        var properties: [String: JSONValue] = [:]
        var required: [JSONValue] = []
        for (name, schema) in members {
            if name.hasSuffix("?") {
                properties[String(name.dropLast())] = schema.json
            } else {
                properties[name] = schema.json
                required.append(.string(name))
            }
        }
        return Schema(json: ["type": "object", "properties": .object(properties), "required": .array(required)])
    }

    func described(_ text: String) -> Schema {
        var members = json.objectValue ?? [:]
        members["description"] = .string(text)
        return Schema(json: .object(members))
    }

    var nullable: Schema { Schema(json: ["anyOf": [json, ["type": "null"]]]) }
}
