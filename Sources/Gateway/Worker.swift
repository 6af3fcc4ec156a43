package import Access
package import BackChannel
import Cryptography
package import Logging
package import NIOCore
package import OpenIDConnect

/// What one event loop owns. Nothing in here is touched from anywhere else, so nothing in here is locked.
package final class Worker {
    let eventLoop: any EventLoop
    let settings: Settings
    let provider: ProviderDirectory
    let backChannel: BackChannel
    let logger: Logger
    /// Counted on from one configuration to the next.
    let metrics: Metrics
    let complaints = CheckComplaints()
    let upstreams: UpstreamPool
    let sessions: Sessions
    let bearerTokens: BearerTokens
    let live = LiveExchanges()
    let turn: Turn
    /// All workers of this process, this one among them; `nil` after the end.
    var siblings: WorkerTable?
    /// `nil`: the operator wants none.
    let accessLog: AccessLog?
    /// `nil`: the operator wants none.
    let audit: AuditLog?
    let refresh: Refresh
    let revocation: TokenRevocation
    /// What is to be waited for before the loop ends.
    package let detached: DetachedWork
    /// The same loop's workers for the other providers. They serve no connection; they share the sessions and all that is
    /// counted and written. Their settings are no copies: a route's number is to be asked of the first one's.
    private(set) var others: [Worker] = []

    /// The time as of the last tick: exact enough for deadlines, and free.
    private(set) var now = NIODeadline.now()
    private(set) var wallClock: Instant
    /// The `Date` field of our own answers.
    private(set) var httpDate: String
    /// How the answers begin that let a check's request pass.
    private(set) var passHead: [UInt8]
    private(set) var isDraining = false
    /// Whether each answer is to be its connection's last.
    private(set) var isLeaving = false
    /// Who takes what comes, once the configuration has changed; this one only finishes what it has begun.
    var successor: Worker?

    private let clock: @Sendable () -> Instant
    private(set) var connections: [ObjectIdentifier: any WorkerConnection] = [:]
    private(set) var tick: RepeatedTask?
    var drained: EventLoopPromise<Void>?
    private var nextRequest: UInt64 = 0
    /// Most exchanges are for the route of the one before.
    private var counted: (route: Route?, number: Int) = (nil, -1)
    /// Fifteen characters: a text so short is no object, and each copy of a request's id counts no reference.
    private let requestPrefix = Base64URL.encode(Random.bytes(11))

    private static let tickInterval = TimeAmount.milliseconds(250)
    /// How long we wait, when nothing new is taken, for what is on its way: a connection's first request, a stream.
    static let arrivalGrace = TimeAmount.seconds(1)

    package convenience init(
        eventLoop: any EventLoop,
        settings: Settings,
        provider: ProviderDirectory,
        backChannel: BackChannel,
        others: [Party] = [],
        store: any SessionStore,
        logger: Logger,
        sink: LogSink,
        logsAsJSON: Bool,
        clock: @escaping @Sendable () -> Instant,
        succeeding predecessor: Worker? = nil
    ) {
        let settings = Settings(copying: settings)
        let log = settings.configuration.log
        let metrics = predecessor?.metrics ?? Metrics()
        let shared = Shared(
            eventLoop: eventLoop,
            logger: logger,
            metrics: metrics,
            upstreams: UpstreamPool(
                eventLoop: eventLoop,
                configuration: settings.configuration,
                contexts: settings.upstreamContexts,
                succeeding: predecessor?.upstreams
            ),
            sessions: Sessions(
                store: store,
                settings: settings,
                metrics: metrics,
                now: clock,
                succeeding: predecessor?.sessions
            ),
            accessLog: log.access ? AccessLog(sink: sink, asJSON: logsAsJSON, format: log.accessFormat) : nil,
            audit: log.audit ? AuditLog(sink: sink, asJSON: logsAsJSON) : nil,
            detached: DetachedWork(eventLoop: eventLoop),
            clock: clock
        )
        self.init(Party(settings: settings, provider: provider, backChannel: backChannel), shared)
        // Until this worker retires: a weak reference would make each use of it dear.
        self.sessions.onEnd = { key in self.announceEnd(of: key) }
        self.sessions.onChange = { key in self.checkLive(key) }
        self.sessions.onRefresh = { key in self.announceRefresh(of: key) }
        self.sessions.onMissedChanges = { self.live.checkSoon(self.now) }
        self.others = others.map { Worker($0, shared) }
    }

    /// What the workers of one loop have in common.
    private struct Shared {
        let eventLoop: any EventLoop
        let logger: Logger
        let metrics: Metrics
        let upstreams: UpstreamPool
        let sessions: Sessions
        let accessLog: AccessLog?
        let audit: AuditLog?
        let detached: DetachedWork
        let clock: @Sendable () -> Instant
    }

    private init(_ party: Party, _ shared: Shared) {
        self.eventLoop = shared.eventLoop
        self.turn = Turn(eventLoop: shared.eventLoop)
        self.settings = party.settings
        self.provider = party.provider
        self.backChannel = party.backChannel
        self.logger = shared.logger
        self.clock = shared.clock
        self.wallClock = shared.clock()
        self.httpDate = Timestamp.now.httpDate
        self.passHead = WireBytes.passHead(date: self.httpDate)
        self.metrics = shared.metrics
        self.upstreams = shared.upstreams
        self.accessLog = shared.accessLog
        self.sessions = shared.sessions
        self.audit = shared.audit
        self.detached = shared.detached
        let judge = BearerJudge(directory: party.provider, backChannel: party.backChannel, settings: party.settings)
        self.bearerTokens = BearerTokens(settings: party.settings, judge: judge)
        let exchange = RefreshExchange(
            directory: party.provider,
            backChannel: party.backChannel,
            settings: party.settings,
            logger: shared.logger,
            clock: shared.clock
        )
        let revocation = TokenRevocation(
            directory: party.provider,
            backChannel: party.backChannel,
            client: party.settings.configuration.provider.client,
            logger: shared.logger
        )
        self.revocation = revocation
        self.refresh = Refresh(
            eventLoop: shared.eventLoop,
            sessions: shared.sessions,
            detached: shared.detached,
            present: { (errand, session) async throws(RefreshExchange.Failure) -> Session in
                try await exchange.carryOut(errand, for: session)
            },
            revoke: { await revocation.revoke([$0]) },
            retryWindow: party.settings.configuration.provider.refreshRetry,
            metrics: shared.metrics,
            audit: shared.audit,
            logger: shared.logger
        )
    }

    /// Starts looking at deadlines.
    package func start() {
        let box = NIOLoopBound(self, eventLoop: self.eventLoop)
        self.tick = self.eventLoop.scheduleRepeatedTask(
            initialDelay: Self.tickInterval,
            delay: Self.tickInterval
        ) { _ in
            box.value.ticked()
        }
    }

    /// The time of day itself. Where the order of two things counts, that of the last tick may be a second behind.
    func readClock() -> Instant { self.clock() }

    /// Unique on this gateway. Not a secret.
    func makeRequestID() -> RequestID {
        self.nextRequest &+= 1
        return RequestID(prefix: self.requestPrefix, number: self.nextRequest)
    }

    func opened(_ connection: any WorkerConnection) {
        self.connections[ObjectIdentifier(connection)] = connection
    }

    func closed(_ connection: any WorkerConnection) {
        self.connections[ObjectIdentifier(connection)] = nil
        self.finishDraining()
    }

    var metricsSnapshot: MetricsSnapshot {
        var snapshot = self.metrics.snapshot(
            upstreams: self.upstreams,
            connections: self.connections.count,
            openedSessions: self.sessions.openedCount
        )
        snapshot.cacheBytes = self.sessions.cache.byteCount
        snapshot.currentCaches = self.sessions.cacheIsCurrent ? 1 : 0
        snapshot.liveSessions = self.live.sessionCount
        return snapshot
    }

    /// Serves on, but each answer says that it is its connection's last: whoever balances load lets go by and by, and finds
    /// no connection closed under a request that is on its way.
    func leave() {
        self.isLeaving = true
    }

    /// Takes nothing new; the future succeeds when the last exchange has ended.
    func drain() -> EventLoopFuture<Void> {
        let promise = self.drained ?? self.eventLoop.makePromise(of: Void.self)
        self.isDraining = true
        self.isLeaving = true
        self.drained = promise
        for connection in self.connections.values { connection.drain() }
        // A refresh that is cut off loses its token.
        for party in self.parties { party.refresh.whenIdle = { [weak self] in self?.finishDraining() } }
        self.finishDraining()
        return promise.futureResult
    }

    func finishDraining() {
        guard self.isDraining || self.successor != nil else { return }
        if self.connections.isEmpty, self.parties.allSatisfy(\.refresh.isIdle) { self.drained?.succeed() }
    }

    /// Runs asynchronous work off the loop and brings its result back to it.
    func run<Value: Sendable>(
        _ work: @escaping @Sendable () async throws -> Value,
        then completion: @escaping (Result<Value, any Error>) -> Void
    ) {
        self.detached.run(work, then: completion)
    }

    private func ticked() {
        self.now = .now()
        self.wallClock = self.clock()
        self.httpDate = Timestamp.now.httpDate
        self.passHead = WireBytes.passHead(date: self.httpDate)
        for other in self.others {
            other.now = self.now
            other.wallClock = self.wallClock
            other.httpDate = self.httpDate
            other.passHead = self.passHead
        }
        for connection in self.connections.values { connection.checkDeadline(self.now) }
        self.checkLiveSessions()
        self.upstreams.closeExpired(now: self.now)
        self.upstreams.checkHealth(now: self.now)
        self.accessLog?.handOver()
    }
}

@available(*, unavailable)
extension Worker: Sendable {}

/// What a worker looks after until it closes: a browser's connection, or one stream of one.
protocol WorkerConnection: AnyObject {
    /// Called on each tick.
    func checkDeadline(_ now: NIODeadline)
    /// Finishes what runs and takes nothing new.
    func drain()
    /// Goes over to another worker, now or as soon as nothing runs.
    func follow(_ successor: Worker)
    func abort()
    /// The gateway stops: whatever is still open ends, politely where that is possible.
    func stop()
}

extension WorkerConnection {
    func stop() { self.abort() }
}

extension Worker {
    /// An exchange is over: counted, and written down.
    func record(_ current: CurrentExchange, client: String) {
        let duration = NIODeadline.now() - current.startedAt
        self.metrics.countExchange(route: self.number(of: current.route), status: current.status)
        self.metrics.exchangeLatency.record(duration)
        self.accessLog?.write(current, peer: client, duration: duration)
    }

    /// The route's number for counters; -1 for none.
    private func number(of route: Route?) -> Int {
        if route !== self.counted.route {
            self.counted = (route, route.map { self.settings.number(of: $0) } ?? -1)
        }
        return self.counted.number
    }
}
