import Foundation
import Pipeline
import Server
import Testing

@Suite struct JobRoutesTests {
    @Test func `a run that would touch edited objects asks first, with a list by image`() async throws {
        try await withServer { _, client, _ in
            let api = try await Described(client)
            let project = try await api.project()
            let image = try await api.upload(Drawn.frame(), name: "a.png", to: project)
            try await api.run(project)
            let edit = """
                {"operation":"draw","image":\(image),"annotations":{"type":"FeatureCollection","features":[{"type":"Feature","properties":{},
                "geometry":{"type":"Polygon","coordinates":[[[5,5],[25,5],[25,25],[5,25],[5,5]]]}}]}}
                """
            try await api.send("POST", project + "/edits", json: edit, expect: 201)
            // Nothing is computed: nothing to ask.
            try await api.run(project)
            var graph = try await api.send("GET", project + "/graph").json
            graph = try change(graph, node: "objects", to: ["minSize": 30])
            try await api.send("PUT", project + "/graph", json: String(decoding: try JSONEncoder().encode(graph), as: UTF8.self))
            let asked = try await api.send("POST", project + "/jobs", json: #"{"type":"run"}"#, expect: 409)
            #expect(asked.json["code"] == "run.editedObjects")
            #expect(asked.json["edited"] == [["image": .number(Double(image)), "name": "a.png", "edited": 1, "removed": 0]])
            #expect(asked.json["detail"]?.stringValue?.contains("1 object edited by hand: a.png (1)") == true)
            let kept = try await api.run(project, #"{"type":"run","edited":"keep"}"#)
            #expect(kept["result"]?["images"] == 1)
            let replaced = try await api.run(project, #"{"type":"run","edited":"replace"}"#)
            #expect(replaced["result"]?["images"] == 1)
            #expect(try await api.send("GET", project + "/objects?blob=\(image)").json["objects"]?.items.contains { $0["edited"] == true } == false)
        }
    }

    private func change(_ graph: JSONValue, node: String, to config: JSONValue) throws -> JSONValue {
        guard case .object(var members) = graph, case .array(let nodes)? = members["nodes"] else { return graph }
        members["nodes"] = .array(nodes.map { value in
            guard case .object(var node_) = value, node_["name"] == .string(node) else { return value }
            node_["config"] = config
            return .object(node_)
        })
        return .object(members)
    }

    @Test func `a project begins with the preset that is named`() async throws {
        try await withServer { _, client, _ in
            let api = try await Described(client)
            let presets = try await api.send("GET", "/api/presets").json["presets"]?.items ?? []
            #expect(presets.count == 6)
            let made = try await api.send("POST", "/api/projects", json: #"{"title":"Scans","preset":"plankton-scanner"}"#, expect: 201).json
            let address = "/api/projects/\(made["user"]?.stringValue ?? "")/\(made["name"]?.stringValue ?? "")"
            #expect(try await api.send("GET", address + "/graph").json["nodes"] == presets.first { $0["name"] == "plankton-scanner" }?["graph"]?["nodes"])
            let unknown = try await api.send("POST", "/api/projects", json: #"{"title":"Scans","preset":"none"}"#, expect: 422).json
            #expect(unknown["detail"]?.stringValue?.contains("known are standard, plankton-scanner") == true)
        }
    }
}
