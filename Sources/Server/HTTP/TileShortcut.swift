#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif
import NIOCore
import Pyramid

/// Answers what asks for one more tile in the very bytes that a tile was answered to before on this connection, ahead of all that reads
/// HTTP: browsers repeat their heads byte by byte, so one comparison stands for parsing, gate and sign-in. Whatever differs in anything
/// but the tile's numbers is left to `TileHandler`.
final class TileShortcut: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = ByteBuffer
    typealias OutboundOut = ByteBuffer

    /// A request that was answered: its bytes before and after the tile's numbers, and what its answers have in common.
    private struct Known {
        let start: [UInt8]
        let rest: [UInt8]
        weak var project: OpenProject?
        weak var file: PyramidFile?
        let request: TileRequest
        let answer: TileAnswer
        let sessions: Int
        let projects: Int
    }

    /// Bytes given to the decoder that may not yet be a whole message.
    private struct Given {
        var bytes = 0
        var head: Int?
        var body: Int? = 0
        var heads = 0
        var ends = 0
    }

    private let sessions: Sessions
    private let projects: OpenTable
    private let metrics: Metrics
    private var known: [Known] = []
    /// Nil between messages.
    private var given: Given?
    /// The one message that is being decoded, as it came.
    private var arriving: ByteBuffer?
    private var hasForwarded = false
    private var answered = (count: 0, start: NIODeadline.uptimeNanoseconds(0))
    private var wasBusy = false
    /// Requests given to the router whose answers are not finished; an answer of ours must not overtake theirs.
    var underway = 0

    init(sessions: Sessions, projects: OpenTable, metrics: Metrics) {
        (self.sessions, self.projects, self.metrics) = (sessions, projects, metrics)
    }

    /// Whether tiles were answered since this was last asked.
    func takeBusy() -> Bool {
        defer { wasBusy = false }
        return wasBusy
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        var bytes = unwrapInboundIn(data)
        if given == nil {
            // A client that does not read its answers is left to the router, which waits for it.
            while underway == 0, !known.isEmpty, bytes.readableBytes > 0, context.channel.isWritable, answer(&bytes, context) {}
            guard bytes.readableBytes > 0 else { return }
            given = Given(head: Self.headLength(bytes))
            if given?.head == bytes.readableBytes { arriving = bytes }
        }
        given?.bytes += bytes.readableBytes
        let ends = given?.ends ?? 0
        hasForwarded = true
        context.fireChannelRead(wrapInboundOut(bytes))
        arriving = nil
        // Only when these bytes made one message whole, with nothing after it, is the next byte known to begin another.
        if let given, given.heads == 1, given.ends == 1, ends == 0, let head = given.head, let body = given.body, given.bytes == head + body {
            self.given = nil
        }
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        if answered.count > 0 {
            context.flush()
            metrics.countTiles(answered.count, nanoseconds: (NIODeadline.now() - answered.start).nanoseconds)
            answered.count = 0
            wasBusy = true
        }
        guard hasForwarded else { return context.read() }
        hasForwarded = false
        context.fireChannelReadComplete()
    }

    // MARK: - What TileHandler tells

    /// A head came out of the decoder.
    /// - Parameter body: its length; nil where only the decoder knows the end.
    func began(body: Int?) {
        given?.heads += 1
        given?.body = body
    }

    /// A request came out as a whole.
    func ended() { given?.ends += 1 }

    /// The request that is being decoded asks for a tile of this file and may.
    /// - Parameters:
    ///   - sessions: generation of the sessions before it was found signed in, so that who was signed out meanwhile is not remembered.
    ///   - projects: generation of the table before the project was looked up.
    func remember(_ request: TileRequest, uri: String, project: OpenProject, file: PyramidFile, answer: TileAnswer, sessions: Int, projects: Int) {
        guard let bytes = arriving?.readableBytesView, let start = request.numbersStart(in: uri).map({ 4 + $0 }), start < bytes.count,
            bytes.prefix(start).elementsEqual("GET \(uri)".utf8.prefix(start))
        else { return }
        var end = start + "\(request.z)/\(request.x)/\(request.y)".utf8.count
        end = min(end, bytes.count)
        if known.count >= 4 { known.removeFirst() }
        known.append(
            Known(
                start: Array(bytes.prefix(start)), rest: Array(bytes.dropFirst(end)), project: project, file: file, request: request, answer: answer,
                sessions: sessions, projects: projects))
    }

    // MARK: - Answers

    /// - Returns: false when the bytes do not begin with a request that is known and can be answered at once.
    private func answer(_ bytes: inout ByteBuffer, _ context: ChannelHandlerContext) -> Bool {
        let start = NIODeadline.now()
        for index in known.indices {
            guard let (z, x, y, length) = bytes.withUnsafeReadableBytes({ Self.numbers($0, known[index].start, known[index].rest) }) else { continue }
            guard let project = known[index].project, let file = known[index].file, known[index].sessions == sessions.generation,
                known[index].projects == projects.generation,
                project.pyramids.isReady(file, image: known[index].request.image, isCorrected: known[index].request.isCorrected, name: known[index].request.name)
            else {
                known.remove(at: index)
                return false
            }
            guard let answer = known[index].answer.tile(of: file, z: z, x: x, y: y, context.channel.allocator) else { return false }
            project.touch()
            context.write(wrapOutboundOut(answer), promise: nil)
            if answered.count == 0 { answered.start = start }
            answered.count += 1
            bytes.moveReaderIndex(forwardBy: length)
            return true
        }
        return false
    }

    /// The numbers of a tile between two known pieces, and the length of all.
    private static func numbers(_ bytes: UnsafeRawBufferPointer, _ start: [UInt8], _ rest: [UInt8]) -> (z: Int, x: Int, y: Int, length: Int)? {
        guard bytes.count >= start.count + 5 + rest.count, isEqual(bytes, at: 0, start) else { return nil }
        var next = start.count
        guard let z = number(bytes, &next), next < bytes.count, bytes[next] == UInt8(ascii: "/") else { return nil }
        next += 1
        guard let x = number(bytes, &next), next < bytes.count, bytes[next] == UInt8(ascii: "/") else { return nil }
        next += 1
        guard let y = number(bytes, &next), bytes.count - next >= rest.count, isEqual(bytes, at: next, rest) else { return nil }
        return (z, x, y, next + rest.count)
    }

    private static func isEqual(_ bytes: UnsafeRawBufferPointer, at offset: Int, _ piece: [UInt8]) -> Bool {
        piece.withUnsafeBytes { memcmp(bytes.baseAddress! + offset, $0.baseAddress!, $0.count) == 0 }
    }

    /// As `TileRequest` takes them: up to nine digits, no zero before others.
    private static func number(_ bytes: UnsafeRawBufferPointer, _ next: inout Int) -> Int? {
        let start = next
        var value = 0
        while next < bytes.count, next - start < 10, case let digit = bytes[next] &- 0x30, digit < 10 {
            value = value * 10 + Int(digit)
            next += 1
        }
        return (1...9).contains(next - start) && (next - start == 1 || bytes[start] != 0x30) ? value : nil
    }

    /// Length of a head with its empty line; nil when that is not there.
    private static func headLength(_ bytes: ByteBuffer) -> Int? {
        bytes.withUnsafeReadableBytes { bytes in
            var next = 0
            while let found = bytes[next...].firstIndex(of: 0x0a) {
                next = found + 1
                if next < bytes.count, bytes[next] == 0x0a { return next + 1 }
                if next + 1 < bytes.count, bytes[next] == 0x0d, bytes[next + 1] == 0x0a { return next + 2 }
            }
            return nil
        }
    }
}
