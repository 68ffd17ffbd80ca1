import Codecs
import Foundation
import Pipeline
import Raster
import Server
import Testing

/// Columns and contact sheets of a frame of 1200 × 1100 whose discs cross the tiles' borders.
@Suite struct GalleryRoutesTests {
    private static let discs = [
        Drawn.Disc(x: 512, y: 512, radius: 40), Drawn.Disc(x: 200, y: 500, radius: 30), Drawn.Disc(x: 900, y: 200, radius: 20), Drawn.Disc(x: 800, y: 800, radius: 150),
        Drawn.Disc(x: 1100, y: 1020, radius: 25),
    ]

    private func filled(_ api: Described) async throws -> (project: String, image: Int) {
        let project = try await api.project("Gallery")
        let image = try await api.upload(Drawn.frame(width: 1200, height: 1100, discs: Self.discs), name: "a.png", to: project)
        _ = try await api.upload(Drawn.frame(shade: 30), name: "b.png", to: project)
        #expect(try await api.run(project)["state"] == "done")
        return (project, image)
    }

    @Test func `columns are those of the list, in its order`() async throws {
        try await withServer { _, client, _ in
            let api = try await Described(client)
            let (project, image) = try await filled(api)
            let list = try await api.send("GET", project + "/objects?sort=area&order=desc").json["objects"]?.items ?? []
            let table = try await api.send("GET", project + "/objects/columns?names=area,edited,perimeter&sort=area&order=desc").json
            #expect(table["count"] == 8 && table["ids"]?.items == list.compactMap { $0["id"] } && table["images"]?.items == list.compactMap { $0["image"] })
            #expect(table["columns"]?["area"]?.items == list.compactMap { $0["area"] })
            #expect(table["columns"]?["perimeter"]?.items == list.compactMap { $0["measurements"]?["perimeter"] })
            #expect(table["columns"]?["edited"]?.items.allSatisfy { $0 == 0 } == true)
            let none = try await api.send("GET", project + "/objects/columns?where=area%3C0").json
            #expect(none == ["count": 0, "ids": [], "images": [], "columns": [:]])
            let of = try await api.send("GET", "\(project)/objects/columns?blob=\(image)&where=area%3E3000&limit=2&names=x").json
            #expect(of["count"] == 2 && of["columns"]?["x"]?.items.count == 2)
            let fits = try await api.send("GET", "\(project)/objects?blob=\(image)&where=area%3E3000").json
            #expect(fits["total"] == 2)

            let first = try #require(list.first?["id"]?.int)
            let alike = try await api.send("GET", "\(project)/objects/columns?sort=similarity:\(first)").json
            #expect(alike["count"] == 8 && alike["ids"]?.items.first?.int == first)
            let listed = try await api.send("GET", "\(project)/objects?sort=similarity:\(first)&limit=3").json
            #expect(listed["objects"]?.items.compactMap { $0["id"] } == Array(alike["ids"]?.items.prefix(3) ?? []) && listed["next"] != nil)
            let rejects = try await api.send("GET", project + "/objects/columns?kind=reject").json
            #expect(rejects["count"] == 0)

            for query in [
                "names=uid", "names=area,area", "names=nothing", "names=a%22b", "where=area", "where=area%3Eabc", "where=nothing%3D1", "sort=nothing", "sort=similarity:x", "limit=0", "limit=200001",
                "order=up", "kind=image",
            ] {
                #expect(try await api.send("GET", "\(project)/objects/columns?\(query)", expect: 400).code == "query.invalid", "\(query)")
            }
            #expect(try await api.send("GET", project + "/objects/columns?sort=similarity:999", expect: 404).code == "object.unknown")
            #expect(try await api.send("GET", project + "/objects/columns?blob=999", expect: 404).code == "image.unknown")
        }
    }

