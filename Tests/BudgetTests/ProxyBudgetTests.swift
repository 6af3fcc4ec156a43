import Access
import BackChannel
import CAllocationCounter
import Cryptography
import Gateway
import Logging
import NIOCore
import NIOPosix
import OpenIDConnect
import TestSupport
import Testing

/// What a request that is proxied may cost: head in, session looked up, head out, response back, access log.
@Suite(.enabled(if: isRelease), .serialized, .timeLimit(.minutes(1)))
struct ProxyBudgetTests {
    /// Allocations on the worker's loop for a small GET and its small answer, both connections kept alive.
    private static let budget = 1
    /// The same for somebody who is signed in, whose browser sends a dozen fields.
    private static let signedInBudget = 3

    /// A front proxy's question about somebody who is signed in, and our answer.
    private static let checkBudget = 1

    @Test func aProxiedRequestKeepsItsBudget() async throws {
        let count = try await Self.allocations(
            perRequest: "GET /page HTTP/1.1\r\nHost: app.example.com\r\n",
            signedIn: false
        )
        #expect(count <= Self.budget, "a proxied request costs \(count) allocations")
    }

    @Test func aBrowsersRequestKeepsItsBudget() async throws {
        let head =
            "GET /private/page HTTP/1.1\r\nHost: app.example.com\r\nUser-Agent: Mozilla/5.0 (X11; Linux x86_64)\r\n"
            + "Accept: text/html,application/xhtml+xml\r\nAccept-Language: en\r\nAccept-Encoding: gzip, br\r\n"
            + "Connection: keep-alive\r\nSec-Fetch-Dest: document\r\nSec-Fetch-Mode: navigate\r\n"
            + "Sec-Fetch-Site: same-origin\r\nSec-Fetch-User: ?1\r\nUpgrade-Insecure-Requests: 1\r\n"
        let count = try await Self.allocations(perRequest: head, signedIn: true)
        #expect(count <= Self.signedInBudget, "a browser's request costs \(count) allocations")
    }

    @Test func aCheckKeepsItsBudget() async throws {
        let head =
            "GET /_gatehouse/check HTTP/1.1\r\nHost: gatehouse\r\nX-Original-Method: GET\r\n"
            + "X-Original-URI: /private/page\r\nX-Forwarded-Proto: https\r\nX-Forwarded-Host: app.example.com\r\n"
        let count = try await Self.allocations(perRequest: head, signedIn: true)
        #expect(count <= Self.checkBudget, "a check costs \(count) allocations")
    }

    /// Sends the request again and again over one connection, and counts what the worker's loop allocates meanwhile.
    private static func allocations(perRequest head: String, signedIn: Bool, rounds: Int = 1000) async throws -> Int {
        let others = MultiThreadedEventLoopGroup.singleton
        let application = try await ServerBootstrap(group: others)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(CannedAnswer())
                }
            }
            .bind(host: "127.0.0.1", port: 0)
            .get()
        let upstream = UpstreamAddress(host: "127.0.0.1", port: application.localAddress?.port ?? 0)
        var configuration = try Configuration.make(upstream: upstream)
        configuration.server.trustedProxies = [try #require(AddressRange("127.0.0.1"))]
        let settings = try Settings(configuration)
        let store = MemoryStore(capacity: 100) { .somewhen }
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        let backChannel = try BackChannel()
        let workers = try await Self.workers(group, settings, backChannel, store)
        let listener = try await Listener.bind(
            settings.configuration.server.listen,
            group: group,
            workers: workers
        )
        var cookie = ""
        Sessions(store: store, settings: settings, metrics: Metrics()) { .somewhen }.create(.make()) { result in
            if case .success(let ticket) = result { cookie = "Cookie: a=1; __Host-gatehouse=\(ticket.cookieValue)\r\n" }
        }
        let request = ByteBuffer(string: head + (signedIn ? cookie : "") + "\r\n")
        let browser = try await Browser.connect(to: listener.localAddress?.port ?? 0, on: others.next())
        try await browser.send(request, times: 200)
        let before = try await group.next().submit { gatehouse_allocations() }.get()
        try await browser.send(request, times: rounds)
        let after = try await group.next().submit { gatehouse_allocations() }.get()
        try await browser.close()
        try await listener.close()
        _ = try await workers.map { $0.stop() }
        try await application.close()
        backChannel.shutDown()
        try await workers.wait { $0.whenDone() }
        try await group.shutdownGracefully()
        return Int(after - before) / rounds
    }

    /// Log lines that nobody reads.
    private static func sink() throws -> LogSink {
        let file = try NIOFileHandle(_deprecatedPath: "/dev/null", mode: .write)
        return LogSink(
            file: file,
            threadPool: .singleton,
            eventLoop: MultiThreadedEventLoopGroup.singleton.next()
        )
    }

    private static func workers(
        _ group: MultiThreadedEventLoopGroup,
        _ settings: Settings,
        _ backChannel: BackChannel,
        _ store: MemoryStore
    ) async throws -> WorkerTable {
        let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        let directory = ProviderDirectory(
            settings: settings.configuration.provider,
            backChannel: backChannel,
            logger: logger,
            clock: { .somewhen }
        )
        let sink = try Self.sink()
        return try await WorkerTable(group: group) { eventLoop in
            Worker(
                eventLoop: eventLoop,
                settings: settings,
                provider: directory,
                backChannel: backChannel,
                store: store,
                logger: logger,
                sink: sink,
                logsAsJSON: true,
                clock: { .somewhen }
            )
        }
    }
}

