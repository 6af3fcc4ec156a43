import Access
import BackChannel
private import CStartup
import Cryptography
package import Logging
import NIOCore
package import NIOPosix
package import OpenIDConnect
import Redis
import ServiceLifecycle

/// The service: starts the workers, serves, drains.
package struct Gateway: Service {
    private let settings: Settings
    /// Of the other providers.
    private let others: [Settings]
    private let logger: Logger
    private let sink: LogSink
    private let logsAsJSON: Bool
    private let group: MultiThreadedEventLoopGroup
    private let clock: @Sendable () -> Instant

    /// - Parameters:
    ///   - configuration: checked already; what contradicts itself throws.
    ///   - group: one loop for each worker.
    ///   - clock: the time of day.
    package init(
        _ configuration: Configuration,
        group: MultiThreadedEventLoopGroup,
        logger: Logger,
        sink: LogSink,
        logsAsJSON: Bool,
        clock: @escaping @Sendable () -> Instant = { Instant(seconds: Timestamp.now.seconds) }
    ) throws {
        var configuration = configuration
        // The providers' settings share it.
        if configuration.session.keys.isEmpty { configuration.session.keys = [SealingKey.generate()] }
        self.settings = try Settings(configuration)
        let first = self.settings
        self.others = try configuration.moreProviders.indices.map { index in
            try Settings(configuration, party: index + 1, beside: first)
        }
        self.group = group
        self.logger = logger
        self.sink = sink
        self.logsAsJSON = logsAsJSON
        self.clock = clock
    }

    /// Serves until the graceful shutdown, then finishes what runs.
    package func run() async throws {
        let configuration = self.settings.configuration
        let backChannel = try BackChannel(BackChannelConfiguration(configuration.provider))
        defer { backChannel.shutDown() }
        let provider = ProviderDirectory(
            settings: configuration.provider,
            backChannel: backChannel,
            logger: self.logger,
            clock: self.clock
        )
        var others: [Worker.Party] = []
        defer { for other in others { other.backChannel.shutDown() } }
        for settings in self.others {
            let backChannel = try BackChannel(BackChannelConfiguration(settings.configuration.provider))
            let directory = ProviderDirectory(
                settings: settings.configuration.provider,
                backChannel: backChannel,
                logger: self.logger,
                clock: self.clock
            )
            others.append(Worker.Party(settings: settings, provider: directory, backChannel: backChannel))
        }
        let workers = try await self.makeWorkers(provider: provider, backChannel: backChannel, others: others)
        let status = StatusEndpoint(workers: workers, provider: provider, settings: self.settings)
        let sessions = SessionsAdministration(workers: workers, settings: self.settings)
        let admin = try await BindError.naming("admin.listen", configuration.admin.listen) { address in
            try await AdminListener.bind(
                address,
                group: self.group,
                status: status,
                sessions: sessions,
                idleTimeout: configuration.timeouts.requestHeader
            )
        }
        let edge = try await Edge(
            configuration,
            group: self.group,
            workers: workers,
            logger: self.logger,
            clock: self.clock
        )
        var checks: (any Channel)?
        if let listen = configuration.check.listen {
            checks = try await BindError.naming("check.listen", listen) { address in
                try await Listener.bind(
                    .init(address),
                    server: configuration.server,
                    group: self.group,
                    workers: workers,
                    door: .checks
                )
            }
        }
        self.logger.notice(
            "serving",
            metadata: [
                "listen": "\(edge.text)", "admin": "\(Self.text(admin.localAddress))",
                "public_url": "\(self.settings.origin(of: configuration.server.publicURL.authority))",
                "redirect_uri": "\(self.settings.redirectURI(for: configuration.server.publicURL.authority))",
                "store": "\(configuration.session.store.rawValue)",
            ]
        )
        // Not waited for: whoever signs in first finds it done, or waits for it then.
        let directories = others.map(\.provider)
        let prefetch = Task {
            _ = try? await provider.snapshot()
            for directory in directories { _ = try? await directory.snapshot() }
            gatehouse_release_startup_pages()
        }
        try? await gracefulShutdown()
        prefetch.cancel()
        self.logger.notice("draining")
        status.drain()
        // The load balancer has to find out first; until then it sends requests, and they are served.
        try? await Task.sleep(for: .nanoseconds(configuration.server.drainDelay.nanoseconds))
        await edge.close()
        try? await checks?.close()
        try await self.drain(workers, within: configuration.server.drainTimeout)
        try await workers.wait { worker in
            worker.stop()
            return worker.eventLoop.makeSucceededVoidFuture()
        }
        try? await admin.close()
        self.logger.notice("stopped")
    }

    private func makeWorkers(
        provider: ProviderDirectory,
        backChannel: BackChannel,
        others: [Worker.Party]
    ) async throws -> WorkerTable {
        let settings = self.settings
        let logger = self.logger
        let sink = self.sink
        let logsAsJSON = self.logsAsJSON
        let clock = self.clock
        let memory = MemoryStore(capacity: settings.configuration.session.maximumInMemory, clock: clock)
        return try await WorkerTable(group: self.group) { eventLoop in
            let store: any SessionStore
            if settings.configuration.session.store == .redis, let redis = settings.configuration.redis {
                let client = redis.client(on: eventLoop) { logger.log($0) }
                client.start()
                let keyPrefix = settings.configuration.redisKeyPrefix
                store = RedisStore(connection: client, keyPrefix: keyPrefix, now: clock, logger: logger)
            } else {
                store = memory
            }
            return Worker(
                eventLoop: eventLoop,
                settings: settings,
                provider: provider,
                backChannel: backChannel,
                others: others,
                store: store,
                logger: logger,
                sink: sink,
                logsAsJSON: logsAsJSON,
                clock: clock
            )
        }
    }

    /// Ends when the last exchange has, or when the time is over.
    private func drain(_ workers: WorkerTable, within limit: TimeAmount) async throws {
        let logger = self.logger
        try await withThrowingTaskGroup(of: Bool.self) { group in
            group.addTask {
                try await workers.wait { $0.drain() }
                return true
            }
            group.addTask {
                try await Task.sleep(for: .nanoseconds(limit.nanoseconds))
                return false
            }
            if try await group.next() == false {
                logger.warning("exchanges were cut off: they took longer than server.drain_timeout")
                // Lets the waiting task end: what it waits for is over now.
                _ = try await workers.map { $0.stop() }
            }
            group.cancelAll()
        }
    }

    private static func text(_ address: SocketAddress?) -> String {
        if let path = address?.pathname { return "unix:\(path)" }
        guard let address, let host = address.ipAddress, let port = address.port else { return "unknown" }
        return host.utf8.contains(UInt8(ascii: ":")) ? "[\(host)]:\(port)" : "\(host):\(port)"
    }
}

extension Logger {
    /// What happens between us and Redis, once for each change.
    fileprivate func log(_ event: RedisConnectionEvent) {
        switch event {
        case .ready: self.info("connected to Redis")
        case .attemptFailed(let error, _): self.warning("Redis cannot be used", metadata: Self.metadata(error))
        case .lost(let error, _): self.warning("the connection to Redis was lost", metadata: Self.metadata(error))
        }
    }

    private static func metadata(_ error: RedisError) -> Metadata {
        var metadata: Metadata = ["error": "\(error.debugDescription)"]
        if let advice = error.advice { metadata["advice"] = "\(advice)" }
        return metadata
    }
}
