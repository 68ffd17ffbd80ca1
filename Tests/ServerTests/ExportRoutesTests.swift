import Foundation
import Server
import Testing

@Suite struct ExportRoutesTests {
    @Test func `every format is offered, checked and made, with or without a step of its own`() async throws {
        try await withServer { _, client, _ in
            let api = try await Described(client)
            let project = try await api.project()
            _ = try await api.upload(Drawn.frame(), name: "a.png", to: project)
            _ = try await api.run(project)
            let formats = try await api.send("GET", project + "/exports").json["formats"]?.items ?? []
            #expect(formats.compactMap { $0["format"]?.stringValue } == ["ecotaxa", "table", "images", "coco", "geojson", "labels"])
            #expect(formats.map { $0["nodes"]?.items.count ?? -1 } == [1, 0, 0, 0, 0, 0])
            for format in formats.compactMap({ $0["format"]?.stringValue }) where format != "ecotaxa" {
                let check = try await api.send("POST", project + "/exports/check", json: #"{"format":"\#(format)"}"#)
                #expect(check.json["findings"]?.items.isEmpty == true && check.json["objects"]?.numberValue == 3)
                _ = try await api.run(project, #"{"type":"export","format":"\#(format)"}"#)
            }
            let exports = try await api.send("GET", project + "/exports").json["exports"]?.items ?? []
            // Each with its provenance beside it.
            #expect(exports.count == 10 && exports.count { $0["name"]?.stringValue?.contains("provenance") == true } == 5, "\(exports)")
            for name in exports.compactMap({ $0["name"]?.stringValue }) { #expect(try await api.send("GET", "\(project)/exports/\(name)").body.count > 100) }

            let added = try await api.send("POST", project + "/exports/nodes", json: #"{"format":"coco"}"#, expect: 201)
            #expect(added.json["node"]?.stringValue == "coco")
            let edges = (added.json["graph"]?["edges"]?.items ?? []).compactMap { $0["from"]?.stringValue }
            #expect(edges.contains("objects.regions") && edges.contains("shape.measurements"))
            let again = try await api.send("GET", project + "/exports").json["formats"]?.items ?? []
            #expect(again.first { $0["format"]?.stringValue == "coco" }?["nodes"]?.items.count == 1)
            try await api.send("POST", project + "/exports/check", json: #"{"format":"coco","node":"coco"}"#)
            try await api.send("POST", project + "/exports/nodes", json: #"{"format":"xyz"}"#, expect: 422)
            try await api.send("POST", project + "/exports/check", json: #"{"format":"xyz"}"#, expect: 422)
        }
    }
}
