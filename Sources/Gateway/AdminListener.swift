import NIOCore
import NIOHTTP1
import NIOPosix

/// The operator's own listener: never reachable by browsers, never mixed with what they may ask.
enum AdminListener {
    static func bind(
        _ address: Configuration.ListenAddress,
        group: MultiThreadedEventLoopGroup,
        status: StatusEndpoint,
        sessions: SessionsAdministration,
        idleTimeout: TimeAmount
    ) async throws -> any Channel {
        try await ServerBootstrap(group: group)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelInitializer { channel in
                channel.pipeline.configureHTTPServerPipeline().flatMap {
                    channel.eventLoop.makeCompletedFuture {
                        // Whoever says nothing is not kept, or they could use up our descriptors.
                        try channel.pipeline.syncOperations.addHandler(IdleStateHandler(allTimeout: idleTimeout))
                        try channel.pipeline.syncOperations.addHandler(
                            AdminHandler(status: status, sessions: sessions)
                        )
                    }
                }
            }
            .bind(host: address.host, port: address.port)
            .get()
    }
}

/// One connection to the admin listener.
private final class AdminHandler: ChannelInboundHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias OutboundOut = HTTPServerResponsePart

    private let status: StatusEndpoint
    private let sessions: SessionsAdministration
    private var head: HTTPRequestHead?

    init(status: StatusEndpoint, sessions: SessionsAdministration) {
        self.status = status
        self.sessions = sessions
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch self.unwrapInboundIn(data) {
        case .head(let head): self.head = head
        case .body: break
        case .end:
            guard let head = self.head else { return }
            self.head = nil
            self.answer(head, context)
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        context.close(promise: nil)
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if event is IdleStateHandler.IdleStateEvent { return context.close(promise: nil) }
        context.fireUserInboundEventTriggered(event)
    }

    private func answer(_ head: HTTPRequestHead, _ context: ChannelHandlerContext) {
        let status = self.status
        let sessions = self.sessions
        let path = String(head.uri.prefix { $0 != "?" })
        let query = String(head.uri.dropFirst(path.count + 1))
        let isRead = head.method == .GET || head.method == .HEAD
        let promise = context.eventLoop.makePromise(of: StatusEndpoint.Report.self)
        let authorizations = head.headers["authorization"]
        promise.completeWithTask {
            if SessionsAdministration.owns(path) {
                let authorization = authorizations.count == 1 ? authorizations[0] : nil
                return await sessions.report(head.method, path, query: query, authorization: authorization)
            }
            return isRead ? await status.report(for: path) : StatusEndpoint.Report(.methodNotAllowed, "GET or HEAD\n")
        }
        promise.futureResult.assumeIsolated().whenSuccess { report in
            let body = ByteBuffer(string: report.text)
            var headers: HTTPHeaders = [
                "Content-Type": report.contentType,
                "Content-Length": String(body.readableBytes),
                "Cache-Control": "no-store",
            ]
            for field in report.fields { headers.add(name: field.name, value: field.value) }
            let response = HTTPResponseHead(version: .http1_1, status: report.status, headers: headers)
            context.write(self.wrapOutboundOut(.head(response)), promise: nil)
            if head.method != .HEAD { context.write(self.wrapOutboundOut(.body(.byteBuffer(body))), promise: nil) }
            context.writeAndFlush(self.wrapOutboundOut(.end(nil)), promise: nil)
            if !head.isKeepAlive { context.close(promise: nil) }
        }
    }
}

@available(*, unavailable)
extension AdminHandler: Sendable {}
