import Foundation
import HTTPTypes
import Hummingbird
import NIOCore
import Pipeline

/// One request on its way through a route: decoded, checked, and signed in where the route asks for it.
struct Call: Sendable {
    let request: Request
    let target: RequestTarget
    /// Values of the path's parameters.
    let parameters: [String: String]
    /// Collected body of a JSON route, else empty.
    let body: ByteBuffer
    /// Nil for strangers on open routes.
    let account: Sessions.Account?
    /// Secret of this server's cookie, valid or not.
    let cookie: String?

    var headers: HTTPFields { request.headers }

    /// A path parameter; the route's path declares it.
    func parameter(_ name: String) -> String {
        guard let value = parameters[name] else { preconditionFailure("the route of \(target.segments) has no parameter \(name)") }
        return value
    }

    /// A path parameter that is a row id.
    /// - Throws: `unknown` with a sentence, since no other text can name anything.
    func id(_ name: String, unknown: ProblemCode, what: String) throws(Problem) -> Int64 {
        let text = parameter(name)
        guard let id = Int64(text), id > 0, String(id) == text else {
            throw Problem(unknown, "\(what) \"\(text.prefix(40))\" does not exist; ids are whole numbers as lists give them")
        }
        return id
    }

    /// A query value that is a whole number within `range`; nil when it is not given.
    func integer(_ name: String, in range: ClosedRange<Int> = 0...Int.max) throws(Problem) -> Int? {
        guard let text = target.query[name], !text.isEmpty else { return nil }
        guard let value = Int(text), range.contains(value) else {
            let limits = range.upperBound == Int.max ? "of at least \(range.lowerBound)" : "from \(range.lowerBound) to \(range.upperBound)"
            throw Problem(.queryInvalid, "\(name) is \"\(text.prefix(40))\" but must be a whole number \(limits)", field: name)
        }
        return value
    }

    func number(_ name: String) throws(Problem) -> Double? {
        guard let text = target.query[name], !text.isEmpty else { return nil }
        guard let value = Double(text), value.isFinite else {
            throw Problem(.queryInvalid, "\(name) is \"\(text.prefix(40))\" but must be a number", field: name)
        }
        return value
    }

    func choice<Choice: RawRepresentable & CaseIterable>(_ name: String, _ type: Choice.Type) throws(Problem) -> Choice?
    where Choice.RawValue == String {
        guard let text = target.query[name], !text.isEmpty else { return nil }
        guard let value = Choice(rawValue: text) else {
            let known = Choice.allCases.map(\.rawValue).joined(separator: ", ")
            throw Problem(.queryInvalid, "\(name) is \"\(text.prefix(40))\" but must be one of \(known)", field: name)
        }
        return value
    }

    /// The JSON body as a Swift value. What the route does not declare was refused before (`BodyMembers`).
    /// - Throws: `body.invalid`, naming the member.
    func json<Value: Decodable>(_ type: Value.Type = Value.self) throws(Problem) -> Value {
        do {
            return try JSONDecoder().decode(Value.self, from: Data(body.readableBytesView))
        } catch let error as DecodingError {
            throw Problem(error)
        } catch {
            throw Problem(.bodyInvalid, "the body cannot be read (\(error)); send JSON as the API description shows")
        }
    }
}

extension Problem {
    init(_ error: DecodingError) {
        func name(_ path: [any CodingKey]) -> String {
            path.map { key in key.intValue.map { "[\($0)]" } ?? key.stringValue }.joined(separator: ".").replacingOccurrences(of: ".[", with: "[")
        }
        switch error {
        case .keyNotFound(let key, let context):
            let field = name(context.codingPath + [key])
            self.init(.bodyInvalid, "the body has no member \"\(field)\"; add it", field: field)
        case .valueNotFound(_, let context):
            let field = name(context.codingPath)
            self.init(
                .bodyInvalid, field.isEmpty ? "the body is null; send a JSON object" : "\(field) is null; give it a value",
                field: field.isEmpty ? nil : field)
        case .typeMismatch(let type, let context):
            let field = name(context.codingPath)
            self.init(
                .bodyInvalid, "\(field.isEmpty ? "the body" : field) has the wrong type; it must be \(Self.words(for: type))",
                field: field.isEmpty ? nil : field)
        case .dataCorrupted(let context):
            let field = name(context.codingPath)
            self.init(
                .bodyInvalid,
                field.isEmpty ? "the body is not valid JSON; send one JSON object in UTF-8" : "\(field): \(context.debugDescription)",
                field: field.isEmpty ? nil : field)
        @unknown default: self.init(.bodyInvalid, "the body cannot be read; send JSON as the API description shows")
        }
    }

    private static func words(for type: Any.Type) -> String {
        switch type {
        case is String.Type: "a text"
        case is Bool.Type: "true or false"
        case is any BinaryInteger.Type: "a whole number"
        case is any BinaryFloatingPoint.Type: "a number"
        case is [String: JSONValue].Type, is [String: Any].Type: "an object"
        default: "\(type)".hasPrefix("Array") ? "a list" : "an object"
        }
    }
}

extension Response {
    static func json(_ value: JSONValue, status: HTTPResponse.Status = .ok, headers: HTTPFields = HTTPFields()) -> Response {
        var headers = headers
        headers[.contentType] = "application/json"
        return Response(status: status, headers: headers, body: ResponseBody(byteBuffer: ByteBuffer(bytes: value.encoded())))
    }

    static func empty(status: HTTPResponse.Status = .noContent, headers: HTTPFields = HTTPFields()) -> Response {
        Response(status: status, headers: headers)
    }

    /// Small finished bytes with a validator; answers 304 when the client already has them.
    static func bytes(_ bytes: @autoclosure () throws -> [UInt8], type: String, etag: String, cache: String, call: Call) rethrows -> Response {
        var headers = HTTPFields()
        headers[.eTag] = etag
        headers[.cacheControl] = cache
        if EntityTag.matches(etag, call.headers) { return Response(status: .notModified, headers: headers) }
        headers[.contentType] = type
        return Response(status: .ok, headers: headers, body: ResponseBody(byteBuffer: ByteBuffer(bytes: try bytes())))
    }
}
