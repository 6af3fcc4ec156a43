import Access
import NIOCore

/// One browser connection, or one stream after another of one. Runs what `Exchange` decides: bytes in, bytes out, reading
/// held while somebody must wait.
final class ExchangeHandler: WorkerConnection, Flushing {
    private(set) var worker: Worker
    let door: Door
    /// Those of the route, once there is one.
    var timeouts: Configuration.Timeouts
    var exchange = Exchange()
    private(set) var head: RequestHead
    var body = BodyReader(.none)
    var memory = ConnectionMemory()
    let current = CurrentExchange()
    var upstream: UpstreamHandler?
    /// The largest body the route takes.
    var bodyLimit = Int.max
    var bodyWindow = BodyWindow()
    /// Once the upstream has switched to another protocol.
    var tunnel: Tunnel?
    var downstream: (any Downstream)?
    var deadline: NIODeadline

    /// What has arrived and could not be dealt with yet: little more than one read brings, for then reading stops.
    var unread = ByteBuffer()
    private var isPumping = false
    private var pendingRead = false
    /// Whether nobody else asks the channel to read.
    var readsBySelf = false
    private(set) var headHasBegun = false
    /// Whether the browser has closed its half: what has come is all that comes.
    var inputHasEnded = false
    private(set) var peer = ""
    private(set) var peerIsTrusted = false
    /// The client's, when nothing is said of another.
    private(set) var peerAddress = ClientAddress(peer: "")
    let arrival: Arrival

    /// Heads and small bodies are put together here; the storage serves one after another.
    var wire = WireBytes()
    var hasWire = false
    var output: ByteBuffer?
    /// In bytes.
    var unflushed = 0
    /// Whether an HTTP/1.1 connection takes nothing more just now, as its channel has said last.
    var isFull = false
    var delivery = Delivery()
    var isInBurst = false
    var willFlush = false

    init(worker: Worker, arrival: Arrival) {
        self.worker = worker
        self.arrival = arrival
        self.door = arrival.door
        self.timeouts = worker.settings.configuration.timeouts
        self.deadline = worker.now + worker.settings.configuration.timeouts.keepAlive
        self.head = RequestHead(on: worker)
        self.judgePeer()
    }

    // MARK: What the downstream tells

    /// The connection, or the stream, is there.
    func begin(on downstream: any Downstream) {
        self.downstream = downstream
        self.inputHasEnded = false
        self.deadline = self.worker.now + (self.worker.isDraining ? Worker.arrivalGrace : self.timeouts.keepAlive)
        self.worker.opened(self)
        self.checkConnectionLimits()
    }

    private func judgePeer() {
        self.peer = self.arrival.peer
        self.peerIsTrusted = self.arrival.isTrusted(by: self.worker.settings.configuration.server)
        self.peerAddress = ClientAddress(peer: self.peer)
    }

    /// Between two exchanges, and only there, a connection goes over to another configuration.
    func follow(_ successor: Worker) {
        guard self.isBetweenExchanges, self.downstream != nil else { return }
        let last = self.worker
        self.worker = successor
        self.timeouts = successor.settings.configuration.timeouts
        self.head = RequestHead(on: successor)
        self.memory = ConnectionMemory()
        self.judgePeer()
        successor.opened(self)
        last.closed(self)
        if successor.isDraining { self.drain() }
    }

    /// Nothing runs, and nothing has begun.
    private var isBetweenExchanges: Bool {
        self.exchange.isIdle && !self.headHasBegun && !self.current.isUnderWay
    }

    /// A stream has ended. Returns whether the next one may be served here, as the next request of a connection would be:
    /// what the exchange has left behind is nothing.
    func rest() -> Bool {
        guard self.isBetweenExchanges, self.unread.readableBytes == 0, self.upstream == nil, self.tunnel == nil,
            !self.hasWire, !self.isInBurst, !self.isPumping
        else { return false }
        self.downstream = nil
        self.pendingRead = false
        self.unflushed = 0
        self.worker.closed(self)
        return true
    }

    /// Nobody is there any more.
    func downstreamClosed() {
        self.exchange.closed()
        if self.current.isUnderWay {
            if self.current.fault == nil, self.tunnel == nil { self.current.fault = .browserLeft }
            self.finishRecord()
        }
        self.dropUpstream()
        self.unread = ByteBuffer()
        self.worker.closed(self)
    }

    /// Whether more can be dealt with now. If not, the downstream is asked to read as soon as it can.
    func wantsToRead() -> Bool {
        self.pendingRead = !self.mayRead
        return !self.pendingRead
    }

    func received(_ bytes: ByteBuffer) {
        self.isInBurst = true
        guard !self.exchange.isClosed else { return }
        var bytes = bytes
        if self.unread.readableBytes == 0 { self.unread = bytes } else { self.unread.writeBuffer(&bytes) }
        self.pump()
    }

