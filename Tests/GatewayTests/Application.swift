import NIOCore
import NIOPosix
import Synchronization

/// An HTTP peer that answers each request with the very bytes a test wants, and keeps the bytes it was sent.
///
/// The connection is closed behind an answer that says `Connection: close`.
final class Application: Sendable {
    /// The whole request as text: what comes back is sent as it is.
    typealias Answers = @Sendable (_ request: String) -> String

    private let answers: Answers
    private let journal = Mutex<[String]>([])
    private let accepted = Mutex(0)
    private let listener = Mutex<(any Channel)?>(nil)

    /// Begins to listen on a free port of loopback.
    init(_ answers: @escaping Answers) async throws {
        self.answers = answers
        let channel = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .childChannelInitializer { channel in
                self.accepted.withLock { $0 += 1 }
                return channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(ApplicationHandler(self))
                }
            }
            .bind(host: "127.0.0.1", port: 0)
            .get()
        self.listener.withLock { $0 = channel }
    }

    var port: Int { self.listener.withLock { $0?.localAddress?.port } ?? 0 }

    /// Whole requests in the order in which they came.
    var requests: [String] { self.journal.withLock { $0 } }

    /// How many connections have come in.
    var connections: Int { self.accepted.withLock { $0 } }

    func stop() async throws {
        try await self.listener.withLock { $0 }?.close()
    }

    fileprivate func answer(_ request: String) -> String {
        self.journal.withLock { $0.append(request) }
        return self.answers(request)
    }

    static func ok(_ body: String, fields: String = "") -> String {
        "HTTP/1.1 200 OK\r\n\(fields)Content-Length: \(body.utf8.count)\r\n\r\n\(body)"
    }
}

private final class ApplicationHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private let application: Application
    private var received = ""

    init(_ application: Application) {
        self.application = application
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        self.received += String(buffer: self.unwrapInboundIn(data))
        guard self.isWhole else { return }
        let answer = self.application.answer(self.received)
        self.received = ""
        context.writeAndFlush(self.wrapOutboundOut(ByteBuffer(string: answer)), promise: nil)
        if answer.contains("Connection: close") { context.close(promise: nil) }
    }

    /// Good enough for what a gateway of ours sends.
    private var isWhole: Bool {
        guard let headEnd = self.received.firstRange(of: "\r\n\r\n")?.upperBound else { return false }
        let head = self.received[..<headEnd]
        let body = self.received[headEnd...]
        if head.contains("\r\nTransfer-Encoding: chunked\r\n") {
            return body.contains("0\r\n") && body.hasSuffix("\r\n\r\n")
        }
        guard let field = head.firstRange(of: "\r\nContent-Length: ") else { return true }
        return body.utf8.count >= Int(head[field.upperBound...].prefix { $0.isNumber }) ?? 0
    }
}

/// A browser that shows every byte.
enum Browser {
    /// Sends bytes to a port of loopback, and gives back everything that comes until the connection ends.
    static func talk(_ bytes: String, to port: Int) async throws -> String {
        let collector = Collector()
        let channel = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(CollectingHandler(collector))
                }
            }
            .connect(host: "127.0.0.1", port: port)
            .get()
        // Whether all of it is taken is for the answer to tell.
        channel.writeAndFlush(ByteBuffer(string: bytes), promise: nil)
        try await channel.closeFuture.get()
        return collector.text.withLock { $0 }
    }
}

private final class Collector: Sendable {
    let text = Mutex("")
}

private final class CollectingHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer

    private let collector: Collector

    init(_ collector: Collector) {
        self.collector = collector
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let text = String(buffer: self.unwrapInboundIn(data))
        self.collector.text.withLock { $0 += text }
    }
}
