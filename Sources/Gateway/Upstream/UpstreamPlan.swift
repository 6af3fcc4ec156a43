import Access
import NIOCore

/// What this worker does with the requests of the routes that share an `Upstream`: everything about it that is asked for
/// again and again, worked out once.
final class UpstreamPlan {
    let upstream: Upstream
    let timeouts: Configuration.Timeouts
    /// The largest body of a request; `Int.max` for no limit.
    let bodyLimit: Int
    /// One for each address.
    let origins: [UpstreamOrigin]
    var isSticky: Bool { self.upstream.balance == .sticky }
    /// Whose turn it is.
    private var turn = 0

    init(_ upstream: Upstream, origins: [UpstreamOrigin], configuration: Configuration) {
        self.upstream = upstream
        self.origins = origins
        var timeouts = configuration.timeouts
        timeouts.upstreamConnect = upstream.connectTimeout ?? timeouts.upstreamConnect
        timeouts.upstreamResponse = upstream.responseTimeout ?? timeouts.upstreamResponse
        timeouts.idleBody = upstream.idleTimeout ?? timeouts.idleBody
        timeouts.idleTunnel = upstream.idleTimeout ?? timeouts.idleTunnel
        self.timeouts = timeouts
        let limit = upstream.bodyLimit ?? configuration.limits.bodyBytes
        self.bodyLimit = limit == 0 ? .max : limit
    }

    /// The address for a request.
    ///
    /// - Parameters:
    ///   - affinity: what requests have in common that should go to one address.
    ///   - others: those that have been tried in vain.
    func origin(affinity: UInt64?, besides others: [UpstreamOrigin] = []) -> UpstreamOrigin? {
        if self.origins.count == 1 { return others.isEmpty ? self.origins[0] : nil }
        let now = NIODeadline.now()
        let untried = self.origins.filter { origin in !others.contains { $0 === origin } }
        var candidates = untried.filter { $0.health.isUsable(now, checkedAt: self.upstream.healthPath) }
        // Whoever has failed is better than an answer of ours, but only as the first try.
        if candidates.isEmpty, others.isEmpty {
            candidates = untried.min { $0.health.rest < $1.health.rest }.map { [$0] } ?? []
        }
        guard !candidates.isEmpty else { return nil }
        self.turn &+= 1
        let next = candidates[Int(UInt(bitPattern: self.turn) % UInt(candidates.count))]
        switch self.upstream.balance {
        case .roundRobin: return next
        case .leastBusy: return candidates.reduce(next) { $1.busy < $0.busy ? $1 : $0 }
        case .sticky:
            // Rendezvous hashing: when an address goes, only its own sessions move.
            guard let affinity else { return next }
            return candidates.max { Self.score($0, affinity) < Self.score($1, affinity) }
        }
    }

    private static func score(_ origin: UpstreamOrigin, _ affinity: UInt64) -> UInt64 {
        let mixed = (origin.seed ^ affinity) &* 0x9e37_79b9_7f4a_7c15
        return (mixed ^ mixed >> 29) &* 0xbf58_476d_1ce4_e5b9
    }

    /// The target as the upstream sees it. `nil`: its spelling does not begin with what is to be stripped.
    func target(_ target: RequestTarget) -> String? {
        guard !self.upstream.stripPrefix.isEmpty || !self.upstream.prefix.isEmpty else { return target.text }
        let text = target.text.utf8
        guard text.starts(with: self.upstream.stripPrefix.utf8) else { return nil }
        let rest = String(decoding: text.dropFirst(self.upstream.stripPrefix.utf8.count), as: UTF8.self)
        switch rest.utf8.first {
        case UInt8(ascii: "/"): return self.upstream.prefix + rest
        case nil, UInt8(ascii: "?"): return (self.upstream.prefix.isEmpty ? "/" : self.upstream.prefix) + rest
        // "/apix" is not below "/api".
        default: return nil
        }
    }

    /// What the upstream believes to be its own host.
    func host(_ route: Route, of origin: UpstreamOrigin?, asked authority: Authority) -> String {
        if let host = self.upstream.hostHeader { return host }
        return route.preserveHost ? authority.text : origin?.address.authority ?? authority.text
    }
}

@available(*, unavailable)
extension UpstreamPlan: Sendable {}
