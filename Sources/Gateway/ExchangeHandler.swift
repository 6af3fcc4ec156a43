import Access
import NIOCore
import NIOHTTP1

/// One browser connection. Runs what `Exchange` decides: parts in, bytes out, reading held while somebody must wait.
final class ExchangeHandler: ChannelDuplexHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias OutboundIn = Never
    typealias OutboundOut = ByteBuffer

    let worker: Worker
    var exchange = Exchange()
    let fields = RequestFields()
    var tickets = TicketMemory()
    var current: CurrentExchange?
    var upstream: UpstreamHandler?
    /// Heads are put together here; its storage serves one after another.
    var wire = WireBytes()

    /// Parts that came before they could be dealt with: at most what one read brings, for then reading stops.
    private var inbox = CircularBuffer<HTTPServerRequestPart>(initialCapacity: 0)
    private var context: ChannelHandlerContext?
    private var deadline: NIODeadline
    private let timeouts: Configuration.Timeouts
    private var isInBurst = false
    private var isPumping = false
    private var hasUnflushedWrites = false
    private var pendingRead = false
    private var headHasBegun = false
    private(set) var peer = ""
    private(set) var peerIsTrusted = false

    /// How long a browser may take to notice that we have said our last word.
    private static let lingerTime = TimeAmount.seconds(3)

    init(worker: Worker) {
        self.worker = worker
        self.timeouts = worker.settings.configuration.timeouts
        self.deadline = worker.now + worker.settings.configuration.timeouts.keepAlive
    }

    // MARK: What the channel tells

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        self.context = nil
    }

    func channelActive(context: ChannelHandlerContext) {
        let trusted = self.worker.settings.configuration.server.trustedProxies
        if let address = context.channel.remoteAddress {
            self.peer = address.ipAddress ?? "unix"
            let host = IPAddress(self.peer)
            self.peerIsTrusted = host.map { host in trusted.contains { $0.contains(host) } } ?? false
        }
        self.worker.opened(self)
        context.fireChannelActive()
    }

    func channelInactive(context: ChannelHandlerContext) {
        self.exchange.closed()
        if let current = self.current {
            if current.fault == nil { self.current?.fault = .browserLeft }
            self.finishRecord()
        }
        self.dropUpstream()
        self.inbox.removeAll()
        self.worker.closed(self)
        context.fireChannelInactive()
    }

    func read(context: ChannelHandlerContext) {
        if self.mayRead { context.read() } else { self.pendingRead = true }
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        self.isInBurst = true
        let part = self.unwrapInboundIn(data)
        if self.exchange.isClosed { return }
        if self.exchange.acceptsParts, self.inbox.isEmpty { self.handle(part) } else { self.inbox.append(part) }
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        self.isInBurst = false
        self.flush()
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        if context.channel.isWritable { self.upstream?.partnerBecameWritable() }
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        // The browser has closed its half: it may still be reading, but there will be no further request.
        guard let event = event as? ChannelEvent, event == .inputClosed else {
            return context.fireUserInboundEventTriggered(event)
        }
        self.exchange.lastExchange()
        let isMidRequest = !self.exchange.requestEnded && !self.inboxHoldsEnd
        if self.exchange.isIdle || self.exchange.isClosed || isMidRequest { context.close(promise: nil) }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        guard error is HTTPParserError || error is NIOHTTPDecoderError || error is ByteToMessageDecoderError else {
            // The connection broke: whoever was there is gone.
            return context.close(promise: nil)
        }
        self.exchange.lastExchange()
        if self.exchange.isIdle {
            self.failWithoutRequest(Self.fault(for: error))
        } else if !self.exchange.requestEnded, !self.inboxHoldsEnd {
            self.fail(Self.fault(for: error))
        }
        self.flush()
    }

    private static func fault(for error: any Error) -> Fault {
        if case HTTPParserError.headerOverflow = error { return .fieldsTooLarge }
        return .malformed("the request is not HTTP/1.1 as RFC 9112 has it")
    }

    // MARK: Parts

    private func handle(_ part: HTTPServerRequestPart) {
        switch part {
        case .head(let head):
            self.headHasBegun = false
            switch self.exchange.received(.head(keepAlive: head.isKeepAlive && !self.worker.isDraining)) {
            case .decide:
                self.deadline = .distantFuture
                self.decide(head)
            default: self.abort()
            }
        case .body(let body):
            switch self.exchange.received(.body) {
            case .forwardBody:
                self.current?.bytesIn += body.readableBytes
                self.extendDeadline()
                self.forward(body)
            case .collectBody: self.collect(body)
            case .discard: break
            default: self.abort()
            }
        case .end(let trailers):
            switch self.exchange.received(.end) {
            case .forwardEnd: self.forwardEnd(trailers)
            case .bodyCollected: self.bodyCollected()
            case .complete(let keepAlive): self.complete(keepAlive: keepAlive)
            default: self.abort()
            }
        }
    }

    /// Deals with what has waited, as far as it can be dealt with now.
    func pump() {
        guard !self.isPumping else { return }
        self.isPumping = true
        while self.exchange.acceptsParts, let part = self.inbox.popFirst() { self.handle(part) }
        self.isPumping = false
        if self.pendingRead, self.mayRead {
            self.pendingRead = false
            self.context?.read()
        }
    }

    private var mayRead: Bool {
        // A request that has been read to its end brings nothing more than the news that the browser has left.
        self.inbox.isEmpty
            && (self.exchange.acceptsParts || self.exchange.requestEnded || self.fields.framing == .none)
            && (self.upstream?.isWritable ?? true)
    }

    private var inboxHoldsEnd: Bool {
        self.inbox.contains { if case .end = $0 { true } else { false } }
    }

    // MARK: Writing

    /// Whether the browser takes more just now.
    var canTakeResponse: Bool { self.context?.channel.isWritable ?? true }

    /// Sends what stands in `wire`.
    func writeWire() {
        self.write(ByteBuffer(bytes: self.wire.bytes))
    }

    func write(_ bytes: ByteBuffer) {
        self.current?.bytesOut += bytes.readableBytes
        self.hasUnflushedWrites = true
        self.context?.write(self.wrapOutboundOut(bytes), promise: nil)
    }

    /// Flushes what has been written to either side, at the end of a burst or when there is none.
    func flush() {
        guard !self.isInBurst else { return }
        self.upstream?.flush()
        guard self.hasUnflushedWrites else { return }
        self.hasUnflushedWrites = false
        self.context?.flush()
    }

    /// Sends an answer of our own and ends the exchange.
    func answer(_ answer: Answer) {
        guard let current = self.current, !self.exchange.isClosed, !self.exchange.responseBegun else { return }
        if self.inboxHoldsEnd {
            while let part = self.inbox.popFirst() { if case .end = part { break } }
            self.exchange.requestWasWaiting()
        } else if !self.exchange.requestEnded, self.fields.framing != .none {
            // Nobody will read the rest of this body.
            self.exchange.lastExchange()
        }
        self.dropUpstream()
        self.current?.status = Int(answer.status.code)
        self.current?.fault = answer.fault ?? current.fault
        self.wire.clear()
        answer.write(
            into: &self.wire,
            keepAlive: self.exchange.keepAlive,
            withoutBody: current.head.method == .HEAD,
            requestID: current.requestID,
            date: self.worker.httpDate
        )
        self.writeWire()
        self.responseEnded()
        self.flush()
    }

    func fail(_ fault: Fault) {
        self.worker.metrics.count(fault.source)
        switch self.exchange.failed() {
        case .answer:
            let asPage = self.current?.wantsPage ?? false
            self.answer(.fault(fault, asPage: asPage, requestID: self.current?.requestID ?? ""))
        case .abort:
            self.current?.fault = fault
            self.abort()
        case .none: break
        }
    }

    /// The response is complete; the exchange is, too, if the request is.
    func responseEnded() {
        switch self.exchange.responseEnded() {
        case .complete(let keepAlive): self.complete(keepAlive: keepAlive)
        case nil where self.exchange.isDiscarding:
            self.deadline = self.worker.now + Self.lingerTime
            if !self.exchange.keepAlive { self.closeOutput() }
            self.pump()
        default: break
        }
    }

    private func complete(keepAlive: Bool) {
        self.finishRecord()
        if keepAlive {
            self.deadline = self.worker.now + self.timeouts.keepAlive
            self.pump()
        } else {
            self.deadline = self.worker.now + Self.lingerTime
            self.closeOutput()
        }
    }

    /// Our last word. Closing both ways at once could take its last bytes along, if the browser has sent more meanwhile.
    private func closeOutput() {
        self.hasUnflushedWrites = false
        self.context?.flush()
        self.context?.close(mode: .output, promise: nil)
    }

    private func dropUpstream() {
        self.upstream?.release(reusable: false)
        self.upstream = nil
    }

    private func finishRecord() {
        guard let current = self.current else { return }
        self.current = nil
        self.worker.record(current, client: self.peer)
    }

    // MARK: Time

    func bytesArrived() {
        guard self.exchange.isIdle, !self.headHasBegun else { return }
        self.headHasBegun = true
        self.deadline = self.worker.now + self.timeouts.requestHeader
    }

    /// Something moved.
    func extendDeadline() {
        let patience = self.exchange.responseBegun || !self.exchange.requestEnded
            ? self.timeouts.idleBody : self.timeouts.upstreamResponse
        self.deadline = self.worker.now + patience
    }

    func checkDeadline(_ now: NIODeadline) {
        guard now >= self.deadline else { return }
        self.deadline = .distantFuture
        if self.exchange.isIdle, self.headHasBegun {
            self.failWithoutRequest(.requestTimedOut)
        } else if self.exchange.isIdle || self.exchange.isClosed || self.exchange.isDiscarding {
            self.abort()
        } else {
            self.fail(self.exchange.requestEnded ? .upstreamSilent : .requestTimedOut)
        }
    }

    /// What has arrived is no request, or not in time: it is answered all the same, as the connection's last.
    private func failWithoutRequest(_ fault: Fault) {
        let head = HTTPRequestHead(version: .http1_1, method: .RAW(value: "-"), uri: "")
        self.current = CurrentExchange(head: head, requestID: self.worker.makeRequestID())
        self.exchange.lastExchange()
        _ = self.exchange.received(.head(keepAlive: false))
        self.exchange.requestWasWaiting()
        self.fail(fault)
    }

    /// Finishes what runs and takes nothing new.
    func drain() {
        self.exchange.lastExchange()
        if self.exchange.isIdle { self.abort() }
    }

    func abort() {
        self.context?.close(promise: nil)
    }
}

@available(*, unavailable)
extension ExchangeHandler: Sendable {}
