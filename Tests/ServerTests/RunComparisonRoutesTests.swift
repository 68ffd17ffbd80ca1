import Pipeline
import Testing

@Suite struct RunComparisonRoutesTests {
    @Test func `what a run changed is told image by image, edited ones too`() async throws {
        try await withServer { _, client, _ in
            let api = try await Described(client)
            let project = try await api.project("Runs")
            // The third disc of an image differs in size: 50, 30 and 10 pixels.
            for radius in [50, 30, 10] {
                let discs = Array(Drawn.discs.prefix(2)) + [Drawn.Disc(x: 300, y: 400, radius: radius)]
                _ = try await api.upload(Drawn.frame(discs: discs), name: "r\(radius).png", to: project)
            }
            #expect(try await api.run(project)["state"] == "done")
            let path = project + "/runs/compare"
            #expect(try await api.send("GET", path).json == ["images": [], "total": 0])

            let ids = try await api.send("GET", project + "/blobs").json["images"]?.items.compactMap { $0["id"]?.int } ?? []
            try #require(ids.count == 3)
            // One image is edited, so its runs stand in its history; the others have none.
            let big = try #require(try await api.send("GET", "\(project)/objects/at?blob=\(ids[0])&x=120&y=100").json["object"]?["id"]?.int)
            try await api.send("POST", project + "/edits", json: #"{"operation":"delete","image":\#(ids[0]),"objects":[\#(big)]}"#, expect: 201)
            let graph = try await api.send("GET", project + "/graph").text
            try await api.send("PUT", project + "/graph", json: try #require(Described.setting(graph, kind: "regions.extract", ["minSize": 25, "sizeUnit": "px"])))
            #expect(try await api.run(project, #"{"type":"run","edited":"replace"}"#)["state"] == "done")

            let answer = try await api.send("GET", path).json
            let images = answer["images"]?.items ?? []
            // On the second image the run found what was there before.
            #expect(answer["total"] == 2 && answer["next"] == nil && images.map { $0["name"]?.stringValue } == ["r50.png", "r10.png"], "\(answer)")
            func counts(_ index: Int) -> [Int?] { ["before", "now", "unchanged", "added", "lost", "changed"].map { images[index][$0]?.int } }
            try #require(images.count == 2)
            #expect(counts(0) == [2, 3, 2, 1, 0, 0] && counts(1) == [3, 2, 2, 0, 1, 0], "\(answer)")
            // The two states are those of the image's own comparison.
            let one = try await api.send("GET", "\(project)/blobs/\(ids[2])/compare?from=\(images[1]["from"]?.int ?? 1)&to=\(images[1]["to"]?.int ?? 1)").json
            #expect(one["lost"]?.items.count == 1 && one["added"] == [])

            // Page by page.
            let first = try await api.send("GET", path + "?limit=1").json
            #expect(first["images"]?.items == [images[0]] && first["total"] == 2)
            let rest = try await api.send("GET", path + "?limit=1&after=\(try #require(first["next"]?.int))").json
            #expect(rest["images"]?.items == [images[1]])
            try await api.send("GET", path + "?limit=0", expect: 400)
        }
    }
}
