package import NIOCore
import NIOHTTP1

/// Counters of one worker. Nobody else touches them; they are added up when somebody asks.
package final class Metrics {
    /// Exchanges by route and status; the key is `route << 16 | status`, with -1 for no route.
    private var exchanges: [Int: Int] = [:]
    /// Most exchanges end as the one before: those are counted here first.
    private var repeated = (key: -1 << 16, count: 0)
    private var decisions = (permit: 0, challenge: 0, deny: 0)
    private(set) var signIns: [SignInOutcome: Int] = [:]
    private(set) var refreshes: [RefreshOutcome: Int] = [:]
    private(set) var refusals: [Limit: Int] = [:]
    private(set) var faults: [Fault.Source: Int] = [:]
    var storeLatency = Histogram()
    var providerLatency = Histogram()
    package var exchangeLatency = Histogram()
    /// From the wish for a connection to the beginning of the answer.
    package var upstreamLatency = Histogram()
    /// Records that had to be opened, and those that were known.
    package var openings = 0
    package var openingsSaved = 0
    /// Lookups answered by the cache alone, with a session or with its absence, and those it could not answer.
    package var cacheHits = 0
    package var cacheAbsences = 0
    package var cacheMisses = 0
    /// TLS handshakes that came to nothing.
    var handshakesFailed = 0

    package enum Decision: String, CaseIterable {
        case permit
        case challenge
        case deny
    }

    package enum SignInOutcome: String, CaseIterable {
        case started
        case completed
        case refused
        case failed
    }

    package enum RefreshOutcome: String, CaseIterable {
        /// Tokens presented and replaced.
        case completed
        /// The provider has ended the session.
        case ended
        /// The provider could not be asked or could not answer; later.
        case failed
        /// The token was presented and its answer is lost.
        case lost
    }

    /// What has been too much.
    package enum Limit: String, CaseIterable, Sendable {
        case connections
        case connectionsPerAddress = "connections-per-address"
        case signIns = "sign-ins"
        case body
        /// A header's bytes or fields.
        case header
        /// A header or a body that did not come in time.
        case slow
        /// Streams of HTTP/2 that are opened and reset at once.
        case resets
        /// Frames of HTTP/2 that carry nothing: pings, settings, priorities, empty data.
        case controlFrames = "control-frames"
        /// A header of HTTP/2 in more pieces than it needs.
        case continuations
    }

    package init() {}

    func count(_ limit: Limit) {
        self.refusals[limit, default: 0] += 1
    }

    func countExchange(route: Int, status: Int) {
        let key = route << 16 | status
        if key != self.repeated.key {
            if self.repeated.count > 0 { self.exchanges[self.repeated.key, default: 0] += self.repeated.count }
            self.repeated = (key, 0)
        }
        self.repeated.count += 1
    }

    func count(_ decision: Decision) {
        switch decision {
        case .permit: self.decisions.permit += 1
        case .challenge: self.decisions.challenge += 1
        case .deny: self.decisions.deny += 1
        }
    }

    func count(_ outcome: SignInOutcome) {
        self.signIns[outcome, default: 0] += 1
    }

    func countRefresh(_ outcome: RefreshOutcome) {
        self.refreshes[outcome, default: 0] += 1
    }

    func count(_ source: Fault.Source) {
        self.faults[source, default: 0] += 1
    }

    /// A copy that may leave the worker's loop.
    func snapshot(upstreams: UpstreamPool, connections: Int, openedSessions: Int) -> MetricsSnapshot {
        var snapshot = MetricsSnapshot()
        snapshot.exchanges = self.exchanges
        if self.repeated.count > 0 { snapshot.exchanges[self.repeated.key, default: 0] += self.repeated.count }
        snapshot.decisions = [
            .permit: self.decisions.permit, .challenge: self.decisions.challenge, .deny: self.decisions.deny,
        ]
        snapshot.signIns = self.signIns
        snapshot.refreshes = self.refreshes
        snapshot.faults = self.faults
        snapshot.refusals = self.refusals
        snapshot.storeLatency = self.storeLatency
        snapshot.providerLatency = self.providerLatency
        snapshot.exchangeLatency = self.exchangeLatency
        snapshot.upstreamLatency = self.upstreamLatency
        snapshot.upstreamConnections = upstreams.openConnections
        for (address, isUsable) in upstreams.health {
            snapshot.restingUpstreams[address, default: 0] += isUsable ? 0 : 1
        }
        snapshot.upstreamConnectionsMade = upstreams.connectionsMade
        snapshot.downstreamConnections = connections
        snapshot.openings = self.openings
        snapshot.openingsSaved = self.openingsSaved
        snapshot.openedSessions = openedSessions
        snapshot.cacheHits = self.cacheHits
        snapshot.cacheAbsences = self.cacheAbsences
        snapshot.cacheMisses = self.cacheMisses
        snapshot.handshakesFailed = self.handshakesFailed
        return snapshot
    }
}

