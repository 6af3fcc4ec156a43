import NIOCore
import NIOHTTP1

/// What an upstream connection tells the exchange that has leased it. All on the same loop.
protocol UpstreamPartner: AnyObject {
    /// Whether more of the response can be taken just now.
    var canTakeResponse: Bool { get }
    func upstreamResponded(_ head: HTTPResponseHead)
    func upstreamSent(_ body: ByteBuffer)
    func upstreamEnded(_ trailers: HTTPHeaders?)
    /// The end of a burst: what has been written may be flushed.
    func upstreamPaused()
    func upstreamBecameWritable()
    /// The connection is gone before the response was complete.
    func upstreamFailed()
}

/// The far end of the glue: one connection to an upstream.
final class UpstreamHandler: ChannelDuplexHandler {
    typealias InboundIn = HTTPClientResponsePart
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

    let upstream: Int
    let decoder: HTTPResponseDecoder
    /// While leased: when to give up. While idle: when to close. The worker looks at it now and then.
    var deadline = NIODeadline.distantFuture
    /// Whether an earlier exchange has used this connection: such a one may have died unnoticed.
    private(set) var isReused = false

    private let pool: UpstreamPool
    private var state = State.idle
    private weak var partner: (any UpstreamPartner)?
    private var context: ChannelHandlerContext?
    private var pendingRead = false
    private var hasUnflushedWrites = false

    init(upstream: Int, pool: UpstreamPool) {
        self.upstream = upstream
        self.pool = pool
        self.decoder = HTTPResponseDecoder(
            leftOverBytesStrategy: .dropBytes,
            informationalResponseStrategy: .drop,
            limitConfiguration: .gatewayResponses
        )
    }

    // MARK: What the exchange asks for

    var isWritable: Bool { self.context?.channel.isWritable ?? false }

    /// Begins an exchange. `request` tells the decoder what is being answered.
    func begin(_ request: HTTPRequestHead, bytes: ByteBuffer, partner: any UpstreamPartner) {
        self.state = .leased
        self.partner = partner
        self.decoder.write(data: .head(request))
        self.write(bytes)
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
        if reusable {
            self.state = .ended(reusable: true)
        } else {
            self.close()
        }
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
        guard case .leased = self.state, let partner = self.partner else {
            // Bytes that nobody asked for: whatever they are, they must not become somebody's answer.
            self.poison(context)
            return
        }
        switch self.unwrapInboundIn(data) {
        case .head(let head): partner.upstreamResponded(head)
        case .body(let body): partner.upstreamSent(body)
        case .end(let trailers): partner.upstreamEnded(trailers)
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

    func channelInactive(context: ChannelHandlerContext) {
        self.state = .closed
        self.pool.closed(self)
        let partner = self.partner
        self.partner = nil
        partner?.upstreamFailed()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        self.poison(context)
    }

    private func poison(_ context: ChannelHandlerContext) {
        if case .ended = self.state { self.state = .ended(reusable: false) }
        context.close(promise: nil)
    }
}

@available(*, unavailable)
extension UpstreamHandler: Sendable {}
