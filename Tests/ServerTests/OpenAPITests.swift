import Pipeline
import Testing

@Suite struct OpenAPITests {
    @Test func `every operation is described: summary, answers, problems, parameters, and no reference leads nowhere`() async throws {
        try await withServer { _, client, _ in
            let document = try await client.get("/api/openapi.json").json
            #expect(document["openapi"] == "3.1.0")
            var ids: Set<String> = []
            var count = 0
            for (path, item) in document["paths"]?.members ?? [:] {
                for (method, operation) in item.members {
                    count += 1
                    let name = "\(method) \(path)"
                    #expect(operation["summary"]?.stringValue?.hasSuffix(".") == true, "\(name)")
                    let isNew = ids.insert(operation["operationId"]?.stringValue ?? "").inserted
                    #expect(isNew, "\(name)")
                    let responses = operation["responses"]?.members ?? [:]
                    #expect(responses.keys.contains { $0.hasPrefix("2") || $0.hasPrefix("3") }, "\(name)")
                    for status in ["400", "403", "421", "500"] { #expect(responses[status] != nil, "\(name) may answer \(status)") }
                    if operation["security"]?.items.contains([:]) == false { #expect(responses["401"] != nil, "\(name)") }
                    if ["post", "put", "patch"].contains(method), operation["requestBody"] != nil { #expect(responses["415"] != nil, "\(name)") }
                    let inPath = (operation["parameters"]?.items ?? []).filter { $0["in"] == "path" }.compactMap { $0["name"]?.stringValue }
                    #expect(inPath.allSatisfy { path.contains("{\($0)}") } && inPath.count == path.filter { $0 == "{" }.count, "\(name)")
                    for reference in references(operation) {
                        #expect(document["components"]?["schemas"]?[reference] != nil, "\(name): \(reference)")
                    }
                }
            }
            #expect(count > 50)
            let again = try await client.get("/api/openapi.json")
            let cached = try await client.get("/api/openapi.json", [("If-None-Match", again[header: "etag"] ?? "")])
            #expect(cached.status == 304)
        }
    }

    private func references(_ value: JSONValue) -> [String] {
        switch value {
        case .object(let members):
            (members["$ref"]?.stringValue?.split(separator: "/").last.map { [String($0)] } ?? []) + members.values.flatMap(references)
        case .array(let items): items.flatMap(references)
        default: []
        }
    }
}
