import HTTPTypes
import HummingbirdCore
import Logging
import NIOCore
import NIOHTTP1
import NIOHTTPTypes
import NIOHTTPTypesHTTP1

/// One connection: HTTP/1.1 with limits on heads, tiles answered at once, everything else by the responder.
///
/// Hummingbird's own channel has a place for handlers only behind the conversion of heads to its own types, which costs as much as
/// sending a tile.
struct ServerChannel: ServerChildChannel, HTTPChannelHandler {
    typealias Value = NIOAsyncChannel<HTTPRequestPart, HTTPResponsePart>

    let responder: HTTPChannelHandler.Responder
    let idleTimeout: Duration
    let makeTileHandlers: @Sendable (RequestLineWatch) -> (TileShortcut, TileHandler)

    func setup(channel: any Channel, logger: Logger) -> EventLoopFuture<Value> {
        channel.eventLoop.makeCompletedFuture {
            // 32 kB of headers are far more than any browser sends.
            var limits = NIOHTTPDecoderLimitConfiguration()
            (limits.maxHeaderFieldSize, limits.maxHeaderListSize, limits.maxHeaderFieldCount) = (16 << 10, 32 << 10, 100)
            let pipeline = channel.pipeline.syncOperations
            // Pipelined requests are put in order by NIOAsyncChannel; heads are checked by HTTPTypes.
            try pipeline.configureHTTPServerPipeline(
                withPipeliningAssistance: false, withErrorHandling: false, withOutboundHeaderValidation: false, withEncoderConfiguration: .init(),
                withDecoderLimitConfiguration: limits)
            let line = RequestLineWatch()
            let (shortcut, tiles) = makeTileHandlers(line)
            try pipeline.addHandler(IdleStateHandler(allTimeout: TimeAmount(idleTimeout)), position: .first)
            try pipeline.addHandler(line, position: .first)
            // What it answers comes no further, so it tells TileHandler itself that the connection is busy.
            try pipeline.addHandler(shortcut, position: .first)
            try pipeline.addHandler(tiles)
            try pipeline.addHandler(HTTP1ToHTTPServerCodec(secure: false))
            try pipeline.addHandler(HTTPConnectionStateHandler(logger: logger))
            return try NIOAsyncChannel(wrappingChannelSynchronously: channel, configuration: .init(isOutboundHalfClosureEnabled: true))
        }
    }

    func handle(value: Value, logger: Logger) async { await handleHTTP(asyncChannel: value, logger: logger) }
}