@available(*, unavailable)
extension Metrics: Sendable {}

/// How long things took, in buckets as Prometheus has them.
package struct Histogram: Sendable {
    /// Upper bounds in seconds.
    package static let bounds: [Double] = [
        0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10,
    ]
    private static let boundsInNanoseconds = bounds.map { Int64($0 * 1_000_000_000) }

    package private(set) var counts = [Int](repeating: 0, count: bounds.count + 1)
    package private(set) var nanoseconds: Int64 = 0

    package init() {}

    package mutating func record(_ duration: TimeAmount) {
        let bucket = Self.boundsInNanoseconds.firstIndex { duration.nanoseconds <= $0 } ?? Self.bounds.count
        self.counts[bucket] += 1
        self.nanoseconds &+= duration.nanoseconds
    }

    package mutating func add(_ other: Histogram) {
        for index in self.counts.indices { self.counts[index] += other.counts[index] }
        self.nanoseconds &+= other.nanoseconds
    }
}

/// What one worker, or all of them together, have counted.
package struct MetricsSnapshot: Sendable {
    package var exchanges: [Int: Int] = [:]
    package var decisions: [Metrics.Decision: Int] = [:]
    package var signIns: [Metrics.SignInOutcome: Int] = [:]
    package var refreshes: [Metrics.RefreshOutcome: Int] = [:]
    package var faults: [Fault.Source: Int] = [:]
    package var refusals: [Metrics.Limit: Int] = [:]
    /// For each address, how many workers send nothing there just now.
    package var restingUpstreams: [String: Int] = [:]
    package var liveSessions = 0
    var storeLatency = Histogram()
    var providerLatency = Histogram()
    package var exchangeLatency = Histogram()
    package var upstreamLatency = Histogram()
    var upstreamConnections = 0
    var upstreamConnectionsMade = 0
    var downstreamConnections = 0
    package var openings = 0
    package var openingsSaved = 0
    var openedSessions = 0
    package var cacheHits = 0
    package var cacheAbsences = 0
    package var cacheMisses = 0
    var cacheBytes = 0
    /// Workers whose caches answer for the store.
    var currentCaches = 0
    var handshakesFailed = 0

    package init() {}

    package mutating func add(_ other: MetricsSnapshot) {
        self.exchanges.merge(other.exchanges, uniquingKeysWith: +)
        self.decisions.merge(other.decisions, uniquingKeysWith: +)
        self.signIns.merge(other.signIns, uniquingKeysWith: +)
        self.refreshes.merge(other.refreshes, uniquingKeysWith: +)
        self.faults.merge(other.faults, uniquingKeysWith: +)
        self.refusals.merge(other.refusals, uniquingKeysWith: +)
        self.restingUpstreams.merge(other.restingUpstreams, uniquingKeysWith: +)
        self.liveSessions += other.liveSessions
        self.storeLatency.add(other.storeLatency)
        self.providerLatency.add(other.providerLatency)
        self.exchangeLatency.add(other.exchangeLatency)
        self.upstreamLatency.add(other.upstreamLatency)
        self.upstreamConnections += other.upstreamConnections
        self.upstreamConnectionsMade += other.upstreamConnectionsMade
        self.downstreamConnections += other.downstreamConnections
        self.openings += other.openings
        self.openingsSaved += other.openingsSaved
        self.openedSessions += other.openedSessions
        self.cacheHits += other.cacheHits
        self.cacheAbsences += other.cacheAbsences
        self.cacheMisses += other.cacheMisses
        self.cacheBytes += other.cacheBytes
        self.currentCaches += other.currentCaches
        self.handshakesFailed += other.handshakesFailed
    }

    /// Adds what a worker still holds whose counters are the same ones.
    mutating func addConnections(of other: MetricsSnapshot) {
        self.downstreamConnections += other.downstreamConnections
        self.openedSessions += other.openedSessions
        self.cacheBytes += other.cacheBytes
        self.liveSessions += other.liveSessions
    }
}
