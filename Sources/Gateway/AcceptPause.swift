import NIOCore

/// Stops accepting for a moment when the system has no descriptor left: the connections wait in the backlog, and asking
/// for them again and again would take all of a processor.
final class AcceptPause: ChannelInboundHandler {
    typealias InboundIn = any Channel

    private static let pause = TimeAmount.milliseconds(250)
    private var isPausing = false

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        guard error is IOError, !self.isPausing else { return context.fireErrorCaught(error) }
        self.isPausing = true
        let channel = context.channel
        _ = try? channel.syncOptions?.setOption(.autoRead, value: false)
        let box = NIOLoopBound(self, eventLoop: context.eventLoop)
        context.eventLoop.scheduleTask(in: Self.pause) {
            box.value.isPausing = false
            try channel.syncOptions?.setOption(.autoRead, value: true)
        }
        context.fireErrorCaught(error)
    }
}

@available(*, unavailable)
extension AcceptPause: Sendable {}
