import Assets
import Testing

@Suite struct AssetFilesTests {
    @Test func `the start page comes compressed to those who take it, plain to the others, and only once`() async throws {
        guard let page = Assets.file("index.html") else {
            Issue.record("the browser side is not embedded; run the set-up")
            return
        }
        try await withServer { _, client, _ in
            let plain = try await client.get("/")
            #expect(plain.status == 200)
            #expect(plain.body.count == page.size)
            #expect(plain[header: "content-encoding"] == nil)
            #expect(plain[header: "content-type"] == "text/html; charset=utf-8")
            #expect(plain[header: "content-security-policy"]?.contains("script-src 'self'; style-src 'self'") == true)
            #expect(plain[header: "cross-origin-opener-policy"] == "same-origin")
            #expect(plain[header: "referrer-policy"] == "no-referrer")
            let etag = try #require(plain[header: "etag"])
            for tag in [etag, "W/" + etag, "\"x\", \(etag)", "*"] {
                let again = try await client.get("/index.html", [("If-None-Match", tag)])
                #expect(again.status == 304 && again.body.isEmpty, "\(tag)")
                #expect(again[header: "etag"] == etag)
            }
            if page.gzip != nil {
                let small = try await client.get("/", [("Accept-Encoding", "br, gzip;q=0.8")])
                #expect(small[header: "content-encoding"] == "gzip")
                #expect(small.body.starts(with: [0x1F, 0x8B]))
                #expect(small[header: "vary"] == "Accept-Encoding")
                #expect(small[header: "etag"] != etag)
                #expect(try await client.get("/", [("Accept-Encoding", "gzip;q=0")])[header: "content-encoding"] == nil)
            }
            let head = try await client.send("HEAD", "/")
            #expect(head.status == 200 && head[header: "content-length"] == "\(page.size)")
        }
    }
}
