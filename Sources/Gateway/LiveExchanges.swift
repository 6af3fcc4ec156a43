import Access
import NIOCore
import OpenIDConnect

/// Tunnels and long responses of one worker, by the session each of them was permitted with: when it ends, they do
/// (security rule 25).
final class LiveExchanges {
    private final class Entry {
        var session: OpenedSession
        var connections: [ObjectIdentifier: ExchangeHandler] = [:]
        /// When the store is asked the next time whether the session is still there.
        var nextCheck: NIODeadline

        init(_ session: OpenedSession, nextCheck: NIODeadline) {
            self.session = session
            self.nextCheck = nextCheck
        }
    }

    private var entries: [SessionKey: Entry] = [:]

    /// How many sessions have any.
    var sessionCount: Int { self.entries.count }

    func add(_ connection: ExchangeHandler, for session: OpenedSession, nextCheck: NIODeadline) {
        let key = session.ticket.key
        // What a token stands for ends with the token; no store knows of it.
        let nextCheck = session.isBearer ? .distantFuture : nextCheck
        let entry = self.entries[key] ?? Entry(session, nextCheck: nextCheck)
        entry.nextCheck = min(entry.nextCheck, nextCheck)
        entry.connections[ObjectIdentifier(connection)] = connection
        self.entries[key] = entry
    }

    func remove(_ connection: ExchangeHandler, for session: OpenedSession) {
        guard let entry = self.entries[session.ticket.key] else { return }
        entry.connections[ObjectIdentifier(connection)] = nil
        if entry.connections.isEmpty { self.entries[session.ticket.key] = nil }
    }

    /// The session of this name, if anything was permitted with it that is still running.
    func session(_ key: SessionKey) -> OpenedSession? { self.entries[key]?.session }

    /// Takes what was permitted with this session out.
    func take(_ key: SessionKey) -> [ExchangeHandler] {
        self.entries.removeValue(forKey: key).map { Array($0.connections.values) } ?? []
    }

    /// The session has become this one. Gives the exchanges that were permitted with it.
    func change(_ session: OpenedSession) -> [ExchangeHandler] {
        guard let entry = self.entries[session.ticket.key] else { return [] }
        entry.session = session
        return Array(entry.connections.values)
    }

    /// What happened to sessions may have gone unnoticed: all are asked for soon, and not all in one moment.
    func checkSoon(_ now: NIODeadline) {
        for entry in self.entries.values where !entry.session.isBearer {
            entry.nextCheck = min(entry.nextCheck, now + .milliseconds(.random(in: 0...1000)))
        }
    }

    /// Sessions whose time is over.
    func expired(_ wallClock: Instant) -> [SessionKey] {
        self.entries.filter { $0.value.session.session.expiresAt <= wallClock }.map(\.key)
    }

    /// Sessions that have not been asked for in a while. Each is named once, then not before `next`.
    func due(_ now: NIODeadline, next: NIODeadline) -> [OpenedSession] {
        let due = self.entries.values.filter { $0.nextCheck <= now }
        for entry in due { entry.nextCheck = next }
        return due.map(\.session)
    }
}

@available(*, unavailable)
extension LiveExchanges: Sendable {}

extension ExchangeHandler {
    /// From here on the end of the session is the end of this exchange.
    func becomeLive(checkedAfter interval: TimeAmount) {
        guard let session = self.current.session, let permit = self.current.permit, permit.session != nil,
            !self.current.isLive, !self.worker.upstreams.plan(for: permit.route).upstream.outlivesSession
        else { return }
        self.current.isLive = true
        self.worker.live.add(self, for: session, nextCheck: self.worker.now + interval)
    }

    /// How long a response lasts before it counts as one that its session's end must end.
    private static let longResponse = TimeAmount.seconds(1)

    /// Called on every tick. Its session may have ended before anybody knew that this would take so long: it is asked
    /// for at once.
    func becomeLiveIfLong(_ now: NIODeadline) {
        guard self.current.isUnderWay, !self.current.isLive, self.exchange.responseBegun,
            now - self.current.startedAt > Self.longResponse
        else { return }
        self.becomeLive(checkedAfter: .zero)
    }

    /// The session that this exchange was permitted with has ended.
    func sessionEnded(_ key: SessionKey) {
        guard self.current.isLive, let session = self.current.session, session.ticket.key == key else { return }
        self.endLive(.sessionEnded, fault: .sessionEnded)
    }

    /// Whether the session, as it is now, would not have been let in. What an API has to be asked for first is left.
    func isDenied(_ session: OpenedSession) -> Bool {
        guard let route = self.current.route, let access = self.current.access,
            route.policy.requirement?.apis.isEmpty ?? true,
            case .deny = route.decide(access, session.grants, now: self.worker.wallClock)
        else { return false }
        return true
    }

    /// The session goes on, and permits this exchange no longer.
    ///
    /// - Parameter number: the exchange that it is about; the connection may be at the next by now.
    func permissionEnded(_ number: Int, _ session: OpenedSession?) {
        guard self.isStill(number), self.current.isLive, let session, self.isDenied(session) else { return }
        self.auditDenial(of: session, because: Fault.permissionEnded.reason)
        self.endLive(.notPermitted, fault: .permissionEnded)
    }

    /// The gateway stops.
    func stop() {
        if self.current.isLive || self.tunnel != nil { self.endLive(.goingAway, fault: .stopping) }
        self.abort()
    }

    private func endLive(_ ending: Tunnel.Ending, fault: Fault) {
        if let tunnel = self.tunnel { return self.end(tunnel, ending, fault: fault) }
        guard self.exchange.responseBegun, let response = self.current.response else { return }
        self.current.fault = fault
        // The events that have come are whole. Any other body that were cut here must not look complete.
        guard response.framing == .chunked, self.upstream?.sendsEvents ?? false else { return self.abort() }
        self.exchange.lastExchange()
        self.putTogether { $0.append("0\r\n\r\n") }
        self.hasWire = true
        self.dropUpstream()
        self.responseEnded()
        self.flush()
    }
}
