import Access
import BackChannel
import Gateway
import Logging
import NIOCore
import NIOPosix
import OpenIDConnect
import TestSupport

/// The server pipeline with one worker on a free port of loopback, in front of an application.
struct LoopbackGateway {
    let port: Int
    let application: Application
    let settings: Settings
    let store: MemoryStore

    /// Runs `body` beside a gateway that serves, and ends both.
    static func run<Value>(
        configure: (inout Configuration) throws -> Void = { _ in },
        application answers: @escaping Application.Answers = { _ in Application.ok("hello") },
        door: Door = .everything,
        _ body: (LoopbackGateway) async throws -> Value
    ) async throws -> Value {
        let application = try await Application(answers)
        var configuration = try Configuration.make(
            upstream: UpstreamAddress(host: "127.0.0.1", port: application.port)
        )
        try configure(&configuration)
        let settings = try Settings(configuration)
        let store = MemoryStore(capacity: 100) { .somewhen }
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        let backChannel = try BackChannel()
        let workers = try await Self.workers(group, settings, backChannel, store)
        let listener = try await Listener.bind(
            configuration.server.listen,
            group: group,
            workers: workers,
            door: door
        )
        let gateway = LoopbackGateway(
            port: listener.localAddress?.port ?? 0,
            application: application,
            settings: settings,
            store: store
        )
        let result: Result<Value, any Error>
        do {
            result = .success(try await body(gateway))
        } catch {
            result = .failure(error)
        }
        try await listener.close()
        _ = try await workers.map { $0.stop() }
        try await application.stop()
        backChannel.shutDown()
        try await workers.wait { $0.whenDone() }
        try await group.shutdownGracefully()
        return try result.get()
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

    /// Sends these bytes and gives back all that comes until the connection ends.
    func talk(_ bytes: String) async throws -> String {
        try await Browser.talk(bytes, to: self.port)
    }

    /// One GET as the connection's only request.
    func get(_ target: String, _ fields: String = "") async throws -> String {
        try await self.talk(
            "GET \(target) HTTP/1.1\r\nHost: app.example.com\r\nX-Request-Id: r-1\r\nConnection: close\r\n\(fields)\r\n"
        )
    }

    /// The status codes of what comes back for one GET.
    func statuses(_ target: String, _ fields: String = "") async throws -> [String] {
        let received = try await self.get(target, fields)
        return received.split(separator: "HTTP/1.1 ").map { String($0.prefix(3)) }
    }

    /// The `Cookie` field of somebody who is signed in.
    func signIn(_ session: Session = .make()) throws -> String {
        let sessions = Sessions(store: self.store, settings: self.settings, metrics: Metrics()) { .somewhen }
        var value = ""
        sessions.create(session) { if case .success(let ticket) = $0 { value = ticket.cookieValue } }
        return "Cookie: __Host-gatehouse=\(value)\r\n"
    }
}
