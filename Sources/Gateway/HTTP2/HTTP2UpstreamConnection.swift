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
    /// No further stream is to be opened here, because the upstream says so or nobody wants it any more.
    private var isLeaving = false
    /// The last stream that the upstream has looked at, once it has said that it leaves.
    private var lastTaken: HTTP2StreamID?
    let madeAt = NIODeadline.now()
    /// Since when nothing runs on it.
    private(set) var idleSince = NIODeadline.now()

    /// How many streams there may be at once. Until the upstream has said so, there is no second one: it would have to wait
    /// if it were one too many, and a new connection would do.
    private var streamLimit = 1
    /// However many it would take.
    private static let mostStreams = 100
    private var hasSettings = false

    init(onClose: @escaping (HTTP2UpstreamConnection) -> Void) {
        self.onClose = onClose
    }

    var hasRoom: Bool { !self.isLeaving && self.openStreams < self.streamLimit && self.channel?.isActive ?? false }

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
        let translation = HTTP2UpstreamStream(connection: self, isTLS: isTLS)
        let box = NIOLoopBound((translation: translation, handler: handler), eventLoop: channel.eventLoop)
        let promise = channel.eventLoop.makePromise(of: (any Channel).self)
        multiplexer.createStreamChannel(promise: promise) { stream in
            stream.eventLoop.makeCompletedFuture {
                let handlers = stream.pipeline.syncOperations
                try handlers.addHandler(box.value.translation)
                try handlers.addHandler(box.value.handler)
            }
        }
        promise.futureResult.assumeIsolated().whenComplete { result in
            if case .success = result { return completion(handler) }
            translation.leave()
            completion(nil)
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

    /// Closes as soon as no stream is open, and opens none until then.
    func leave() {
        self.isLeaving = true
        if self.openStreams <= 0 { self.close() }
    }

    /// Whether the upstream has left without looking at this stream (RFC 9113, 6.8).
    func hasLeft(without stream: HTTP2StreamID) -> Bool { self.lastTaken.map { stream > $0 } ?? false }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch self.unwrapInboundIn(data).payload {
        case .goAway(let last, _, _):
            self.lastTaken = last
            self.leave()
        case .settings(.settings(let settings)):
            // What is not named is as it was, and without a limit at first.
            let named = settings.last { $0.parameter == .maxConcurrentStreams }?.value
            self.streamLimit = min(named ?? (self.hasSettings ? self.streamLimit : .max), Self.mostStreams)
            self.hasSettings = true
        case .alternativeService, .data, .headers, .origin, .ping, .priority, .pushPromise, .rstStream, .settings,
            .windowUpdate:
            break
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
