import Foundation
import Pipeline
import Testing

/// A client that compares every answer with what `/api/openapi.json` promises: the status is listed, and JSON has the shape.
struct Described: Sendable {
    let client: HTTPClient
    let document: JSONValue

    init(_ client: HTTPClient) async throws {
        self.client = client
        document = try await client.get("/api/openapi.json").json
    }

    @discardableResult
    func send(
        _ method: String, _ path: String, json: String? = nil, _ headers: [(String, String)] = [], body: [UInt8]? = nil, expect status: Int = 200,
        sourceLocation: SourceLocation = #_sourceLocation
    ) async throws -> HTTPClient.Answer {
        let answer: HTTPClient.Answer
        if let json {
            answer = try await client.send(method, path, headers + [("Content-Type", "application/json")], body: Array(json.utf8))
        } else {
            answer = try await client.send(method, path, headers, body: body)
        }
        #expect(answer.status == status, "\(method) \(path): \(answer.text.prefix(400))", sourceLocation: sourceLocation)
        for problem in check(method, path, answer) { Issue.record("\(method) \(path) → \(answer.status): \(problem)", sourceLocation: sourceLocation) }
        return answer
    }

    func check(_ method: String, _ path: String, _ answer: HTTPClient.Answer) -> [String] {
        let segments = path.prefix { $0 != "?" }.split(separator: "/")
        var templates = document["paths"]?.members ?? [:]
        templates = templates.filter { template, _ in
            let parts = template.split(separator: "/")
            return parts.count == segments.count
                && zip(parts, segments).allSatisfy { part, segment in
                    part.hasPrefix("{") ? segment.hasSuffix(part.drop { $0 != "}" }.dropFirst()) : part == segment
                }
        }
        // The most literal one.
        func literal(_ template: String) -> (fewerParameters: Int, letters: Int) {
            let parameters = template.matches(of: /\{[^}]*\}/)
            return (-parameters.count, template.count - parameters.reduce(0) { $0 + $1.output.count })
        }
        let best = templates.max { literal($0.key) < literal($1.key) }
        guard let operation = best?.value[method.lowercased()] else { return ["is not described"] }
        guard let response = operation["responses"]?["\(answer.status)"] else { return ["the status is not described"] }
        let type = (answer[header: "content-type"] ?? "").split(separator: ";").first.map(String.init) ?? ""
        guard let content = response["content"]?.members, method != "HEAD", answer.status != 304 else { return [] }
        guard let schema = content.first(where: { $0.key.hasPrefix(type) })?.value["schema"] else { return ["the content type \(type) is not described"] }
        guard type.hasSuffix("json") else { return [] }
        return mismatches(answer.json, schema, at: "")
    }

    func mismatches(_ value: JSONValue, _ schema: JSONValue, at path: String) -> [String] {
        if let name = schema["$ref"]?.stringValue {
            guard let target = document["components"]?["schemas"]?[String(name.split(separator: "/").last!)] else { return ["\(name) leads nowhere"] }
            return mismatches(value, target, at: path)
        }
        if case .array(let choices)? = schema["anyOf"] {
            return choices.contains { mismatches(value, $0, at: path).isEmpty } ? [] : ["\(path) is \(value), which no choice allows"]
        }
        if case .array(let allowed)? = schema["enum"], !allowed.contains(value) { return ["\(path) is \(value), not one of \(allowed)"] }
        switch (schema["type"]?.stringValue, value) {
        case (nil, _), ("null", .null), ("boolean", .boolean), ("number", .number): return []
        case ("integer", .number(let number)): return number == number.rounded() ? [] : ["\(path) is \(number), not whole"]
        case ("string", .string(let text)):
            guard schema["format"] == "date-time" else { return [] }
            return (try? Date(text, strategy: Date.ISO8601FormatStyle(includingFractionalSeconds: true))) == nil ? ["\(path) is no time: \(text)"] : []
        case ("array", .array(let items)):
            return items.enumerated().flatMap { mismatches($1, schema["items"] ?? [:], at: "\(path)[\($0)]") }
        case ("object", .object(let members)):
            var problems: [String] = []
            if case .array(let required)? = schema["required"] {
                for name in required.compactMap(\.stringValue) where members[name] == nil { problems.append("\(path).\(name) is missing") }
            }
            for (name, member) in members {
                if let known = schema["properties"]?[name] ?? schema["additionalProperties"] {
                    problems += mismatches(member, known, at: "\(path).\(name)")
                } else if schema["properties"] != nil {
                    problems.append("\(path).\(name) is not described")
                }
            }
            return problems
        case (let type?, _): return ["\(path) is \(value), not \(type)"]
        }
    }
}

extension JSONValue {
    var encodedForTests: Data { (try? JSONEncoder().encode(self)) ?? Data() }
    var members: [String: JSONValue] { if case .object(let members) = self { members } else { [:] } }
    var items: [JSONValue] { if case .array(let items) = self { items } else { [] } }
    var int: Int? { numberValue.flatMap { Int(exactly: $0) } }
}
