import Codecs
import Foundation
import Pipeline
import Raster
import Testing

/// Frames drawn for the tests: dark discs on a bright ground, so that every count and place is known.
enum Drawn {
    struct Disc { var x: Int; var y: Int; var radius: Int }

    static let discs = [Disc(x: 120, y: 100, radius: 40), Disc(x: 400, y: 150, radius: 30), Disc(x: 300, y: 400, radius: 50)]

    static func frame(width: Int = 700, height: Int = 600, discs: [Disc] = discs, shade: UInt8 = 60) -> [UInt8] {
        var pixels = [UInt8](repeating: 220, count: width * height)
        for disc in discs {
            for y in max(0, disc.y - disc.radius)..<min(height, disc.y + disc.radius + 1) {
                for x in max(0, disc.x - disc.radius)..<min(width, disc.x + disc.radius + 1)
                where (x - disc.x) * (x - disc.x) + (y - disc.y) * (y - disc.y) <= disc.radius * disc.radius { pixels[y * width + x] = shade }
            }
        }
        return try! PNGWriter.encode(.gray8(Image(width: width, height: height, pixels: pixels)))
    }
}

extension Described {
    static func base64(_ text: String) -> String { Data(text.utf8).base64EncodedString() }

    /// A graph's JSON with other parameters of the first node of a kind; nil when there is none.
    static func setting(_ graph: String, kind: String, _ config: [String: JSONValue]) -> String? {
        guard case .object(var members)? = try? JSONDecoder().decode(JSONValue.self, from: Data(graph.utf8)), case .array(var nodes)? = members["nodes"],
            let index = nodes.firstIndex(where: { $0["kind"]?.stringValue == kind }), case .object(var node) = nodes[index]
        else { return nil }
        node["config"] = .object((node["config"]?.members ?? [:]).merging(config) { $1 })
        nodes[index] = .object(node)
        members["nodes"] = .array(nodes)
        return (try? JSONEncoder().encode(JSONValue.object(members))).map { String(decoding: $0, as: UTF8.self) }
    }

    /// Creates a project and gives its address.
    func project(_ title: String = "Test") async throws -> String {
        let answer = try await send("POST", "/api/projects", json: #"{"title":"\#(title)"}"#, expect: 201)
        return try #require(answer[header: "location"])
    }

    /// Uploads a whole file in one piece; gives the image's id.
    func upload(_ bytes: [UInt8], name: String, to project: String, expect status: Int = 204) async throws -> Int {
        let begun = try await send(
            "POST", project + "/uploads",
            [("Tus-Resumable", "1.0.0"), ("Upload-Length", "\(bytes.count)"), ("Upload-Metadata", "filename \(Self.base64(name))")], expect: 201)
        let location = try #require(begun[header: "location"])
        let done = try await send(
            "PATCH", location, [("Tus-Resumable", "1.0.0"), ("Upload-Offset", "0"), ("Content-Type", "application/offset+octet-stream")], body: bytes,
            expect: status)
        return try #require(done[header: "ship-image"].flatMap { Int($0) })
    }

    /// Waits for the end of a job.
    func finish(_ location: String) async throws -> JSONValue {
        for _ in 0..<1200 {
            let job = try await send("GET", location).json
            if ["done", "failed", "cancelled"].contains(job["state"]?.stringValue) { return job }
            try await Task.sleep(for: .milliseconds(100))
        }
        throw ClientError(text: "\(location) does not end")
    }

    func run(_ project: String, _ body: String = #"{"type":"run"}"#) async throws -> JSONValue {
        let queued = try await send("POST", project + "/jobs", json: body, expect: 202)
        return try await finish(try #require(queued[header: "location"]))
    }
}
