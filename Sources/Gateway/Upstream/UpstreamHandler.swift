import NIOCore

/// What an upstream connection tells the exchange that has leased it. All on the same loop.
protocol UpstreamPartner: AnyObject {
    /// Whether more of the response can be taken just now.
    var canTakeResponse: Bool { get }
    func upstreamResponded(_ head: ResponseHead)
    /// An interim response (RFC 9110, 15.2), neither 100 nor 101.
    func upstreamInformed(_ head: ResponseHead)
    func upstreamSent(_ body: ByteBuffer)
    func upstreamEnded(_ trailers: Trailers?)
    /// It sends nothing more, but may still be listening: after `allowHalfClosure` only.
    func upstreamEndedItsHalf()
    /// The end of a burst: what has been written may be flushed.
    func upstreamPaused()
    func upstreamBecameWritable()
    /// The connection is gone before the response was complete.
    ///
    /// - Parameters:
    ///   - isUnseen: the upstream has said that it has not looked at the request.
    ///   - detail: for the log.
    func upstreamFailed(isUnseen: Bool, _ detail: String?)
}

/// The far end of the glue: one connection to an upstream.
final class UpstreamHandler: ChannelDuplexHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundIn = Never
    typealias OutboundOut = ByteBuffer

    private enum State {
        /// In the pool, or just made: not a byte may arrive.
        case idle
        /// Leased: a response is expected or arriving.
        case leased
        /// The response is complete; the connection goes back when the burst that carried it has been read, for bytes
        /// behind the response's end would be taken for the next one's.
        case ended(reusable: Bool)
        case closed
    }

    let origin: UpstreamOrigin
    /// When its address was looked up.
    let madeAt: NIODeadline
    /// While leased: when to give up. While idle: when to close. The worker looks at it now and then.
    var deadline = NIODeadline.distantFuture
    /// Whether an earlier exchange has used this connection: such a one may have died unnoticed.
    private(set) var isReused = false

    private let pool: UpstreamPool
    private var state = State.idle
    /// Until the exchange lets go, or the connection has closed: a weak reference would make each use of either dear.
    private var partner: (any UpstreamPartner)?
    private var context: ChannelHandlerContext?
    private var pendingRead = false
    private var hasUnflushedWrites = false
    private var hasBroken = false
    /// Whether the upstream has refused the request unseen.
    private var wasRefused = false
    private let head: ResponseHead
    /// `nil` while the head is expected.
    private var body: BodyReader?
    /// Whether a `HEAD` is being answered, whose answer has no body.
    private var isHEAD = false
    private var wire = WireBytes()
    private var output = ByteBuffer()
    /// What is tolerated from this upstream; `nil`: nothing, mostly.
    private var mender: HeadMender?
    private var failure: String?

    /// - Parameter isStream: it is one stream of a connection of HTTP/2.
    init(origin: UpstreamOrigin, pool: UpstreamPool, madeAt: NIODeadline, isStream: Bool = false) {
        self.origin = origin
        self.pool = pool
        self.madeAt = madeAt
        self.head = ResponseHead(isOfStream: isStream)
    }

    // MARK: What the exchange asks for

    var isWritable: Bool { self.context?.channel.isWritable ?? false }

    /// Begins an exchange.
    func begin(_ request: ForwardedRequest, tolerating quirks: [Upstream.Quirk], partner: any UpstreamPartner) {
        if !quirks.isEmpty { self.mender = HeadMender(quirks) } else if self.mender != nil { self.mender = nil }
        self.state = .leased
        self.partner = partner
        self.isHEAD = request.head.isHEAD
        self.body = nil
        self.head.reset()
        self.wire.clear()
        request.write(into: &self.wire)
        // The channel is done with the last one, mostly; then its storage is used again.
        self.output.clear()
        self.output.writeBytes(self.wire.bytes)
        self.write(self.output)
    }

    func write(_ bytes: ByteBuffer) {
        self.hasUnflushedWrites = true
        self.context?.write(self.wrapOutboundOut(bytes), promise: nil)
    }

    func flush() {
        guard self.hasUnflushedWrites else { return }
        self.hasUnflushedWrites = false
        self.context?.flush()
    }

    /// The exchange is over. A connection that cannot serve another one is closed.
    func release(reusable: Bool) {
        self.partner = nil
        guard case .leased = self.state else { return }
        self.state = .ended(reusable: reusable)
        // An upstream that answers quickly may have done so before the request's last bytes were flushed. The connection
        // may end by it, and then the state is another.
        self.flush()
        if !reusable { self.close() }
    }

    /// The browser's half of a tunnel has ended.
    func closeOutput() {
        self.hasUnflushedWrites = false
        self.context?.flush()
        self.context?.close(mode: .output, promise: nil)
    }

    /// In a tunnel the end of one direction is not that of the other.
    func allowHalfClosure() {
        try? self.context?.channel.syncOptions?.setOption(.allowRemoteHalfClosure, value: true)
    }

    /// Whether the response that is running is a stream of server-sent events.
    var sendsEvents: Bool {
        let type = self.head.value(named: "content-type")?.lowercased() ?? ""
        return type.utf8.starts(with: "text/event-stream".utf8)
    }

    /// The browser can take more.
    func partnerBecameWritable() {
        guard self.pendingRead else { return }
        self.pendingRead = false
        self.context?.read()
    }

    func close() {
        self.context?.close(promise: nil)
    }

    // MARK: What the channel tells

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        self.context = nil
    }

    func read(context: ChannelHandlerContext) {
        if self.partner?.canTakeResponse ?? true {
            context.read()
        } else {
            self.pendingRead = true
        }
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        var bytes = self.unwrapInboundIn(data)
        do throws(MessageError) {
            while bytes.readableBytes > 0 {
                guard case .leased = self.state, let partner = self.partner else {
                    // Bytes that nobody asked for: whatever they are, they must not become somebody's answer.
                    return self.poison(context)
                }
                if self.body == nil {
                    guard try self.readHead(&bytes) else { return }
                    partner.upstreamResponded(self.head)
                }
                try self.readBody(&bytes)
            }
        } catch {
            self.poison(context)
        }
    }

    /// Returns whether there is a head that somebody waits for.
    private func readHead(_ bytes: inout ByteBuffer) throws(MessageError) -> Bool {
        while try self.headIsComplete(&bytes) {
            if (100...199).contains(self.head.status), self.head.status != 101 {
                // Who waits for "100 Continue" has had ours.
                if self.head.status != 100 { self.partner?.upstreamInformed(self.head) }
                self.head.reset()
                continue
            }
            self.body = BodyReader(self.framing)
            return true
        }
        return false
    }

    private func headIsComplete(_ bytes: inout ByteBuffer) throws(MessageError) -> Bool {
        guard self.mender != nil else { return try self.head.read(&bytes) }
        guard var mended = try self.mender?.read(&bytes) else { return false }
        return try self.head.read(&mended)
    }

    private var framing: Framing {
        // What follows a 101 is no body, whatever the fields say.
        if self.head.status == 101 { return .untilClose }
        return self.isHEAD || self.head.hasNoBody ? .none : self.head.framing
    }

    /// The partner may leave at any event; then the rest is nobody's.
    private func readBody(_ bytes: inout ByteBuffer) throws(MessageError) {
        while let partner = self.partner, let event = try self.body?.next(&bytes) {
            switch event {
            case .body(let piece): partner.upstreamSent(piece)
            case .end(let trailers): partner.upstreamEnded(trailers)
            }
        }
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        if let partner = self.partner {
            partner.upstreamPaused()
        } else if case .ended(reusable: true) = self.state {
            self.state = .idle
            self.isReused = true
            self.pool.giveBack(self)
        }
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        if context.channel.isWritable { self.partner?.upstreamBecameWritable() }
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        guard let event = event as? ChannelEvent, event == .inputClosed else {
            return context.fireUserInboundEventTriggered(event)
        }
        self.partner?.upstreamEndedItsHalf()
    }

    func channelInactive(context: ChannelHandlerContext) {
        let endsHere = self.body?.endsWithConnection ?? false
        let partner = self.partner
        let isProper = endsHere && !self.hasBroken
        if isProper { partner?.upstreamEnded(nil) }
        var wasLeased = true
        switch self.state {
        case .leased:
            // Nothing at all came of a request, and not because the connection had been idle for too long.
            if self.body == nil, !self.isReused, !self.wasRefused { self.pool.failed(self.origin) }
        case .ended: break
        case .idle, .closed: wasLeased = false
        }
        self.state = .closed
        self.pool.closed(self, wasLeased: wasLeased)
        self.partner = nil
        if !isProper { partner?.upstreamFailed(isUnseen: self.wasRefused, self.failure) }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        self.failure = "\(error)"
        if error is UpstreamRefusal { self.wasRefused = true }
        self.poison(context)
    }

    /// What this connection says is not to be believed, now or later.
    private func poison(_ context: ChannelHandlerContext) {
        self.hasBroken = true
        if case .ended = self.state { self.state = .ended(reusable: false) }
        context.close(promise: nil)
    }
}

@available(*, unavailable)
extension UpstreamHandler: Sendable {}
