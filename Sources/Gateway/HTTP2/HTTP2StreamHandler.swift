import NIOCore
import NIOHTTP2

/// One stream of a browser's HTTP/2 connection, in front of an `ExchangeHandler` of its own: frames in, frames out, and
/// between them the one reading that requests have here.
final class HTTP2StreamHandler: ChannelDuplexHandler {
    typealias InboundIn = HTTP2Frame.FramePayload
    typealias InboundOut = ByteBuffer
    typealias OutboundIn = ByteBuffer
    typealias OutboundOut = HTTP2Frame.FramePayload

    private let connection: HTTP2Connection
    /// `nil` until the request's head has come.
    private var body: BodyTranslation?
    private var response = ResponseTranslation()
    private var isOver = false

    init(connection: HTTP2Connection) {
        self.connection = connection
    }

    func channelActive(context: ChannelHandlerContext) {
        self.connection.streamOpened()
        context.fireChannelActive()
    }

    func channelInactive(context: ChannelHandlerContext) {
        self.isOver = true
        self.connection.streamClosed()
        context.fireChannelInactive()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard !self.isOver else { return }
        switch self.unwrapInboundIn(data) {
        case .headers(let headers):
            do throws(RequestTranslation.Malformed) {
                if self.body == nil {
                    try self.begin(context, headers)
                } else {
                    let lines = try RequestTranslation.trailers(headers.headers, allocator: context.channel.allocator)
                    self.end(context, trailers: lines)
                }
            } catch {
                self.refuse(context, error)
            }
        case .data(let frame):
            guard case .byteBuffer(let bytes) = frame.data else { return }
            guard let pieces = self.body?.data(bytes) else { return self.reset(context, .protocolError) }
            for piece in pieces { context.fireChannelRead(self.wrapInboundOut(piece)) }
            if frame.endStream { self.end(context, trailers: nil) }
        case .alternativeService, .goAway, .origin, .ping, .priority, .pushPromise, .rstStream, .settings,
            .windowUpdate:
            break
        }
    }

    private func begin(
        _ context: ChannelHandlerContext,
        _ frame: HTTP2Frame.FramePayload.Headers
    ) throws(RequestTranslation.Malformed) {
        let request = try RequestTranslation(
            frame.headers,
            endsStream: frame.endStream,
            allocator: context.channel.allocator
        )
        self.body = request.isTunnel ? .tunnel : BodyTranslation(request.framing)
        self.response.isHEAD = request.isHEAD
        self.response.isTunnel = request.isTunnel
        context.fireChannelRead(self.wrapInboundOut(request.head))
        if frame.endStream { self.end(context, trailers: nil) }
    }

    private func end(_ context: ChannelHandlerContext, trailers: ByteBuffer?) {
        // What was read before may have ended it all.
        guard !self.isOver else { return }
        guard let pieces = self.body?.end(trailers: trailers) else { return self.reset(context, .protocolError) }
        for piece in pieces { context.fireChannelRead(self.wrapInboundOut(piece)) }
        // The end of one half of a tunnel is what it is on a connection of its own.
        if self.response.isTunnel { context.fireUserInboundEventTriggered(ChannelEvent.inputClosed) }
    }

    private func refuse(_ context: ChannelHandlerContext, _ malformed: RequestTranslation.Malformed) {
        self.connection.refused(malformed)
        self.reset(context, .protocolError)
    }

    /// The stream's end, said by us (RFC 9113, 5.4.2).
    private func reset(_ context: ChannelHandlerContext, _ code: HTTP2ErrorCode) {
        guard !self.isOver else { return }
        self.isOver = true
        context.writeAndFlush(self.wrapOutboundOut(.rstStream(code)), promise: nil)
        context.close(promise: nil)
    }

    // MARK: The answer

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        guard !self.isOver else {
            promise?.fail(ChannelError.ioOnClosedChannel)
            return
        }
        do {
            let frames = try self.response.frames(of: self.unwrapOutboundIn(data))
            for (index, frame) in frames.enumerated() {
                let isLast = self.response.hasEnded && index == frames.count - 1
                let written = isLast ? self.promiseToStop(context) : nil
                context.write(self.wrapOutboundOut(frame), promise: written)
            }
            promise?.succeed()
        } catch {
            promise?.fail(error)
            self.reset(context, .internalError)
        }
    }

    /// When the answer is out and the request is not yet here: nobody wants its rest (RFC 9113, 8.1). Not sooner: what waits
    /// to be sent on a stream is dropped when the stream is reset.
    private func promiseToStop(_ context: ChannelHandlerContext) -> EventLoopPromise<Void>? {
        guard !(self.body?.hasEnded ?? true) else { return nil }
        let promise = context.eventLoop.makePromise(of: Void.self)
        promise.futureResult.assumeIsolated().whenSuccess {
            if !(self.body?.hasEnded ?? true) { self.reset(context, .noError) }
        }
        return promise
    }

    func close(context: ChannelHandlerContext, mode: CloseMode, promise: EventLoopPromise<Void>?) {
        // A stream's end is in its frames: there is no half to close, but a tunnel's.
        guard mode == .all else {
            if !self.isOver, let end = self.response.endOfTunnel() {
                context.writeAndFlush(self.wrapOutboundOut(end), promise: nil)
            }
            promise?.succeed()
            return
        }
        if !self.response.hasEnded, !self.isOver { return self.reset(context, .internalError) }
        context.close(mode: .all, promise: promise)
    }
}

@available(*, unavailable)
extension HTTP2StreamHandler: Sendable {}
