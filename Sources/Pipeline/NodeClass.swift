/// A node type with its declaration, without its Swift type: what registries, forms and graphs work with.
package struct NodeClass: Sendable {
    package let kind: String
    package let title: String
    package let help: String
    package let version: Int
    package let arity: Arity
    package let inputs: [SlotSchema]
    package let outputs: [SlotSchema]
    package let parameters: [ParameterDeclaration]
    /// Every parameter at its default.
    package let defaults: [String: JSONValue]
    private let readConfiguration: @Sendable (any Node) -> [String: JSONValue]
    private let build: @Sendable ([String: JSONValue]) throws(ConfigurationError) -> any Node

    package init<N: Node>(_ type: N.Type) {
        (kind, title, help, version, arity) = (N.kind, N.title, N.help, N.version, N.arity)
        (inputs, outputs) = (N.inputs, N.outputs)
        parameters = N.parameters.map(\.declaration)
        let pristine = N()
        defaults = Dictionary(uniqueKeysWithValues: N.parameters.map { ($0.declaration.name, $0.read(pristine)) })
        readConfiguration = { node in
            guard let node = node as? N else { preconditionFailure("\(Swift.type(of: node)) is not \(N.self)") }
            return Dictionary(uniqueKeysWithValues: N.parameters.map { ($0.declaration.name, $0.read(node)) })
        }
        build = { config throws(ConfigurationError) in
            var node = N()
            let known = N.parameters.map(\.declaration.name)
            var problems = config.keys.filter { !known.contains($0) }.sorted().map { name in
                "\(name) is not a parameter of \(N.kind); it knows \(known.isEmpty ? "none" : known.joined(separator: ", "))"
            }
            for parameter in N.parameters {
                guard let value = config[parameter.declaration.name] else { continue }
                // Declared before it, so its value is in place already.
                if let condition = parameter.declaration.appliesWhen,
                    let other = N.parameters.first(where: { $0.declaration.name == condition.parameter }), !condition.values.contains(other.read(node))
                { continue }
                do throws(ParameterError) { try parameter.apply(&node, value) } catch { problems.append(error.description) }
            }
            guard problems.isEmpty else { throw ConfigurationError(problems: problems) }
            return node
        }
    }

    /// A node with these parameters, the others at their defaults.
    package func make(_ config: [String: JSONValue]) throws(ConfigurationError) -> any Node { try build(config) }

    /// All parameters of a node of this class, defaults included.
    package func configuration(of node: any Node) -> [String: JSONValue] { readConfiguration(node) }

    /// Makes new images of many: steps after it work on these.
    package var gathers: Bool { arity == .oneFromMany && outputs.contains { $0.type == .image || $0.type == .gray } }

    /// Works on one image at a time.
    package var isPerImage: Bool { arity == .oneFromOne || arity == .manyFromOne }

    /// "import.folder" belongs to "import".
    package var group: String { String(kind.prefix { $0 != "." }) }

    /// Declaration as `GET /api/nodes` gives it; `schema` is a JSON Schema (2020-12) of the configuration.
    package var json: JSONValue {
        .object([
            "kind": .string(kind), "title": .string(title), "help": .string(help), "group": .string(group),
            "version": .number(Double(version)), "arity": .string(arity.rawValue),
            "inputs": .array(inputs.map(\.json)), "outputs": .array(outputs.map(\.json)),
            "parameters": .array(parameters.map { $0.json(default: defaults[$0.name] ?? .null) }),
            "schema": .object(schema),
        ])
    }

    private var schema: [String: JSONValue] {
        var members: [String: JSONValue] = [
            "$schema": "https://json-schema.org/draft/2020-12/schema", "type": "object", "title": .string(title), "additionalProperties": false,
            "properties": .object(
                Dictionary(uniqueKeysWithValues: parameters.map { parameter in
                    let value = defaults[parameter.name] ?? .null
                    // A value that does not count may be anything; what it must be when it does stands under allOf.
                    let limits = parameter.appliesWhen == nil ? parameter.limits : [:]
                    return (parameter.name, .object(parameter.annotations(default: value).merging(limits) { $1 }))
                })),
        ]
        let conditions: [JSONValue] = parameters.compactMap { parameter in
            guard let condition = parameter.appliesWhen else { return nil }
            var test: [String: JSONValue] = ["properties": .object([condition.parameter: ["enum": .array(condition.values)]])]
            // Left out, the other parameter has its default.
            if !condition.values.contains(defaults[condition.parameter] ?? .null) { test["required"] = [.string(condition.parameter)] }
            return ["if": .object(test), "then": ["properties": .object([parameter.name: .object(parameter.limits)])]]
        }
        if !conditions.isEmpty { members["allOf"] = .array(conditions) }
        return members
    }
}

/// Everything that is wrong with a node's configuration, one sentence each.
package struct ConfigurationError: Error, Equatable {
    package let problems: [String]
}

extension SlotSchema {
    fileprivate var json: JSONValue {
        var members: [String: JSONValue] = ["name": .string(name), "type": .string(type.rawValue), "help": .string(help)]
        if let sameAs { members["sameAs"] = .string(sameAs) }
        if isOptional { members["optional"] = true }
        if takesMany { members["many"] = true }
        if let unless { members["unless"] = .string(unless) }
        return .object(members)
    }
}

extension ParameterDeclaration {
    fileprivate func json(default value: JSONValue) -> JSONValue {
        var members: [String: JSONValue] = ["name": .string(name), "label": .string(label), "help": .string(help), "default": value]
        if !unit.isEmpty { members["unit"] = .string(unit) }
        if let appliesWhen { members["appliesWhen"] = ["parameter": .string(appliesWhen.parameter), "values": .array(appliesWhen.values)] }
        switch type {
        case .integer(let min, let max, let step):
            members.merge(["type": "integer", "min": .number(Double(min)), "max": .number(Double(max)), "step": .number(Double(step))]) { $1 }
        case .number(let min, let max, let step):
            members.merge(["type": "number", "min": .number(min), "max": .number(max)]) { $1 }
            if let step { members["step"] = .number(step) }
        case .boolean: members["type"] = "boolean"
        case .text(let maxLength): members.merge(["type": "text", "maxLength": .number(Double(maxLength))]) { $1 }
        case .color: members["type"] = "color"
        case .choice(let choices):
            members["type"] = "choice"
            members["choices"] = .array(choices.map { ["value": .string($0.value), "label": .string($0.label)] })
        }
        return .object(members)
    }

    fileprivate func annotations(default value: JSONValue) -> [String: JSONValue] {
        ["title": .string(label), "description": .string(unit.isEmpty ? help : "\(help) Unit: \(unit)."), "default": value]
    }

    /// What a value must be, as JSON Schema says it.
    fileprivate var limits: [String: JSONValue] {
        switch type {
        // JSON Schema counts multiples from 0, so that "odd" cannot be said with them.
        case .integer(let min, let max, _): ["type": "integer", "minimum": .number(Double(min)), "maximum": .number(Double(max))]
        case .number(let min, let max, _): ["type": "number", "minimum": .number(min), "maximum": .number(max)]
        case .boolean: ["type": "boolean"]
        case .text(let maxLength): ["type": "string", "maxLength": .number(Double(maxLength))]
        case .color: ["type": "string", "pattern": "^[0-9A-Fa-f]{6}$"]
        case .choice(let choices): ["enum": .array(choices.map { .string($0.value) })]
        }
    }
}
