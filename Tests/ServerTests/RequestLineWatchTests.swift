import Testing

@Suite struct RequestLineWatchTests {
    private func head(_ path: String, _ headers: String = "") -> [UInt8] { Array("GET \(path) HTTP/1.1\r\nHost: localhost\r\n\(headers)\r\n".utf8) }

    @Test func `an address that is too long, and headers that are too large, are each told so`() async throws {
        try await withServer { _, client, _ in
            let long = String(repeating: "x", count: 100_000)
            let line = try await client.raw(head("/?\(long)"))
            #expect(line.status == 414 && line.code == "request.lineTooLong" && line[header: "content-type"] == "application/problem+json", "\(line.text)")
            #expect(line[header: "connection"] == "close" && line[header: "x-content-type-options"] == "nosniff" && line.json["detail"]?.stringValue?.contains("16 kB") == true)
            for headers in ["X-A: \(long)\r\n", (0..<200).map { "X-\($0): a\r\n" }.joined(), (0..<9).map { "X-\($0): \(long.prefix(8_000))\r\n" }.joined()] {
                let answer = try await client.raw(head("/healthz", headers))
                #expect(answer.status == 431 && answer.code == "request.headTooLarge", "\(answer.text)")
            }
            #expect(try await client.get("/healthz?\(long.prefix(15_000))").status == 200)
            // The router takes what the decoder takes.
            let unknown = try await client.get("/api/projects/local/none?\(long.prefix(15_000))")
            #expect(unknown.status == 404 && unknown.code == "project.unknown", "\(unknown.text)")
            #expect(try await client.get("/healthz").status == 200)
        }
    }
}