    @Test func `a contact sheet shows each object in its cell`() async throws {
        try await withServer { _, client, _ in
            let api = try await Described(client)
            let (project, image) = try await filled(api)
            let objects = try await api.send("GET", "\(project)/objects").json["objects"]?.items ?? []
            let ids = objects.compactMap { $0["id"]?.int }
            // One more that does not exist.
            let address = "\(project)/objects/atlas?ids=\((ids + [99_999]).map(String.init).joined(separator: ","))&cell=64&columns=4&background=FF0000"
            let answer = try await api.send("GET", address)
            #expect(answer[header: "content-type"] == "image/jpeg" && answer[header: "cache-control"] == "private, no-cache")
            guard case .color8(let sheet) = try ImageFile.decode(bytes: answer.body, name: "sheet") else {
                // Gray pictures make a gray sheet.
                guard case .gray8(let sheet) = try ImageFile.decode(bytes: answer.body, name: "sheet") else { return #expect(Bool(false)) }
                #expect(sheet.width == 256 && sheet.height == 192)
                for (place, object) in objects.enumerated() {
                    let shade = object["image"]?.int == image ? 60 : 30
                    let (x, y) = (place % 4 * 64 + 32, place / 4 * 64 + 32)
                    #expect(abs(Int(sheet[x, y]) - shade) < 10, "the middle of object \(place) is \(sheet[x, y])")
                    // The disc fills its cell: dark nearly to the margin in the middle, bright in the corners, in all four quarters.
                    for (dx, dy) in [(-20, 0), (20, 0), (0, -20), (0, 20)] { #expect(abs(Int(sheet[x + dx, y + dy]) - shade) < 25, "\(place) at \(dx), \(dy)") }
                    for (dx, dy) in [(-25, -25), (25, -25), (-25, 25), (25, 25)] { #expect(sheet[x + dx, y + dy] > 180, "\(place) at \(dx), \(dy)") }
                }
                #expect(abs(Int(sheet[32, 160]) - 76) < 8, "red as gray")
                let etag = try #require(answer[header: "etag"])
                try await api.send("GET", address, [("If-None-Match", etag)], expect: 304)
                let again = try await api.send("GET", address)
                #expect(again.body == answer.body)
                let other = try await api.send("GET", address + "&v=1")
                #expect(other[header: "cache-control"] == "private, max-age=86400, immutable" && other.body == answer.body)

                // A changed mask changes the tag, and the picture follows its new box.
                let disc = try #require(objects.first { $0["image"]?.int == image })
                let (id, left, width) = (try #require(disc["id"]?.int), try #require(disc["box"]?["x"]?.int), try #require(disc["box"]?["width"]?.int))
                let middle = left + width / 2
                let erase =
                    #"{"operation":"erase","image":\#(image),"objects":[\#(id)],"annotations":{"type":"FeatureCollection","features":[{"type":"Feature","properties":{},"geometry":{"type":"Polygon","coordinates":[[[0,0],[\#(middle),0],[\#(middle),2000],[0,2000],[0,0]]]}}]}}"#
                _ = try await api.send("POST", project + "/edits", json: erase, expect: 201)
                let after = try await api.send("GET", address)
                #expect(after[header: "etag"] != etag)
                // Small cells of a large object come from a coarser level.
                let small = try await api.send("GET", "\(project)/objects/atlas?ids=\(ids.map(String.init).joined(separator: ","))&cell=16&columns=100")
                #expect(try ImageFile.header(bytes: small.body, name: "small").width == 128)
                return
            }
            #expect(sheet.width == 0, "gray frames made a coloured sheet")
        }
    }

    @Test func `what is no sheet is refused`() async throws {
        try await withServer { _, client, _ in
            let api = try await Described(client)
            let project = try await api.project("Empty")
            let none = try await api.send("GET", project + "/objects/atlas?ids=1,2,3")
            #expect(try ImageFile.header(bytes: none.body, name: "sheet").width == 288)
            for query in [
                "ids=", "ids=1,x", "ids=\((1...501).map(String.init).joined(separator: ","))", "ids=1&cell=15", "ids=1&cell=321", "ids=1&columns=0", "ids=1&columns=101",
                "ids=1&background=red", "ids=1&background=1234567", "ids=\((1...500).map(String.init).joined(separator: ","))&columns=1&cell=320",
            ] {
                #expect(try await api.send("GET", "\(project)/objects/atlas?\(query)", expect: 400).code == "query.invalid", "\(query.prefix(60))")
            }
        }
    }

    @Test func `sheets and single pictures show what the pipeline's vignette nodes draw`() async throws {
        try await withServer { _, client, _ in
            let api = try await Described(client)
            let (project, _) = try await filled(api)
            let object = try #require(try await api.send("GET", "\(project)/objects?sort=area").json["objects"]?.items.first)
            let id = try #require(object["id"]?.int)
            let (sheet, picture) = ("\(project)/objects/atlas?ids=\(id)&cell=64&columns=1", "\(project)/objects/\(id)/vignette")
            func pixels(_ address: String) async throws -> (tag: String, image: AnyImage) {
                let answer = try await api.send("GET", address)
                return (try #require(answer[header: "etag"]), try ImageFile.decode(bytes: answer.body, name: "picture"))
            }
            let (before, plain) = (try await pixels(sheet), try await pixels(picture))
            var graph = try await api.send("GET", "\(project)/graph").json
            func append(_ list: String, _ values: [JSONValue]) {
                guard case .object(var members) = graph, case .array(let old)? = members[list] else { return }
                members[list] = .array(old + values)
                graph = .object(members)
            }
            append("nodes", [["name": "fade", "kind": "vignette.fade", "config": ["alpha": 1, "color": "FF0000"]], ["name": "bar", "kind": "vignette.scalebar"], ["name": "mask", "kind": "vignette.mask"]])
            append("edges", [
                ["from": "images.image", "to": "fade.image"], ["from": "objects.regions", "to": "fade.regions"], ["from": "fade.vignettes", "to": "bar.vignettes"],
                ["from": "bar.vignettes", "to": "ecotaxa.vignettes"], ["from": "fade.vignettes", "to": "mask.vignettes"], ["from": "mask.vignettes", "to": "ecotaxa.vignettes"],
            ])
            try await api.send("PUT", "\(project)/graph", json: String(decoding: try JSONEncoder().encode(graph), as: UTF8.self))
            let (after, drawn, second) = (try await pixels(sheet), try await pixels(picture), try await pixels(picture + "?rank=1"))
            #expect(before.tag != after.tag && plain.tag != drawn.tag && second.tag != drawn.tag)
            // Red around the object, whose middle is as dark as before.
            for faded in [after.image, drawn.image] {
                guard case .color8(let image) = faded else { return #expect(Bool(false)) }
                #expect(image[4, 4].red > 200 && image[4, 4].green < 60, "\(image[4, 4])")
                let middle = image[image.width / 2, min(image.height, image.width) / 2]
                #expect(abs(Int(middle.red) - 60) < 40 && abs(Int(middle.green) - 60) < 40, "\(middle)")
            }
            // No pixel size, no bar.
            #expect(drawn.image.height == plain.image.height)
            guard case .gray8(let mask) = second.image else { return #expect(Bool(false)) }
            #expect(mask[0, 0] < 20 && mask[mask.width / 2, mask.height / 2] > 235)
            #expect(try await api.send("GET", picture + "?rank=2", expect: 400).code == "query.invalid")
        }
    }
}
