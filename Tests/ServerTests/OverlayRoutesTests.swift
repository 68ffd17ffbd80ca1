import Codecs
import Foundation
import Pipeline
import Raster
import Testing

/// Overlays, hits, polygons, former states and views of the masks of a frame with three discs and a speck.
@Suite struct OverlayRoutesTests {
    private func processed(_ api: Described) async throws -> (project: String, image: Int, uid: String) {
        let project = try await api.project("Overlays")
        let discs = Drawn.discs + [Drawn.Disc(x: 600, y: 50, radius: 2)]
        let image = try await api.upload(Drawn.frame(discs: discs), name: "frame.png", to: project)
        #expect(try await api.run(project)["state"] == "done")
        let uid = try #require(try await api.send("GET", "\(project)/blobs/\(image)").json["uid"]?.stringValue)
        return (project, image, uid)
    }

    private func ids(_ answer: JSONValue?) -> [Int] { answer?.items.compactMap(\.int) ?? [] }

    private func square(_ x: Int, _ y: Int, _ side: Int) -> String { "[[\(x),\(y)],[\(x + side),\(y)],[\(x + side),\(y + side)],[\(x),\(y + side)],[\(x),\(y)]]" }

    private func draw(_ api: Described, _ project: String, _ image: Int, _ x: Int, _ y: Int, _ side: Int) async throws -> (edit: Int, object: Int) {
        let body = #"{"operation":"draw","image":\#(image),"objects":[],"annotations":{"type":"FeatureCollection","features":[{"type":"Feature","properties":{},"geometry":{"type":"Polygon","coordinates":[\#(square(x, y, side))]}}]}}"#
        let answer = try await api.send("POST", project + "/edits", json: body, expect: 201).json
        return (try #require(answer["edit"]?.int), try #require(answer["created"]?.items.first?["id"]?.int))
    }

    @Test func `tiles show what the query chooses, and only fixed addresses are kept for good`() async throws {
        try await withServer { _, client, _ in
            let api = try await Described(client)
            let (project, image, uid) = try await processed(api)
            let tiles = "\(project)/blobs/\(image)/overlay"
            func area(_ query: String, tile: String = "0/0/0") async throws -> Int { try MaskPNG.decode(try await api.send("GET", "\(tiles)/\(tile).png?\(query)").body).area }
            let objects = try await api.send("GET", "\(project)/objects?blob=\(image)&sort=area").json["objects"]?.items ?? []
            #expect(objects.count == 3)
            let small = try #require(objects.first?["id"]?.int)
            let (all, one, rejects, both) = (try await area(""), try await area("selection=\(small)"), try await area("kind=reject"), try await area("kind=all"))
            #expect(one > 0 && one < all && rejects > 0 && both == all + rejects)
            #expect(try await area("rule=tooSmall") == rejects)
            #expect(try await area("kind=reject&rule=tooLarge,nestedInside") == 0)
            #expect(try await area("selection=") == 0)
            #expect(try await area("style=outline") < all)
            #expect(try await area("category=none") == all)
            // Past the native level a pixel is a square.
            let native = try MaskPNG.decode(try await api.send("GET", tiles + "/1/0/0.png").body)
            let magnified = try MaskPNG.decode(try await api.send("GET", tiles + "/2/0/0.png").body)
            for y in stride(from: 0, to: 512, by: 3) { for x in stride(from: 0, to: 512, by: 3) { #expect(magnified.contains(x: x, y: y) == native.contains(x: x / 2, y: y / 2)) } }
            for wrong in ["color=12", "style=dots", "width=9", "kind=x", "selection=a", "state=x", "category=x"] {
                #expect(try await api.send("GET", "\(tiles)/0/0/0.png?\(wrong)", expect: 400).code == "query.invalid", "\(wrong)")
            }
            for outside in ["0/1/0", "1/2/0", "6/0/0", "2/3/0"] { #expect(try await api.send("GET", "\(tiles)/\(outside).png", expect: 404).code == "tile.unknown", "\(outside)") }
            try await api.send("GET", "\(project)/blobs/999/overlay/0/0/0.png", expect: 404)
            for unknown in ["12345", "-1"] { try await api.send("GET", "\(tiles)/0/0/0.png?state=\(unknown)", expect: 404) }

            let revision = try #require(try await api.send("GET", "\(project)/blobs/\(image)").json["revision"]?.int)
            let current = try await api.send("GET", "\(tiles)/0/0/0.png?revision=\(revision)&v=\(uid)")
            #expect(current[header: "cache-control"]?.contains("immutable") == true)
            try await api.send("GET", "\(tiles)/0/0/0.png", [("If-None-Match", try #require(current[header: "etag"]))], expect: 304)
            for other in ["", "revision=\(revision)", "revision=\(revision - 1)&v=\(uid)", "revision=\(revision)&v=other", "revision=\(revision)&v=\(uid)&category=none"] {
                #expect(try await api.send("GET", "\(tiles)/0/0/0.png?\(other)")[header: "cache-control"] == "no-cache", "\(other)")
            }

            // An edit is seen at once, an undo too; tiles it does not touch stay as they were.
            let far = try await api.send("GET", tiles + "/1/0/1.png").body
            let (edit, object) = try await draw(api, project, image, 600, 300, 40)
            #expect(try await area("") > all)
            #expect(try await area("selection=\(object)", tile: "1/1/0") == 41 * 41)
            #expect(try await api.send("GET", tiles + "/1/0/1.png").body == far)
            #expect(try await api.send("GET", "\(tiles)/0/0/0.png?revision=\(revision)&v=\(uid)")[header: "cache-control"] == "no-cache")
            let before = try await api.send("GET", "\(tiles)/0/0/0.png?state=0&v=\(uid)")
            // Not kept for good: a run that replaces the objects of this state makes it another one.
            #expect(before.body == current.body && before[header: "cache-control"]?.contains("immutable") != true)
            #expect(try await area("state=\(edit)") == (try await area("")))
            try await api.send("POST", project + "/edits/undo", json: #"{"image":\#(image)}"#)
            #expect(try await area("") == all)
            // What was undone can still be shown.
            #expect(try await area("state=\(edit)") > all)
        }
    }

    @Test func `points and polygons find objects`() async throws {
        try await withServer { _, client, _ in
            let api = try await Described(client)
            let (project, image, _) = try await processed(api)
            func at(_ query: String) async throws -> JSONValue? { try await api.send("GET", "\(project)/objects/at?blob=\(image)&\(query)").json["object"] }
            #expect(try await at("x=300&y=400")?["area"]?.int ?? 0 > 7000)
            #expect(try await at("x=600&y=50") == .null)
            #expect(try await at("x=600&y=50&kind=all")?["rule"] == "tooSmall")
            #expect(try await at("x=600&y=50&rule=tooSmall")?["kind"] == "reject")
            #expect(try await at("x=300&y=400&kind=reject") == .null)
            func within(_ ring: String, _ more: String = "") async throws -> [Int] {
                ids(try await api.send("POST", project + "/objects/within", json: #"{"image":\#(image),"geometry":{"type":"Polygon","coordinates":[\#(ring)]}\#(more)}"#).json["ids"])
            }
            let all = ids(.array(try await api.send("GET", "\(project)/objects?blob=\(image)").json["objects"]?.items.compactMap { $0["id"] } ?? []))
            #expect(try await within(square(0, 0, 700)) == all.sorted())
            #expect(try await within(square(0, 0, 700), #","kind":"all""#).count == 4)
            // The first disc spans 80 … 160 across and 60 … 140 down.
            #expect(try await within(square(80, 60, 80)).count == 1)
            #expect(try await within(square(81, 60, 80)).isEmpty)
            #expect(try await within(square(81, 60, 80), #","touching":true"#).count == 1)
            #expect(try await within(square(500, 500, 20), #","touching":true"#).isEmpty)
            try await api.send("POST", project + "/objects/within", json: #"{"image":\#(image),"geometry":{"type":"Point","coordinates":[1,2]}}"#, expect: 422)
            try await api.send("POST", project + "/objects/within", json: #"{"image":999,"geometry":{"type":"Polygon","coordinates":[\#(square(0, 0, 9))]}}"#, expect: 404)
        }
    }

    @Test func `objects of a step can be left out, and what was drawn by hand`() async throws {
        try await withServer { _, client, _ in
            let api = try await Described(client)
            let (project, image, _) = try await processed(api)
            let blob = "\(project)/blobs/\(image)"
            func tile(_ query: String) async throws -> [UInt8] { try await api.send("GET", "\(blob)/overlay/0/0/0.png?\(query)").body }
            let found = try await tile("")
            let (_, drawn) = try await draw(api, project, image, 600, 300, 40)
            #expect(try await api.send("GET", blob).json["steps"] == ["": 1, "objects": 3])
            #expect(try await tile("without=hand") == found)
            let alone = try await tile("selection=\(drawn)")
            #expect(try await tile("without=objects") == alone)
            #expect(try await tile("without=objects&category=none") == alone)
            let none = try await tile("without=hand,objects")
            #expect(try none.isEmpty || MaskPNG.decode(none).area == 0)
            let (all, other) = (try await tile(""), try await tile("without=other"))
            #expect(try MaskPNG.decode(other).runs == MaskPNG.decode(all).runs)
            func at(_ query: String) async throws -> JSONValue? { try await api.send("GET", "\(project)/objects/at?blob=\(image)&x=620&y=320\(query)").json["object"] }
            let hit = try await at("")
            #expect(hit?["id"]?.int == drawn && hit?["step"] == nil)
            #expect(try await at("&without=hand") == .null)
            let disc = try await api.send("GET", "\(project)/objects/at?blob=\(image)&x=300&y=400").json["object"]
            #expect(disc?["step"] == "objects")
        }
    }

    @Test func `states of the history are listed and compared`() async throws {
        try await withServer { _, client, _ in
            let api = try await Described(client)
            let (project, image, _) = try await processed(api)
            let blob = "\(project)/blobs/\(image)"
            let (first, a) = try await draw(api, project, image, 600, 300, 40)
            let big = try #require(try await api.send("GET", "\(project)/objects/at?blob=\(image)&x=300&y=400").json["object"]?["id"]?.int)
            let deleted = try await api.send("POST", project + "/edits", json: #"{"operation":"delete","image":\#(image),"objects":[\#(big)]}"#, expect: 201).json
            let second = try #require(deleted["edit"]?.int)
            func states() async throws -> [JSONValue] { try await api.send("GET", blob + "/states").json["states"]?.items ?? [] }
            #expect(try await states().map { $0["edit"]?.int } == [second, first, 0])
            #expect(try await states().map { $0["objects"]?.int } == [3, 4, 3])
            let whole = try await api.send("GET", "\(blob)/compare?from=0&to=\(second)").json
            #expect(whole["counts"] == ["from": 3, "to": 3, "unchanged": 2] && ids(whole["added"]) == [a] && ids(whole["lost"]) == [big] && whole["changed"] == [])
            #expect(try await api.send("GET", blob + "/compare").json == whole)
            let back = try await api.send("GET", "\(blob)/compare?from=\(second)&to=\(first)").json
            #expect(ids(back["added"]) == [big] && ids(back["lost"]).isEmpty)
            try await api.send("POST", project + "/edits/undo", json: #"{"image":\#(image)}"#)
            #expect(try await states().map { $0["objects"]?.int } == [3, 4, 3])
            #expect(try await states().first?["undone"] == true)
            #expect(try await api.send("GET", "\(blob)/compare?from=0&to=\(second)").json == whole)
            try await api.send("GET", "\(blob)/compare?from=77", expect: 404)
            try await api.send("GET", "\(project)/blobs/99/states", expect: 404)
        }
    }

    @Test func `two runs of an image that nobody edited are shown and compared`() async throws {
        try await withServer { _, client, _ in
            let api = try await Described(client)
            let (project, image, uid) = try await processed(api)
            let blob = "\(project)/blobs/\(image)"
            func tile(_ query: String) async throws -> [UInt8] { try await api.send("GET", "\(blob)/overlay/0/0/0.png?\(query)").body }
            let first = try await tile("")
            #expect(try await tile("state=0") == first)
            // The smallest disc is dropped.
            var graph = try await api.send("GET", project + "/graph").text
            let objects = try await api.send("GET", "\(project)/objects?blob=\(image)&sort=area").json["objects"]?.items ?? []
            let least = try #require(objects[1]["area"]?.int)
            let diameter = 2 * (Double(least) / .pi).squareRoot() - 0.01
            graph = try #require(Described.setting(graph, kind: "regions.extract", ["minSize": .number(diameter), "sizeUnit": "px"]))
            try await api.send("PUT", project + "/graph", json: graph)
            #expect(try await api.run(project)["state"] == "done")
            let states = try await api.send("GET", blob + "/states").json["states"]?.items ?? []
            #expect(states.map { $0["objects"]?.int } == [2, 3] && states.last?["operation"] == "run.former")
            let former = try #require(states.last?["edit"]?.int)
            #expect(former < 0)
            let answer = try await api.send("GET", "\(blob)/compare?from=\(former)")
            #expect(answer.json["counts"] == ["from": 3, "to": 2, "unchanged": 2] && answer.json["added"] == [] && answer.json["changed"] == [])
            #expect(ids(answer.json["lost"]) == [try #require(objects[0]["id"]?.int)])
            let back = try await api.send("GET", "\(blob)/compare?from=0&to=\(former)").json
            #expect(back["added"] == answer.json["lost"] && back["lost"] == [])
            #expect(try await tile("state=\(former)") == first)
            let present = try await tile("")
            #expect(try await tile("state=0") == present && present != first)
            // A former run stays as it is; the state before the first edit is, until there is one, what the next run makes.
            let kept = try await api.send("GET", "\(blob)/overlay/0/0/0.png?state=\(former)&v=\(uid)")
            #expect(kept[header: "cache-control"]?.contains("immutable") == true)
            let open = try await api.send("GET", "\(blob)/overlay/0/0/0.png?state=0&v=\(uid)")
            #expect(open[header: "cache-control"] == "no-cache")
            try await api.send("GET", "\(blob)/compare?from=-77", expect: 404)
            try await api.send("GET", "\(blob)/overlay/0/0/0.png?state=-77", expect: 404)
        }
    }

    /// The pipeline with other parameters of the node of a kind.
    @Test func `masks have Deep Zoom and IIIF addresses`() async throws {
        try await withServer { _, client, _ in
            let api = try await Described(client)
            let (project, image, _) = try await processed(api)
            let blob = "\(project)/blobs/\(image)"
            let xml = try await api.send("GET", blob + "/overlay.dzi?color=FF0000").text
            #expect(xml.contains("Format=\"png\"") && xml.contains("<Size Width=\"700\" Height=\"600\"/>"))
            for (tile, width, height) in [("10/0_0", 512, 512), ("10/1_1", 188, 88), ("9/0_0", 350, 300), ("8/0_0", 175, 150), ("0/0_0", 1, 1)] {
                let mask = try MaskPNG.decode(try await api.send("GET", "\(blob)/overlay_files/\(tile).png").body)
                #expect(mask.bounds == Rect(x: 0, y: 0, width: width, height: height) && mask.isEmpty == (tile == "10/1_1"), "\(tile)")
            }
            #expect(try await api.send("GET", blob + "/overlay_files/9/0_0.png").body == (try await api.send("GET", blob + "/overlay/0/0/0.png").body))
            for tile in ["11/0_0", "10/2_0", "0/0_1", "x/0_0", "9/0"] { try await api.send("GET", "\(blob)/overlay_files/\(tile).png", expect: 404) }

            let base = "\(project)/iiif/\(image)-masks"
            #expect(try await api.send("GET", base, expect: 303)[header: "location"]?.hasSuffix("\(base)/info.json") == true)
            let info = try await api.send("GET", base + "/info.json").json
            #expect(info["width"] == 700 && info["profile"] == "level2" && info["id"]?.stringValue?.hasSuffix("-masks") == true)
            for (request, width, height) in [
                ("full/max/0/default.png", 700, 600), ("0,0,512,512/512,512/0/default.png", 512, 512), ("full/350,/90/default.png", 300, 350), ("full/!100,100/!0/color.jpg", 100, 86),
                ("pct:50,50,50,50/max/0/bitonal.png", 350, 300), ("full/33,77/0/gray.jpg", 33, 77),
            ] {
                let answer = try await api.send("GET", "\(base)/\(request)")
                let header = try ImageFile.header(bytes: answer.body, name: request)
                #expect(header.width == width && header.height == height, "\(request)")
            }
            // The same pixels as the tile, turned too.
            let tile = try MaskPNG.decode(try await api.send("GET", blob + "/overlay/1/0/0.png").body)
            #expect(try MaskPNG.decode(try await api.send("GET", base + "/0,0,512,512/max/0/default.png").body) == tile)
            let turned = try MaskPNG.decode(try await api.send("GET", base + "/0,0,512,512/max/180/default.png").body)
            for run in tile.runs { #expect(turned.contains(x: 511 - Int(run.first), y: 511 - Int(run.y))) }
            #expect(try await api.send("GET", base + "/full/701,/0/default.png", expect: 400).code == "iiif.invalid")
            #expect(try await api.send("GET", base + "/full/max/45/default.png", expect: 501).code == "iiif.unsupported")
            try await api.send("GET", "\(project)/iiif/999-masks/info.json", expect: 404)
        }
    }
}
