import Foundation
import Server
import Testing

/// Requests that repeat an answered one but for the tile's numbers are answered without being parsed, one after the other on a connection.
@Suite struct TileShortcutTests {
    @Test func `repeated requests get what the long way gives, between others and in pieces`() async throws {
        try await withServer { _, client, _ in
            let api = try await Described(client)
            let project = try await api.project("Tiles")
            let image = try await api.upload(Drawn.frame(), name: "frame.png", to: project)
            let uid = try #require(try await api.send("GET", "\(project)/blobs/\(image)").json["uid"]?.stringValue)
            let tiles = "\(project)/blobs/\(image)/tiles"
            let numbers = ["0/0/0", "1/0/0", "1/1/0", "1/0/1"]
            let endings = ["", "?v=\(uid)", "?layer=original", ".jpg?layer=corrected"]
            for ending in endings { _ = try await client.get("\(tiles)/0/0/0\(ending)") }
            var (requests, expected): ([[UInt8]], [HTTPClient.Answer]) = ([], [])
            func add(_ path: String, body: String? = nil) async throws {
                requests.append(Self.request(client, path, body: body))
                // A Range field, which tiles ignore, goes the long way.
                expected.append(body == nil ? try await client.get(path, [("Range", "bytes=0-1")]) : try await client.post(path, json: body!))
            }
            for round in 0..<2 {
                for ending in endings {
                    for number in numbers { try await add("\(tiles)/\(number)\(ending)") }
                    try await add("\(tiles)/9/0/0\(ending)")
                    try await add("\(tiles)/1/01/0\(ending)")
                    try await add("\(tiles)/1/0\(ending)")
                    if round == 0 { try await add("/healthz") }
                    try await add("\(project)/previews/nothing", body: "{\"none\":\"GET \(tiles)/0/0/0 HTTP/1.1\"}")
                    try await add("\(tiles)/0/0/0\(ending)")
                }
            }
            let answers = try await Self.conversation(client, requests)
            #expect(answers.map(\.status) == expected.map(\.status))
            #expect(Set(answers.map(\.status)) == [200, 404] || Set(answers.map(\.status)) == [200, 404, 405])
            for (answer, long) in zip(answers, expected) where long.status == 200 && long[header: "etag"] != nil {
                #expect(answer.body == long.body)
                let names = { (answer: HTTPClient.Answer) in Set(answer.headers.map { "\($0.name.lowercased()): \($0.value)" }) }
                // The long way was asked to close.
                #expect(names(answer) == names(long).filter { !$0.hasPrefix("connection") && !$0.hasPrefix("date") })
            }

            // Known requests in one piece, and one that comes in two; a new one after each.
            let tile = Self.request(client, "\(tiles)/1/1/0")
            let other = Self.request(client, "\(tiles)/1/0/0")
            let halves = [Array(tile.prefix(tile.count / 2)), Array(tile.dropFirst(tile.count / 2))]
            let pieces = [tile, other + tile + Self.request(client, "/healthz"), other, tile, halves[0] + [], halves[1], other]
            let counts = [1, 4, 5, 6, 6, 7, 8]
            let bytes = try await client.exchange(pieces) { bytes, sent in TileHandlerTests.split(bytes).count == counts[sent - 1] }
            let mixed = try TileHandlerTests.split(bytes).map { try HTTPClient.parse($0, isHead: false) }
            let (first, second) = (try await client.get("\(tiles)/1/1/0").body, try await client.get("\(tiles)/1/0/0").body)
            #expect(mixed.map(\.status) == [200, 200, 200, 200, 200, 200, 200, 200])
            #expect(mixed.map { $0.body == first ? 1 : $0.body == second ? 2 : 0 } == [1, 2, 1, 0, 2, 1, 1, 2])
        }
    }

    @Test func `what was allowed once is looked at again when it may have ended`() async throws {
        try await withServer { server, client, _ in
            let api = try await Described(client)
            let project = try await api.project("Tiles")
            let image = try await api.upload(Drawn.frame(), name: "frame.png", to: project)
            let other = try await api.project("More tiles")
            let path = "\(project)/blobs/\(image)/tiles/0/0/0"
            let second = "\(other)/blobs/\(try await api.upload(Drawn.frame(), name: "second.png", to: other))/tiles/0/0/0"
            for path in [path, second] { #expect(try await client.get(path).status == 200) }
            var stranger = client
            stranger.bearer = nil
            var wrong = client
            wrong.bearer = String(server.bearerToken.dropLast()) + (server.bearerToken.last == "a" ? "b" : "a")
            let known = Self.request(client, path)
            #expect(
                try await Self.conversation(client, [known, Self.request(stranger, path), Self.request(wrong, path), known]).map(\.status)
                    == [200, 401, 401, 200])
            // Removed over the same connection, and by another one while this one stays open.
            let delete = Self.request(client, "\(project)/blobs/\(image)", method: "DELETE")
            let answers = try await Self.conversation(client, [known, known, delete, known, Self.request(client, second)])
            #expect(answers.map(\.status).first == 200 && answers.map(\.status)[3...] == [404, 200])
            let after = Self.request(client, second)
            let end = Self.request(client, other, method: "DELETE")
            #expect(try await Self.conversation(client, [after, after, end, after]).map(\.status) == [200, 200, 204, 404])
        }
    }

    private static func request(_ client: HTTPClient, _ path: String, method: String = "GET", body: String? = nil) -> [UInt8] {
        var text = "\(body == nil ? method : "POST") \(path) HTTP/1.1\r\nHost: localhost:\(client.port)\r\n"
        if let bearer = client.bearer { text += "Authorization: Bearer \(bearer)\r\n" }
        if let body { text += "Content-Type: application/json\r\nContent-Length: \(body.utf8.count)\r\n\r\n\(body)" } else { text += "\r\n" }
        return Array(text.utf8)
    }

    /// Each request when the one before is answered, on one connection.
    private static func conversation(_ client: HTTPClient, _ requests: [[UInt8]]) async throws -> [HTTPClient.Answer] {
        let bytes = try await client.exchange(requests) { bytes, sent in TileHandlerTests.split(bytes).count == sent }
        return try TileHandlerTests.split(bytes).map { try HTTPClient.parse($0, isHead: false) }
    }
}
