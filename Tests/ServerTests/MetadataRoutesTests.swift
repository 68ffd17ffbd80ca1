import Foundation
import Pipeline
import Testing

@Suite struct MetadataRoutesTests {
    private func rows(_ api: Described, _ project: String, _ level: String) async throws -> [JSONValue] {
        try await api.send("GET", "\(project)/metadata?level=\(level)").json["rows"]?.items ?? []
    }

    @Test func `samples, acquisitions, processes, images and objects are tables, and every change is audited and taken back`() async throws {
        try await withServer { _, client, _ in
            let api = try await Described(client)
            let project = try await api.project("Lion")
            try await api.send("PATCH", project, json: #"{"settings":{"pattern":"{station}_{frame}"}}"#)
            var images: [Int] = []
            for (index, name) in ["a_1", "a_2", "b_1"].enumerated() { images.append(try await api.upload(Drawn.frame(shade: UInt8(60 + index)), name: name + ".png", to: project)) }
            #expect(try await api.run(project)["state"] == "done")

            let table = try await api.send("GET", project + "/metadata").json
            #expect(table["level"] == "image" && table["total"] == 3)
            #expect(table["columns"]?.items.compactMap(\.stringValue).prefix(3) == ["sample_id", "acq_id", "pixel_size_um"])
            let first = try #require(table["rows"]?.items.first)
            #expect(first["values"]?["sample_station"] == "a" && first["sources"]?["sample_station"] == "pattern" && first["inherited"]?["sample_id"] == "a")
            #expect(try await rows(api, project, "sample").map { [$0["id"]?.stringValue, $0["images"]?.int.map(String.init)] } == [["a", "2"], ["b", "1"]])
            #expect(try await rows(api, project, "acquisition").map { $0["name"]?.stringValue } == ["a_a1", "b_a1"])
            #expect(try await rows(api, project, "process").map { $0["name"]?.stringValue } == ["a_a1_p", "b_a1_p"])
            let objects = try await rows(api, project, "object")
            #expect(objects.count == 9 && objects.allSatisfy { $0["inherited"]?["object_frame"] != nil })
            let page = try await api.send("GET", project + "/metadata?level=object&limit=5").json
            let rest = try await api.send("GET", "\(project)/metadata?level=object&limit=5&cursor=\(try #require(page["next"]?.stringValue))").json
            #expect(page["rows"]?.items.count == 5 && rest["rows"]?.items.count == 4 && rest["next"] == nil && rest["total"] == 9)
            try await api.send("GET", project + "/metadata?level=cruise", expect: 400)

            // A row of a sample stands for its images.
            let step = try await api.send("PATCH", project + "/metadata", json: #"{"level":"sample","changes":[{"id":"a","key":"sample_ship","value":" Thetys "},{"id":"b","key":"sample_ship","value":"Europe"}]}"#).json
            #expect(step["count"] == 3)
            for (image, ship) in zip(images, ["Thetys", "Thetys", "Europe"]) {
                #expect(try await api.send("GET", "\(project)/blobs/\(image)").json["metadata"]?["sample_ship"] == ["value": .string(ship), "source": "hand"])
            }
            let audit = try await api.send("GET", project + "/audit").json["entries"]?.items ?? []
            #expect(audit.prefix(2).map { $0["count"]?.int } == [2, 1] && audit[0]["after"] == "Thetys" && audit[0]["by"] == "local" && audit[0]["before"] == .null)
            #expect(audit[0]["name"]?.stringValue == "a_1.png")
            let short = try await api.send("GET", project + "/audit?limit=1").json
            let older = try await api.send("GET", "\(project)/audit?limit=1&cursor=\(try #require(short["next"]?.stringValue))").json
            #expect(short["entries"]?.items == [audit[0]] && older["entries"]?.items == [audit[1]])

            // The name of a sample moves its images; taken back they are apart again.
            let named = try await api.send("PATCH", project + "/metadata", json: #"{"level":"sample","changes":[{"id":"a","key":"sample_id","value":"s1"},{"id":"b","key":"sample_id","value":"s1"}]}"#).json
            let joined = try await rows(api, project, "sample")
            #expect(joined.count == 1 && joined[0]["images"] == 3 && joined[0]["mixed"] == ["sample_ship", "sample_station"])
            let back = try await api.send("POST", project + "/metadata/undo", json: #"{"step":\#(named["step"]?.int ?? 0)}"#).json
            #expect(back["count"] == 3)
            #expect(try await rows(api, project, "sample").count == 2)
            try await api.send("POST", project + "/metadata/undo", json: #"{"step":\#(named["step"]?.int ?? 0)}"#, expect: 409)
            try await api.send("POST", project + "/metadata/undo", json: #"{"step":\#(back["step"]?.int ?? 0)}"#)
            #expect(try await rows(api, project, "sample").count == 1)
            try await api.send("POST", project + "/metadata/undo", json: #"{"step":999999}"#, expect: 404)

            // Values that came from a file name are that again after an undo.
            let typed = try await api.send("PATCH", project + "/metadata", json: #"{"level":"image","changes":[{"id":\#(images[0]),"key":"sample_station","value":"z"},{"id":\#(images[0]),"key":"pixel_size_um","value":"2.5"}]}"#).json
            #expect(try await api.send("GET", "\(project)/blobs/\(images[0])").json["pixelSizeUm"] == 2.5)
            try await api.send("POST", project + "/metadata/undo", json: #"{"step":\#(typed["step"]?.int ?? 0)}"#)
            let restored = try await api.send("GET", "\(project)/blobs/\(images[0])").json
            #expect(restored["metadata"]?["sample_station"] == ["value": "a", "source": "pattern"] && restored["pixelSizeUm"] == nil)

            // One object has its own position, the others that of their image.
            let object = try #require(objects.first?["id"]?.stringValue)
            try await api.send("PATCH", project + "/metadata", json: #"{"level":"object","changes":[{"id":"\#(object)","key":"object_lat","value":"-54.25"}]}"#)
            #expect(try await rows(api, project, "object").first?["values"]?["object_lat"] == "-54.25")
        }
    }

    @Test func `a wrong value is named with its place and what to write, and nothing is stored`() async throws {
        try await withServer { _, client, _ in
            let api = try await Described(client)
            let project = try await api.project()
            let image = try await api.upload(Drawn.frame(), name: "a.png", to: project)
            let wrong: [(String, String, String)] = [
                ("object_lat", "91", "latitude"), ("object_lat", "45,5,1", "latitude"), ("object_lat", "95,5", "latitude"), ("object_depth_min", "1,500", "1.500 or 1500"), ("pixel_size_um", "5,200", "may mean"), ("object_lon", "190", "longitude"), ("object_date", "2026-02-30", "day"),
                ("object_date", "12/04/2026", "day"), ("object_time", "9:02", "time"), ("object_depth_min", "deep", "depth"), ("pixel_size_um", "0", "pixel size"),
                ("pixel_size_um", "inf", "pixel size"), ("sample_x", String(repeating: "x", count: 251), "251"), ("sample_x", "a\\tb", "tab"), ("object_id", "1", "filled in"),
                ("1x", "1", "name a column"),
            ]
            for (key, value, word) in wrong {
                let answer = try await api.send(
                    "PATCH", project + "/metadata",
                    json: #"{"level":"image","changes":[{"id":\#(image),"key":"sample_ok","value":"yes"},{"id":\#(image),"key":"\#(key)","value":"\#(value)"}]}"#, expect: 422).json
                #expect(answer["faults"]?.items.map { $0["index"]?.int } == [1] && answer["field"] == "changes[1]", "\(key) \(value)")
                #expect(answer["detail"]?.stringValue?.contains(word) == true, "\(answer)")
            }
            for right in ["90", "-90", "54.25", "54°30 15"] {
                try await api.send("PATCH", project + "/metadata", json: #"{"level":"image","changes":[{"id":\#(image),"key":"object_lat","value":"\#(right)"}]}"#)
            }
            #expect(try await api.send("GET", "\(project)/blobs/\(image)").json["metadata"]?.members.keys.sorted() == ["object_lat"])
            // Pasted from a spreadsheet that writes commas. No latitude has thousands, and 0,500 is no 500.
            for (key, value, stored) in [("object_lat", "-48,858", "-48.858"), ("object_lon", "7,25", "7.25"), ("object_depth_min", "0,500", "0.500"), ("object_depth_max", "1500,25", "1500.25"), ("sample_x", "1,5", "1,5")] {
                try await api.send("PATCH", project + "/metadata", json: #"{"level":"image","changes":[{"id":\#(image),"key":"\#(key)","value":"\#(value)"}]}"#)
                #expect(try await rows(api, project, "image").first?["values"]?[key]?.stringValue == stored)
            }
            try await api.send("PATCH", project + "/metadata", json: #"{"level":"image","changes":[{"id":\#(image),"key":"pixel_size_um","value":"10,6"}]}"#)
            #expect(try await api.send("GET", "\(project)/blobs/\(image)").json["pixelSizeUm"] == 10.6)
            // A level takes its own columns only, and rows that are there.
            try await api.send("PATCH", project + "/metadata", json: #"{"level":"sample","changes":[{"id":"test","key":"acq_x","value":"1"}]}"#, expect: 422)
            try await api.send("PATCH", project + "/metadata", json: #"{"level":"sample","changes":[{"id":"nobody","key":"sample_x","value":"1"}]}"#, expect: 422)
            try await api.send("PATCH", project + "/metadata", json: #"{"level":"sample"}"#, expect: 400)
            let typo = try await api.send("PATCH", project + "/metadata", json: #"{"level":"image","changes":[{"id":1,"kye":"sample_x","value":"1"}]}"#, expect: 400)
            #expect(typo.code == "body.invalid" && typo.json["field"] == "changes[0].kye" && typo.json["detail"]?.stringValue?.contains("id, key, value") == true)
            #expect(try await api.send("POST", project + "/metadata/undo", json: #"{"step":4711}"#, expect: 404).code == "metadata.stepUnknown")
            try await api.send("PATCH", project + "/metadata", json: #"{"level":"image","changes":[{"id":true,"key":"a"}]}"#, expect: 400)
        }
    }
}
