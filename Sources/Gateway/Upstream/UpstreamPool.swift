import Access
import NIOCore
import NIOPosix

/// This worker's connections to the upstreams. Only a permit leases one, and only `Route.decide` makes a permit.
final class UpstreamPool {
    /// Called once, at once or later, on the worker's loop.
    typealias Completion = (Result<UpstreamHandler, Fault>) -> Void

    let eventLoop: any EventLoop
    private let keepAlive: TimeAmount
    private let idleLimit: Int
    /// Where `Route.upstream` points into.
    let plans: [UpstreamPlan]
    /// Each address once, however many routes go there.
    let origins: [UpstreamOrigin]
    private let counts: UpstreamCounts
    /// All open connections, idle or leased.
    var openConnections: Int { self.counts.open }
    var connectionsMade: Int { self.counts.made }
    /// Who leases from now on.
    private(set) var successor: UpstreamPool?

    /// A connection to a name that is older than this takes no further request.
    private let nameLife: TimeAmount

    /// How long a connection above `idleLimit` waits: bursts follow each other, and a connection costs more than a request.
    private static let surplusLife = TimeAmount.seconds(1)

    /// - Parameters:
    ///   - contexts: for each upstream with TLS, in the order of the configuration.
    ///   - predecessor: whose addresses go on being used, with their connections and their health.
    init(
        eventLoop: any EventLoop,
        configuration: Configuration,
        contexts: UpstreamContexts,
        succeeding predecessor: UpstreamPool? = nil
    ) {
        self.eventLoop = eventLoop
        self.counts = predecessor?.counts ?? UpstreamCounts()
        self.keepAlive = configuration.timeouts.upstreamKeepAlive
        self.nameLife = configuration.timeouts.upstreamName
        self.idleLimit = configuration.limits.upstreamIdleConnections
        var origins: [UpstreamOrigin] = []
        self.plans = configuration.upstreams.map { upstream in
            let own = upstream.addresses.map { address in
                if let known = origins.first(where: { $0.address == address && $0.tls == upstream.tls }) {
                    return known
                }
                if let known = predecessor?.origins.first(where: { $0.serves(address, upstream.tls) }) {
                    origins.append(known)
                    return known
                }
                let context = address.isTLS ? contexts.context(for: upstream.tls) : nil
                let origin = UpstreamOrigin(address, upstream.tls, context: context)
                origins.append(origin)
                return origin
            }
            return UpstreamPlan(upstream, origins: own, configuration: configuration)
        }
        self.origins = origins
    }

    func plan(for route: Route) -> UpstreamPlan { self.plans[route.upstream] }

    /// The addresses, and whether requests go there just now.
    var health: [(address: String, isUsable: Bool)] {
        let now = NIODeadline.now()
        return self.origins.map { ($0.address.text, $0.health.isUsable(now)) }
    }

    /// Lends a connection to the permit's upstream: an idle one, the hottest first, or a new one.
    ///
    /// - Parameters:
    ///   - fresh: never an idle one, for a second try after an idle one turned out dead.
    ///   - affinity: what the requests of one session have in common.
    func lease(
        _ permit: Permit,
        fresh: Bool = false,
        affinity: UInt64? = nil,
        _ completion: @escaping Completion
    ) {
        let plan = self.plan(for: permit.route)
        guard let origin = plan.origin(affinity: affinity) else {
            return completion(.failure(.upstreamUnreachable))
        }
        if !fresh, let connection = self.idleConnection(to: origin) {
            origin.busy += 1
            completion(.success(connection))
        } else {
            self.connect(to: origin, plan, tried: [], affinity, completion)
        }
    }

    private func idleConnection(to origin: UpstreamOrigin) -> UpstreamHandler? {
        guard let connection = origin.idle.popLast() else { return nil }
        guard origin.nameLife != nil else { return connection }
        let now = NIODeadline.now()
        guard self.isOld(connection.madeAt, origin, now) else { return connection }
        // The others need not be as old.
        let youngest = origin.idle.lastIndex { !self.isOld($0.madeAt, origin, now) }
        connection.close()
        return youngest.map { origin.idle.remove(at: $0) }
    }

    /// Takes a connection back whose last exchange ended cleanly.
    func giveBack(_ connection: UpstreamHandler) {
        let origin = connection.origin
        origin.busy -= 1
        if origin.health.failures != 0 { origin.health.succeeded() }
        let now = NIODeadline.now()
        if self.idleLimit > 0, !origin.isAbandoned, !self.isOld(connection.madeAt, origin, now) {
            connection.deadline = now + self.keepAlive
            origin.idle.append(connection)
        } else {
            connection.close()
        }
    }

    /// Forgets a connection that has closed.
    ///
    /// - Parameter wasLeased: whether an exchange had it.
    func closed(_ connection: UpstreamHandler, wasLeased: Bool) {
        self.counts.open -= 1
        if wasLeased { connection.origin.busy -= 1 }
        connection.origin.idle.removeAll { $0 === connection }
    }

    /// Nothing came of a request: too often, and others are asked.
    func failed(_ origin: UpstreamOrigin, isCertain: Bool = false) {
        origin.health.failed(.now(), isCertain: isCertain)
    }

    /// From now on only what has been leased is looked after here, and the addresses that the successor has not taken over.
    func handOver(to successor: UpstreamPool) {
        self.successor = successor
        for origin in self.origins where !successor.origins.contains(where: { $0 === origin }) {
            origin.isAbandoned = true
            self.closeIdle(of: origin)
        }
        successor.forgetChecks()
    }

