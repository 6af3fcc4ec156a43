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
    /// The same over HTTP/2, each with a stream of its own; most of it is what NIOHTTP2 needs.
    private static let http2Budget = 22

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

    @Test func aRequestOverHTTP2KeepsItsBudget() async throws {
        let count = try await Self.allocations(signedIn: true) { cookie in
            let fields = [
                (":method", "GET"), (":scheme", "http"), (":authority", "app.example.com"), (":path", "/private/page"),
                ("accept", "text/html,application/xhtml+xml"), ("sec-fetch-mode", "navigate"), ("cookie", cookie),
            ]
            return HTTP2AskingHandler(fields)
        }
        #expect(count <= Self.http2Budget, "a request over HTTP/2 costs \(count) allocations")
    }

    private static func allocations(perRequest head: String, signedIn: Bool) async throws -> Int {
        try await Self.allocations(signedIn: signedIn) { cookie in
            AskingHandler(ByteBuffer(string: head + (signedIn ? "Cookie: \(cookie)\r\n" : "") + "\r\n"))
        }
    }

    /// Sends the request again and again over one connection, and counts what the worker's loop allocates meanwhile.
    private static func allocations(
        signedIn: Bool,
        rounds: Int = 1000,
        _ asking: @escaping @Sendable (_ cookie: String) -> any Asking
    ) async throws -> Int {
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
        var value = ""
        Sessions(store: store, settings: settings, metrics: Metrics()) { .somewhen }.create(.make()) { result in
            if case .success(let ticket) = result { value = ticket.cookieValue }
        }
        let cookie = "a=1; __Host-gatehouse=\(value)"
        let port = listener.localAddress?.port ?? 0
        let browser = try await Browser.connect(to: port, on: others.next()) { asking(cookie) }
        try await browser.ask(times: 200)
        let before = try await group.next().submit { gatehouse_allocations() }.get()
        try await browser.ask(times: rounds)
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
