import Logging
import NIOCore
import NIOHTTP2

/// A browser's HTTP/2 connection: its streams, how many there may be at once, and when it ends.
final class HTTP2Connection: ChannelDuplexHandler, WorkerConnection, Flushing {
    typealias InboundIn = HTTP2Frame
    typealias OutboundIn = Never
    typealias OutboundOut = HTTP2Frame

    private let channel: any Channel
    private let arrival: Arrival
    private var worker: Worker
    private var context: ChannelHandlerContext?
    private var farewell = Farewell()
    private var delivery = Delivery()
    /// One too many: its requests are refused, and then it ends.
    private var isRefused: Bool { self.arrival.refusal != nil }
    private var deadline: NIODeadline
    private var window = InboundWindow()

    private var streams: [HTTP2StreamID: HTTP2Stream] = [:]
    /// With those that are closed and still belong to this turn of the loop.
    private var openStreams = 0
    private var closedStreams: [HTTP2Stream] = []
    /// What streams have left that ended well, for the next ones. None stays when none is open.
    private var resting: [HTTP2Stream] = []
    private static let restingLimit = 32

    private var isReading = false
    private var pendingRead = false
    /// Whose burst ends with what is being read.
    private var readers: [HTTP2Stream] = []
    private var turnWillEnd = false
    /// Whether the transport takes nothing more, as far as NIOHTTP2 has heard.
    private var isFull = false

    private init(_ channel: any Channel, worker: Worker, arrival: Arrival) {
        self.channel = channel
        self.worker = worker
        self.arrival = arrival
        self.deadline = worker.now + worker.settings.configuration.timeouts.keepAlive
    }

    /// Puts HTTP/2 at the end of a connection's pipeline.
    static func add(to channel: any Channel, worker: Worker, arrival: Arrival) throws {
        let configuration = Self.configuration(worker.settings.configuration.limits)
        let pipeline = channel.pipeline.syncOperations
        try pipeline.addHandler(
            NIOHTTP2Handler(mode: .server, connectionConfiguration: configuration, streamConfiguration: .init())
        )
        try pipeline.addHandler(HTTP2Connection(channel, worker: worker, arrival: arrival))
    }

