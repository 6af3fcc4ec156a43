package import NIOCore
import NIOHTTP1
import NIOPosix

/// A small HTTP/1.1 server: whole requests in, whole answers out, one connection after another on one event loop.
package struct HTTPServer: Sendable {
    /// Answers a request. It runs on the server's event loop and must not block.
    package typealias Responder = @Sendable (Request) -> Delivery
    /// Told how each of a delivery's parcels ended, on the server's event loop.
    package typealias Receipt = @Sendable (Parcel, _ outcome: String) -> Void

    private let channel: any Channel

    /// The port it listens on.
    package var port: Int { channel.localAddress?.port ?? 0 }

    /// Binds and serves.
    ///
    /// - Parameters:
    ///   - port: 0 takes a free one.
    ///   - eventLoop: where connections live and `respond` runs.
    ///   - maximumBody: bytes; a longer body is answered with 413.
    /// - Throws: what binding throws.
    package static func start(
        address: String,
        port: Int,
        on eventLoop: any EventLoop,
        maximumBody: Int,
        receipt: @escaping Receipt = { _, _ in },
        respond: @escaping Responder
    ) async throws -> HTTPServer {
        let channel = try await ServerBootstrap(group: eventLoop)
            .serverChannelOption(.backlog, value: 256)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelOption(.socketOption(.tcp_nodelay), value: 1)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    let pipeline = channel.pipeline.syncOperations
                    try pipeline.configureHTTPServerPipeline(withErrorHandling: true)
                    let handler = ServerHandler(maximumBody: maximumBody, receipt: receipt, respond: respond)
                    try pipeline.addHandler(handler)
                }
            }
            .bind(host: address, port: port)
            .get()
        return HTTPServer(channel: channel)
    }

    /// Waits until it no longer listens.
    package func waitUntilClosed() async throws {
        try await channel.closeFuture.get()
    }
}

/// Collects a request, asks the responder, carries the delivery out.
private final class ServerHandler: ChannelInboundHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias OutboundOut = HTTPServerResponsePart

    private let maximumBody: Int
    private let receipt: HTTPServer.Receipt
    private let respond: HTTPServer.Responder
    private var head: HTTPRequestHead?
    private var body: [UInt8] = []
    private var isTooLarge = false

    init(maximumBody: Int, receipt: @escaping HTTPServer.Receipt, respond: @escaping HTTPServer.Responder) {
        self.maximumBody = maximumBody
        self.receipt = receipt
        self.respond = respond
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head(let head):
            self.head = head
            body = []
            isTooLarge = false
        case .body(let buffer):
            isTooLarge = isTooLarge || body.count + buffer.readableBytes > maximumBody
            if !isTooLarge { body.append(contentsOf: buffer.readableBytesView) }
        case .end:
            guard let head else { return }
            let request = Request(method: head.method.rawValue, target: head.uri, headers: head.headers, body: body)
            self.head = nil
            body = []
            let delivery = isTooLarge ? Delivery(Response(status: 413)) : respond(request)
            start(delivery, to: head, context: context)
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        context.close(promise: nil)
    }

    private func start(_ delivery: Delivery, to head: HTTPRequestHead, context: ChannelHandlerContext) {
        guard delivery.parcels.isEmpty else {
            let receipt = receipt
            let outcomes = delivery.parcels.map { parcel in
                Courier.deliver(parcel, on: context.eventLoop).map { receipt(parcel, $0) }
            }
            var rest = delivery
            rest.parcels = []
            let held = NIOLoopBound((self, context, rest), eventLoop: context.eventLoop)
            return EventLoopFuture.andAllComplete(outcomes, on: context.eventLoop).whenComplete { _ in
                let (handler, context, rest) = held.value
                if context.channel.isActive { handler.start(rest, to: head, context: context) }
            }
        }
        guard delivery.delay > 0 else { return send(delivery, to: head, context: context) }
        let held = NIOLoopBound((self, context), eventLoop: context.eventLoop)
        context.eventLoop.scheduleTask(in: .milliseconds(delivery.delay)) {
            let (handler, context) = held.value
            if context.channel.isActive { handler.send(delivery, to: head, context: context) }
        }
    }

    private func send(_ delivery: Delivery, to head: HTTPRequestHead, context: ChannelHandlerContext) {
        guard let response = delivery.response else {
            if !delivery.hang { context.close(promise: nil) }
            return
        }
        var answer = HTTPResponseHead(
            version: head.version == .http1_0 ? .http1_0 : .http1_1,
            status: HTTPResponseStatus(statusCode: response.status),
            headers: response.headers
        )
        let hasBody = response.status >= 200 && response.status != 204 && response.status != 304
        if hasBody, delivery.pieceSize == nil {
            answer.headers.replaceOrAdd(name: "Content-Length", value: String(response.body.count))
        }
        if !head.isKeepAlive { answer.headers.replaceOrAdd(name: "Connection", value: "close") }
        context.write(wrapOutboundOut(.head(answer)), promise: nil)
        let body = hasBody && head.method != .HEAD ? response.body[...] : []
        if let limit = delivery.truncateAt, limit < body.count {
            let promise = context.eventLoop.makePromise(of: Void.self)
            promise.futureResult.assumeIsolated().whenComplete { _ in context.close(promise: nil) }
            return write(body.prefix(limit), promise: promise, context: context)
        }
        sendPieces(body, delivery, close: !head.isKeepAlive, context: context)
    }

    private func sendPieces(
        _ body: ArraySlice<UInt8>,
        _ delivery: Delivery,
        close: Bool,
        context: ChannelHandlerContext
    ) {
        let size = max(1, delivery.pieceSize ?? body.count)
        write(body.prefix(size), promise: nil, context: context)
        let rest = body.dropFirst(size)
        guard rest.isEmpty else {
            let held = NIOLoopBound((self, context), eventLoop: context.eventLoop)
            context.eventLoop.scheduleTask(in: .milliseconds(delivery.pieceDelay)) {
                let (handler, context) = held.value
                if context.channel.isActive {
                    handler.sendPieces(rest, delivery, close: close, context: context)
                }
            }
            return
        }
        let promise = close ? context.eventLoop.makePromise(of: Void.self) : nil
        promise?.futureResult.assumeIsolated().whenComplete { _ in context.close(promise: nil) }
        context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: promise)
    }

    private func write(_ bytes: ArraySlice<UInt8>, promise: EventLoopPromise<Void>?, context: ChannelHandlerContext) {
        let buffer = context.channel.allocator.buffer(bytes: bytes)
        context.writeAndFlush(wrapOutboundOut(.body(.byteBuffer(buffer))), promise: promise)
    }
}
