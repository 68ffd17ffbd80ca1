import Foundation
import Server
import Testing

@Suite struct ImportRoutesTests {
    private static let geoJSON = Array(#"{"type":"FeatureCollection","features":[{"type":"Feature","properties":{"category":"copepod"},"geometry":{"type":"Polygon","coordinates":[[[9.5,9.5],[29.5,9.5],[29.5,19.5],[9.5,19.5],[9.5,9.5]]]}}]}"#.utf8)

    @Test func `the server says which names are masks of others or of what is there`() async throws {
        try await withServer { _, client, _ in
            let api = try await Described(client)
            let project = try await api.project()
            _ = try await api.upload(Drawn.frame(), name: "there.png", to: project)
            let answer = try await api.send(
                "POST", project + "/imports/masks",
                json: #"{"names":["a.png","a_mask.png","b_mask.png","there_labels.tif","x/b.jpg","masks/b.png","x/masks/b.png","all.json","c.geojson"]}"#)
            let masks: [String] = (answer.json["masks"]?.items ?? []).compactMap { $0.stringValue }
            #expect(masks == ["a_mask.png", "all.json", "c.geojson", "masks/b.png", "there_labels.tif", "x/masks/b.png"])
        }
    }

    @Test func `outlines that are uploaded become objects, before or after their image`() async throws {
        try await withServer { _, client, _ in
            let api = try await Described(client)
            let project = try await api.project()
            func send(_ bytes: [UInt8], _ metadata: String, expect: Int = 204) async throws -> String? {
                let begun = try await api.send(
                    "POST", project + "/uploads", [("Tus-Resumable", "1.0.0"), ("Upload-Length", "\(bytes.count)"), ("Upload-Metadata", metadata)], expect: 201)
                let location = try #require(begun[header: "location"])
                let headers = [("Tus-Resumable", "1.0.0"), ("Content-Type", "application/offset+octet-stream"), ("Upload-Offset", "0")]
                return try await api.send("PATCH", location, headers, body: bytes, expect: expect)[header: "ship-job"]
            }
            let job = try #require(try await send(Self.geoJSON, "filename \(Described.base64("a.geojson"))"))
            let waiting = try await api.finish("\(project)/jobs/\(job)")
            #expect(waiting["result"]?["counts"]?["waiting"]?.numberValue == 1)
            let second = try #require(try await send(Drawn.frame(), "filename \(Described.base64("a.png"))"))
            _ = try await api.finish("\(project)/jobs/\(second)")
            let objects = try await api.send("GET", project + "/objects").json["objects"]?.items ?? []
            #expect(objects.count == 1)
            let categories = try await api.send("GET", project + "/categories").json["categories"]?.items ?? []
            #expect(categories.compactMap { $0["name"]?.stringValue } == ["copepod"])
            // What is neither is refused with a sentence, and a role that nobody knows too.
            _ = try await send(Array(#"{"a":1}"#.utf8), "filename \(Described.base64("b.json"))", expect: 422)
            try await api.send(
                "POST", project + "/uploads", [("Tus-Resumable", "1.0.0"), ("Upload-Length", "1"), ("Upload-Metadata", "filename YQ==,role \(Described.base64("x"))")], expect: 422)
        }
    }
}
