import NIOCore
import NIOHTTP1
import Pyramid

/// Answers requests for tiles of open pyramid files on the connection's own event loop, ahead of the router: one lookup, one read,
/// one write. Whatever is not plainly such a request, or needs anything to be opened, made or explained, goes on to the router,
/// which gives the same answer at twice the cost or more.
final class TileHandler: ChannelDuplexHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias InboundOut = HTTPServerRequestPart
    typealias OutboundIn = HTTPServerResponsePart
    typealias OutboundOut = HTTPServerResponsePart

    private let gate: Gate
    private let sessions: Sessions
    private let projects: OpenTable
    private let metrics: Metrics
    private let cookieName: @Sendable () -> String
    private let line: RequestLineWatch
    /// Nothing that comes on this connection can be understood any more.
    private var isBroken = false
    /// Where finished bytes go: before the handler that encodes heads.
    private var encoder: ChannelHandlerContext?
    /// Answers the same request for other tiles from now on.
    private let shortcut: TileShortcut
    /// The request whose head was just answered has not ended yet.
    private var isAnswered = false
    /// A request has begun and not yet arrived as a whole.
    private var isArriving = false
    private var answers = Tally()
    /// What proved to be signed in on this connection, so that not every tile costs two digests.
    private var proof: (authorization: String?, cookies: [String], generation: Int)?

    /// Tiles answered since they were last counted: one entry for all that came in one read.
    private struct Tally {
        var ok = 0
        var notModified = 0
        var start: ContinuousClock.Instant?
    }

    init(
        shortcut: TileShortcut, gate: Gate, sessions: Sessions, projects: OpenTable, metrics: Metrics, cookieName: @escaping @Sendable () -> String,
        line: RequestLineWatch
    ) {
        (self.shortcut, self.gate, self.sessions, self.projects, self.metrics) = (shortcut, gate, sessions, projects, metrics)
        (self.cookieName, self.line) = (cookieName, line)
    }

    func handlerAdded(context: ChannelHandlerContext) {
        encoder = try? context.pipeline.syncOperations.context(handlerType: HTTPResponseEncoder.self)
    }

    func handlerRemoved(context: ChannelHandlerContext) { encoder = nil }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head(let head):
            isArriving = true
            shortcut.began(body: Self.bodyLength(head.headers))
            // A client that does not read its answers is left to the router, which waits for it.
            if shortcut.underway == 0, context.channel.isWritable, let request = TileRequest(head), answer(request, head, context) {
                isAnswered = true
                return
            }
            shortcut.underway += 1
        case .body: if isAnswered { return }
        case .end:
            isArriving = false
            shortcut.ended()
            if isAnswered {
                isAnswered = false
                return
            }
        }
        context.fireChannelRead(data)
    }

    /// What the decoder refuses never becomes a request; without this its sender would get an answer that says nothing.
    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        if isBroken { return }
        // While an earlier request is being answered, the router ends the connection.
        guard let error = error as? HTTPParserError, shortcut.underway == 0 else { return context.fireErrorCaught(error) }
        isBroken = true
        let problem: Problem =
            if error != .headerOverflow {
                Problem(.requestMalformed, "the request is not HTTP/1.1 as this server reads it (\(error)); use an HTTP library")
            } else if line.isOneLine {
                Problem(.requestLineTooLong, "the address is longer than 16 kB; send long lists in the body of a POST, or ask for them in parts")
            } else {
                Problem(.requestHeadTooLarge, "the headers are larger than 32 kB, one of them than 16 kB, or more than 100; send fewer cookies and headers")
            }
        let body = context.channel.allocator.buffer(bytes: problem.json.encoded())
        var fields = problem.response.headers
        SecurityHeaders.add(to: &fields)
        var headers: HTTPHeaders = ["content-length": "\(body.readableBytes)", "connection": "close"]
        for field in fields { headers.replaceOrAdd(name: field.name.rawName, value: field.value) }
        let status = HTTPResponseStatus(statusCode: problem.code.status.code, reasonPhrase: problem.code.status.reasonPhrase)
        context.write(wrapOutboundOut(.head(HTTPResponseHead(version: .http1_1, status: status, headers: headers))), promise: nil)
        context.write(wrapOutboundOut(.body(.byteBuffer(body))), promise: nil)
        context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
        metrics.count(method: "-", route: "-", status: problem.code.status.code, duration: .zero)
        // Closed both ways at once, the answer could be lost to what the client is still sending.
        context.close(mode: .output, promise: nil)
    }

    /// Nothing came or went for long: the connection ends, unless its answer is being worked on.
    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        guard event is IdleStateHandler.IdleStateEvent else { return context.fireUserInboundEventTriggered(event) }
        guard !shortcut.takeBusy() else { return }
        if shortcut.underway == 0 || isArriving { context.close(promise: nil) }
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        if let start = answers.start {
            let each = start.duration(to: .now) / (answers.ok + answers.notModified)
            context.flush()
            if answers.ok > 0 { metrics.count(method: "GET", route: TileRoutes.path, status: 200, duration: each, times: answers.ok) }
            if answers.notModified > 0 { metrics.count(method: "GET", route: TileRoutes.path, status: 304, duration: each, times: answers.notModified) }
            answers = Tally()
        }
        context.fireChannelReadComplete()
    }

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        if case .end = unwrapOutboundIn(data) { shortcut.underway -= 1 }
        context.write(data, promise: promise)
    }

    /// - Returns: false when this is not a tile that can be given at once to this caller.
    private func answer(_ request: TileRequest, _ head: HTTPRequestHead, _ context: ChannelHandlerContext) -> Bool {
        let start = ContinuousClock.now
        let hosts = head.headers["host"]
        let source = Gate.Source(
            host: hosts.first, isHostRepeated: hosts.count > 1, origins: head.headers["origin"], sites: head.headers["sec-fetch-site"],
            isLanding: false)
        // Before anything is looked up: what ends meanwhile ends what is remembered here.
        let (signedIn, opened) = (sessions.generation, projects.generation)
        guard let encoder, (try? gate.check(source)) != nil, isSignedIn(head.headers), let project = projects[request.project],
            let file = project.pyramids.readyFile(of: request.image, isCorrected: request.isCorrected, name: request.name),
            file.tileRange(z: request.z, x: request.x, y: request.y) != nil
        else { return false }
        let answer: ByteBuffer
        let common = TileAnswer(file, name: request.name)
        let isConditional = head.headers.contains(name: "if-none-match")
        let isKnown =
            isConditional && EntityTag.matches(file.entityTag(z: request.z, x: request.x, y: request.y), head.headers["if-none-match"])
        if isKnown {
            answer = common.notModified(z: request.z, x: request.x, y: request.y, context.channel.allocator)
        } else {
            // The router opens the file anew or says what is wrong.
            guard let tile = common.tile(of: file, z: request.z, x: request.x, y: request.y, context.channel.allocator) else { return false }
            answer = tile
            if !isConditional {
                shortcut.remember(request, uri: head.uri, project: project, file: file, answer: common, sessions: signedIn, projects: opened)
            }
        }
        project.touch()
        encoder.write(NIOAny(IOData.byteBuffer(answer)), promise: nil)
        if answers.start == nil { answers.start = start }
        if isKnown { answers.notModified += 1 } else { answers.ok += 1 }
        return true
    }

    /// Nil when the body is sent in pieces, or its length is not plain.
    private static func bodyLength(_ headers: HTTPHeaders) -> Int? {
        guard !headers.contains(name: "transfer-encoding") else { return nil }
        let lengths = headers["content-length"]
        return lengths.isEmpty ? 0 : lengths.count == 1 ? Int(lengths[0]) : nil
    }

    private func isSignedIn(_ headers: HTTPHeaders) -> Bool {
        let (generation, authorization, cookies) = (sessions.generation, headers.first(name: "authorization"), headers["cookie"])
        if let proof, proof.generation == generation, proof.authorization == authorization, proof.cookies == cookies { return true }
        guard sessions.account(authorization: authorization, cookies: cookies, cookieName: cookieName()) != nil else { return false }
        proof = (authorization, cookies, generation)
        return true
    }
}

extension PyramidFile {
    /// The file's name holds the image's identity, and of a corrected one also how it was made.
    func entityTag(z: Int, x: Int, y: Int) -> String { "\"\(name)-\(byteCount)-\(z)-\(x)-\(y)\"" }

    /// Numbers of images are given anew in every project, so only an address with the file's name in it may be kept without asking.
    func caching(name asked: Substring?) -> String { asked == name ? "private, max-age=31536000, immutable" : "no-cache" }
}
