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
import UnixSignals

/// The service: starts the workers, serves, drains.
package struct Gateway: Service {
    /// One for each provider.
    private let settings: [Settings]
    private let logger: Logger
    private let sink: LogSink
    private let logsAsJSON: Bool
    private let group: MultiThreadedEventLoopGroup
    private let clock: @Sendable () -> Instant
    private let source: ConfigurationSource?

    /// - Parameters:
    ///   - configuration: checked already; what contradicts itself throws.
    ///   - source: where to look for another one while serving; `nil`: this one stays.
    ///   - group: one loop for each worker.
    ///   - clock: the time of day.
    package init(
        _ configuration: Configuration,
        group: MultiThreadedEventLoopGroup,
        logger: Logger,
        sink: LogSink,
        logsAsJSON: Bool,
        source: ConfigurationSource? = nil,
        clock: @escaping @Sendable () -> Instant = { Instant(seconds: Timestamp.now.seconds) }
    ) throws {
        self.settings = try Settings.all(configuration)
        self.group = group
        self.logger = logger
        self.sink = sink
        self.logsAsJSON = logsAsJSON
        self.clock = clock
        self.source = source
    }

    /// Serves until the graceful shutdown, then finishes what runs.
    package func run() async throws {
        let configuration = self.settings[0].configuration
        let site = CurrentSite(Site(try self.settings.map { try self.makeParty($0, beside: nil) }))
        defer { for party in site.value.parties { party.backChannel.shutDown() } }
        let workers = try await self.makeWorkers(site.value)
        let changes = ChangeCounts()
        let status = StatusEndpoint(workers: workers, site: site, changes: changes)
        let sessions = SessionsAdministration(workers: workers, site: site)
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
            changes: changes,
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
                "public_url": "\(site.value.settings.origin(of: configuration.server.publicURL.authority))",
                "redirect_uri": "\(site.value.settings.redirectURI(for: configuration.server.publicURL.authority))",
                "store": "\(configuration.session.store.rawValue)",
            ]
        )
        // Not waited for: whoever signs in first finds it done, or waits for it then.
        let directories = site.value.parties.map(\.provider)
        let prefetch = Task {
            for directory in directories { _ = try? await directory.snapshot() }
            gatehouse_release_startup_pages()
        }
        let reloads = self.source.map { source in
            let reload = Reload(
                source: source,
                workers: workers,
                site: site,
                edge: edge,
                changes: changes,
                logger: self.logger,
                makeWorker: { self.makeWorker($0, $1.eventLoop, $1.sessions.store, succeeding: $1) },
                makeParty: self.makeParty
            )
            return Task { await reload.run() }
        }
        try? await gracefulShutdown()
        reloads?.cancel()
        await reloads?.value
        prefetch.cancel()
        self.logger.notice("draining")
        let ending = site.value.settings.configuration.server
        status.drain()
        _ = try await workers.map { $0.leave() }
        // The load balancer has to find out first; until then it sends requests, and they are served.
        try? await Task.sleep(for: .nanoseconds(ending.drainDelay.nanoseconds))
        await edge.close(beside: checks)
        let end = NIODeadline.now() + ending.drainTimeout
        if try await self.drain(workers, within: ending.drainTimeout) {
            // What no browser waits for, such as the revocation of a token.
            try await workers.wait { $0.whenDone(until: end) }
        }
        _ = try await workers.map { $0.stop() }
        try? await admin.close()
        // Whatever still waits for the provider is told that it need not, and comes back while there is a loop for it.
        for party in site.value.parties { party.backChannel.shutDown() }
        try await workers.wait { $0.whenDone(until: .distantFuture) }
        self.logger.notice("stopped")
    }

    /// - Parameter site: what of it can go on being used.
    @Sendable
    private func makeParty(_ settings: Settings, beside site: Site?) throws -> Worker.Party {
        let provider = settings.configuration.provider
        if let known = site?.parties.first(where: { $0.settings.configuration.provider == provider }) {
            return Worker.Party(settings: settings, provider: known.provider, backChannel: known.backChannel)
        }
        let backChannel = try BackChannel(BackChannelConfiguration(provider))
        let directory = ProviderDirectory(
            settings: provider,
            backChannel: backChannel,
            logger: self.logger,
            clock: self.clock
        )
        return Worker.Party(settings: settings, provider: directory, backChannel: backChannel)
    }

    private func makeWorkers(_ site: Site) async throws -> WorkerTable {
        let configuration = site.settings.configuration
        let logger = self.logger
        let clock = self.clock
        let memory = MemoryStore(capacity: configuration.session.maximumInMemory, clock: clock)
        return try await WorkerTable(group: self.group) { eventLoop in
            guard configuration.session.store == .redis, let redis = configuration.redis else {
                return self.makeWorker(site, eventLoop, memory)
            }
            let client = redis.client(on: eventLoop) { logger.log($0) }
            client.start()
            let keyPrefix = configuration.redisKeyPrefix
            let store = RedisStore(connection: client, keyPrefix: keyPrefix, now: clock, logger: logger)
            return self.makeWorker(site, eventLoop, store)
        }
    }

    @Sendable
    private func makeWorker(
        _ site: Site,
        _ eventLoop: any EventLoop,
        _ store: any SessionStore,
        succeeding predecessor: Worker? = nil
    ) -> Worker {
        var logger = self.logger
        logger.logLevel = site.settings.configuration.log.level
        return Worker(
            eventLoop: eventLoop,
            settings: site.parties[0].settings,
            provider: site.parties[0].provider,
            backChannel: site.parties[0].backChannel,
            others: Array(site.parties.dropFirst()),
            store: store,
            logger: logger,
            sink: self.sink,
            logsAsJSON: self.logsAsJSON,
            clock: self.clock,
            succeeding: predecessor
        )
    }

    /// Ends when the last exchange has, or when the time is over. Returns whether all have ended by themselves.
    private func drain(_ workers: WorkerTable, within limit: TimeAmount) async throws -> Bool {
        let logger = self.logger
        return try await withThrowingTaskGroup(of: String?.self) { group in
            group.addTask {
                try await workers.wait { $0.drain() }
                return nil
            }
            group.addTask {
                try await Task.sleep(for: .nanoseconds(limit.nanoseconds))
                return "they took longer than server.drain_timeout"
            }
            group.addTask {
                // Whoever asks twice does not want to wait.
                for await _ in await UnixSignalsSequence(trapping: .sigterm, .sigint) { break }
                return "a second signal"
            }
            let reason = try await group.next() ?? nil
            if let reason {
                logger.warning("exchanges were cut off", metadata: ["reason": "\(reason)"])
                // Lets the waiting task end: what it waits for is over now.
                _ = try await workers.map { $0.stop() }
            }
            group.cancelAll()
            return reason == nil
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
