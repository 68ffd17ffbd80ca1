import Foundation
import Server
import Testing

/// Tiles are answered ahead of the router once their file is open; a Range field, which tiles ignore, sends a request the long way.
@Suite struct TileHandlerTests {
    @Test func `both ways give the same tile, in the order asked`() async throws {
        try await withServer { _, client, _ in
            let api = try await Described(client)
            let project = try await api.project("Tiles")
            let image = try await api.upload(Drawn.frame(), name: "frame.png", to: project)
            let uid = try #require(try await api.send("GET", "\(project)/blobs/\(image)").json["uid"]?.stringValue)
            let path = "\(project)/blobs/\(image)/tiles/1/1/0"
            let long = try await client.get(path, [("Range", "bytes=0-1")])
            #expect(long.status == 200 && long[header: "content-type"] == "image/jpeg")

            let corrected = "\(path)?layer=corrected"
            let correctedTile = try await client.get(corrected)
            let requests = [
                path, path + "?v=\(uid)", "/healthz", path + "?layer=original&v=none", corrected, path + "?layer=none", path + "?v=1&v=2",
                "\(project)/blobs/\(image)/tiles/9/0/0", "\(project)/blobs/\(image + 1)/tiles/0/0/0", path,
            ]
            let answers = try await pipelined(client, requests.map { ($0, []) })
            #expect(answers.map(\.status) == [200, 200, 200, 200, 200, 400, 400, 404, 404, 200])
            for index in [0, 1, 3, 9] {
                #expect(answers[index].body == long.body)
                #expect(answers[index][header: "etag"] == long[header: "etag"])
                // Whatever the router says of a tile, the handler says too.
                #expect(Set(answers[index].headers.map { $0.name.lowercased() }) == Set(long.headers.map { $0.name.lowercased() }))
            }
            #expect(answers[4].body == correctedTile.body)
            #expect(answers[0][header: "cache-control"] == "no-cache")
            #expect(answers[1][header: "cache-control"]?.contains("immutable") == true)
            #expect(answers[3][header: "cache-control"] == "no-cache")
            let known = try await pipelined(client, [(path, [("If-None-Match", try #require(long[header: "etag"]))])])
            #expect(known.map(\.status) == [304] && known[0].body.isEmpty)
        }
    }

    @Test func `strangers, foreign hosts and foreign pages get no tile`() async throws {
        try await withServer { server, client, _ in
            let api = try await Described(client)
            let project = try await api.project("Tiles")
            let image = try await api.upload(Drawn.frame(), name: "frame.png", to: project)
            let path = "\(project)/blobs/\(image)/tiles/0/0/0"
            #expect(try await client.get(path).status == 200)
            var stranger = client
            stranger.bearer = nil
            let mine = ("Authorization", "Bearer \(server.bearerToken)")
            let answers = try await pipelined(
                stranger,
                [
                    (path, []), (path, [mine]), (path, []), (path, [("Authorization", "Bearer wrong")]), (path, [mine, ("Origin", "http://elsewhere.example")]),
                    (path, [mine, ("Sec-Fetch-Site", "cross-site")]), (path, [mine]),
                ])
            #expect(answers.map(\.status) == [401, 200, 401, 401, 403, 403, 200])
            var foreign = stranger
            foreign.host = "elsewhere.example:\(client.port)"
            #expect(try await pipelined(foreign, [(path, [mine])]).map(\.status) == [421])
            // A deleted project's tiles are gone at once.
            _ = try await api.send("DELETE", project, expect: 204)
            #expect(try await client.get(path).status == 404)
        }
    }

    /// All requests in one write on one connection, and their answers in order.
    private func pipelined(_ client: HTTPClient, _ requests: [(path: String, fields: [(String, String)])]) async throws -> [HTTPClient.Answer] {
        var text = ""
        for (index, request) in requests.enumerated() {
            text += "GET \(request.path) HTTP/1.1\r\nHost: \(client.host ?? "localhost:\(client.port)")\r\n"
            if let bearer = client.bearer { text += "Authorization: Bearer \(bearer)\r\n" }
            for (name, value) in request.fields { text += "\(name): \(value)\r\n" }
            if index == requests.count - 1 { text += "Connection: keep-alive\r\n" }
            text += "\r\n"
        }
        let bytes = try await client.exchange(Array(text.utf8)) { Self.split($0).count == requests.count }
        return try Self.split(bytes).map { try HTTPClient.parse($0, isHead: false) }
    }

    /// Whole answers at the start of `bytes`.
    static func split(_ bytes: [UInt8]) -> [[UInt8]] {
        var answers: [[UInt8]] = []
        var start = 0
        while let end = bytes[start...].firstRange(of: Array("\r\n\r\n".utf8)) {
            let head = String(decoding: bytes[start..<end.lowerBound], as: UTF8.self).lowercased()
            let length = head.split(separator: "\r\n").first { $0.hasPrefix("content-length:") }.flatMap { Int($0.dropFirst(15).filter { $0 != " " }) } ?? 0
            guard end.upperBound + length <= bytes.count else { break }
            answers.append(Array(bytes[start..<(end.upperBound + length)]))
            start = end.upperBound + length
        }
        return answers
    }
}
