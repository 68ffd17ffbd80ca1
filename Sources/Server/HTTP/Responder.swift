import Codecs
import Foundation
import HTTPTypes
import Hummingbird
import HummingbirdCore
import Logging
import NIOCore
import NIOHTTP1
import Pipeline
import Store

/// Takes one request through gate, path, session, limits and route, and makes an answer of whatever happens.
struct Responder: Sendable {
    let table: RouteTable
    let assets: AssetFiles
    let gate: Gate
    let sessions: Sessions
    let metrics: Metrics
    let limits: ServerConfiguration.Limits
    let logger: Logger
    /// The cookie's name carries the port: cookies are shared by all ports of a host.
    let cookieName: @Sendable () -> String

    func respond(to request: Request, writer: consuming ResponseWriter, channel: any Channel) async throws {
        let start = ContinuousClock.now
        if request.headers[.expectContinue]?.lowercased() == "100-continue" {
            try await writer.writeInformationalHead(HTTPResponse(status: .continue))
        }
        var trace = Trace()
        var response: Response
        do {
            response = try await answer(request, trace: &trace)
        } catch let problem as Problem {
            response = problem.response
            trace.problem = problem
        } catch let error as StoreError {
            let problem = Problem(error)
            response = problem.response
            trace.problem = problem
        } catch let error as CodecError {
            // A damaged image, whichever route needed its pixels.
            let problem = Problem(.imageUnreadable, "\(error)")
            response = problem.response
            trace.problem = problem
        } catch let error as GraphError {
            // The stored pipeline is not what this version runs, whichever route needed it.
            let problem = Problem(error)
            response = problem.response
            trace.problem = problem
        } catch let error as HTTPParserError {
            throw error
        } catch is CancellationError {
            let problem = Problem(.stopping, "the server is stopping; try again when it runs")
            response = problem.response
            trace.problem = problem
        } catch {
            // What broke belongs into the log; the client is told what it can do.
            logger.error("\(request.method) \(trace.route): \(String(reflecting: error).prefix(500))")
            let problem = Problem(.internalError, "ship could not do this (\(String(describing: error).prefix(300))); see the log of the server, and report it")
            response = problem.response
            trace.problem = problem
        }
        SecurityHeaders.add(to: &response.headers)
        if request.method == .head { response = response.createHeadResponse() }
        let status = response.status.code
        let duration = ContinuousClock.now - start
        metrics.count(method: request.method.rawValue, route: trace.route, status: status, duration: duration)
        log(request, status: status, duration: duration, trace: trace, bytes: response.headers[.contentLength])
        try await writer.write(response: response.head, body: response.body)
    }

    private struct Trace {
        var route = "-"
        var isQuiet = false
        var problem: Problem?
    }

    private func answer(_ request: Request, trace: inout Trace) async throws -> Response {
        let raw = request.head.path ?? ""
        let path = raw.utf8.firstIndex(of: UInt8(ascii: "?")).map { String(raw[..<$0]) } ?? raw
        let caller = try gate.check(request.head, isLanding: path == "/" || path == "/index.html")
        let target = try RequestTarget(raw)

        switch table.match(request.method, target.segments) {
        case .route(let route, let parameters):
            trace.route = route.path
            trace.isQuiet = route.isQuiet
            let account = try identify(request, caller: caller, route: route)
            let body = try await collectBody(of: request, for: route)
            return try await route.handle(
                Call(request: request, target: target, parameters: parameters, body: body, account: account, cookie: cookie(of: request)))
        case .otherMethods(let methods):
            var problem = Problem(.methodNotAllowed, "\(request.method.rawValue.prefix(20)) is not possible here; use \(methods.joined(separator: ", "))")
            problem.headers[.allow] = methods.joined(separator: ", ")
            throw problem
        case .nothing:
            guard target.segments.first != "api", let file = assets.file(target.segments) else {
                throw Problem(.routeUnknown, "there is nothing at \(path.prefix(100).asciiOnly); GET /api/openapi.json lists every address")
            }
            trace.route = "(asset)"
            trace.isQuiet = true
            guard request.method == .get || request.method == .head else {
                var problem = Problem(.methodNotAllowed, "\(request.method.rawValue.prefix(20)) is not possible here; use GET")
                problem.headers[.allow] = "GET, HEAD"
                throw problem
            }
            return assets.response(file, request.headers)
        }
    }

