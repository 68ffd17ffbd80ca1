import Foundation
import Pipeline
import Testing

@Suite struct BodyMembersTests {
    @Test func `a member that nobody declared is refused by every route, with the ones that are known`() async throws {
        try await withServer { _, client, _ in
            let api = try await Described(client)
            let project = try await api.project()
            let image = try await api.upload(Drawn.frame(), name: "a.png", to: project)
            let wrong: [(String, String, String, String)] = [
                ("POST", "/api/projects", #"{"title":"a","folder":"b"}"#, "folder"),
                ("PATCH", project, #"{"settings":{"pixelSizeUm":2,"patern":""}}"#, "settings.patern"),
                ("POST", project + "/edits", #"{"operation":"draw","image":\#(image),"feature":[]}"#, "feature"),
                ("POST", project + "/edits/preview", #"{"operation":"draw","image":\#(image),"parameters":{"minarea":2}}"#, "parameters.minarea"),
                ("POST", project + "/edits/undo", #"{"image":\#(image),"steps":2}"#, "steps"),
                ("POST", project + "/edits/goto", #"{"image":\#(image),"edit":0,"to":2}"#, "to"),
                ("POST", project + "/labels", #"{"objects":[],"categry":1}"#, "categry"), ("POST", project + "/labels/undo", #"{"batch":1,"b":2}"#, "b"),
                ("POST", project + "/categories", #"{"name":"a","colour":"red"}"#, "colour"),
                ("PUT", project + "/graph", #"{"nodes":[{"name":"a","kind":"b","parameters":{}}],"edges":[]}"#, "nodes[0].parameters"),
                ("PUT", project + "/graph", #"{"nodes":[],"edges":[{"from":"a.b","to":"c.d","via":1}]}"#, "edges[0].via"),
                ("POST", project + "/preview", #"{"image":\#(image),"box":{"x":0,"y":0,"w":5,"height":5}}"#, "box.w"),
                ("POST", project + "/preview", #"{"image":\#(image),"graph":{"nodes":[],"edges":[],"node":[]}}"#, "graph.node"),
                ("PATCH", "\(project)/blobs/\(image)", #"{"pixelsize":2}"#, "pixelsize"), ("POST", "\(project)/blobs/\(image)/area/find", #"{"margin":2}"#, "margin"),
                ("PUT", project + "/area", #"{"method":"frame","margin":2}"#, "margin"), ("PUT", project + "/area", #"{"metod":"frame"}"#, "metod"),
                ("PUT", "\(project)/blobs/\(image)/area", #"{"type":"Polygon","cordinates":[]}"#, "cordinates"),
                ("POST", project + "/imports", #"{"path":"/","recursive":true}"#, "recursive"), ("POST", project + "/jobs", #"{"type":"import","path":"/","deep":1}"#, "deep"),
                ("POST", project + "/objects/within", #"{"image":\#(image),"geometry":{},"inside":true}"#, "inside"),
            ]
            for (method, path, json, field) in wrong {
                let answer = try await api.send(method, path, json: json, expect: 400)
                #expect(answer.code == "body.invalid" && answer.json["field"]?.stringValue == field, "\(json): \(answer.text)")
                #expect(answer.json["detail"]?.stringValue?.contains(" known") == true, "\(answer.text)")
            }
            for (json, word) in [(#"{"type":"run","image":1}"#, "image"), (#"{"type":"export","frmat":"ecotaxa"}"#, "frmat"), (#"{"type":"measure","imags":[]}"#, "imags")] {
                let answer = try await api.send("POST", project + "/jobs", json: json, expect: 422)
                #expect(answer.json["detail"]?.stringValue?.contains("\"\(word)\"") == true, "\(answer.text)")
            }
            #expect(try await api.send("GET", project + "/jobs").json["jobs"] == [])
            // Foreign members of GeoJSON, and parameters of nodes, are no business of this check.
            let drawn = #"{"operation":"draw","image":\#(image),"annotations":{"type":"FeatureCollection","name":"n","features":[{"type":"Feature","id":3,"properties":{"note":"x"},"geometry":{"type":"Point","coordinates":[5,5],"bbox":[5,5,5,5]}}]}}"#
            try await api.send("POST", project + "/edits/preview", json: drawn)
            let nothing = try await api.send("POST", "/api/projects", json: "null", expect: 400)
            #expect(nothing.json["detail"]?.stringValue?.hasPrefix("the body is null") == true && nothing.json["field"] == nil, "\(nothing.text)")
            let many = "{\"title\":\"a\"" + (0..<40).map { ",\"m\($0)\":1" }.joined() + "}"
            #expect(try await api.send("POST", "/api/projects", json: many, expect: 400).text.utf8.count < 1_000)
        }
    }
}
