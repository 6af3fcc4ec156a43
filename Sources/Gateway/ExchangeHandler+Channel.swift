import NIOCore

/// An HTTP/1.1 connection, whose one handler this is.
extension ExchangeHandler: ChannelDuplexHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundIn = Never
    typealias OutboundOut = ByteBuffer

    func handlerAdded(context: ChannelHandlerContext) {
        // Behind a handshake, the connection is there before this handler is.
        if context.channel.isActive { self.begin(on: context) }
        self.takeOverReading(context)
    }

    /// Asking to read here costs a request half of what it costs when the channel asks, by way of all of its handlers.
    /// TLS has reasons of its own to read.
    private func takeOverReading(_ context: ChannelHandlerContext) {
        guard self.arrival.speech != .https else { return }
        self.readsBySelf = (try? context.channel.syncOptions?.setOption(.autoRead, value: false)) != nil
        self.readOn(context)
    }

    private func readOn(_ context: ChannelHandlerContext) {
        if self.readsBySelf, self.wantsToRead() { context.read() }
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
        self.readOn(context)
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
