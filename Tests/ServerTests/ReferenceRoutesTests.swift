import Crypto
import Foundation
import Server
import Testing

@Test func `everybody may read what measures mean, and the page may load nothing`() async throws {
    try await withServer { _, client, _ in
        var stranger = client
        stranger.bearer = nil
        let page = try await stranger.get("/reference/measures")
        #expect(page.status == 200 && page[header: "content-type"] == "text/html; charset=utf-8")
        for text in ["axis_major_length", "perim.", "texture_contrast", "scikit-image"] { #expect(page.text.contains(text)) }
        let style = try #require(page.text.firstMatch(of: /(?s)<style>(.*?)<\/style>/)?.output.1)
        let digest = Data(SHA256.hash(data: Data(style.utf8))).base64EncodedString()
        #expect(page[header: "content-security-policy"]?.contains("style-src 'sha256-\(digest)'") == true)
        #expect(try await stranger.get("/reference/measures", [("If-None-Match", try #require(page[header: "etag"]))]).status == 304)
    }
}

@Test func `everybody may read what nodes are, under the same rules`() async throws {
    try await withServer { _, client, _ in
        var stranger = client
        stranger.bearer = nil
        let page = try await stranger.get("/reference/nodes")
        #expect(page.status == 200 && page[header: "content-type"] == "text/html; charset=utf-8")
        for text in ["segment.threshold", "minSize", "export.ecotaxa"] { #expect(page.text.contains(text)) }
        let measures = try await stranger.get("/reference/measures")
        #expect(page[header: "content-security-policy"] == measures[header: "content-security-policy"])
        #expect(page[header: "etag"] != measures[header: "etag"])
    }
}
