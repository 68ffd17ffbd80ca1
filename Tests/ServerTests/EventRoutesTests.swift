import Foundation
import Server
import Synchronization
import Testing

/// Who heard something already.
private final class Heard: Sendable {
    private let names = Mutex(Set<String>())
    var count: Int { names.withLock { $0.count } }
    func insert(_ name: String) { names.withLock { _ = $0.insert(name) } }
}

@Suite struct EventRoutesTests {
    private static let end = Array("\r\n0\r\n\r\n".utf8)
    private static func isEnded(_ bytes: [UInt8]) -> Bool { bytes.suffix(end.count).elementsEqual(end) }
    private static func beats(_ bytes: [UInt8]) -> Int { String(decoding: bytes, as: UTF8.self).components(separatedBy: ": alive").count - 1 }

    /// Listens until the stream ends or so many beats were heard.
    private static func listen(_ client: HTTPClient, _ path: String, _ field: String, beats most: Int, onBeat: @escaping @Sendable () -> Void) async throws -> [UInt8] {
        try await client.exchange(Array("GET \(path) HTTP/1.1\r\nHost: localhost:\(client.port)\r\n\(field)\r\n\r\n".utf8)) { bytes in
            let heard = beats(bytes)
            if heard > 0 { onBeat() }
            return isEnded(bytes) || heard >= most
        }
    }

    @Test func `a stream ends with the session that it was opened in, and others go on`() async throws {
        let heard = Heard()
        try await withServer({ $0.limits.heartbeatSeconds = 0.1 }) { server, client, _ in
            let path = try await Described(client).project("Events") + "/events"
            let token = try #require(server.link.split(separator: "=").last)
            let stranger = HTTPClient(port: client.port)
            let signedIn = try await stranger.post("/api/session", json: #"{"token":"\#(token)"}"#)
            let cookie = String(try #require(signedIn[header: "set-cookie"]).prefix { $0 != ";" })
            let bearer = server.bearerToken
            async let mine = Self.listen(client, path, "Cookie: \(cookie)", beats: 1000) { heard.insert("cookie") }
            async let script = Self.listen(client, path, "Authorization: Bearer \(bearer)", beats: 100) { heard.insert("bearer") }
            while heard.count < 2 { try await Task.sleep(for: .milliseconds(10)) }
            let out = try await stranger.send("DELETE", "/api/session", [("Cookie", cookie), ("Sec-Fetch-Site", "same-origin")])
            #expect(out.status == 204)
            let ended = try await mine
            #expect(Self.isEnded(ended) && Self.beats(ended) < 1000)
            let other = try await script
            #expect(!Self.isEnded(other) && Self.beats(other) >= 100)
        }
    }
}
