import Foundation
import HTTPTypes
import Hummingbird
import Pipeline
import Store

/// An error as the client sees it: `application/problem+json` (RFC 9457) with a stable code and a sentence that says what to do.
struct Problem: Error {
    var code: ProblemCode
    /// What is wrong, with what, and what to do next.
    var detail: String
    /// Body member or query name that caused it.
    var field: String?
    /// When more than one thing is wrong: a sentence each.
    var errors: [String] = []
    /// What else the client needs, by names that the code defines.
    var members: [String: JSONValue] = [:]
    var headers = HTTPFields()

    init(_ code: ProblemCode, _ detail: String, field: String? = nil, errors: [String] = []) {
        (self.code, self.detail, self.field, self.errors) = (code, detail, field, errors)
    }

    var json: JSONValue {
        var members: [String: JSONValue] = [
            "type": .string("urn:ship:problem:\(code.rawValue)"), "title": .string(code.title), "code": .string(code.rawValue),
            "status": .number(Double(code.status.code)), "detail": .string(detail),
        ]
        if let field { members["field"] = .string(field) }
        if !errors.isEmpty { members["errors"] = .array(errors.map { .string($0) }) }
        return .object(self.members.merging(members) { $1 })
    }

    var response: Response {
        var headers = headers
        headers[.contentType] = "application/problem+json"
        return Response(status: code.status, headers: headers, body: ResponseBody(byteBuffer: ByteBuffer(bytes: json.encoded())))
    }
}

extension Problem {
    /// Which status and code an error of the lower targets has.
    /// - Parameter unknown: code for "not found", which only the route knows.
    init(_ error: StoreError, unknown: ProblemCode = .notFound) {
        let detail = error.description
        switch error {
        case .notFound: self.init(unknown, detail)
        case .readOnly: self.init(.projectReadOnly, detail)
        case .inUse: self.init(.projectInUse, detail)
        case .newerVersion: self.init(.projectNewerVersion, detail)
        case .notAProject: self.init(.projectUnknown, detail)
        case .exists: self.init(.conflict, detail)
        case .diskFull: self.init(.diskFull, detail)
        case .corrupt: self.init(.projectCorrupt, detail)
        case .io: self.init(.diskError, detail)
        case .program: self.init(.internalError, detail)
        case .outside: self.init(.pathInvalid, detail)
        case .missingFile, .changedFile: self.init(.fileMissing, detail)
        case .invalid: self.init(.valueInvalid, detail)
        case .conflict: self.init(.conflict, detail)
        case .closed: self.init(.projectClosed, detail)
        }
    }
}

extension JSONValue {
    var arrayValue: [JSONValue]? { if case .array(let values) = self { values } else { nil } }
    var objectValue: [String: JSONValue]? { if case .object(let members) = self { members } else { nil } }
    /// A whole number, nil for anything else.
    var integerValue: Int? { numberValue.flatMap { Int(exactly: $0) } }

    static func integer(_ value: some BinaryInteger) -> JSONValue { .number(Double(value)) }
    static func optional(_ value: String?) -> JSONValue { value.map { .string($0) } ?? .null }
    static func optional(_ value: Double?) -> JSONValue { value.map { $0.isFinite ? .number($0) : .null } ?? .null }
    /// UTC, to the millisecond, ISO 8601.
    static func date(_ value: Date) -> JSONValue {
        .string(value.formatted(Date.ISO8601FormatStyle(includingFractionalSeconds: true)))
    }
}
