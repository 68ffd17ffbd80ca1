import HTTPTypes
import Hummingbird
import NIOCore

/// One address with its method: what it takes, what it answers, and the function behind it. The OpenAPI description, the
/// checks before the function runs, metrics and log all follow from this declaration.
struct Route: Sendable {
    enum Access: Sendable {
        /// For everybody who passes the `Gate`.
        case open
        /// Signed in by cookie, or by bearer token.
        case session
    }

    enum Body: Sendable {
        case none
        /// `application/json`, collected before the function runs.
        case json(Schema, optional: Bool = false)
        /// Read by the function itself; for uploads.
        case stream(contentType: String)
    }

    struct Query: Sendable {
        var name: String
        var schema: Schema
        var help: String
    }

    struct Answer: Sendable {
        var status: HTTPResponse.Status
        var help: String
        /// Media type → schema; empty: no body.
        var content: [String: Schema] = [:]
        var headers: [String] = []

        static func json(_ schema: Schema, _ help: String, status: HTTPResponse.Status = .ok, headers: [String] = []) -> Answer {
            Answer(status: status, help: help, content: ["application/json": schema], headers: headers)
        }
        static func empty(_ help: String, status: HTTPResponse.Status = .noContent, headers: [String] = []) -> Answer {
            Answer(status: status, help: help, headers: headers)
        }
        static func bytes(_ types: [String], _ help: String) -> Answer {
            let binary = Schema(json: ["type": "string", "format": "binary"])
            return Answer(status: .ok, help: help, content: Dictionary(uniqueKeysWithValues: types.map { ($0, binary) }))
        }
        /// Sent when the client's copy is still right.
        static let notModified = Answer(status: .notModified, help: "The copy the client has is still right.")
    }

    let method: HTTPRequest.Method
    /// `/api/projects/{user}/{project}/…`; a parameter may carry an extension: `{y}.png`.
    let path: String
    let summary: String
    var access = Access.session
    var query: [Query] = []
    var body = Body.none
    var answers: [Answer]
    var problems: [ProblemCode] = []
    /// Asked so often that a log line for each success would drown the rest.
    var isQuiet = false
    let handle: @Sendable (Call) async throws -> Response

    init(
        _ method: HTTPRequest.Method, _ path: String, _ summary: String, access: Access = .session, query: [Query] = [], body: Body = .none,
        answers: [Answer], problems: [ProblemCode] = [], isQuiet: Bool = false, handle: @escaping @Sendable (Call) async throws -> Response
    ) {
        (self.method, self.path, self.summary, self.access) = (method, path, summary, access)
        (self.query, self.body, self.answers, self.problems) = (query, body, answers, problems)
        (self.isQuiet, self.handle) = (isQuiet, handle)
    }

    /// Every status this route can answer with, the common ones included.
    var allProblems: [ProblemCode] {
        var all = problems + ProblemCode.common
        if access == .session { all += ProblemCode.session }
        if case .json = body { all += ProblemCode.jsonBody }
        if path.hasPrefix(Self.project) { all += ProblemCode.project }
        return all
    }

    static let project = "/api/projects/{user}/{project}"
}

/// The routes of one resource; listed in `AllRoutes`.
protocol RouteGroup: Sendable {
    var routes: [Route] { get }
}
