import Pipeline
import Testing

struct AttackCase: Sendable, CustomTestStringConvertible {
    var name: String
    var method = "GET"
    var path = "/api/session"
    var headers: [(String, String)] = []
    var body: String?
    var status: Int
    var testDescription: String { name }

    init(_ name: String, _ status: Int, _ method: String = "GET", _ path: String = "/api/session", _ headers: [(String, String)] = [], body: String? = nil) {
        (self.name, self.status, self.method, self.path, self.headers, self.body) = (name, status, method, path, headers, body)
    }
}

private let json = ("Content-Type", "application/json")

/// What a hostile page, a rebound name or a smuggled path may try. PORT becomes the port, COOKIE a valid session.
private let cases: [AttackCase] = [
    // Host.
    .init("own name", 200),
    .init("127.0.0.1", 200, "GET", "/api/session", [("Host", "127.0.0.1:PORT")]),
    .init("::1", 200, "GET", "/api/session", [("Host", "[::1]:PORT")]),
    .init("foreign name (DNS rebinding)", 421, "GET", "/api/session", [("Host", "evil.example:PORT")]),
    .init("foreign name on the start page", 421, "GET", "/", [("Host", "evil.example")]),
    .init("own name without the port", 421, "GET", "/api/session", [("Host", "localhost")]),
    .init("own name with another port", 421, "GET", "/api/session", [("Host", "localhost:1")]),
    .init("own name as a prefix", 421, "GET", "/api/session", [("Host", "localhost.evil.example:PORT")]),
    .init("own name as a suffix", 421, "GET", "/api/session", [("Host", "evil-localhost:PORT")]),
    .init("trailing dot", 421, "GET", "/api/session", [("Host", "localhost.:PORT")]),
    .init("0.0.0.0", 421, "GET", "/api/session", [("Host", "0.0.0.0:PORT")]),
    .init("decimal address", 421, "GET", "/api/session", [("Host", "2130706433:PORT")]),
    .init("user part", 421, "GET", "/api/session", [("Host", "localhost:PORT@evil.example")]),
    .init("empty host", 421, "GET", "/api/session", [("Host", "")]),
    .init("two hosts", 400, "GET", "/api/session", [("Host", "localhost:PORT"), ("Host", "evil.example")]),
    .init("X-Forwarded-Host does not matter", 200, "GET", "/api/session", [("X-Forwarded-Host", "evil.example")]),
    // Origin and Sec-Fetch-Site on reads.
    .init("read, own origin", 200, "GET", "/api/session", [("Origin", "http://localhost:PORT")]),
    .init("read, other origin", 403, "GET", "/api/session", [("Origin", "https://evil.example")]),
    .init("read, other port of this machine", 403, "GET", "/api/session", [("Origin", "http://localhost:9")]),
    .init("read, origin null (sandboxed frame)", 403, "GET", "/api/session", [("Origin", "null")]),
    .init("read, https of our name", 403, "GET", "/api/session", [("Origin", "https://localhost:PORT")]),
    .init("read, own origin as a prefix", 403, "GET", "/api/session", [("Origin", "http://localhost:PORT.evil.example")]),
    .init("read, same-origin", 200, "GET", "/api/session", [("Sec-Fetch-Site", "same-origin")]),
    .init("read, typed address", 200, "GET", "/api/session", [("Sec-Fetch-Site", "none")]),
    .init("read, cross-site", 403, "GET", "/api/session", [("Sec-Fetch-Site", "cross-site")]),
    .init("read, same-site (another local port)", 403, "GET", "/api/session", [("Sec-Fetch-Site", "same-site")]),
    .init("read, unknown word", 403, "GET", "/api/session", [("Sec-Fetch-Site", "sideways")]),
    .init("read, cross-site no-cors image", 403, "GET", "/api/session", [("Sec-Fetch-Site", "cross-site"), ("Sec-Fetch-Mode", "no-cors"), ("Sec-Fetch-Dest", "image")]),
    .init("read, two Sec-Fetch-Site", 403, "GET", "/api/session", [("Sec-Fetch-Site", "same-origin"), ("Sec-Fetch-Site", "cross-site")]),
    .init("same-origin said, other origin shown", 403, "GET", "/api/session", [("Sec-Fetch-Site", "same-origin"), ("Origin", "https://evil.example")]),
    .init("link from elsewhere to the start page", 200, "GET", "/", [("Sec-Fetch-Site", "cross-site"), ("Sec-Fetch-Mode", "navigate"), ("Sec-Fetch-Dest", "document")]),
    .init("frame from elsewhere of the start page", 403, "GET", "/", [("Sec-Fetch-Site", "cross-site"), ("Sec-Fetch-Mode", "navigate"), ("Sec-Fetch-Dest", "iframe")]),
    .init("link from elsewhere to data", 403, "GET", "/api/session", [("Sec-Fetch-Site", "cross-site"), ("Sec-Fetch-Mode", "navigate"), ("Sec-Fetch-Dest", "document")]),
    .init("script of ours loaded elsewhere", 403, "GET", "/app.js", [("Sec-Fetch-Site", "cross-site"), ("Sec-Fetch-Mode", "no-cors"), ("Sec-Fetch-Dest", "script")]),
    .init("fetch without cors of the start page", 403, "GET", "/", [("Sec-Fetch-Site", "cross-site"), ("Sec-Fetch-Mode", "no-cors"), ("Sec-Fetch-Dest", "document")]),
    // Writes with a cookie.
    .init("write, cookie and own page", 201, "POST", "/api/session/link", [("Cookie", "COOKIE"), ("Sec-Fetch-Site", "same-origin"), ("Origin", "http://localhost:PORT")]),
    .init("write, cookie and own origin", 201, "POST", "/api/session/link", [("Cookie", "COOKIE"), ("Origin", "http://localhost:PORT")]),
    .init("write, cookie and nothing", 403, "POST", "/api/session/link", [("Cookie", "COOKIE")]),
    .init("write, cookie and cross-site", 403, "POST", "/api/session/link", [("Cookie", "COOKIE"), ("Sec-Fetch-Site", "cross-site")]),
    .init("write, cookie and same-site", 403, "POST", "/api/session/link", [("Cookie", "COOKIE"), ("Sec-Fetch-Site", "same-site")]),
    .init("write, cookie and other origin", 403, "POST", "/api/session/link", [("Cookie", "COOKIE"), ("Origin", "https://evil.example")]),
    .init("write, cookie and two origins", 403, "POST", "/api/session/link", [("Cookie", "COOKIE"), ("Origin", "http://localhost:PORT"), ("Origin", "https://evil.example")]),
    .init("write, bearer", 201, "POST", "/api/session/link"),
    .init("write, bearer from another page", 403, "POST", "/api/session/link", [("Authorization", "BEARER"), ("Origin", "https://evil.example")]),
    // Sessions.
    .init("no secret", 401, "GET", "/api/session", [("Authorization", "-")]),
    .init("wrong bearer", 401, "GET", "/api/session", [("Authorization", "Bearer 0000")]),
    .init("basic instead of bearer", 401, "GET", "/api/session", [("Authorization", "Basic dXNlcjpwYXNz")]),
    .init("wrong cookie", 401, "GET", "/api/session", [("Cookie", "ship_session_PORT=0000")]),
    .init("cookie of another port's name", 401, "GET", "/api/session", [("Cookie", "ship_session_1=COOKIEVALUE")]),
    .init("right cookie", 200, "GET", "/api/session", [("Cookie", "COOKIE")]),
    .init("wrong start token", 401, "POST", "/api/session", [json, ("Authorization", "-")], body: #"{"token":"0"}"#),
    // Content types.
    .init("form instead of JSON", 415, "POST", "/api/session", [("Content-Type", "application/x-www-form-urlencoded")], body: "token=0"),
    .init("plain text", 415, "POST", "/api/session", [("Content-Type", "text/plain")], body: #"{"token":"0"}"#),
    .init("multipart", 415, "POST", "/api/session", [("Content-Type", "multipart/form-data; boundary=a")], body: "--a--"),
    .init("JSON's name as a prefix", 415, "POST", "/api/session", [("Content-Type", "application/jsonp")], body: "{}"),
    .init("no type", 415, "POST", "/api/session", [], body: #"{"token":"0"}"#),
    .init("JSON with a charset", 401, "POST", "/api/session", [("Content-Type", "Application/JSON; charset=utf-8")], body: #"{"token":"0"}"#),
    .init("not JSON", 400, "POST", "/api/session", [json], body: "token=0"),
    .init("a list instead of an object", 400, "POST", "/api/session", [json], body: "[1]"),
    .init("wrong type of a member", 400, "POST", "/api/session", [json], body: #"{"token":5}"#),
    .init("empty body", 400, "POST", "/api/session", [json], body: ""),
    .init("deep nesting", 400, "POST", "/api/session", [json], body: String(repeating: "[", count: 100_000)),
    .init("not UTF-8 is not asked for", 400, "POST", "/api/session", [json], body: #"{"token""#),
    .init("huge body", 413, "POST", "/api/session", [json, ("Content-Length", "99999999")], body: "{}"),
    // Methods.
    .init("TRACE", 405, "TRACE", "/api/session"),
    .init("OPTIONS, a preflight", 405, "OPTIONS", "/api/session", [("Access-Control-Request-Method", "POST")]),
    .init("preflight from another page", 403, "OPTIONS", "/api/session", [("Origin", "https://evil.example"), ("Access-Control-Request-Method", "POST")]),
    .init("unknown method", 405, "PROPFIND", "/api/session"),
    .init("POST to an asset", 405, "POST", "/index.html"),
    .init("HEAD", 200, "HEAD", "/api/session"),
    // Paths.
    .init("dot-dot", 400, "GET", "/../etc/passwd"),
    .init("dot-dot inside", 400, "GET", "/api/../api/session"),
    .init("encoded dot-dot", 400, "GET", "/%2e%2e/etc/passwd"),
    .init("half-encoded dot-dot", 400, "GET", "/.%2E/etc/passwd"),
    .init("encoded slash", 400, "GET", "/api%2fsession"),
    .init("encoded dot-dot and slash", 400, "GET", "/..%2f..%2fetc%2fpasswd"),
    .init("double-encoded dot-dot stays a name", 404, "GET", "/%252e%252e/etc/passwd"),
    .init("backslash", 400, "GET", #"/..\..\etc"#),
    .init("encoded backslash", 400, "GET", "/..%5c..%5cetc"),
    .init("NUL", 400, "GET", "/index.html%00.png"),
    .init("line break", 400, "GET", "/index.html%0d%0aSet-Cookie:x"),
    .init("overlong UTF-8 dot", 400, "GET", "/%c0%ae%c0%ae/etc/passwd"),
    .init("overlong UTF-8 slash", 400, "GET", "/a%c0%afb"),
    .init("broken percent code", 400, "GET", "/%zz"),
    .init("cut percent code", 400, "GET", "/a%2"),
    .init("Latin-1 byte", 400, "GET", "/%e9"),
    .init("single dot", 400, "GET", "/./index.html"),
    .init("empty part", 400, "GET", "//evil.example/"),
    .init("trailing slash", 400, "GET", "/api/session/"),
    .init("absolute form: the Host field decides", 421, "GET", "http://localhost/", [("Host", "evil.example")]),
    .init("asterisk", 400, "GET", "*"),
    .init("query twice", 400, "GET", "/api/session?a=1&a=2"),
    .init("broken query", 400, "GET", "/api/session?a=%zz"),
    .init("very long path", 404, "GET", "/" + String(repeating: "a", count: 9000)),
    .init("nothing there", 404, "GET", "/nowhere"),
    .init("unknown API address", 404, "GET", "/api/nowhere"),
    .init("Windows device", 404, "GET", "/con"),
    .init("drive letter", 404, "GET", "/c:"),
    .init("dot file", 404, "GET", "/.git"),
]

@Suite struct GateTests {
    @Test func `every attack gets the status of the table, with a sentence and without an open door`() async throws {
        try await withServer { server, client, _ in
            let token = server.link.split(separator: "=")[1]
            let signedIn = try await HTTPClient(port: client.port).post("/api/session", json: #"{"token":"\#(token)"}"#)
            #expect(signedIn.status == 204)
            let cookie = String(try #require(signedIn[header: "set-cookie"]).prefix { $0 != ";" })
            for attack in cases {
                let headers = attack.headers.map { name, value in
                    (
                        name,
                        value.replacing("PORT", with: "\(client.port)").replacing("COOKIEVALUE", with: cookie.split(separator: "=")[1])
                            .replacing("COOKIE", with: cookie).replacing("BEARER", with: "Bearer \(server.bearerToken)")
                    )
                }
                let answer = try await client.send(attack.method, attack.path, headers, body: attack.body.map { Array($0.utf8) })
                #expect(answer.status == attack.status, "\(attack.name): \(answer.text.prefix(200))")
                #expect(answer[header: "access-control-allow-origin"] == nil)
                #expect(answer[header: "x-content-type-options"] == "nosniff", "\(attack.name)")
                #expect(answer[header: "content-security-policy"]?.contains("default-src 'none'") == true, "\(attack.name)")
                if answer.status >= 400, attack.method != "HEAD" {
                    #expect(answer[header: "content-type"] == "application/problem+json", "\(attack.name)")
                    #expect(answer.json["detail"]?.stringValue?.contains(";") == true, "\(attack.name): what is wrong; what to do")
                    #expect(answer.json["status"]?.numberValue == Double(attack.status))
                }
            }
        }
    }

    @Test func `a request that is no HTTP gets 400 and the server lives on`() async throws {
        try await withServer { _, client, _ in
            for text in ["\0\0\0\0\r\n\r\n", "GET\r\n\r\n", "GET / HTTP/9.9\r\n\r\n", "GET / HTTP/1.1\r\nHost : x\r\n\r\n", "\u{16}\u{3}\u{1}"] {
                guard let answer = try? await client.raw(Array(text.utf8)) else { continue }
                #expect(answer.status == 400 && answer.code == "request.malformed", "\(text.debugDescription): \(answer.text)")
            }
            let negative = try? await client.send("POST", "/api/session", [("Content-Type", "application/json"), ("Content-Length", "-5")])
            #expect(negative == nil || negative!.status == 400)
            let healthy = try await client.get("/healthz")
            #expect(healthy.status == 200)
        }
    }
}
