import NIOCore

/// Notices whether what came last was one long line, because the decoder that refuses a long head does not say which part of it was too long.
final class RequestLineWatch: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = ByteBuffer

    /// A head that is refused takes many times as much; requests of every day come in one smaller read, and cost no search.
    private static let least = 1_024

    private(set) var isOneLine = true

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let bytes = unwrapInboundIn(data)
        isOneLine = bytes.readableBytes < Self.least || isOneLine && !bytes.readableBytesView.contains(UInt8(ascii: "\n"))
        context.fireChannelRead(data)
    }
}