    /// - Returns: who asks; nil on open routes for strangers.
    private func identify(_ request: Request, caller: Gate.Caller, route: Route) throws(Problem) -> Sessions.Account? {
        if let bearer = request.headers[.authorization] {
            guard let token = Sessions.bearer(bearer), let account = sessions.account(bearer: token) else {
                throw Problem(.sessionMissing, "the bearer token is not the one of this server's present start; take it from the server's output")
            }
            return account
        }
        let account = cookie(of: request).flatMap { sessions.account(cookie: $0) }
        guard route.access == .session else { return account }
        guard let account else {
            throw Problem(.sessionMissing, "nobody is signed in; open the link that `ship serve` printed, or send its bearer token")
        }
        // A cookie proves who the browser is, not which page asks: an unsafe request must also say that it is ours.
        if caller == .script, request.method != .get, request.method != .head {
            throw Problem(.originNotAllowed, "the request has a cookie but neither Sec-Fetch-Site nor Origin; scripts send the bearer token instead")
        }
        return account
    }

    func cookie(of request: Request) -> String? { Sessions.cookie(request.headers[values: .cookie], name: cookieName()) }

    private func collectBody(of request: Request, for route: Route) async throws -> ByteBuffer {
        guard case .json(let schema, let isOptional) = route.body else { return ByteBuffer() }
        let type = request.headers[.contentType]?.split(separator: ";").first?.trimmingCharacters(in: .whitespaces).lowercased()
        let wrongType = Problem(.bodyType, "the content type is \"\((type ?? "not given").prefix(60).asciiOnly)\"; send application/json")
        // A form of another page can send text/plain without asking; so even an empty body of another type is refused.
        if let type, type != "application/json" { throw wrongType }
        let tooLarge = Problem(.bodyTooLarge, "the body is larger than \(limits.body) bytes; send less at once, or upload files through /uploads")
        if let length = request.headers[.contentLength] {
            guard let length = Int(length), length >= 0 else {
                throw Problem(.requestMalformed, "Content-Length is not a number; send the size of the body in bytes")
            }
            guard length <= limits.body else { throw tooLarge }
        }
        let body: ByteBuffer
        do {
            body = try await request.body.collect(upTo: limits.body)
        } catch is NIOTooManyBytesError {
            throw tooLarge
        }
        guard body.readableBytes > 0 else {
            guard isOptional else { throw Problem(.bodyInvalid, "the body is empty; send a JSON object") }
            return body
        }
        guard type != nil else { throw wrongType }
        try BodyMembers.check(body, schema)
        return body
    }

    /// `GET /api/projects 200 1.3 ms 512 B`. Only the path: a query may hold what people typed.
    private func log(_ request: Request, status: Int, duration: Duration, trace: Trace, bytes: String?) {
        let level: Logger.Level =
            status >= 500 ? .error : status >= 400 ? .notice : trace.isQuiet ? .trace : request.method == .get ? .debug : .info
        guard logger.logLevel <= level else { return }
        let path = (request.head.path ?? "").prefix { $0 != "?" }.prefix(200).asciiOnly
        let milliseconds = Double(duration.components.seconds) * 1000 + Double(duration.components.attoseconds) / 1e15
        var line = "\(request.method.rawValue.prefix(20)) \(path) \(status) \(String(format: "%.1f", milliseconds)) ms"
        if let bytes { line += " \(bytes) B" }
        if let problem = trace.problem { line += " \(problem.code.rawValue): \(problem.detail)" }
        logger.log(level: level, "\(line)")
    }
}
