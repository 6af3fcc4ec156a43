import NIOCore

/// Takes the PROXY header off the front of a balancer's connection, before anybody else sees a byte.
final class ProxyHeaderHandler: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = ByteBuffer

    private let arrival: Arrival
    private var buffer = ByteBuffer()

    init(arrival: Arrival) {
        self.arrival = arrival
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        var bytes = self.unwrapInboundIn(data)
        self.buffer.writeBuffer(&bytes)
        let storage = Array(self.buffer.readableBytesView.prefix(Self.readLimit))
        switch ProxyHeader.read(storage.span) {
        case .incomplete:
            break
        case .refused:
            // Who should say it and does not is not who we think it is.
            context.close(promise: nil)
        case .header(let header, let length):
            if case .address(let address) = header { self.arrival.peer = address }
            self.buffer.moveReaderIndex(forwardBy: length)
            let rest = self.buffer
            self.buffer = ByteBuffer()
            if rest.readableBytes > 0 { context.fireChannelRead(self.wrapInboundOut(rest)) }
            context.pipeline.syncOperations.removeHandler(context: context, promise: nil)
        }
    }

    /// The longest header that is accepted.
    private static let readLimit = 16 + (4 << 10)
}

@available(*, unavailable)
extension ProxyHeaderHandler: Sendable {}