    /// What has been received is all there is for now.
    func burstEnded() {
        self.isInBurst = false
        self.flush()
    }

    // MARK: Bytes

    /// Deals with what has arrived, as far as it can be dealt with now.
    func pump() {
        guard !self.isPumping else { return }
        self.isPumping = true
        do throws(MessageError) {
            while self.exchange.acceptsParts {
                if self.exchange.isIdle {
                    guard self.takesNextRequest, try self.readHead() else { break }
                } else {
                    guard let event = try self.body.next(&self.unread) else { break }
                    self.handle(event)
                }
            }
        } catch {
            self.unreadable(error)
        }
        // The buffer is the channel's: kept empty, it would have to get another one for its next read.
        if self.unread.readableBytes == 0 { self.unread = ByteBuffer() }
        self.isPumping = false
        if self.inputHasEnded { self.settleEndOfInput() }
        if self.pendingRead, self.mayRead {
            self.pendingRead = false
            self.downstream?.read()
        }
    }

    /// Returns whether there was a head.
    private func readHead() throws(MessageError) -> Bool {
        let count = self.unread.readableBytes
        guard count > 0 else { return false }
        if !self.headHasBegun {
            // Before more than that, the head's reader forgives it.
            if count <= 2 { guard self.skipEmptyLine() else { return false } }
            self.headHasBegun = true
            self.deadline = self.worker.now + self.timeouts.requestHeader
            self.head.reset()
        }
        guard try self.head.read(&self.unread) else { return false }
        self.headHasBegun = false
        self.deadline = .distantFuture
        let isLast = self.worker.isLeaving || self.inputHasEnded && self.unread.readableBytes == 0
        switch self.exchange.received(.head(keepAlive: !isLast)) {
        case .decide: self.decide()
        default: self.abort()
        }
        return true
    }

    private func handle(_ event: BodyReader.Event) {
        switch event {
        case .body(let bytes):
            switch self.exchange.received(.body) {
            case .forwardBody:
                self.current.bytesIn += bytes.readableBytes
                let isWithin = self.current.bytesIn <= self.bodyLimit || self.tunnel != nil
                guard isWithin else { return self.fail(.bodyAboveLimit) }
                self.extendDeadline()
                self.forward(bytes)
            case .collectBody: self.collect(bytes)
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

    /// What has arrived is no message. Nothing behind it can be believed.
    private func unreadable(_ error: MessageError) {
        self.body = BodyReader(.untilClose)
        self.exchange.lastExchange()
        if self.exchange.isIdle { self.failWithoutRequest(.unreadable(error)) } else { self.fail(.unreadable(error)) }
    }

    /// Whether the answers before it leave room for that of another request. Who sends and does not read is read from no
    /// further.
    private var takesNextRequest: Bool {
        // Behind TLS, what is full is known only of what has been flushed.
        if self.unflushed >= Self.unflushedLimit { self.flushNow() }
        return !self.isFull
    }

    private static let unflushedLimit = 64 << 10

    /// An empty line behind a body is none of it, and no beginning of a head (RFC 9112, 2.2). Returns whether anything is
    /// left.
    private func skipEmptyLine() -> Bool {
        let start = self.unread.readerIndex
        guard self.unread.getInteger(at: start, as: UInt8.self) == 0x0D,
            self.unread.getInteger(at: start + 1, as: UInt8.self) == 0x0A
        else { return true }
        self.unread.moveReaderIndex(forwardBy: 2)
        return self.unread.readableBytes > 0
    }

    private var mayRead: Bool {
        // A request that has been read to its end brings nothing more than the news that the browser has left.
        self.unread.readableBytes == 0 && !(self.isFull && self.exchange.isIdle)
            && (self.exchange.acceptsParts || self.exchange.requestEnded || self.head.framing == .none)
            && (self.upstream?.isWritable ?? true)
    }

    /// Whether the rest of the request is here; then it is thrown away.
    func skipRestOfRequest() -> Bool {
        if self.body.isDrained { return true }
        do {
            return try self.body.skip(in: &self.unread)
        } catch {
            self.body = BodyReader(.untilClose)
            return false
        }
    }

    /// Whether the exchange of this number is the one that runs: whoever has waited asks first.
    func isStill(_ number: Int) -> Bool {
        self.current.isUnderWay && self.current.number == number && !self.exchange.isClosed
    }

    func abort() {
        if self.willFlush { self.flushNow() }
        self.downstream?.abort()
    }
}

extension RequestHead {
    fileprivate convenience init(on worker: Worker) {
        let limits = worker.settings.configuration.limits
        self.init(
            limits: .init(fieldBytes: limits.headerBytes, fieldCount: limits.headerFields),
            reserved: worker.settings.reservedNames
        )
    }
}

@available(*, unavailable)
extension ExchangeHandler: Sendable {}