    /// Closes what has been idle for too long, and what is too much and nobody has wanted lately.
    func closeExpired(now: NIODeadline) {
        for origin in self.origins where !origin.idle.isEmpty {
            // The oldest are in front, and have been idle for longest.
            let surplus = origin.idle.dropLast(self.idleLimit)
            let unwanted = surplus.prefix { $0.deadline - self.keepAlive + Self.surplusLife <= now }
            let expired = origin.idle.prefix { $0.deadline <= now }
            let leaving = unwanted.count > expired.count ? unwanted : expired
            origin.idle.removeFirst(leaving.count)
            for connection in leaving { connection.close() }
        }
        for origin in self.origins {
            for connection in origin.multiplexed where connection.openStreams == 0 {
                if now >= connection.idleSince + self.keepAlive || self.isOld(connection.madeAt, origin, now) {
                    connection.close()
                }
            }
        }
    }

    private func isOld(_ madeAt: NIODeadline, _ origin: UpstreamOrigin, _ now: NIODeadline) -> Bool {
        origin.nameLife.map { now - madeAt > self.nameLife || $0.isOver(since: madeAt, at: now) } ?? false
    }

    /// Closes what nobody uses, but not what a successor may.
    func closeIdle() {
        for origin in self.origins where self.successor == nil || origin.isAbandoned { self.closeIdle(of: origin) }
    }

    private func closeIdle(of origin: UpstreamOrigin) {
        let connections = origin.idle
        origin.idle = []
        for connection in connections { connection.close() }
        for connection in origin.multiplexed {
            if self.successor == nil { connection.close() } else { connection.leave() }
        }
    }

    /// When nobody accepts, the next address is asked: nothing of the request has been sent yet.
    private func connect(
        to origin: UpstreamOrigin,
        _ plan: UpstreamPlan,
        tried: [UpstreamOrigin],
        _ affinity: UInt64?,
        _ completion: @escaping Completion
    ) {
        let next = { (error: any Error) in
            self.failed(origin, isCertain: true)
            let tried = tried + [origin]
            if let next = plan.origin(affinity: affinity, besides: tried) {
                return self.connect(to: next, plan, tried: tried, affinity, completion)
            }
            var fault = Self.isTimeout(error) ? Fault.upstreamConnectTimeout : Fault.upstreamUnreachable
            fault.detail = "\(error)"
            completion(.failure(fault))
        }
        guard !origin.address.speaksHTTP2 else { return self.openStream(to: origin, plan, orElse: next, completion) }
        let poolBox = NIOLoopBound(self, eventLoop: self.eventLoop)
        let originBox = NIOLoopBound(origin, eventLoop: self.eventLoop)
        let now = NIODeadline.now()
        let future = origin.connect(on: self.eventLoop, timeout: plan.timeouts.upstreamConnect) { channel in
            let handler = UpstreamHandler(origin: originBox.value, pool: poolBox.value, madeAt: now)
            try channel.pipeline.syncOperations.addHandler(handler)
        }
        future.assumeIsolated().whenComplete { result in
            switch result {
            case .success(let channel):
                do {
                    let handler = try channel.pipeline.syncOperations.handler(type: UpstreamHandler.self)
                    self.counts.open += 1
                    self.counts.made += 1
                    origin.busy += 1
                    completion(.success(handler))
                } catch {
                    completion(.failure(.upstreamUnreachable))
                }
            case .failure(let error): next(error)
            }
        }
    }

    /// Lends a stream on a connection that has room for one, or on a new connection.
    private func openStream(
        to origin: UpstreamOrigin,
        _ plan: UpstreamPlan,
        orElse next: @escaping (any Error) -> Void,
        _ completion: @escaping Completion
    ) {
        let now = NIODeadline.now()
        let open = origin.multiplexed.first { $0.hasRoom && !self.isOld($0.madeAt, origin, now) }
        if let open { return self.openStream(on: open, to: origin, completion) }
        let connection = HTTP2UpstreamConnection { [weak origin] closed in
            origin?.multiplexed.removeAll { $0 === closed }
        }
        let box = NIOLoopBound(connection, eventLoop: self.eventLoop)
        let future = origin.connect(on: self.eventLoop, timeout: plan.timeouts.upstreamConnect) { channel in
            try box.value.add(to: channel)
        }
        future.assumeIsolated().whenComplete { result in
            switch result {
            case .success:
                origin.multiplexed.append(connection)
                self.counts.made += 1
                self.openStream(on: connection, to: origin, completion)
            case .failure(let error): next(error)
            }
        }
    }

    private func openStream(
        on connection: HTTP2UpstreamConnection,
        to origin: UpstreamOrigin,
        _ completion: @escaping Completion
    ) {
        let handler = UpstreamHandler(origin: origin, pool: self, madeAt: connection.madeAt, isStream: true)
        // Whoever has given up the address while this was on its way has seen no connection to end.
        defer { if origin.isAbandoned { connection.leave() } }
        connection.open(isTLS: origin.address.isTLS, handler) { handler in
            guard let handler else { return completion(.failure(.upstreamUnreachable)) }
            self.counts.open += 1
            origin.busy += 1
            completion(.success(handler))
        }
    }

    private static func isTimeout(_ error: any Error) -> Bool {
        if let error = error as? ChannelError, case .connectTimeout = error { return true }
        if let error = error as? NIOConnectionError {
            return !error.connectionErrors.isEmpty && error.connectionErrors.allSatisfy { Self.isTimeout($0.error) }
        }
        return false
    }
}

@available(*, unavailable)
extension UpstreamPool: Sendable {}

/// A worker's connections to upstreams, counted on from one configuration to the next.
private final class UpstreamCounts {
    /// Idle or leased.
    var open = 0
    var made = 0
}
