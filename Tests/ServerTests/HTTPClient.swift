import Foundation
import Pipeline

/// A client that sends exactly the bytes it is told to, over a socket of its own: browsers' libraries would repair what the
/// attack cases are about.
struct HTTPClient: Sendable {
    let port: Int
    var bearer: String?
    var host: String?

    struct Answer: Sendable {
        var status = 0
        var headers: [(name: String, value: String)] = []
        var body: [UInt8] = []

        subscript(header name: String) -> String? { headers.first { $0.name.lowercased() == name.lowercased() }?.value }
        var text: String { String(decoding: body, as: UTF8.self) }
        var json: JSONValue { (try? JSONDecoder().decode(JSONValue.self, from: Data(body))) ?? .null }
        /// Stable code of a problem.
        var code: String? { json["code"]?.stringValue }
    }

    func get(_ path: String, _ headers: [(String, String)] = []) async throws -> Answer { try await send("GET", path, headers) }

    func post(_ path: String, json: String, _ headers: [(String, String)] = []) async throws -> Answer {
        try await send("POST", path, headers + [("Content-Type", "application/json")], body: Array(json.utf8))
    }

    /// One request on a new connection.
    func send(_ method: String, _ path: String, _ headers: [(String, String)] = [], body: [UInt8]? = nil) async throws -> Answer {
        var head = "\(method) \(path) HTTP/1.1\r\n"
        if !headers.contains(where: { $0.0.lowercased() == "host" }) { head += "Host: \(host ?? "localhost:\(port)")\r\n" }
        if let bearer, !headers.contains(where: { ["authorization", "cookie"].contains($0.0.lowercased()) }) {
            head += "Authorization: Bearer \(bearer)\r\n"
        }
        for (name, value) in headers where value != "-" { head += "\(name): \(value)\r\n" }
        if let body, !headers.contains(where: { $0.0.lowercased() == "content-length" }) { head += "Content-Length: \(body.count)\r\n" }
        head += "Connection: close\r\n\r\n"
        return try await raw(Array(head.utf8) + (body ?? []), isHead: method == "HEAD")
    }

    /// Sends bytes and reads until the server closes.
    func raw(_ request: [UInt8], isHead: Bool = false) async throws -> Answer {
        let bytes = try await exchange(request) { _ in false }
        return try Self.parse(bytes, isHead: isHead)
    }

    /// Sends bytes and reads until the server closes or `isEnough` of all bytes so far.
    func exchange(_ request: [UInt8], until isEnough: @escaping @Sendable ([UInt8]) -> Bool) async throws -> [UInt8] {
        try await exchange([request]) { bytes, _ in isEnough(bytes) }
    }

    /// Sends one piece after the other on one connection, the next when `isEnough` of all bytes so far, given the number of pieces sent.
    func exchange(_ pieces: [[UInt8]], until isEnough: @escaping @Sendable ([UInt8], Int) -> Bool) async throws -> [UInt8] {
        let port = port
        return try await withCheckedThrowingContinuation { continuation in
            // A thread of its own: blocking one of Dispatch's would hold up the tasks of the server under test.
            Thread.detachNewThread { continuation.resume(with: Result { try Self.talk(port: port, pieces, isEnough) }) }
        }
    }

    private static func talk(port: Int, _ pieces: [[UInt8]], _ isEnough: ([UInt8], Int) -> Bool) throws -> [UInt8] {
        let socket = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        defer { close(socket) }
        // Only a server that hangs takes so long, whatever else the machine does.
        var timeout = timeval(tv_sec: 120, tv_usec: 0)
        setsockopt(socket, SOL_SOCKET, SO_RCVTIMEO, &timeout, socklen_t(MemoryLayout<timeval>.size))
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = in_port_t(port).bigEndian
        address.sin_addr.s_addr = inet_addr("127.0.0.1")
        let status = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { connect(socket, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) }
        }
        guard status == 0 else { throw ClientError(text: "cannot connect to \(port)") }
        var received: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 65536)
        for (number, piece) in pieces.enumerated() {
            var sent = 0
            while sent < piece.count {
                let count = piece.withUnsafeBytes { Glibc.send(socket, $0.baseAddress! + sent, piece.count - sent, Int32(MSG_NOSIGNAL)) }
                // The server may answer and close before it has read everything.
                if count <= 0 { break }
                sent += count
            }
            while !isEnough(received, number + 1) {
                let count = recv(socket, &buffer, buffer.count, 0)
                if count <= 0 { return received }
                received += buffer[..<count]
            }
        }
        return received
    }

    static func parse(_ bytes: [UInt8], isHead: Bool) throws -> Answer {
        var rest = bytes[...]
        var answer = Answer()
        repeat {
            guard let end = rest.firstRange(of: Array("\r\n\r\n".utf8)) else { throw ClientError(text: "no answer but \(bytes.count) bytes") }
            let lines = String(decoding: rest[..<end.lowerBound], as: UTF8.self).split(separator: "\r\n")
            let parts = lines.first?.split(separator: " ") ?? []
            guard parts.count >= 2, let status = Int(parts[1]) else { throw ClientError(text: "no status line") }
            answer.status = status
            answer.headers = lines.dropFirst().map { line in
                let halves = line.split(separator: ":", maxSplits: 1)
                return (String(halves[0]), halves.count == 2 ? halves[1].trimmingCharacters(in: .whitespaces) : "")
            }
            rest = rest[end.upperBound...]
        } while answer.status == 100
        if isHead { return answer }
        if answer[header: "transfer-encoding"] == "chunked" {
            while let end = rest.firstRange(of: Array("\r\n".utf8)) {
                guard let size = Int(String(decoding: rest[..<end.lowerBound], as: UTF8.self), radix: 16), size > 0 else { break }
                answer.body += rest[end.upperBound...].prefix(size)
                rest = rest[end.upperBound...].dropFirst(size + 2)
            }
        } else {
            answer.body = Array(rest)
        }
        return answer
    }
}

struct ClientError: Error { var text: String }
