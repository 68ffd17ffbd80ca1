import Codecs
import Foundation
import Pipeline
import Raster
import Server
import Testing

@Suite struct AreaRoutesTests {
    /// Three discs on a bright ground inside a dark tray of 60 pixels at the left and 40 at the top.
    private static func tray() -> [UInt8] {
        var pixels = [UInt8](repeating: 20, count: 700 * 600)
        for y in 40..<600 { for x in 60..<700 { pixels[y * 700 + x] = 220 } }
        for disc in Drawn.discs {
            for y in 0..<600 { for x in 0..<700 where (x - disc.x) * (x - disc.x) + (y - disc.y) * (y - disc.y) <= disc.radius * disc.radius { pixels[y * 700 + x] = 60 } }
        }
        return try! PNGWriter.encode(.gray8(Image(width: 700, height: 600, pixels: pixels)))
    }

    @Test func `an area is drawn on one image, on all, found and taken away`() async throws {
        try await withServer { _, client, _ in
            let api = try await Described(client)
            let project = try await api.project()
            let image = try await api.upload(Drawn.frame(), name: "a.png", to: project)
            let address = "\(project)/blobs/\(image)/area"
            #expect(try await api.send("GET", address).json == ["area": .null, "from": "whole"])
            // Nothing stands out from an even frame.
            #expect(try await api.send("POST", address + "/find", json: "{}").json == ["area": .null, "from": "whole"])

            let box = #"{"type":"Polygon","coordinates":[[[199.5,-0.5],[699.5,-0.5],[699.5,599.5],[199.5,599.5],[199.5,-0.5]]]}"#
            let expected = try JSONDecoder().decode(JSONValue.self, from: Data(box.utf8))
            let drawn = try await api.send("PUT", address, json: box)
            #expect(drawn.json["from"] == "image" && drawn.json["area"] == expected)
            #expect(try await api.send("GET", "\(project)/blobs/\(image)").json["area"] == drawn.json["area"])
            let job = try await api.run(project)
            #expect(job["result"]?["objects"] == 2, "\(job)")
            let tally = job["result"]?["nodes"]?.items.first { $0["name"] == "area" }
            #expect(tally?["pixels"] == .number(500 * 600) && tally?["framePixels"] == .number(700 * 600))
            // A preview leaves out the same, and says what.
            let preview = try await api.send("POST", project + "/preview", json: #"{"image":\#(image),"width":350,"rejects":true,"picture":""}"#).json
            #expect(preview["objects"] == 2 && preview["areaPng"]?.stringValue?.hasPrefix("data:image/png;base64,") == true)
            let picture = try #require(preview["areaPng"]?.stringValue)
            let bytes = try #require(Data(base64Encoded: String(picture.dropFirst(22))))
            #expect(try ImageFile.header(bytes: Array(bytes), name: "area").width == 350)
            // The picture comes once.
            let key = try #require(preview["pictureKey"]?.stringValue)
            #expect(preview["picture"]?.stringValue?.hasPrefix("data:image/jpeg;base64,") == true)
            let again = try await api.send("POST", project + "/preview", json: #"{"image":\#(image),"width":350,"picture":"\#(key)"}"#).json
            #expect(again["picture"] == nil && again["pictureKey"] == .string(key) && again["rejectPngs"] == nil)

            // For all: the image's own area goes before it until it is taken away.
            let graph = try await api.send("PUT", project + "/area", json: #"{"type":"Polygon","coordinates":[[[0,0],[350,0],[350,599],[0,599]]]}"#).json
            let node = graph["nodes"]?.items.first { $0["kind"] == "restrict.area" }
            #expect(node?["config"]?["method"] == "polygon")
            #expect(try await api.send("GET", address).json["from"] == "image")
            #expect(try await api.send("DELETE", address).json["from"] == "pipeline")
            #expect(try await api.run(project)["result"]?["objects"] == 2)
            #expect(try await api.send("PUT", project + "/area", json: #"{"method":"frame"}"#).json["nodes"]?.items.first { $0["kind"] == "restrict.area" }?["config"] == ["method": "frame"])
            #expect(try await api.send("GET", address).json == ["area": .null, "from": "frame"])
            try await api.send("DELETE", project + "/area")
            #expect(try await api.send("GET", address).json["from"] == "whole")
            #expect(try await api.run(project)["result"]?["objects"] == 3)
        }
    }

    @Test func `the frame of a tray is found and restricts a run`() async throws {
        try await withServer { _, client, _ in
            let api = try await Described(client)
            let project = try await api.project()
            let image = try await api.upload(Self.tray(), name: "tray.png", to: project)
            let found = try await api.send("POST", "\(project)/blobs/\(image)/area/find", json: "{}").json
            #expect(found["shape"] == "rectangle" && found["from"] == "frame")
            let corner = found["area"]?["coordinates"]?.items.first?.items.first?.items.compactMap(\.numberValue)
            #expect(corner.map { abs($0[0] - 59.5) <= 1 && abs($0[1] - 39.5) <= 1 } == true, "\(found)")
            try await api.send("PUT", project + "/area", json: #"{"method":"frame"}"#)
            #expect(try await api.run(project)["result"]?["objects"] == 3)
        }
    }

    @Test func `what is no area is refused with what to do`() async throws {
        try await withServer { _, client, _ in
            let api = try await Described(client)
            let project = try await api.project()
            let image = try await api.upload(Drawn.frame(), name: "a.png", to: project)
            for body in [
                "{}", #"{"type":"Point","coordinates":[1,1]}"#, #"{"type":"Polygon","coordinates":[[[1,1],[2,2]]]}"#,
                #"{"type":"Polygon","coordinates":[[[1e200,1],[2,2],[3,1]]]}"#, #"{"type":"Polygon","coordinates":[[["x",1],[2,2],[3,1]]]}"#,
                #"{"type":"Polygon","coordinates":[[[9000,9000],[9100,9000],[9100,9100]]]}"#,
            ] {
                let refused = try await api.send("PUT", "\(project)/blobs/\(image)/area", json: body, expect: 422)
                #expect(refused.code == "value.invalid" && refused.json["detail"]?.stringValue?.contains(";") == true, "\(refused.text)")
            }
            try await api.send("PUT", project + "/area", json: #"{"method":"magic"}"#, expect: 422)
            try await api.send("PUT", project + "/area", json: "[]", expect: 422)
            try await api.send("PUT", "\(project)/blobs/99/area", json: "{}", expect: 404)
            try await api.send("GET", "\(project)/blobs/99/area", expect: 404)
            #expect(try await api.send("GET", "\(project)/blobs/\(image)/area").json["from"] == "whole")
        }
    }
}
