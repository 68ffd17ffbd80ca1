import Foundation
import Pipeline
import Testing

private func body(_ operation: String, _ image: Int, _ objects: [Int] = [], _ features: String = "", _ more: String = "") -> String {
    """
    {"operation":"\(operation)","image":\(image),"objects":\(objects),"annotations":{"type":"FeatureCollection","features":[\(features)]}\(more)}
    """
}
private func point(_ x: Int, _ y: Int, _ properties: String = "") -> String {
    #"{"type":"Feature","properties":{\#(properties)},"geometry":{"type":"Point","coordinates":[\#(x),\#(y)]}}"#
}

/// A project with the drawn frame and its three discs.
private func withDiscs(_ body: (_ api: Described, _ project: String, _ image: Int, _ objects: [JSONValue]) async throws -> Void) async throws {
    try await withServer { _, client, _ in
        let api = try await Described(client)
        let project = try await api.project("Edits")
        let image = try await api.upload(Drawn.frame(), name: "a.png", to: project)
        _ = try await api.run(project)
        let objects = try #require(try await api.send("GET", "\(project)/objects?blob=\(image)").json["objects"]).items
        #expect(objects.count == 3)
        try await body(api, project, image, objects)
    }
}

@Suite struct EditRoutesTests {
    @Test func `a preview shows what the edit then makes`() async throws {
        try await withDiscs { api, project, image, objects in
            let id = try #require(objects[0]["id"]?.int)
            let (x, y) = (Drawn.discs[0].x, Drawn.discs[0].y)
            let split = body("split", image, [id], point(x - 20, y) + "," + point(x + 20, y))
            let preview = try await api.send("POST", "\(project)/edits/preview", json: split).json
            #expect(try await api.send("GET", "\(project)/edits?image=\(image)").json["edits"] == [])
            let made = try await api.send("POST", "\(project)/edits", json: split, expect: 201).json
            #expect(preview["removed"] == made["removed"] && preview["created"]?.items.count == 2)
            for (shown, object) in zip(preview["created"]?.items ?? [], made["created"]?.items ?? []) {
                #expect(shown["outline"] == object["outline"] && shown["area"] == object["area"] && shown["box"] == object["box"])
            }
            let smooth = try await api.send("POST", "\(project)/edits/preview", json: body("smooth", image, [try #require(made["created"]?.items[0]["id"]?.int)], "", #","parameters":{"radius":8}"#)).json
            #expect(smooth["revised"]?.items.first?["id"] == made["created"]?.items[0]["id"])
        }
    }

    @Test func `an edit of what has changed is answered with the newer state`() async throws {
        try await withDiscs { api, project, image, objects in
            let ids = objects.compactMap { $0["id"]?.int }
            let seen = objects.compactMap { $0["maskRevision"]?.int }
            let expected = #","expected":{"\#(ids[0])":\#(seen[0]),"\#(ids[1])":\#(seen[1]),"\#(ids[2])":\#(seen[2])}"#
            // Another tab.
            let (x, y) = (Drawn.discs[0].x, Drawn.discs[0].y)
            let changed = try await api.send("POST", "\(project)/edits", json: body("erase", image, [ids[0]], point(x, y, #""width":9"#)), expect: 201).json
            try await api.send("POST", "\(project)/edits", json: body("delete", image, [ids[1]]), expect: 201)
            for path in ["/edits", "/edits/preview"] {
                let refused = try await api.send("POST", project + path, json: body("merge", image, ids, "", expected), expect: 409)
                #expect(refused.code == "edit.conflict")
                #expect(refused.json["current"]?["objects"] == changed["revised"])
                #expect(refused.json["current"]?["removed"] == [.number(Double(ids[1]))])
            }
            let old = try await api.send("POST", "\(project)/edits", json: body("delete", image, [ids[2]], "", #","expectedRevision":1"#), expect: 409)
            #expect(old.json["current"]?["objects"]?.items.first?["id"]?.int == ids[2])
            #expect(old.json["current"]?["revision"]?.int == 3)
            let now = try await api.send("GET", "\(project)/edits?image=\(image)").json
            #expect(now["edits"]?.items.count == 2)
        }
    }

    @Test func `a repeated key gives the first answer, for undo, redo and goto too`() async throws {
        try await withDiscs { api, project, image, objects in
            let id = try #require(objects[0]["id"]?.int)
            let smaller = body("smooth", image, [id], "", #","parameters":{"radius":20},"key":"k-1""#)
            let first = try await api.send("POST", "\(project)/edits", json: smaller, expect: 201).json
            try await api.send("POST", "\(project)/edits", json: body("delete", image, [id]), expect: 201)
            #expect(try await api.send("POST", "\(project)/edits", json: smaller, expect: 201).json == first)
            try await api.send("POST", "\(project)/edits", json: body("fill", image, [id], "", #","key":"k-1""#), expect: 422)
            for (path, key) in [("undo", "u"), ("redo", "r")] {
                let answer = try await api.send("POST", "\(project)/edits/\(path)", json: #"{"image":\#(image),"key":"\#(key)"}"#).json
                #expect(try await api.send("POST", "\(project)/edits/\(path)", json: #"{"image":\#(image),"key":"\#(key)"}"#).json == answer)
            }
            let start = try await api.send("POST", "\(project)/edits/goto", json: #"{"image":\#(image),"edit":0,"key":"g"}"#).json
            #expect(start["canUndo"] == false && start["canRedo"] == true)
            #expect(try await api.send("POST", "\(project)/edits/goto", [("Idempotency-Key", "g"), ("Content-Type", "application/json")], body: Array(#"{"image":\#(image),"edit":0}"#.utf8)).json == start)
            let back = try await api.send("GET", "\(project)/objects/\(id)").json
            #expect(back["area"] == objects[0]["area"] && back["maskRevision"] == objects[0]["maskRevision"])
            #expect(try await api.send("POST", "\(project)/edits/goto", json: #"{"image":\#(image),"edit":999}"#, expect: 404).code == "edit.unknown")
        }
    }

    @Test func `entries of the history have pictures that never change`() async throws {
        try await withDiscs { api, project, image, objects in
            let id = try #require(objects[0]["id"]?.int)
            let edit = try #require(try await api.send("POST", "\(project)/edits", json: body("delete", image, [id]), expect: 201).json["edit"]?.int)
            let before = try await api.send("GET", "\(project)/edits/\(edit)/picture?side=before&size=64")
            let after = try await api.send("GET", "\(project)/edits/\(edit)/picture?size=64")
            #expect(before.body.starts(with: [0xFF, 0xD8]) && after.body.starts(with: [0xFF, 0xD8]) && before.body != after.body)
            #expect(before[header: "cache-control"]?.contains("immutable") == true)
            try await api.send("GET", "\(project)/edits/\(edit)/picture?size=64", [("If-None-Match", try #require(after[header: "etag"]))], expect: 304)
            try await api.send("GET", "\(project)/edits/77/picture", expect: 404)
            try await api.send("GET", "\(project)/edits/\(edit)/picture?side=left", expect: 400)
            try await api.send("GET", "\(project)/edits/\(edit)/picture?size=5", expect: 400)
        }
    }

    @Test func `every bad edit gets a sentence, and none changes anything`() async throws {
        try await withDiscs { api, project, image, objects in
            let id = try #require(objects[0]["id"]?.int)
            let bad: [(String, Int, String)] = [
                ("{", 400, "body.invalid"), ("[]", 400, "body.invalid"), (#"{"image":\#(image)}"#, 400, "body.invalid"),
                (body("explode", image), 400, "body.invalid"), (body("draw", image), 422, "edit.invalid"),
                (body("draw", 9999, [], point(5, 5)), 404, "image.unknown"), (body("delete", image, [4242]), 404, "object.unknown"),
                (body("delete", image), 422, "edit.invalid"), (body("delete", image, [id, id]), 422, "edit.invalid"), (body("merge", image, [id]), 422, "edit.invalid"),
                (body("draw", image, [], point(-500, 5)), 422, "edit.invalid"), (body("draw", image, [], point(-500, 5, #""role":"wand""#)), 422, "edit.invalid"),
                (body("draw", image, [], point(5, 5, #""role":"brush""#)), 400, "body.invalid"), (body("draw", image, [], point(5, 5, #""role":"outline""#)), 422, "edit.invalid"),
                (body("draw", image, [], point(5, 5, #""width":1e9"#)), 400, "body.invalid"),
                (body("draw", image, [], #"{"type":"Feature","geometry":{"type":"Point","coordinates":[1e999,0]}}"#), 400, "body.invalid"),
                (body("draw", image, [], #"{"type":"Feature","geometry":{"type":"Polygon","coordinates":[[[0,0],[1,1]]]}}"#), 400, "body.invalid"),
                (body("split", image, [id], point(5, 5)), 422, "edit.invalid"), (body("smooth", image, [id], "", #","parameters":{"radius":1000}"#), 400, "body.invalid"),
                (body("smooth", image, [id], "", #","parameters":{"radius":"big"}"#), 400, "body.invalid"),
                (body("smooth", image, [id], "", #","parameters":{"raduis":3}"#), 400, "body.invalid"), (body("fill", image, [id], "", #","objets":[]"#), 400, "body.invalid"),
                (body("fill", image, [id], "", #","expected":{"x":1}"#), 400, "body.invalid"),
                (body("delete", image, [id], "", #","key":"\#(String(repeating: "k", count: 101))""#), 422, "value.invalid"),
            ]
            for (json, status, code) in bad {
                for path in ["/edits", "/edits/preview"] {
                    // Previews neither store nor take keys.
                    if path == "/edits/preview", json.contains("kkkk") { continue }
                    let answer = try await api.send("POST", project + path, json: json, expect: status)
                    #expect(answer.code == code && (answer.json["detail"]?.stringValue?.count ?? 0) > 20, "\(json): \(answer.text)")
                }
            }
            #expect(try await api.send("GET", "\(project)/edits?image=\(image)").json["edits"] == [])
            #expect(try await api.send("GET", "\(project)/objects?blob=\(image)").json["objects"]?.items == objects)
        }
    }

    @Test func `an edit that finds everything as it wants it is no error and no entry of the history`() async throws {
        try await withDiscs { api, project, image, objects in
            let id = try #require(objects[0]["id"]?.int)
            let (x, y) = (Drawn.discs[0].x, Drawn.discs[0].y)
            let idle = [
                body("fill", image, [id]), body("separate", image, [id], "", #","parameters":{"depth":5000}"#), body("add", image, [id], point(x, y)),
                body("cut", image, [id], #"{"type":"Feature","properties":{},"geometry":{"type":"LineString","coordinates":[[1,1],[9,1]]}}"#),
            ]
            for json in idle {
                let preview = try await api.send("POST", project + "/edits/preview", json: json).json
                let answer = try await api.send("POST", project + "/edits", json: json).json
                #expect(answer["note"]?.stringValue?.contains("changes nothing") == true && answer == preview, "\(json)")
                #expect(answer["created"] == [] && answer["revised"] == [] && answer["removed"] == [])
            }
            #expect(try await api.send("GET", "\(project)/edits?image=\(image)").json["edits"] == [])
            #expect(try await api.send("GET", "\(project)/objects?blob=\(image)").json["objects"]?.items == objects)
        }
    }
}
