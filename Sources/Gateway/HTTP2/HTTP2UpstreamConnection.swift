import NIOCore
import NIOHTTP2

/// A connection to an upstream that speaks HTTP/2: as many streams as it allows, each leased like a connection.
final class HTTP2UpstreamConnection: ChannelInboundHandler {
    typealias InboundIn = HTTP2Frame
    typealias InboundOut = HTTP2Frame

    private let onClose: (HTTP2UpstreamConnection) -> Void
    private var multiplexer: NIOHTTP2Handler.StreamMultiplexer?
    private var channel: (any Channel)?
    private(set) var openStreams = 0
    /// The upstream takes no further stream here.
    private var isLeaving = false
    let madeAt = NIODeadline.now()
    /// Since when nothing runs on it.
    private(set) var idleSince = NIODeadline.now()

    /// What most servers allow at once; one that allows less lets us wait.
    private static let streamLimit = 100

    init(onClose: @escaping (HTTP2UpstreamConnection) -> Void) {
        self.onClose = onClose
    }

    var hasRoom: Bool { !self.isLeaving && self.openStreams < Self.streamLimit && self.channel?.isActive ?? false }

    /// Puts HTTP/2 on a channel that is being connected.
    func add(to channel: any Channel) throws {
        var configuration = NIOHTTP2Handler.ConnectionConfiguration()
        configuration.initialSettings = [
            HTTP2Setting(parameter: .enablePush, value: 0),
            HTTP2Setting(parameter: .maxHeaderListSize, value: 256 << 10),
        ]
        var streams = NIOHTTP2Handler.StreamConfiguration()
        streams.outboundBufferSizeHighWatermark = 64 << 10
        streams.outboundBufferSizeLowWatermark = 16 << 10
        self.channel = channel
        self.multiplexer = try channel.pipeline.syncOperations.configureHTTP2Pipeline(
            mode: .client,
            connectionConfiguration: configuration,
            streamConfiguration: streams
        ) { stream in
            // Pushed by the upstream, against our settings.
            stream.close()
        }
        try channel.pipeline.syncOperations.addHandler(self)
    }

    /// Opens a stream for one exchange, with this handler to speak HTTP/1.1 on it; hands the handler over when it stands.
    func open<Handler: ChannelHandler>(
        isTLS: Bool,
        _ handler: Handler,
        _ completion: @escaping (Handler?) -> Void
    ) {
        guard let multiplexer, let channel else { return completion(nil) }
        self.openStreams += 1
        let box = NIOLoopBound((connection: self, handler: handler), eventLoop: channel.eventLoop)
        let promise = channel.eventLoop.makePromise(of: (any Channel).self)
        multiplexer.createStreamChannel(promise: promise) { stream in
            stream.eventLoop.makeCompletedFuture {
                let handlers = stream.pipeline.syncOperations
                try handlers.addHandler(HTTP2UpstreamStream(connection: box.value.connection, isTLS: isTLS))
                try handlers.addHandler(box.value.handler)
            }
        }
        promise.futureResult.assumeIsolated().whenComplete { result in
            if case .success = result { completion(handler) } else { completion(nil) }
        }
    }

    func streamClosed() {
        self.openStreams -= 1
        self.idleSince = .now()
        if self.isLeaving, self.openStreams <= 0 { self.close() }
    }

    func close() {
        self.channel?.close(promise: nil)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        if case .goAway = self.unwrapInboundIn(data).payload {
            self.isLeaving = true
            if self.openStreams <= 0 { self.close() }
        }
        context.fireChannelRead(data)
    }

    func channelInactive(context: ChannelHandlerContext) {
        self.isLeaving = true
        self.multiplexer = nil
        self.onClose(self)
        context.fireChannelInactive()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        // A stream's trouble is told on the stream.
        if HTTP2Connection.isOfOneStream(error) { return }
        context.close(promise: nil)
    }
}

@available(*, unavailable)
extension HTTP2UpstreamConnection: Sendable {}
