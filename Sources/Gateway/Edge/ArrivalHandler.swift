import NIOCore
import NIOSSL
import NIOTLS

/// The beginning of a connection: waits for the handshake, or for the first bytes, until it is known what is spoken; then
/// makes room for who speaks it.
final class ArrivalHandler: ChannelInboundHandler, RemovableChannelHandler, WorkerConnection {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = ByteBuffer

    private enum State {
        /// The handshake tells the protocol.
        case shakingHands
        /// The first bytes do.
        case listening
        case gone
    }

    private var worker: Worker
    private let arrival: Arrival
    private var state: State
    private var buffer = ByteBuffer()
    private var deadline: NIODeadline
    private var context: ChannelHandlerContext?
    /// Whether the peer is not yet known: a balancer says who it is.
    private let waitsForPeer: Bool

    /// How a client begins that knows already that we speak HTTP/2 (RFC 9113, 3.4).
    private static let preface = Array("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".utf8)

    init(worker: Worker, arrival: Arrival, waitsForPeer: Bool) {
        self.worker = worker
        self.arrival = arrival
        self.waitsForPeer = waitsForPeer
        self.state = arrival.speech == .https ? .shakingHands : .listening
        let timeouts = worker.settings.configuration.timeouts
        let patience = arrival.speech == .https || waitsForPeer ? timeouts.requestHeader : timeouts.keepAlive
        self.deadline = worker.now + patience
    }

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        self.context = nil
    }

    func channelActive(context: ChannelHandlerContext) {
        self.worker.opened(self)
        if self.worker.isDraining { self.drain() }
        if !self.waitsForPeer {
            self.arrival.enter(context.channel, on: self.worker)
            if self.arrival.refusal != nil {
                // Before the handshake nothing can be said, and it is not worth one.
                if case .shakingHands = self.state { return context.close(promise: nil) }
                return self.makeRoom(context, http2: false)
            }
        }
        context.fireChannelActive()
    }

    func channelInactive(context: ChannelHandlerContext) {
        self.state = .gone
        self.worker.closed(self)
        context.fireChannelInactive()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard case .listening = self.state else { return context.fireChannelRead(data) }
        var bytes = self.unwrapInboundIn(data)
        if self.buffer.readableBytes == 0 { self.buffer = bytes } else { self.buffer.writeBuffer(&bytes) }
        switch self.speaksHTTP2() {
        case true?: self.makeRoom(context, http2: true)
        case false?: self.makeRoom(context, http2: false)
        case nil:
            self.deadline = min(
                self.deadline,
                self.worker.now + self.worker.settings.configuration.timeouts.requestHeader
            )
        }
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if case .shakingHands = self.state, case .handshakeCompleted(let name)? = event as? TLSUserEvent {
            if let certificate = try? context.pipeline.syncOperations.handler(type: NIOSSLServerHandler.self)
                .peerCertificate
            {
                self.arrival.note(certificate)
            }
            return self.makeRoom(context, http2: name?.utf8.elementsEqual("h2".utf8) ?? false)
        }
        // Whoever leaves before the first request wants nothing.
        if let event = event as? ChannelEvent, event == .inputClosed { return context.close(promise: nil) }
        context.fireUserInboundEventTriggered(event)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        if case .shakingHands = self.state { self.worker.metrics.handshakesFailed += 1 }
        context.close(promise: nil)
    }

    /// `nil` while it could still become either.
    private func speaksHTTP2() -> Bool? {
        guard self.worker.settings.configuration.server.http2, self.arrival.speech == .http else { return false }
        let begun = self.buffer.readableBytesView.prefix(Self.preface.count)
        guard Self.preface.starts(with: begun) else { return false }
        return begun.count == Self.preface.count ? true : nil
    }

    private func makeRoom(_ context: ChannelHandlerContext, http2: Bool) {
        self.state = .gone
        if self.waitsForPeer { self.arrival.enter(context.channel, on: self.worker) }
        do {
            if http2 {
                self.arrival.isHTTP2 = true
                try HTTP2Connection.add(to: context.channel, worker: self.worker, arrival: self.arrival)
            } else {
                let handler = ExchangeHandler(worker: self.worker, arrival: self.arrival)
                try context.pipeline.syncOperations.addHandler(handler, position: .after(self))
            }
        } catch {
            return context.close(promise: nil)
        }
        let bytes = self.buffer
        self.buffer = ByteBuffer()
        self.worker.closed(self)
        if bytes.readableBytes > 0 { context.fireChannelRead(self.wrapInboundOut(bytes)) }
        context.pipeline.syncOperations.removeHandler(context: context, promise: nil)
    }

    // MARK: What the worker asks

    func checkDeadline(_ now: NIODeadline) {
        if now >= self.deadline { self.abort() }
    }

    /// Who has only just come may have a request on its way.
    func drain() {
        self.deadline = min(self.deadline, self.worker.now + Worker.arrivalGrace)
    }

    func follow(_ successor: Worker) {
        let last = self.worker
        self.worker = successor
        successor.opened(self)
        last.closed(self)
    }

    func abort() {
        self.context?.close(promise: nil)
    }
}

@available(*, unavailable)
extension ArrivalHandler: Sendable {}