    private static func configuration(_ limits: Configuration.Limits) -> NIOHTTP2Handler.ConnectionConfiguration {
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

    // MARK: What streams ask for

    var allocator: ByteBufferAllocator { self.channel.allocator }

    var isWritable: Bool { self.channel.isWritable }

    func write(_ payload: HTTP2Frame.FramePayload, on id: HTTP2StreamID, promise: EventLoopPromise<Void>? = nil) {
        guard let context = self.context else {
            promise?.fail(ChannelError.ioOnClosedChannel)
            return
        }
        context.write(self.wrapOutboundOut(HTTP2Frame(streamID: id, payload: payload)), promise: promise)
        // While the transport is full, NIOHTTP2 holds frames back: a head until it is flushed, the body behind it only until
        // there is room. Flushed at once, no body overtakes its head.
        if self.isFull || !self.isWritable { context.flush() }
    }

    /// For what has to be done when something has been sent.
    func promise(_ whenSent: @escaping () -> Void) -> EventLoopPromise<Void> {
        let promise = self.channel.eventLoop.makePromise(of: Void.self)
        promise.futureResult.assumeIsolated().whenSuccess(whenSent)
        return promise
    }

    /// What all streams write in one turn of the loop goes out together at its end, in one record and one write.
    func flushSoon() {
        guard !self.turnWillEnd else { return }
        self.turnWillEnd = true
        self.worker.turn.flushAtEnd(self)
    }

    /// The stream has read something: its burst ends with the connection's.
    func willEndBurst(_ stream: HTTP2Stream) {
        if self.readers.last !== stream { self.readers.append(stream) }
        if !self.isReading { self.flushSoon() }
    }

    /// At the end of a turn.
    func flushNow() {
        self.turnWillEnd = false
        self.endBursts()
        self.context?.flush()
        let closed = self.closedStreams
        self.closedStreams = []
        for stream in closed { self.streamEnded(stream) }
    }

    private func endBursts() {
        let readers = self.readers
        self.readers.removeAll(keepingCapacity: true)
        for stream in readers { stream.exchange.burstEnded() }
    }

    private func streamOpened(_ id: HTTP2StreamID) -> HTTP2Stream {
        self.openStreams += 1
        self.farewell.lastStream = id
        self.deadline = .distantFuture
        let stream = self.resting.popLast() ?? self.makeStream()
        self.streams[id] = stream
        stream.begin(id)
        return stream
    }

    private func makeStream() -> HTTP2Stream {
        HTTP2Stream(connection: self, exchange: ExchangeHandler(worker: self.worker, arrival: self.arrival))
    }

    private func streamEnded(_ stream: HTTP2Stream) {
        self.openStreams -= 1
        let isOurs = stream.exchange.worker === self.worker
        if stream.rest(), isOurs, self.resting.count < Self.restingLimit { self.resting.append(stream) }
        guard self.openStreams == 0 else { return }
        if self.isRefused {
            self.end()
        } else {
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

    /// Who asks and does not take what it is answered is not listened to any further.
    func read(context: ChannelHandlerContext) {
        if self.isFull { self.pendingRead = true } else { context.read() }
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let frame = self.unwrapInboundIn(data)
        guard frame.streamID != .rootStream else { return }
        self.isReading = true
        if let stream = self.streams[frame.streamID] {
            stream.received(frame.payload)
        } else if case .headers = frame.payload {
            self.streamOpened(frame.streamID).received(frame.payload)
        }
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        self.isReading = false
        self.endBursts()
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        self.isFull = !context.channel.isWritable
        guard !self.isFull else { return }
        for stream in self.streams.values { stream.becameWritable() }
        guard self.pendingRead else { return }
        self.pendingRead = false
        context.read()
    }

    func channelInactive(context: ChannelHandlerContext) {
        let streams = Array(self.streams.values) + self.closedStreams
        self.streams = [:]
        self.closedStreams = []
        self.resting = []
        for stream in streams { stream.end() }
        self.worker.closed(self)
        context.fireChannelInactive()
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        switch event {
        case let event as NIOHTTP2WindowUpdatedEvent:
            guard let size = event.inboundWindowSize else { return }
            if event.streamID != .rootStream {
                self.streams[event.streamID]?.windowChanged(to: size)
            } else if let increment = self.window.changed(to: size) {
                self.write(.windowUpdate(windowSizeIncrement: increment), on: .rootStream)
                self.flushSoon()
            }
        case let event as StreamClosedEvent:
            guard let stream = self.streams.removeValue(forKey: event.streamID) else { return }
            self.closedStreams.append(stream)
            stream.closed()
            self.flushSoon()
        case let event as ChannelEvent where event == .inputClosed:
            // Nobody is left who could be answered: a client keeps its half open as long as it wants anything.
            context.close(promise: nil)
        default: break
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        // Behind our last word NIOHTTP2 takes what the client still has to say, a window update for one, for an error. The
        // tick closes, when what has been said has left.
        if self.farewell.hasEnded { return }
        self.worker.metrics.count(.downstream)
        // A stream's trouble is its own (RFC 9113, 5.4.2); anything else has been answered with GOAWAY.
        if let error = error as? NIOHTTP2Errors.StreamError { self.streams[error.streamID]?.abort() }
        if Self.isOfOneStream(error) { return }
        if let limit = Self.limit(brokenBy: error) { self.worker.metrics.count(limit) }
        self.worker.logger.debug("an HTTP/2 connection is ended", metadata: ["error": "\(type(of: error))"])
        context.close(promise: nil)
    }

    // MARK: What the worker asks

    func checkDeadline(_ now: NIODeadline) {
        if self.openStreams == 0 { self.resting = [] }
        if self.worker.isLeaving { self.announceEnd(now) }
        if self.farewell.hasEnded {
            let patience = self.worker.settings.configuration.timeouts.idleBody
            if !self.delivery.isUnderWay(self.channel.unsent, now: now, patience: patience) { self.abort() }
        } else if self.openStreams == 0 {
            if now >= self.deadline || self.worker.isDraining && self.farewell.hasArrived(now) { self.end() }
        }
    }

    func drain() {
        self.announceEnd(self.worker.now)
    }

    /// Streams that have begun finish where they are; those that come are the successor's.
    func follow(_ successor: Worker) {
        let last = self.worker
        self.worker = successor
        self.resting = []
        successor.opened(self)
        last.closed(self)
    }

    func abort() {
        self.context?.close(promise: nil)
    }

    /// Tells the client to open no further stream here. Those that are on their way are served all the same.
    private func announceEnd(_ now: NIODeadline) {
        guard let announcement = self.farewell.announce(now),
            // NIOHTTP2 would refuse them, as soon as it had sent this itself: it goes out below it.
            let below = try? self.channel.pipeline.syncOperations.context(handlerType: NIOHTTP2Handler.self)
        else { return }
        below.writeAndFlush(NIOAny(announcement), promise: nil)
    }

    /// No stream is open, and none is taken any more. The tick that finds all of it sent closes.
    private func end() {
        guard let last = self.farewell.end() else { return }
        let frame = HTTP2Frame(
            streamID: .rootStream,
            payload: .goAway(lastStreamID: last, errorCode: .noError, opaqueData: nil)
        )
        self.context?.writeAndFlush(self.wrapOutboundOut(frame), promise: nil)
    }
}

@available(*, unavailable)
extension HTTP2Connection: Sendable {}
