import Foundation
import Pipeline
import Testing

@Suite struct LabelRoutesTests {
    @Test func `objects are sorted into categories, validated, and everything can be taken back`() async throws {
        try await withServer { _, client, _ in
            let api = try await Described(client)
            let project = try await api.project()
            _ = try await api.upload(Drawn.frame(), name: "a.png", to: project)
            #expect(try await api.run(project)["state"] == "done")
            let ids = try await api.send("GET", project + "/objects?sort=area").json["objects"]?.items.compactMap { $0["id"]?.int } ?? []
            #expect(ids.count == 3)
            let empty = try await api.send("GET", project + "/categories").json
            #expect(empty["categories"] == [] && empty["unlabelled"] == 3)

            let copepod = try await api.send("POST", project + "/categories", json: #"{"name":"Copepoda","key":1,"taxon":45072}"#, expect: 201).json
            #expect(copepod["color"] == "#009E73" && copepod["taxon"] == 45072 && copepod["key"] == 1 && copepod["parent"] == .null && copepod["count"] == 0)
            let id = try #require(copepod["id"]?.int)
            let child = try await api.send("POST", project + "/categories", json: ##"{"name":"Calanus","parent":\##(id),"color":"#abcdef"}"##, expect: 201).json
            for wrong in [#"{}"#, #"{"name":""}"#, #"{"name":"x","key":0}"#, #"{"name":"x","color":"red"}"#, #"{"name":"x","taxon":0}"#] {
                try await api.send("POST", project + "/categories", json: wrong, expect: 422)
            }
            try await api.send("POST", project + "/categories", json: #"{"name":5}"#, expect: 400)
            try await api.send("POST", project + "/categories", json: #"{"name":"copepoda"}"#, expect: 409)
            try await api.send("POST", project + "/categories", json: #"{"name":"x","parent":99}"#, expect: 404)
            try await api.send("PATCH", project + "/categories/99", json: #"{"name":"x"}"#, expect: 404)
            let renamed = try await api.send("PATCH", "\(project)/categories/\(child["id"]?.int ?? 0)", json: #"{"name":"Calanus finmarchicus","key":2,"parent":null}"#).json
            #expect(renamed["name"] == "Calanus finmarchicus" && renamed["key"] == 2 && renamed["parent"] == .null && renamed["color"] == "#ABCDEF")

            let step = try await api.send("POST", project + "/labels", json: #"{"objects":[\#(ids[0]),\#(ids[1])],"category":\#(id),"status":"predicted","score":0.5}"#).json
            #expect(step["count"] == 2)
            let object = try await api.send("GET", "\(project)/objects/\(ids[0])").json
            #expect(object["label"]?["category"]?.int == id && object["label"]?["status"] == "predicted" && object["label"]?["score"] == 0.5 && object["label"]?["by"] == "local")
            #expect(try await api.send("GET", "\(project)/objects/\(ids[2])").json["label"] == .null)
            // Without a category each keeps its own; those without one are left out.
            let valid = try await api.send("POST", project + "/labels", json: #"{"objects":[\#(ids[0]),\#(ids[1]),\#(ids[2])]}"#).json
            #expect(valid["count"] == 2)
            #expect(try await api.send("POST", project + "/labels", json: #"{"objects":[\#(ids[0])],"status":"validated"}"#).json == ["batch": .null, "count": 0])
            // Lists are sorted and chosen by them.
            for (condition, count) in [("category=\(id)", 2), ("category=none", 1), ("status=validated", 2), ("status=dubious", 0), ("score>=0.5", 2)] {
                let escaped = condition.replacingOccurrences(of: ">", with: "%3E")
                #expect(try await api.send("GET", "\(project)/objects?where=\(escaped)").json["total"]?.int == count, "\(condition)")
            }
            #expect(try await api.send("GET", project + "/objects?sort=category&order=desc").json["objects"]?.items.last?["id"]?.int == ids[2])

            // A repeated request, after a lost answer, gives the first answer and does nothing; undo too.
            let keyed = #"{"objects":[\#(ids[2])],"category":\#(id),"key":"8c1"}"#
            let said = try await api.send("POST", project + "/labels", json: keyed).json
            #expect(said["count"] == 1)
            #expect(try await api.send("POST", project + "/labels", json: keyed).json == said)
            let batch = try #require(said["batch"]?.int)
            let back = try await api.send("POST", project + "/labels/undo", json: #"{"batch":\#(batch),"key":"8c2"}"#).json
            #expect(back["count"] == 1)
            #expect(try await api.send("POST", project + "/labels/undo", json: #"{"batch":\#(batch),"key":"8c2"}"#).json == back)
            #expect(try await api.send("POST", project + "/labels", json: keyed).json == said)
            #expect(try await api.send("GET", "\(project)/objects/\(ids[2])").json["label"] == .null)

            // Refused ones change nothing.
            for (body, status) in [
                (#"{"objects":[\#(ids[0])],"category":99}"#, 404), (#"{"objects":[99999],"category":\#(id)}"#, 404), (#"{"objects":[\#(ids[0])],"status":"sure"}"#, 422),
                (#"{"objects":[\#(ids[0])],"category":\#(id),"score":2}"#, 422), (#"{"category":\#(id)}"#, 400), (#"{"objects":["a"],"category":\#(id)}"#, 400), (#"[]"#, 400),
            ] { try await api.send("POST", project + "/labels", json: body, expect: status) }
            try await api.send("POST", project + "/labels/undo", json: #"{"batch":9999}"#, expect: 404)

            // An edit cuts a labelled object: its parts are dubious, and undo brings the label back.
            let split = try await api.send(
                "POST", project + "/edits",
                json: #"{"operation":"split","image":\#(object["image"]?.int ?? 0),"objects":[\#(ids[0])],"annotations":{"type":"FeatureCollection","features":[{"type":"Feature","properties":{},"geometry":{"type":"Point","coordinates":[390,150]}},{"type":"Feature","properties":{},"geometry":{"type":"Point","coordinates":[410,150]}}]}}"#,
                expect: 201).json
            #expect(split["created"]?.items.count == 2)
            #expect(split["created"]?.items.allSatisfy { $0["label"]?["status"] == "dubious" && $0["label"]?["category"]?.int == id && $0["label"]?["source"] == "rule" } == true)
            try await api.send("POST", project + "/edits/undo", json: #"{"image":\#(object["image"]?.int ?? 0)}"#)
            #expect(try await api.send("GET", "\(project)/objects/\(ids[0])").json["label"]?["status"] == "validated")

            let gone = try await api.send("DELETE", "\(project)/categories/\(id)").json
            #expect(gone["count"] == 2 && gone["removed"]?.items.compactMap(\.int) == [id])
            #expect(try await api.send("GET", "\(project)/objects/\(ids[0])").json["label"] == .null)
            try await api.send("DELETE", "\(project)/categories/\(id)", expect: 404)
            try await api.send("POST", project + "/labels/undo", json: #"{"batch":\#(gone["batch"]?.int ?? 0)}"#)
            try await api.send("POST", project + "/labels/undo", json: #"{"batch":\#(gone["batch"]?.int ?? 0)}"#, expect: 409)
            let after = try await api.send("GET", project + "/categories").json
            #expect(after["categories"]?.items.map { $0["count"]?.int } == [2, 0] && (after["revision"]?.int ?? 0) >= 4)
            let history = try await api.send("GET", "\(project)/objects/\(ids[0])/labels").json["labels"]?.items ?? []
            #expect(history.map { $0["after"]?["status"]?.stringValue } == ["validated", nil, "validated", "predicted"])
            try await api.send("GET", project + "/objects/99999/labels", expect: 404)
        }
    }
}
