import Pipeline
import Server
import Synchronization
import Testing

@Suite struct SessionRoutesTests {
    @Test func `a start link signs in once, and then the next link is told`() async throws {
        let links = Mutex<[String]>([])
        try await withServer({ $0.onLink = { link in links.withLock { $0.append(link) } } }) { server, client, _ in
            let stranger = HTTPClient(port: client.port)
            let token = try #require(server.link.split(separator: "=").last)
            #expect(token.count == 64)  // 256 bits.
            #expect(server.link.hasPrefix("http://localhost:\(client.port)/#token="))
            #expect(try await stranger.get("/api/session").code == "session.missing")
            let first = try await stranger.post("/api/session", json: #"{"token":"\#(token)"}"#)
            #expect(first.status == 204)
            let cookie = try #require(first[header: "set-cookie"])
            #expect(cookie.hasPrefix("ship_session_\(client.port)="))
            #expect(cookie.contains("HttpOnly") && cookie.contains("SameSite=Strict") && cookie.contains("Path=/"))
            #expect(try await stranger.post("/api/session", json: #"{"token":"\#(token)"}"#).code == "session.tokenInvalid")
            let pair = String(cookie.prefix { $0 != ";" })
            let session = try await stranger.get("/api/session", [("Cookie", "other=1; " + pair)])
            #expect(session.json == ["user": "local", "version": "test", "readOnly": false])

            #expect(links.withLock { $0.count } == 2)
            let second = try #require(links.withLock { $0.last }?.split(separator: "=").last)
            #expect(second != token)
            #expect(try await stranger.post("/api/session", json: #"{"token":"\#(second)"}"#).status == 204)

            let out = try await stranger.send("DELETE", "/api/session", [("Cookie", pair), ("Sec-Fetch-Site", "same-origin")])
            #expect(out.status == 204)
            #expect(out[header: "set-cookie"]?.contains("Max-Age=0") == true)
            #expect(try await stranger.get("/api/session", [("Cookie", pair)]).status == 401)
        }
    }

    @Test func `secrets are new at each start, unless the bearer token is given`() async throws {
        let first = try await withServer { server, _, _ in [server.bearerToken, server.link] }
        let second = try await withServer { server, _, _ in [server.bearerToken, server.link] }
        #expect(first[0] != second[0] && first[1] != second[1])
        try await withServer({ $0.bearerToken = "a-token-of-our-own" }) { _, client, _ in
            let answer = try await client.get("/api/session", [("Authorization", "bearer a-token-of-our-own")])
            #expect(answer.status == 200)
        }
    }
}
