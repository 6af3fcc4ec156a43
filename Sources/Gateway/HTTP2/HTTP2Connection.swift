import Logging
import NIOCore
import NIOHTTP2

/// A browser's HTTP/2 connection: how much it may ask for at once, and when it ends.
final class HTTP2Connection: ChannelInboundHandler, WorkerConnection {
    typealias InboundIn = HTTP2Frame
    typealias OutboundOut = HTTP2Frame

    private var worker: Worker
    private var context: ChannelHandlerContext?
    private var openStreams = 0
    private var isDraining = false
    /// One too many: its requests are refused, and then it ends.
    private let isRefused: Bool
    private var deadline: NIODeadline

    private init(worker: Worker, isRefused: Bool) {
        self.worker = worker
        self.isRefused = isRefused
        self.deadline = worker.now + worker.settings.configuration.timeouts.keepAlive
    }

    /// Puts HTTP/2 at the end of a connection's pipeline.
    static func add(to channel: any Channel, worker: Worker, arrival: Arrival) throws {
        let connection = HTTP2Connection(worker: worker, isRefused: arrival.refusal != nil)
        let eventLoop = channel.eventLoop
        let arrivalBox = NIOLoopBound(arrival, eventLoop: eventLoop)
        let connectionBox = NIOLoopBound(connection, eventLoop: eventLoop)
        let limits = worker.settings.configuration.limits
        let pipeline = channel.pipeline.syncOperations
        _ = try pipeline.configureHTTP2Pipeline(
            mode: .server,
            connectionConfiguration: Self.connectionConfiguration(limits),
            streamConfiguration: Self.streamConfiguration
        ) { stream in
            stream.eventLoop.makeCompletedFuture {
                let handlers = stream.pipeline.syncOperations
                try handlers.addHandler(HTTP2StreamHandler(connection: connectionBox.value))
                let worker = connectionBox.value.worker
                try handlers.addHandler(ExchangeHandler(worker: worker, arrival: arrivalBox.value))
            }
        }
        try pipeline.addHandler(connection)
    }

    private static func connectionConfiguration(
        _ limits: Configuration.Limits
    ) -> NIOHTTP2Handler.ConnectionConfiguration {
        var configuration = NIOHTTP2Handler.ConnectionConfiguration()
        configuration.initialSettings = [
            HTTP2Setting(parameter: .maxConcurrentStreams, value: limits.http2Streams),
            // WebSockets come as streams (RFC 8441).
            HTTP2Setting(parameter: .enableConnectProtocol, value: 1),
            // Each field counts 32 bytes more than it has (RFC 9113, 6.5.2).
            HTTP2Setting(parameter: .maxHeaderListSize, value: limits.headerBytes + 32 * limits.headerFields),
        ]
        // What waits to be sent because a client asks faster than it reads.
        configuration.maximumBufferedControlFrames = 1000
        // Clients that measure the path send a PING with each round trip.
        configuration.controlFrameRateLimit.maximumCount = 1000
        return configuration
    }

    private static let streamConfiguration: NIOHTTP2Handler.StreamConfiguration = {
        var configuration = NIOHTTP2Handler.StreamConfiguration()
        configuration.outboundBufferSizeHighWatermark = 64 << 10
        configuration.outboundBufferSizeLowWatermark = 16 << 10
        return configuration
    }()

    // MARK: What streams tell

    func streamOpened() {
        self.openStreams += 1
        self.deadline = .distantFuture
    }

    func streamClosed() {
        self.openStreams -= 1
        if self.isRefused, self.openStreams == 0 {
            self.sayGoodbye()
            self.abort()
        } else if self.openStreams == 0 {
            self.deadline = self.worker.now + self.worker.settings.configuration.timeouts.keepAlive
        }
    }

    /// What came as a request was none.
    func refused(_ malformed: RequestTranslation.Malformed) {
        self.worker.metrics.count(.downstream)
        self.worker.logger.debug("a malformed HTTP/2 request", metadata: ["reason": "\(malformed.reason)"])
    }

    // MARK: What the channel tells

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        self.worker.opened(self)
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        self.context = nil
    }

    func channelInactive(context: ChannelHandlerContext) {
        self.worker.closed(self)
        context.fireChannelInactive()
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        // Nobody is left who could be answered: a client keeps its half open as long as it wants anything.
        if let event = event as? ChannelEvent, event == .inputClosed { return context.close(promise: nil) }
        context.fireUserInboundEventTriggered(event)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        // A stream's trouble is its own (RFC 9113, 5.4.2); anything else has been answered with GOAWAY.
        if Self.isOfOneStream(error) { return self.worker.metrics.count(.downstream) }
        self.worker.metrics.count(.downstream)
        self.worker.logger.debug("an HTTP/2 connection is ended", metadata: ["error": "\(type(of: error))"])
        context.close(promise: nil)
    }

    static func isOfOneStream(_ error: any Error) -> Bool {
        switch error {
        case is NIOHTTP2Errors.NoSuchStream, is NIOHTTP2Errors.StreamClosed, is NIOHTTP2Errors.MissingPseudoHeader,
            is NIOHTTP2Errors.DuplicatePseudoHeader, is NIOHTTP2Errors.PseudoHeaderAfterRegularHeader,
            is NIOHTTP2Errors.UnknownPseudoHeader, is NIOHTTP2Errors.UnsupportedPseudoHeader,
            is NIOHTTP2Errors.InvalidPseudoHeaders, is NIOHTTP2Errors.EmptyPathHeader,
            is NIOHTTP2Errors.InvalidHTTP2HeaderFieldName, is NIOHTTP2Errors.InvalidHTTP2HeaderFieldValue,
            is NIOHTTP2Errors.ForbiddenHeaderField, is NIOHTTP2Errors.InvalidPseudoHeaderValue,
            is NIOHTTP2Errors.ContentLengthViolated, is NIOHTTP2Errors.ContentLengthHeadersMismatch,
            is NIOHTTP2Errors.ContentLengthHeaderNegative, is NIOHTTP2Errors.ContentLengthHeaderMalformedValue,
            is NIOHTTP2Errors.TrailersWithoutEndStream, is NIOHTTP2Errors.StreamError,
            is NIOHTTP2Errors.MaxStreamsViolation:
            true
        default: false
        }
    }

    // MARK: What the worker asks

    func checkDeadline(_ now: NIODeadline) {
        if self.isDraining, self.openStreams == 0 { return self.abort() }
        guard now >= self.deadline else { return }
        self.deadline = .distantFuture
        self.sayGoodbye()
        self.abort()
    }

    func drain() {
        self.isDraining = true
        // The tick that finds no stream open closes: a request that was on its way is still served.
        self.sayGoodbye()
    }

    /// Streams that have begun finish where they are; those that come are the successor's.
    func follow(_ successor: Worker) {
        let last = self.worker
        self.worker = successor
        successor.opened(self)
        last.closed(self)
    }

    func abort() {
        self.context?.close(promise: nil)
    }

    private func sayGoodbye() {
        let frame = HTTP2Frame(
            streamID: .rootStream,
            payload: .goAway(lastStreamID: .maxID, errorCode: .noError, opaqueData: nil)
        )
        self.context?.writeAndFlush(self.wrapOutboundOut(frame), promise: nil)
    }
}

@available(*, unavailable)
extension HTTP2Connection: Sendable {}
