import JSON
import NIOCore
import NIOHTTP1
import NIOPosix

/// A request of the OP's own to somebody else: a logout token or a webhook.
package struct Parcel: Sendable {
    /// Absolute, `http` alone.
    package var url: String
    package var headers: [(name: String, value: String)]
    package var body: [UInt8]
    /// Milliseconds until the answer must be whole.
    package var patience: Int64
    /// What the events call it, and what they say beside the outcome.
    var event: String
    var details: [JSONMember]
}

/// Delivers parcels as Logto does: at once, without retry, without following redirects.
enum Courier {
    /// The status of the answer, or why there is none: "timeout", "refused", "broken", "not an http URL". Never fails.
    static func deliver(_ parcel: Parcel, on loop: any EventLoop) -> EventLoopFuture<String> {
        guard let address = WebAddress(parcel.url), address.scheme == "http", let (host, port) = place(address) else {
            return loop.makeSucceededFuture("not an http URL")
        }
        let outcome = loop.makePromise(of: String.self)
        let request = request(parcel, to: address)
        ClientBootstrap(group: loop)
            .connectTimeout(.milliseconds(parcel.patience))
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHTTPClientHandlers()
                    try channel.pipeline.syncOperations.addHandler(AnswerHandler(outcome))
                }
            }
            .connect(host: host, port: port)
            .assumeIsolated()
            .whenComplete { result in
                guard case .success(let channel) = result else { return outcome.succeed("refused") }
                let timer = loop.scheduleTask(in: .milliseconds(parcel.patience)) {
                    outcome.succeed("timeout")
                    channel.close(promise: nil)
                }
                channel.closeFuture.whenComplete { _ in timer.cancel() }
                channel.write(HTTPClientRequestPart.head(request), promise: nil)
                let body = channel.allocator.buffer(bytes: parcel.body)
                channel.write(HTTPClientRequestPart.body(.byteBuffer(body)), promise: nil)
                channel.writeAndFlush(HTTPClientRequestPart.end(nil), promise: nil)
            }
        return outcome.futureResult
    }

    private static func request(_ parcel: Parcel, to address: WebAddress) -> HTTPRequestHead {
        var headers: HTTPHeaders = ["Host": address.authority, "Connection": "close", "Accept": "*/*"]
        for header in parcel.headers { headers.replaceOrAdd(name: header.name, value: header.value) }
        headers.replaceOrAdd(name: "Content-Length", value: String(parcel.body.count))
        return HTTPRequestHead(version: .http1_1, method: .POST, uri: address.path + address.query, headers: headers)
    }

    private static func place(_ address: WebAddress) -> (host: String, port: Int)? {
        let parts = address.authority.split(separator: ":", omittingEmptySubsequences: false).map(String.init)
        guard parts.count <= 2 else { return nil }
        guard parts.count == 2 else { return (parts[0], 80) }
        return Int(parts[1]).map { (parts[0], $0) }
    }
}

/// Waits for one answer.
private final class AnswerHandler: ChannelInboundHandler {
    typealias InboundIn = HTTPClientResponsePart

    private let outcome: EventLoopPromise<String>
    private var status = "broken"

    init(_ outcome: EventLoopPromise<String>) {
        self.outcome = outcome
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head(let head): status = String(head.status.code)
        case .body: break
        case .end:
            outcome.succeed(status)
            context.close(promise: nil)
        }
    }

    func channelInactive(context: ChannelHandlerContext) {
        // Too late when there has been an answer or the time was up.
        outcome.succeed("broken")
        context.fireChannelInactive()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        context.close(promise: nil)
    }
}
