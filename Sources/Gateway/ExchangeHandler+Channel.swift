import NIOCore

/// An HTTP/1.1 connection, whose one handler this is.
extension ExchangeHandler: ChannelDuplexHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundIn = Never
    typealias OutboundOut = ByteBuffer

    func handlerAdded(context: ChannelHandlerContext) {
        // Behind a handshake, the connection is there before this handler is.
        if context.channel.isActive { self.begin(on: context) }
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        self.downstream = nil
    }

    func channelActive(context: ChannelHandlerContext) {
        self.begin(on: context)
        context.fireChannelActive()
    }

    func channelInactive(context: ChannelHandlerContext) {
        self.downstreamClosed()
        context.fireChannelInactive()
    }

    func read(context: ChannelHandlerContext) {
        if self.wantsToRead() { context.read() }
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        self.received(self.unwrapInboundIn(data))
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        self.burstEnded()
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        self.isFull = !context.channel.isWritable
        if !self.isFull { self.downstreamBecameWritable() }
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        guard let event = event as? ChannelEvent, event == .inputClosed else {
            return context.fireUserInboundEventTriggered(event)
        }
        self.downstreamEndedItsHalf()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        // The connection broke: whoever was there is gone.
        self.abort()
    }
}
