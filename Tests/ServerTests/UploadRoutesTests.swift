import Crypto
import Foundation
import Server
import Testing

@Suite struct UploadRoutesTests {
    private let patch = [("Tus-Resumable", "1.0.0"), ("Content-Type", "application/offset+octet-stream")]

    private func begin(_ api: Described, _ project: String, length: Int, name: String = "a.png") async throws -> String {
        let answer = try await api.send(
            "POST", project + "/uploads", [("Tus-Resumable", "1.0.0"), ("Upload-Length", "\(length)"), ("Upload-Metadata", "filename \(Described.base64(name))")],
            expect: 201)
        #expect(answer[header: "tus-resumable"] == "1.0.0")
        return try #require(answer[header: "location"])
    }

    @Test func `an upload in pieces goes on after a restart of the server`() async throws {
        let bytes = Drawn.frame()
        let half = bytes.count / 2
        try await withServer { server, client, root in
            let api = try await Described(client)
            let project = try await api.project()
            let upload = try await begin(api, project, length: bytes.count)
            try await api.send("PATCH", upload, patch + [("Upload-Offset", "0")], body: Array(bytes[..<half]), expect: 204)
            await server.stop()

            var configuration = ServerConfiguration(root: root)
            configuration.port = 0
            configuration.logger.logLevel = .critical
            let second = ShipServer(configuration)
            let again = try await Described(HTTPClient(port: try await second.start(), bearer: second.bearerToken))
            let state = try await again.send("HEAD", upload, [("Tus-Resumable", "1.0.0")])
            #expect(state[header: "upload-offset"] == "\(half)" && state[header: "upload-length"] == "\(bytes.count)")
            let wrong = try await again.send("PATCH", upload, patch + [("Upload-Offset", "0")], body: [1], expect: 409)
            #expect(wrong.code == "upload.wrongOffset")
            let done = try await again.send("PATCH", upload, patch + [("Upload-Offset", "\(half)")], body: Array(bytes[half...]), expect: 204)
            let image = try #require(done[header: "ship-image"])
            let file = try await again.send("GET", "\(project)/blobs/\(image)/file")
            #expect(file.body == bytes)
            try await again.send("HEAD", upload, expect: 404)
            await second.stop()
            // Nothing unfinished stays behind.
            #expect(try FileManager.default.contentsOfDirectory(atPath: root + project.dropFirst("/api/projects".count) + "/uploads").isEmpty)
        }
    }

    @Test func `what arrived before a connection broke is kept`() async throws {
        let bytes = Drawn.frame()
        try await withServer { _, client, _ in
            let api = try await Described(client)
            let upload = try await begin(api, try await api.project(), length: bytes.count)
            let head = """
                PATCH \(upload) HTTP/1.1\r\nHost: localhost:\(client.port)\r\nAuthorization: Bearer \(client.bearer!)\r\nUpload-Offset: 0\r\n\
                Content-Type: application/offset+octet-stream\r\nContent-Length: \(bytes.count)\r\n\r\n
                """
            try client.breakOff(after: Array(head.utf8) + bytes[..<1000])
            var offset: String?
            for _ in 0..<1200 where offset != "1000" {
                try await Task.sleep(for: .milliseconds(50))
                offset = try await api.send("HEAD", upload)[header: "upload-offset"]
            }
            #expect(offset == "1000")
            try await api.send("PATCH", upload, patch + [("Upload-Offset", "1000")], body: Array(bytes[1000...]), expect: 204)
        }
    }

    @Test func `a damaged piece is dropped, a right one kept`() async throws {
        let bytes = Drawn.frame()
        try await withServer { _, client, _ in
            let api = try await Described(client)
            let upload = try await begin(api, try await api.project(), length: bytes.count)
            let right = Data(Insecure.SHA1.hash(data: bytes)).base64EncodedString()
            let damaged = [bytes[0] ^ 1] + bytes[1...]
            try await api.send("PATCH", upload, patch + [("Upload-Offset", "0"), ("Upload-Checksum", "sha1 \(right)")], body: damaged, expect: 460)
            let state = try await api.send("HEAD", upload)
            #expect(state[header: "upload-offset"] == "0")
            try await api.send("PATCH", upload, patch + [("Upload-Offset", "0"), ("Upload-Checksum", "md5 \(right)")], body: bytes, expect: 422)
            let sha256 = Data(SHA256.hash(data: bytes)).base64EncodedString()
            try await api.send("PATCH", upload, patch + [("Upload-Offset", "0"), ("Upload-Checksum", "sha256 \(sha256)")], body: bytes, expect: 204)
        }
    }

    @Test func `what is wrong with an upload is said`() async throws {
        try await withServer({ $0.limits.upload = 1 << 20 }) { _, client, _ in
            let api = try await Described(client)
            let project = try await api.project()
            let named = ("Upload-Metadata", "filename \(Described.base64("../../../etc/passwd"))")
            try await api.send("POST", project + "/uploads", [named], expect: 422)
            for (length, status) in [("-1", 422), ("x", 422), ("99999999999", 413), ("+5", 422), ("99999999999999999999", 422)] {
                try await api.send("POST", project + "/uploads", [named, ("Upload-Length", length)], expect: status)
            }
            for metadata in ["filename", "filename !!!", "other YQ==", "filename /w=="] {
                try await api.send("POST", project + "/uploads", [("Upload-Length", "5"), ("Upload-Metadata", metadata)], expect: 422)
            }
            try await api.send("POST", project + "/uploads", [named, ("Upload-Length", "5"), ("Tus-Resumable", "0.2.2")], expect: 412)
            let options = try await api.send("OPTIONS", project + "/uploads", expect: 204)
            #expect(options[header: "tus-extension"] == "creation,termination,checksum")

            let upload = try await begin(api, project, length: 5, name: "../../../etc/passwd")
            try await api.send("PATCH", upload, patch + [("Upload-Offset", "0")], body: Array("too long".utf8), expect: 413)
            try await api.send("PATCH", upload, [("Upload-Offset", "0"), ("Content-Type", "application/json")], body: [1], expect: 415)
            try await api.send("PATCH", upload, patch, body: [1], expect: 422)
            try await api.send("DELETE", upload, expect: 204)
            try await api.send("HEAD", upload, expect: 404)
            for id in ["..", "x", String(repeating: "0", count: 32), String(repeating: "A", count: 32)] where id != ".." {
                try await api.send("HEAD", "\(project)/uploads/\(id)", expect: 404)
            }
            // The name is only a name.
            let odd = try await api.upload(Drawn.frame(), name: "../../<img src=x onerror=alert(1)>.png", to: project)
            let image = try await api.send("GET", "\(project)/blobs/\(odd)")
            #expect(image.json["name"] == "../../<img src=x onerror=alert(1)>.png")
            let empty = try await api.upload([], name: "empty.png", to: project, expect: 422)
            let failed = try await api.send("GET", "\(project)/blobs/\(empty)")
            #expect(failed.json["state"] == "failed")
        }
    }
}

extension HTTPClient {
    /// Sends bytes and closes the connection at once.
    func breakOff(after bytes: [UInt8]) throws {
        let socket = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        defer { close(socket) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = in_port_t(port).bigEndian
        address.sin_addr.s_addr = inet_addr("127.0.0.1")
        let status = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { connect(socket, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) }
        }
        guard status == 0 else { throw ClientError(text: "cannot connect") }
        _ = bytes.withUnsafeBytes { Glibc.send(socket, $0.baseAddress!, bytes.count, Int32(MSG_NOSIGNAL)) }
    }
}
