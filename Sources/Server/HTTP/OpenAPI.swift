import HTTPTypes
import Pipeline

/// Description of all routes in OpenAPI 3.1, made from their declarations.
enum OpenAPI {
    static func document(_ routes: [Route], version: String) -> JSONValue {
        var paths: [String: JSONValue] = [:]
        for (path, group) in Dictionary(grouping: routes, by: \.path) {
            var item: [String: JSONValue] = [:]
            for route in group { item[route.method.rawValue.lowercased()] = operation(route) }
            paths[path] = .object(item)
        }
        return .object([
            "openapi": "3.1.0",
            "info": [
                "title": "ship", "version": .string(version),
                "description": "Imaging pipeline on this machine. Coordinates are image pixels, x right, y down, pixel centres at whole numbers.",
            ],
            "paths": .object(paths),
            "components": [
                "schemas": .object(Schemas.components.mapValues(\.json)),
                "securitySchemes": [
                    "cookie": ["type": "apiKey", "in": "cookie", "name": "ship_session_{port}"],
                    "bearer": ["type": "http", "scheme": "bearer"],
                ],
            ],
        ])
    }

    private static func operation(_ route: Route) -> JSONValue {
        var members: [String: JSONValue] = [
            "summary": .string(route.summary),
            "operationId": .string(identifier(route)),
            "security": route.access == .open ? [[:]] : [["cookie": []], ["bearer": []]],
        ]
        let inPath: [JSONValue] = parameterNames(route.path).map { name in
            ["name": .string(name), "in": "path", "required": true, "schema": ["type": .string(Schemas.numericParameters.contains(name) ? "integer" : "string")]]
        }
        let inQuery: [JSONValue] = route.query.map { query in
            ["name": .string(query.name), "in": "query", "description": .string(query.help), "schema": query.schema.json]
        }
        if !(inPath + inQuery).isEmpty { members["parameters"] = .array(inPath + inQuery) }
        switch route.body {
        case .none: break
        case .json(let schema, let isOptional):
            members["requestBody"] = ["required": .boolean(!isOptional), "content": ["application/json": ["schema": schema.json]]]
        case .stream(let type):
            members["requestBody"] = ["required": true, "content": .object([type: ["schema": ["type": "string", "format": "binary"]]])]
        }
        var responses: [String: JSONValue] = [:]
        for answer in route.answers {
            var response: [String: JSONValue] = ["description": .string(answer.help)]
            if !answer.content.isEmpty { response["content"] = .object(answer.content.mapValues { ["schema": $0.json] }) }
            if !answer.headers.isEmpty {
                response["headers"] = .object(Dictionary(uniqueKeysWithValues: answer.headers.map { ($0, ["schema": ["type": "string"]]) }))
            }
            responses["\(answer.status.code)"] = .object(response)
        }
        for (status, codes) in Dictionary(grouping: Set(route.allProblems), by: \.status.code) {
            let codes = codes.map(\.rawValue).sorted()
            responses["\(status)"] = [
                "description": .string("Problem: \(codes.joined(separator: ", "))"),
                "content": ["application/problem+json": ["schema": Schema.ref("Problem").json]],
            ]
        }
        members["responses"] = .object(responses)
        return .object(members)
    }

    static func parameterNames(_ path: String) -> [String] {
        path.split(separator: "/").compactMap { segment in
            segment.hasPrefix("{") ? segment.dropFirst().prefix { $0 != "}" }.description : nil
        }
    }

    private static func identifier(_ route: Route) -> String {
        route.method.rawValue.lowercased()
            + route.path.split(whereSeparator: { "/{}.-_".contains($0) }).filter { $0 != "api" }.map { $0.prefix(1).uppercased() + $0.dropFirst() }.joined()
    }
}
