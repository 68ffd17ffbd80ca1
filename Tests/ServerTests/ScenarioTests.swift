import Codecs
import Foundation
import Pipeline
import Server
import Testing

/// The way of a person through all routes; every answer is compared with the description.
@Suite struct ScenarioTests {
    @Test func `from an empty folder to an archive`() async throws {
        try await withServer { server, client, root in
            let api = try await Described(client)
            let empty = try await api.send("GET", "/api/projects")
            #expect(empty.json == ["projects": []])
            let project = try await api.project("Gulf of Lion, été")
            #expect(project == "/api/projects/local/gulf-of-lion-ete")
            let shown = try await api.send("GET", project)
            #expect(shown.json["title"] == "Gulf of Lion, été" && shown.json["settings"] == ["pattern": "", "pixelSizeUm": .null, "losslessPyramids": true])

            // Settings are kept in the import node.
            let settings = try await api.send(
                "PATCH", project, json: #"{"title":"Lion","settings":{"pattern":"{cruise}_{station:d}_{frame:d}","pixelSizeUm":4.5}}"#)
            #expect(settings.json["settings"] == ["pattern": "{cruise}_{station:d}_{frame:d}", "pixelSizeUm": 4.5, "losslessPyramids": true])
            let graph = try await api.send("GET", project + "/graph")
            #expect(graph.json["nodes"]?.items.first?["config"]?["pixelSizeUm"] == 4.5)

            let first = try await api.upload(Drawn.frame(), name: "lion_12_001.png", to: project)
            let again = try await api.upload(Drawn.frame(), name: "copy.png", to: project)
            #expect(again == first)
            let image = try await api.send("GET", "\(project)/blobs/\(first)").json
            #expect(image["width"] == 700 && image["height"] == 600 && image["levels"] == 2 && image["tileSize"] == 512)
            #expect(image["pixelSizeUm"] == 4.5)
            #expect(image["metadata"]?["sample_station"]?["value"] == "12", "\(image)")

            // Broken files are listed with their reason.
            let broken = try await api.upload(Array("no picture at all".utf8), name: "lion_12_002.jpg", to: project, expect: 422)
            let failed = try await api.send("GET", project + "/blobs?state=failed").json["images"]?.items
            #expect(failed?.count == 1 && failed?.first?["id"]?.int == broken)

            // Tiles, thumbnail, original.
            let tile = try await api.send("GET", "\(project)/blobs/\(first)/tiles/0/0/0")
            #expect(tile[header: "content-type"] == "image/jpeg")
            #expect(try ImageFile.header(bytes: tile.body, name: "tile").width == 350)
            let edge = try await api.send("GET", "\(project)/blobs/\(first)/tiles/1/1/1")
            #expect(try ImageFile.header(bytes: edge.body, name: "tile").width == 188)
            try await api.send("GET", "\(project)/blobs/\(first)/tiles/0/0/0", [("If-None-Match", try #require(tile[header: "etag"]))], expect: 304)
            for outside in ["2/0/0", "0/1/0", "1/0/2", "-1/0/0", "0/0/x", "99999999999999999999/0/0", "1/01/0"] {
                try await api.send("GET", "\(project)/blobs/\(first)/tiles/\(outside)", expect: 404)
            }
            // Numbers are given anew in every project, so only an address with the image's identity may be kept unasked.
            let uid = try #require(image["uid"]?.stringValue)
            #expect(tile[header: "cache-control"] == "no-cache")
            let kept = try await api.send("GET", "\(project)/blobs/\(first)/tiles/0/0/0?v=\(uid)")
            #expect(kept[header: "cache-control"]?.contains("immutable") == true)
            // The image as the pipeline corrects it.
            let corrected = try await api.send("GET", "\(project)/blobs/\(first)/tiles/0/0/0?layer=corrected")
            #expect(try ImageFile.header(bytes: corrected.body, name: "tile").width == 350)
            #expect(corrected[header: "etag"] != tile[header: "etag"])
            try await api.send("GET", "\(project)/blobs/\(first)/tiles/0/0/0?layer=none", expect: 400)
            try await api.send("GET", "\(project)/blobs/\(first)/thumbnail")
            let file = try await api.send("GET", "\(project)/blobs/\(first)/file")
            #expect(file.body == Drawn.frame())
            #expect(file[header: "content-disposition"]?.hasPrefix("attachment; filename=\"lion_12_001.png\"") == true)
            #expect(file[header: "content-security-policy"]?.contains("sandbox") == true)
            let part = try await api.send("GET", "\(project)/blobs/\(first)/file", [("Range", "bytes=10-19")], expect: 206)
            #expect(part.body == Array(Drawn.frame()[10...19]))
            #expect(part[header: "content-range"] == "bytes 10-19/\(file.body.count)")
            try await api.send("GET", "\(project)/blobs/\(first)/file", [("Range", "bytes=99999999-")], expect: 416)

            // Preview stores nothing.
            let preview = try await api.send("POST", project + "/preview", json: #"{"image":\#(first),"box":{"x":0,"y":0,"width":500,"height":300}}"#)
            #expect(preview.json["objects"] == 2)
            let none = try await api.send("GET", project + "/objects?limit=1")
            #expect(none.json["total"] == 0)

            // A run.
            let job = try await api.run(project)
            #expect(job["state"] == "done", "\(job)")
            let objects = try await api.send("GET", "\(project)/objects?blob=\(first)&sort=area&order=desc").json["objects"]?.items ?? []
            #expect(objects.count == 3, "\(String(decoding: job.encodedForTests, as: UTF8.self))")
            #expect(objects.first?["box"] == ["x": 250, "y": 350, "width": 101, "height": 101])
            let inBox = try await api.send("GET", "\(project)/objects?blob=\(first)&box=380,100,60,60")
            #expect(inBox.json["total"] == 1)
            let columns = try await api.send("GET", project + "/measures").json["columns"]?.items ?? []
            #expect(columns.contains { $0["name"] == "area" })
            let page = try await api.send("GET", "\(project)/objects?limit=2").json
            let rest = try await api.send("GET", "\(project)/objects?limit=2&cursor=\(try #require(page["next"]?.stringValue))").json
            #expect(page["objects"]?.items.count == 2 && rest["objects"]?.items.count == 1 && rest["next"] == nil)

            let big = try #require(objects.first?["id"]?.int)
            let hit = try await api.send("GET", "\(project)/objects/at?blob=\(first)&x=300&y=400")
            #expect(hit.json["object"]?["id"]?.int == big)
            let miss = try await api.send("GET", "\(project)/objects/at?blob=\(first)&x=5&y=5")
            #expect(miss.json == ["object": .null])
            let one = try await api.send("GET", "\(project)/objects/\(big)")
            #expect(one.json["outline"]?["type"] == "Polygon")
            let mask = try await api.send("GET", "\(project)/masks/\(big).png?color=FF0000")
            let decoded = try MaskPNG.decode(mask.body)
            #expect(decoded.area == objects.first?["area"]?.int)
            let vignette = try await api.send("GET", "\(project)/objects/\(big)/vignette")
            #expect(try ImageFile.header(bytes: vignette.body, name: "vignette").width == 121)
            let overlay = try await api.send("GET", "\(project)/blobs/\(first)/overlay/1/0/0.png?style=fill&color=00FF00")
            #expect(try MaskPNG.decode(overlay.body).area > 10_000)
            try await api.send("GET", "\(project)/blobs/\(first)/overlay/0/0/0.png?style=outline&kind=reject")

            // Edits with undo and redo; the same key edits once.
            let draw =
                #"{"operation":"draw","image":\#(first),"objects":[],"key":"k1","annotations":{"type":"FeatureCollection","features":[{"type":"Feature","properties":{},"geometry":{"type":"Polygon","coordinates":[[[500,500],[560,500],[560,560],[500,560],[500,500]]]}}]}}"#
            let drawn = try await api.send("POST", project + "/edits", json: draw, expect: 201)
            let repeated = try await api.send("POST", project + "/edits", json: draw, expect: 201)
            #expect(drawn.json == repeated.json)
            #expect(drawn.json["canUndo"] == true && drawn.json["created"]?.items.count == 1)
            let new = try #require(drawn.json["created"]?.items.first?["id"]?.int)
            let merged = try await api.send("POST", project + "/edits", json: #"{"operation":"merge","image":\#(first),"objects":[\#(big),\#(new)]}"#, expect: 201)
            #expect(merged.json["removed"]?.items.isEmpty == false)
            let history = try await api.send("GET", "\(project)/edits?image=\(first)")
            #expect(history.json["edits"]?.items.count == 2 && history.json["canRedo"] == false)
            try await api.send("POST", project + "/edits/undo", json: #"{"image":\#(first)}"#)
            try await api.send("POST", project + "/edits/undo", json: #"{"image":\#(first)}"#)
            let nothing = try await api.send("POST", project + "/edits/undo", json: #"{"image":\#(first)}"#, expect: 409)
            #expect(nothing.code == "edit.nothingToUndo")
            try await api.send("POST", project + "/edits/redo", json: #"{"image":\#(first)}"#)
            let count = try await api.send("GET", "\(project)/objects?blob=\(first)")
            #expect(count.json["total"] == 4)

            // Metadata, then the archive.
            let changed = try await api.send(
                "PATCH", "\(project)/blobs/\(first)",
                json: #"{"pixelSizeUm":5,"metadata":{"object_date":"20240506","object_time":"120000","object_lat":"43.1","object_lon":"7.9","note":"<b>&"}}"#)
            #expect(changed.json["pixelSizeUm"] == 5 && changed.json["pixelSizeSource"] == "hand" && changed.json["metadata"]?["note"]?["value"] == "<b>&")
            // A pixel size changed measures the image's objects again at once.
            let jobs = try await api.send("GET", project + "/jobs").json["jobs"]?.items ?? []
            let measure = try #require(jobs.first { $0["type"] == "measure" }?["id"]?.int)
            #expect(try await api.finish("\(project)/jobs/\(measure)")["state"] == "done")
            let measured = try await api.send("GET", "\(project)/objects/\(big)").json["measures"]
            #expect(measured?["area_um2"]?.numberValue == measured?["area"]?.numberValue.map { $0 * 25 }, "\(measured ?? .null)")
            let check = try await api.send("POST", project + "/exports/check", json: #"{"format":"ecotaxa"}"#)
            #expect(check.json["findings"]?.items.contains { $0["severity"] == "error" } == false, "\(check.json)")
            let export = try await api.run(project, #"{"type":"export","format":"ecotaxa"}"#)
            #expect(export["state"] == "done", "\(export)")
            let exports = try await api.send("GET", project + "/exports").json["exports"]?.items ?? []
            let name = try #require(exports.first?["name"]?.stringValue)
            let archive = try await api.send("GET", "\(project)/exports/\(name)")
            #expect(archive.body.starts(with: Array("PK".utf8)))

            // Everything is there after a restart.
            await server.stop()
            try await withSecondServer(root: root) { api in
                let again = try await api.send("GET", "\(project)/objects?blob=\(first)")
                #expect(again.json["total"] == 4)
                let edits = try await api.send("GET", "\(project)/edits?image=\(first)")
                #expect(edits.json["canRedo"] == true)

                // Trash and back.
                try await api.send("DELETE", project, expect: 204)
                try await api.send("GET", project, expect: 404)
                let trash = try await api.send("GET", "/api/trash").json["projects"]?.items ?? []
                let id = try #require(trash.first?["id"]?.stringValue)
                try await api.send("POST", "/api/trash/\(id)/restore")
                let back = try await api.send("GET", project)
                #expect(back.json["title"] == "Lion")
                try await api.send("DELETE", project, expect: 204)
                let gone = try await api.send("GET", "/api/trash").json["projects"]?.items.first?["id"]?.stringValue
                try await api.send("DELETE", "/api/trash/\(try #require(gone))", expect: 204)
                let nothing = try await api.send("GET", "/api/trash")
                #expect(nothing.json == ["projects": []])
            }
        }
    }

    private func withSecondServer(root: String, _ body: (Described) async throws -> Void) async throws {
        var configuration = ServerConfiguration(root: root)
        configuration.port = 0
        configuration.version = "test"
        configuration.logger.logLevel = .critical
        let server = ShipServer(configuration)
        let port = try await server.start()
        do { try await body(try await Described(HTTPClient(port: port, bearer: server.bearerToken))) } catch {
            await server.stop()
            throw error
        }
        await server.stop()
    }

    @Test func `a folder is indexed in place and events tell of it`() async throws {
        try await withServer { _, client, root in
            let frames = root + "-frames"
            defer { try? FileManager.default.removeItem(atPath: frames) }
            try FileManager.default.createDirectory(atPath: frames + "/sub", withIntermediateDirectories: true)
            for number in 1...3 {
                try Data(Drawn.frame(shade: UInt8(40 + number))).write(to: URL(fileURLWithPath: "\(frames)/\(number == 3 ? "sub/" : "")med_1_00\(number).png"))
            }
            try Data("text".utf8).write(to: URL(fileURLWithPath: frames + "/odd.png"))
            let api = try await Described(client)
            let project = try await api.project()
            let preview = try await api.send("POST", project + "/imports/preview", json: #"{"path":"\#(frames)","pattern":"{cruise}_{station:d}_{frame:d}"}"#)
            #expect(preview.json["files"] == 4 && preview.json["matched"]?.items.count == 3 && preview.json["unmatched"] == ["odd.png"])
            try await api.send("POST", project + "/imports/preview", json: #"{"names":["a"],"pattern":"{a"}"#, expect: 422)

            async let stream = client.exchange(
                Array("GET \(project)/events HTTP/1.1\r\nHost: localhost:\(client.port)\r\nAuthorization: Bearer \(client.bearer!)\r\n\r\n".utf8)
            ) { String(decoding: $0, as: UTF8.self).contains(#""state":"done""#) }
            try await Task.sleep(for: .milliseconds(200))
            let queued = try await api.send("POST", project + "/imports", json: #"{"path":"\#(frames)","pattern":"{cruise}_{station:d}_{frame:d}"}"#, expect: 202)
            let job = try await api.finish(try #require(queued[header: "location"]))
            #expect(job["state"] == "done" && job["result"]?["failures"]?.items.count == 1, "\(job)")
            let events = String(decoding: try await stream, as: UTF8.self)
            #expect(events.contains("event: job\n") && events.contains("event: images\n") && events.contains("id: "))

            // Whoever comes back gets the rest.
            let id = try #require(events.split(whereSeparator: \.isNewline).first { $0.hasPrefix("id: ") }?.dropFirst(4))
            let replay = try await client.exchange(
                Array(
                    "GET \(project)/events HTTP/1.1\r\nHost: localhost:\(client.port)\r\nAuthorization: Bearer \(client.bearer!)\r\nLast-Event-ID: \(id)\r\n\r\n"
                        .utf8)
            ) { String(decoding: $0, as: UTF8.self).contains(#""state":"done""#) }
            let text = String(decoding: replay, as: UTF8.self)
            #expect(!text.contains("id: \(id)\n") && text.contains(#""state":"done""#))

            let matched = try await api.send("POST", project + "/metadata/pattern", json: #"{"pattern":"{cruise}_{station:d}_{frame:d}"}"#)
            #expect(matched.json["matched"] == 3 && matched.json["unmatched"]?.items.count == 1)
            let jobs = try await api.send("GET", project + "/jobs")
            #expect(jobs.json["jobs"]?.items.count == 1)
            try await api.send("DELETE", "\(project)/jobs/\(try #require(job["id"]?.int))", expect: 202)
            let retried = try await api.send("POST", "\(project)/jobs/\(try #require(job["id"]?.int))/retry", expect: 202)
            let second = try await api.finish(try #require(retried[header: "location"]))
            #expect(second["result"]?["counts"]?["new"] == 0, "\(second)")
            for folder in ["/nowhere-at-all", "relative", "/etc/passwd", ""] {
                let answer = try await client.post(project + "/imports", json: #"{"path":"\#(folder)"}"#)
                #expect([400, 422].contains(answer.status), "\(folder)")
            }
        }
    }

    @Test func `nonsense gets a code and a sentence, and never a 5xx`() async throws {
        try await withServer { _, client, _ in
            let api = try await Described(client)
            let project = try await api.project()
            let image = try await api.upload(Drawn.frame(), name: "a.png", to: project)
            let unknown = "/api/projects/local/nowhere"
            for path in ["", "/graph", "/jobs", "/blobs", "/objects", "/measures", "/edits", "/exports", "/events"] {
                let answer = try await api.send("GET", unknown + path, expect: 404)
                #expect(answer.code == "project.unknown")
            }
            for name in ["LOCAL/test", "local/.trash", "local/%2E%2Etest", "local/Te%20st", "local/con"] {
                try await api.send("GET", "/api/projects/\(name)", expect: 404)
            }
            for id in ["0", "-1", "999", "x", "1e3", "01", "99999999999999999999", "%F0%9F%90%9F"] {
                try await api.send("GET", "\(project)/blobs/\(id)", expect: id == "01" ? 404 : 404)
                try await api.send("GET", "\(project)/objects/\(id)", expect: 404)
                try await api.send("GET", "\(project)/masks/\(id).png", expect: 404)
                try await api.send("GET", "\(project)/jobs/\(id)", expect: 404)
            }
            for query in ["sort=nothing", "limit=0", "limit=x", "limit=99999999999999999999", "box=1,2,3", "box=1,2,3,4", "box=a,b,c,d&blob=\(image)", "blob=-4", "kind=all2", "order=up", "ids=1,x", "cursor=nonsense"] {
                let answer = try await client.get("\(project)/objects?\(query)")
                #expect([400, 422].contains(answer.status), "\(query): \(answer.text)")
            }
            for (body, status) in [
                ("{}", 400), ("[]", 400), ("null", 400), (#"{"operation":"explode","image":1}"#, 400), (#"{"operation":"draw","image":999}"#, 404),
                (#"{"operation":"draw","image":\#(image)}"#, 422), (#"{"operation":"delete","image":\#(image),"objects":[99]}"#, 404),
                (#"{"operation":"delete","image":1e99}"#, 400), (#"{"operation":"draw","image":\#(image),"annotations":{"type":"FeatureCollection","features":[{"type":"Feature","geometry":{"type":"Polygon","coordinates":[[[1e308,0],[0,1e308],[5,5]]]}}]}}"#, 400),
            ] {
                let answer = try await client.post(project + "/edits", json: body)
                #expect(answer.status == status, "\(body): \(answer.text)")
            }
            for body in ["{}", #"{"nodes":[],"edges":[{"from":"a","to":"b"}]}"#, #"{"nodes":5}"#] {
                let answer = try await client.send("PUT", project + "/graph", [("Content-Type", "application/json")], body: Array(body.utf8))
                #expect(answer.status == 400, "\(body): \(answer.text)")
            }
            let graph = try await api.send("PUT", project + "/graph", json: #"{"nodes":[{"name":"a","kind":"no.such"}],"edges":[{"from":"a.x","to":"b.y"}]}"#, expect: 422)
            #expect(graph.code == "graph.invalid" && graph.json["errors"]?.items.isEmpty == false)
            for (body, status) in [(#"{"type":"nothing"}"#, 422), ("{}", 400), (#"{"type":5}"#, 400), (#"{"type":"import"}"#, 400), (#"{"type":"run","images":"all"}"#, 422)] {
                let answer = try await client.post(project + "/jobs", json: body)
                #expect(answer.status == status, "\(body): \(answer.text)")
            }
            for title in ["", "   ", "a\\nb", String(repeating: "x", count: 600)] {
                try await api.send("POST", "/api/projects", json: #"{"title":"\#(title)"}"#, expect: 422)
            }
            for size in ["0", "-1", "1e10", "\"5\"", "[]"] {
                let answer = try await client.send("PATCH", "\(project)/blobs/\(image)", [("Content-Type", "application/json")], body: Array(#"{"pixelSizeUm":\#(size)}"#.utf8))
                #expect(answer.status == 422, "\(size): \(answer.text)")
            }
            try await api.send("GET", "\(project)/exports/..%2f..%2fproject.sqlite", expect: 400)
            try await api.send("GET", "\(project)/exports/project.sqlite", expect: 404)
            try await api.send("DELETE", "/api/trash/nothing", expect: 404)
            let preview = try await client.post(project + "/preview", json: #"{"image":\#(image),"box":{"x":9223372036854775807,"y":0,"width":9223372036854775807,"height":1}}"#)
            #expect(preview.status == 422)
            let metrics = try await client.get("/metrics")
            #expect(!metrics.text.contains(#"status="500""#))
        }
    }

    @Test func `a second server is told who has the project, and read-only servers change nothing`() async throws {
        try await withServer { server, client, root in
            let api = try await Described(client)
            let project = try await api.project()
            // The lock belongs to a process; within this one a second opening finds SQLite's own lock or ours.
            var configuration = ServerConfiguration(root: root)
            configuration.port = 0
            configuration.logger.logLevel = .critical
            let second = ShipServer(configuration)
            let other = try await Described(HTTPClient(port: try await second.start(), bearer: second.bearerToken))
            let answer = try await other.send("GET", project, expect: 409)
            #expect(answer.code == "project.inUse" && answer.json["detail"]?.stringValue?.contains("process") == true, "\(answer.text)")
            await second.stop()
            await server.stop()

            configuration.isReadOnly = true
            let third = ShipServer(configuration)
            let reader = try await Described(HTTPClient(port: try await third.start(), bearer: third.bearerToken))
            // The list says so before anybody has opened it, and after.
            for _ in 0..<2 {
                #expect(try await reader.send("GET", "/api/projects").json["projects"]?.items.map { $0["readOnly"] } == [true])
                let shown = try await reader.send("GET", project)
                #expect(shown.json["readOnly"] == true)
            }
            let refused = try await reader.send("PATCH", project, json: #"{"title":"x"}"#, expect: 403)
            #expect(refused.code == "project.readOnly")
            try await reader.send("POST", project + "/jobs", json: #"{"type":"run"}"#, expect: 403)
            try await reader.send("DELETE", project, expect: 403)
            await third.stop()
        }
    }
}
