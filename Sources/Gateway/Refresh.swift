package import Access
package import Logging
package import NIOCore
import OpenIDConnect

/// Uses the refresh tokens of sessions, each once: however many requests, workers and replicas see that a session is due,
/// or that an upstream needs a token, one presents it and the others get what came of it. Whatever a session needs its
/// refresh token for happens in turn, because each use may bring another. A refresh belongs to the worker, not to the
/// connection that caused it.
package final class Refresh {
    package typealias Completion = (Result<OpenedSession?, Fault>) -> Void

    /// Presents the session's refresh token, and makes the next session of what comes.
    package typealias Present =
        @Sendable (RefreshErrand, Session) async throws(RefreshExchange.Failure) -> Session

    let eventLoop: any EventLoop
    let sessions: Sessions
    let detached: DetachedWork
    let present: Present
    /// For so long a token whose answer was lost may be presented again (`provider.refresh_retry`).
    let retryWindow: Duration
    let metrics: Metrics
    let audit: AuditLog?
    let logger: Logger
    private var flights: [SessionKey: RefreshFlight] = [:]
    /// Those the provider has just failed for.
    private var pauses: [SessionKey: NIODeadline] = [:]
    /// Told once nothing is under way any more.
    package var whenIdle: (() -> Void)?

    /// A request that can do nothing without fresh tokens waits so long.
    private static let patience = TimeAmount.seconds(25)
    private static let pauseLimit = 4096

    package init(
        eventLoop: any EventLoop,
        sessions: Sessions,
        detached: DetachedWork,
        present: @escaping Present,
        retryWindow: Duration,
        metrics: Metrics,
        audit: AuditLog?,
        logger: Logger
    ) {
        self.eventLoop = eventLoop
        self.sessions = sessions
        self.detached = detached
        self.present = present
        self.retryWindow = retryWindow
        self.metrics = metrics
        self.audit = audit
        self.logger = logger
    }

    package var isIdle: Bool { self.flights.isEmpty }

    /// Refreshes beside the request that found it due.
    package func start(_ opened: OpenedSession) {
        guard self.flights[opened.ticket.key] == nil, !self.mustPause(opened) else { return }
        self.flight(.renewal, for: opened).begin()
    }

    /// Refreshes and waits for what comes of it: `nil` when the session is over.
    package func wait(for opened: OpenedSession, _ completion: @escaping Completion) {
        if let flight = self.flights[opened.ticket.key], flight.errand != .renewal {
            return self.join(flight) { result in
                if case .success(nil) = result { return completion(result) }
                // Our turn comes after, with whatever that has brought.
                let next = Self.latest(result, or: opened)
                let isRenewed = next.session.refreshedAt != opened.session.refreshedAt
                guard !isRenewed, next.session.refreshToken != nil else { return completion(.success(next)) }
                self.wait(for: next, completion)
            }
        }
        guard !self.mustPause(opened) || self.flights[opened.ticket.key] != nil else {
            return completion(.failure(Self.paused))
        }
        self.board(.renewal, for: opened) { result in
            // A token was obtained elsewhere meanwhile; that was no refresh.
            guard case .success(let next?) = result, next.session.generation != opened.session.generation,
                next.session.refreshedAt == opened.session.refreshedAt,
                next.plan?.need(now: self.sessions.now(), isStale: next.isStale) == .refresh(isOverdue: true)
            else { return completion(result) }
            self.wait(for: next, completion)
        }
    }

    /// Obtains a token for an upstream and waits for the session that has it: `nil` when the session is over. Whoever
    /// asks for the same gets the same.
    package func obtain(
        _ purpose: ObtainedToken.Purpose,
        for opened: OpenedSession,
        attempts: Int = 5,
        _ completion: @escaping Completion
    ) {
        let errand = RefreshErrand.upstreamToken(purpose)
        if let flight = self.flights[opened.ticket.key], flight.errand != errand {
            return self.join(flight) { result in
                if case .success(nil) = result { return completion(result) }
                self.goOn(obtaining: purpose, for: Self.latest(result, or: opened), attempts, completion)
            }
        }
        self.board(errand, for: opened) { result in
            guard case .success(let next?) = result else { return completion(result) }
            // Somebody else's errand may have come first.
            self.goOn(obtaining: purpose, for: next, attempts - 1, completion)
        }
    }

    /// What has been obtained meanwhile is there, and need not be obtained again.
    private func goOn(
        obtaining purpose: ObtainedToken.Purpose,
        for opened: OpenedSession,
        _ attempts: Int,
        _ completion: @escaping Completion
    ) {
        let session = opened.session
        let isThere = session.obtainedToken(for: purpose).map { self.sessions.now() < $0.expiresAt } ?? false
        guard !isThere, session.refreshToken != nil else { return completion(.success(opened)) }
        guard attempts > 0 else { return completion(.failure(Self.tooSlow)) }
        self.obtain(purpose, for: opened, attempts: attempts, completion)
    }

    private static func latest(_ result: Result<OpenedSession?, Fault>, or opened: OpenedSession) -> OpenedSession {
        if case .success(let next?) = result { next } else { opened }
    }

    static let paused = Fault.provider("the provider could not refresh this session just now")
    private static let tooSlow = Fault.provider("the provider takes too long to refresh this session")

    /// Joins the flight with this errand, or begins it.
    private func board(_ errand: RefreshErrand, for opened: OpenedSession, _ completion: @escaping Completion) {
        if let flight = self.flights[opened.ticket.key] { return self.join(flight, completion) }
        let flight = self.flight(errand, for: opened)
        // It may be over as soon as it begins.
        self.join(flight, completion)
        flight.begin()
    }

    private func flight(_ errand: RefreshErrand, for opened: OpenedSession) -> RefreshFlight {
        let key = opened.ticket.key
        let flight = RefreshFlight(errand, opened, of: self) { [unowned self] result, pause in
            self.landed(key, result, pause)
        }
        self.flights[key] = flight
        return flight
    }

    private func join(_ flight: RefreshFlight, _ completion: @escaping Completion) {
        let seat = flight.join(completion)
        let box = NIOLoopBound(flight, eventLoop: self.eventLoop)
        self.eventLoop.scheduleTask(in: Self.patience) { box.value.leave(seat, .failure(Self.tooSlow)) }
    }

    private func landed(_ key: SessionKey, _ result: Result<OpenedSession?, Fault>, _ pause: TimeAmount?) {
        self.flights[key] = nil
        if let pause {
            if self.pauses.count >= Self.pauseLimit { self.pauses.removeAll(keepingCapacity: true) }
            self.pauses[key] = .now() + pause
        }
        if self.flights.isEmpty { self.whenIdle?() }
    }

    private func mustPause(_ opened: OpenedSession) -> Bool {
        guard let end = self.pauses[opened.ticket.key] else { return false }
        if NIODeadline.now() < end { return true }
        self.pauses[opened.ticket.key] = nil
        return false
    }
}

@available(*, unavailable)
extension Refresh: Sendable {}
