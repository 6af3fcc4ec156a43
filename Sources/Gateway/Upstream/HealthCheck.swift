import NIOCore

/// Asks an upstream's address whether it is well: one GET on a connection of its own. Any 2xx or 3xx will do.
struct HealthCheck {
    let path: String
    let host: String

    /// How long all of it may take beyond connecting.
    private static let patience = TimeAmount.seconds(5)

    func run(
        on eventLoop: any EventLoop,
        _ origin: UpstreamOrigin,
        timeout: TimeAmount,
        _ completion: @escaping (Bool) -> Void
    ) {
        let request =
            "GET \(self.path) HTTP/1.1\r\nHost: \(self.host)\r\nUser-Agent: gatehouse-health\r\n"
            + "Connection: close\r\n\r\n"
        let promise = eventLoop.makePromise(of: Bool.self)
        promise.futureResult.assumeIsolated().whenSuccess(completion)
        let handler = HealthCheckHandler(request, promise, isStream: origin.address.speaksHTTP2)
        let connection = origin.address.speaksHTTP2 ? HTTP2UpstreamConnection { _ in } : nil
        let box = NIOLoopBound((handler: handler, connection: connection), eventLoop: eventLoop)
        let future = origin.connect(on: eventLoop, timeout: timeout) { channel in
            if let connection = box.value.connection {
                try connection.add(to: channel)
            } else {
                try channel.pipeline.syncOperations.addHandler(box.value.handler)
            }
        }
        future.assumeIsolated().whenComplete { result in
            guard case .success(let channel) = result else { return promise.succeed(false) }
            // An answer is the end of a connection of its own; a stream's goes on.
            promise.futureResult.assumeIsolated().whenSuccess { _ in channel.close(promise: nil) }
            eventLoop.assumeIsolated().scheduleTask(in: Self.patience) { promise.succeed(false) }
            connection?.open(isTLS: origin.address.isTLS, handler) { opened in
                if opened == nil { promise.succeed(false) }
            }
        }
    }
}

private final class HealthCheckHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private let request: String
    private let promise: EventLoopPromise<Bool>
    private let head: ResponseHead

    init(_ request: String, _ promise: EventLoopPromise<Bool>, isStream: Bool) {
        self.head = ResponseHead(isOfStream: isStream)
        self.request = request
        self.promise = promise
    }

    /// Behind a handshake the connection stands already.
    func handlerAdded(context: ChannelHandlerContext) {
        if context.channel.isActive { self.ask(context) }
    }

    func channelActive(context: ChannelHandlerContext) {
        self.ask(context)
    }

    private func ask(_ context: ChannelHandlerContext) {
        context.writeAndFlush(self.wrapOutboundOut(ByteBuffer(string: self.request)), promise: nil)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        var bytes = self.unwrapInboundIn(data)
        do throws(MessageError) {
            guard try self.head.read(&bytes) else { return }
            self.promise.succeed((200...399).contains(self.head.status))
        } catch {
            self.promise.succeed(false)
        }
        context.close(promise: nil)
    }

    func channelInactive(context: ChannelHandlerContext) {
        // Does nothing when an answer has come.
        self.promise.succeed(false)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        context.close(promise: nil)
    }
}

@available(*, unavailable)
extension HealthCheckHandler: Sendable {}
