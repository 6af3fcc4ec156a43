import NIOCore
import NIOHTTP1

/// Counters of one worker. Nobody else touches them; they are added up when somebody asks.
final class Metrics {
    /// Exchanges by route and status; the key is `route << 16 | status`, with -1 for no route.
    private(set) var exchanges: [Int: Int] = [:]
    private(set) var decisions: [Decision: Int] = [:]
    private(set) var signIns: [SignInOutcome: Int] = [:]
    private(set) var faults: [Fault.Source: Int] = [:]
    var storeLatency = Histogram()
    var providerLatency = Histogram()
    var exchangeLatency = Histogram()
    /// Records that had to be opened, and those that were known.
    var openings = 0
    var openingsSaved = 0

    enum Decision: String, CaseIterable {
        case permit
        case challenge
        case deny
    }

    enum SignInOutcome: String, CaseIterable {
        case started
        case completed
        case refused
        case failed
    }

    func countExchange(route: Int, status: Int) {
        self.exchanges[route << 16 | status, default: 0] += 1
    }

    func count(_ decision: Decision) {
        self.decisions[decision, default: 0] += 1
    }

    func count(_ outcome: SignInOutcome) {
        self.signIns[outcome, default: 0] += 1
    }

    func count(_ source: Fault.Source) {
        self.faults[source, default: 0] += 1
    }

    /// A copy that may leave the worker's loop.
    func snapshot(upstreams: UpstreamPool, connections: Int, openedSessions: Int) -> MetricsSnapshot {
        MetricsSnapshot(
            exchanges: self.exchanges,
            decisions: self.decisions,
            signIns: self.signIns,
            faults: self.faults,
            storeLatency: self.storeLatency,
            providerLatency: self.providerLatency,
            exchangeLatency: self.exchangeLatency,
            upstreamConnections: upstreams.openConnections,
            upstreamConnectionsMade: upstreams.connectionsMade,
            downstreamConnections: connections,
            openings: self.openings,
            openingsSaved: self.openingsSaved,
            openedSessions: openedSessions
        )
    }
}

@available(*, unavailable)
extension Metrics: Sendable {}

/// How long things took, in buckets as Prometheus has them.
struct Histogram: Sendable {
    /// Upper bounds in seconds.
    static let bounds: [Double] = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10]
    private static let boundsInNanoseconds = bounds.map { Int64($0 * 1_000_000_000) }

    private(set) var counts = [Int](repeating: 0, count: bounds.count + 1)
    private(set) var nanoseconds: Int64 = 0

    mutating func record(_ duration: TimeAmount) {
        let bucket = Self.boundsInNanoseconds.firstIndex { duration.nanoseconds <= $0 } ?? Self.bounds.count
        self.counts[bucket] += 1
        self.nanoseconds &+= duration.nanoseconds
    }

    mutating func add(_ other: Histogram) {
        for index in self.counts.indices { self.counts[index] += other.counts[index] }
        self.nanoseconds &+= other.nanoseconds
    }
}

/// What one worker, or all of them together, have counted.
struct MetricsSnapshot: Sendable {
    var exchanges: [Int: Int] = [:]
    var decisions: [Metrics.Decision: Int] = [:]
    var signIns: [Metrics.SignInOutcome: Int] = [:]
    var faults: [Fault.Source: Int] = [:]
    var storeLatency = Histogram()
    var providerLatency = Histogram()
    var exchangeLatency = Histogram()
    var upstreamConnections = 0
    var upstreamConnectionsMade = 0
    var downstreamConnections = 0
    var openings = 0
    var openingsSaved = 0
    var openedSessions = 0

    mutating func add(_ other: MetricsSnapshot) {
        self.exchanges.merge(other.exchanges, uniquingKeysWith: +)
        self.decisions.merge(other.decisions, uniquingKeysWith: +)
        self.signIns.merge(other.signIns, uniquingKeysWith: +)
        self.faults.merge(other.faults, uniquingKeysWith: +)
        self.storeLatency.add(other.storeLatency)
        self.providerLatency.add(other.providerLatency)
        self.exchangeLatency.add(other.exchangeLatency)
        self.upstreamConnections += other.upstreamConnections
        self.upstreamConnectionsMade += other.upstreamConnectionsMade
        self.downstreamConnections += other.downstreamConnections
        self.openings += other.openings
        self.openingsSaved += other.openingsSaved
        self.openedSessions += other.openedSessions
    }
}
