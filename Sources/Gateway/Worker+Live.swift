import Access
import NIOCore

/// What outlasts its request: what runs in a session's name ends with the session, and with what the session permits.
extension Worker {
    /// A session has ended here, whoever ended it. Every worker of this process is told.
    func announceEnd(of key: SessionKey) {
        guard let siblings = self.siblings else { return self.sessionEnded(key) }
        siblings.announceEnd(of: key)
    }

    /// A session has ended somewhere. What is still running in its name is ended, too.
    func sessionEnded(_ key: SessionKey) {
        self.afterGrace(self.live.take(key)) { $0.sessionEnded(key) }
    }

    /// A session has been refreshed here. Every worker of this process is told.
    func announceRefresh(of key: SessionKey) {
        guard let siblings = self.siblings else { return self.checkLive(key) }
        siblings.announceRefresh(of: key)
    }

    /// Looks at a session anew, if anything was permitted with it that is still running.
    func checkLive(_ key: SessionKey) {
        if let session = self.live.session(key) { self.checkLive(session) }
    }

    /// Called on every tick.
    func checkLiveSessions() {
        for key in self.live.expired(self.wallClock) { self.sessionEnded(key) }
        for session in self.live.due(self.now, next: self.now + self.liveCheck) { self.checkLive(session) }
    }

    /// How often the store is asked for a session: often where nobody tells of its end.
    private var liveCheck: TimeAmount {
        if let interval = self.settings.configuration.session.liveCheck { return TimeAmount(interval) }
        return self.sessions.learnsOfEnds ? .seconds(60) : .seconds(5)
    }

    private func checkLive(_ session: OpenedSession) {
        self.sessions.look(at: session) { result in
            switch result {
            // A store that fails is not an absent session (security rule 21).
            case .failure: break
            case .success(nil): self.announceEnd(of: session.ticket.key)
            case .success(let current?): if current !== session { self.sessionChanged(current) }
            }
        }
    }

    /// A session has lost a role, perhaps: what it would not be let into now is ended, and the rest goes on.
    private func sessionChanged(_ session: OpenedSession) {
        let denied = self.live.change(session).filter { $0.isDenied(session) }.map { ($0, $0.current.number) }
        let key = session.ticket.key
        // It may have got the role back meanwhile.
        self.afterGrace(denied) { connection, number in connection.permissionEnded(number, self.live.session(key)) }
    }

    private func afterGrace<Exchange>(_ exchanges: [Exchange], _ end: @escaping (Exchange) -> Void) {
        guard !exchanges.isEmpty else { return }
        let grace = TimeAmount(self.settings.configuration.session.liveGrace)
        self.eventLoop.assumeIsolated().scheduleTask(in: grace) {
            for exchange in exchanges { end(exchange) }
        }
    }
}
