import NIOCore
import NIOPosix
import NIOSSL

/// What came of a request.
package enum WireOutcome: Sendable {
    case answer(WireAnswer)
    /// Closed without an answer, or with something that is none.
    case closed
    case timeout
    /// Nobody accepts connections there, or TLS was not to be had; the text says why.
    case unreachable(String)

    package var answer: WireAnswer? {
        if case .answer(let answer) = self { answer } else { nil }
    }
}

/// Sends bytes over a connection of their own and reads one answer.
struct WireClient: Sendable {
    let host: String
    let port: Int
    let tls: NIOSSLContext?
    /// For SNI and for the certificate; the name browsers use.
    let serverName: String
    let timeout: TimeAmount
    let group: MultiThreadedEventLoopGroup

    func send(_ request: WireRequest) async -> WireOutcome {
        await self.send(request.bytes, hasBody: request.method != "HEAD")
    }

    func send(_ bytes: [UInt8], hasBody: Bool = true) async -> WireOutcome {
        let eventLoop = self.group.next()
        let promise = eventLoop.makePromise(of: WireOutcome.self)
        let deadline = eventLoop.scheduleTask(in: self.timeout) { promise.succeed(.timeout) }
        let (tls, serverName) = (self.tls, self.serverName)
        let connecting = ClientBootstrap(group: eventLoop)
            .connectTimeout(self.timeout)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    if let tls {
                        let name = SNI.isName(serverName) ? serverName : nil
                        try channel.pipeline.syncOperations.addHandler(
                            NIOSSLClientHandler(context: tls, serverHostname: name)
                        )
                    }
                    try channel.pipeline.syncOperations.addHandler(
                        WireHandler(bytes, reader: AnswerReader(hasBody: hasBody), promise: promise)
                    )
                }
            }
            .connect(host: self.host, port: self.port)
        connecting.whenFailure { promise.succeed(.unreachable(Self.reason($0))) }
        let outcome = (try? await promise.futureResult.get()) ?? .closed
        deadline.cancel()
        connecting.whenSuccess { $0.close(promise: nil) }
        return outcome
    }

    static func reason(_ error: any Error) -> String {
        switch error {
        case let error as NIOConnectionError:
            guard error.dnsAError == nil || error.dnsAAAAError == nil else { return "the name has no address" }
            return error.connectionErrors.first.map { Self.reason($0.error) } ?? "no address accepts connections"
        case let error as IOError where error.errnoCode == 111: return "connection refused"
        case is ChannelError: return "no connection in time"
        case let error as NIOSSLError: return "TLS: \(error)"
        default: return "\(error)"
        }
    }
}

/// What may stand in a server name indication: no address (RFC 6066, section 3).
private enum SNI {
    static func isName(_ host: String) -> Bool {
        (try? SocketAddress(ipAddress: host, port: 0)) == nil
    }
}

/// Writes the request once the connection stands, and reads until the answer is complete.
private final class WireHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private let bytes: [UInt8]
    private var reader: AnswerReader
    private let promise: EventLoopPromise<WireOutcome>

    init(_ bytes: [UInt8], reader: AnswerReader, promise: EventLoopPromise<WireOutcome>) {
        self.bytes = bytes
        self.reader = reader
        self.promise = promise
    }

    func channelActive(context: ChannelHandlerContext) {
        context.writeAndFlush(self.wrapOutboundOut(ByteBuffer(bytes: self.bytes)), promise: nil)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        self.run(self.reader.receive(self.unwrapInboundIn(data).readableBytesView), context)
    }

    func channelInactive(context: ChannelHandlerContext) {
        self.run(self.reader.end(), context)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        let isTLS = error is NIOSSLError || error is NIOSSLExtraError || error is BoringSSLError
        self.promise.succeed(isTLS ? .unreachable("TLS: \(error)") : .closed)
        context.close(promise: nil)
    }

    private func run(_ step: AnswerReader.Step, _ context: ChannelHandlerContext) {
        switch step {
        case .more: break
        // A promise takes its first value; what comes after that changes nothing.
        case .complete(let answer): self.promise.succeed(.answer(answer))
        case .malformed: self.promise.succeed(.closed)
        }
    }
}

@available(*, unavailable)
extension WireHandler: Sendable {}