/// Answers each read with the same few bytes: a request of ours is one read.
private final class CannedAnswer: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private let answer = ByteBuffer(
        string: "HTTP/1.1 200 OK\r\nServer: test\r\nContent-Type: text/plain\r\nContent-Length: 5\r\n\r\nhello"
    )

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        context.writeAndFlush(self.wrapOutboundOut(self.answer), promise: nil)
    }
}

/// A browser that asks the same thing over and over, one at a time.
private struct Browser: Sendable {
    private let channel: any Channel
    private let handler: NIOLoopBound<AskingHandler>

    struct Refused: Error {
        let answer: String
    }

    static func connect(to port: Int, on eventLoop: any EventLoop) async throws -> Browser {
        let channel = try await ClientBootstrap(group: eventLoop)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(AskingHandler())
                }
            }
            .connect(host: "127.0.0.1", port: port)
            .get()
        let handler = try await channel.eventLoop.submit {
            NIOLoopBound(
                try channel.pipeline.syncOperations.handler(type: AskingHandler.self),
                eventLoop: channel.eventLoop
            )
        }.get()
        return Browser(channel: channel, handler: handler)
    }

    func send(_ request: ByteBuffer, times: Int) async throws {
        try await self.channel.eventLoop.flatSubmit { [handler] in handler.value.begin(request, times: times) }.get()
    }

    func close() async throws {
        try await self.channel.close()
    }
}

private final class AskingHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private var context: ChannelHandlerContext?
    private var request = ByteBuffer()
    private var received = ByteBuffer()
    private var left = 0
    private var promise: EventLoopPromise<Void>?

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        self.context = nil
        self.promise?.fail(ChannelError.eof)
    }

    func begin(_ request: ByteBuffer, times: Int) -> EventLoopFuture<Void> {
        guard let context else { preconditionFailure("a handler that is in no pipeline") }
        let promise = context.eventLoop.makePromise(of: Void.self)
        self.request = request
        self.left = times
        self.promise = promise
        self.ask()
        return promise.futureResult
    }

    private func ask() {
        self.left -= 1
        self.received.clear()
        self.context?.writeAndFlush(self.wrapOutboundOut(self.request), promise: nil)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        self.received.writeImmutableBuffer(self.unwrapInboundIn(data))
        let answer = String(buffer: self.received)
        guard answer.hasPrefix("HTTP/1.1 200 OK\r\n") else {
            self.promise?.fail(Browser.Refused(answer: answer))
            return context.close(promise: nil)
        }
        let isEmpty = answer.contains("\r\nContent-Length: 0\r\n")
        guard answer.hasSuffix(isEmpty ? "\r\n\r\n" : "\r\n\r\nhello") else { return }
        guard self.left == 0 else { return self.ask() }
        self.promise?.succeed()
        self.promise = nil
    }
}
