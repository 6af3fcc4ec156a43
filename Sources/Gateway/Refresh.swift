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
    /// Ends a refresh token at the provider.
    let revoke: @Sendable (String) async -> Void
    /// For so long a token whose answer was lost may be presented again (`provider.refresh_retry`).
    let retryWindow: Duration
    let metrics: Metrics
    let audit: AuditLog?
    let logger: Logger
    private var flights: [SessionKey: RefreshFlight] = [:]
    /// Those the provider has just failed for.
    private var failures: [Attempt: NIODeadline] = [:]
    /// Those that are refreshed elsewhere: none is begun beside a request.
    private var elsewhere: [SessionKey: NIODeadline] = [:]
    /// Told once nothing is under way any more.
    package var whenIdle: (() -> Void)?

    private struct Attempt: Hashable {
        let key: SessionKey
        let errand: RefreshErrand
    }

    /// A request that can do nothing without fresh tokens waits so long, whatever it has to wait for.
    private static let patience = TimeAmount.seconds(25)
    private static let elsewherePause = TimeAmount.seconds(1)
    private static let pauseLimit = 4096

    package init(
        eventLoop: any EventLoop,
        sessions: Sessions,
        detached: DetachedWork,
        present: @escaping Present,
        revoke: @escaping @Sendable (String) async -> Void,
        retryWindow: Duration,
        metrics: Metrics,
        audit: AuditLog?,
        logger: Logger
    ) {
        self.eventLoop = eventLoop
        self.sessions = sessions
        self.detached = detached
        self.present = present
        self.revoke = revoke
        self.retryWindow = retryWindow
        self.metrics = metrics
        self.audit = audit
        self.logger = logger
    }

    package var isIdle: Bool { self.flights.isEmpty }

    /// Refreshes beside the request that found it due.
    package func start(_ opened: OpenedSession) {
        let key = opened.ticket.key
        guard self.flights[key] == nil, !self.mustPause(.renewal, key), (self.elsewhere[key] ?? .distantPast) < .now()
        else { return }
        self.flight(.renewal, for: opened).begin()
    }

    /// Refreshes and waits for what comes of it: `nil` when the session is over.
    package func wait(for opened: OpenedSession, _ completion: @escaping Completion) {
        self.wait(for: opened, until: .now() + Self.patience, completion)
    }

    private func wait(for opened: OpenedSession, until end: NIODeadline, _ completion: @escaping Completion) {
        if let flight = self.flights[opened.ticket.key], flight.errand != .renewal {
            return self.join(flight, until: end) { result in
                guard let next = Self.next(result, after: opened, until: end) else { return completion(result) }
                // Our turn comes after, with whatever that has brought.
                let isRenewed = next.session.refreshedAt != opened.session.refreshedAt
                guard !isRenewed, next.session.refreshToken != nil else { return completion(.success(next)) }
                self.wait(for: next, until: end, completion)
            }
        }
        self.board(.renewal, for: opened, until: end) { result in
            // A token was obtained elsewhere meanwhile; that was no refresh.
            guard case .success(let next?) = result, next.session.generation != opened.session.generation,
                next.session.refreshedAt == opened.session.refreshedAt,
                next.plan?.need(now: self.sessions.now(), isStale: next.isStale) == .refresh(isOverdue: true)
            else { return completion(result) }
            self.wait(for: next, until: end, completion)
        }
    }

    /// Obtains a token for an upstream and waits for the session that has it: `nil` when the session is over. Whoever
    /// asks for the same gets the same.
    package func obtain(
        _ purpose: ObtainedToken.Purpose,
        for opened: OpenedSession,
        _ completion: @escaping Completion
    ) {
        self.obtain(purpose, for: opened, until: .now() + Self.patience, completion)
    }

    private func obtain(
        _ purpose: ObtainedToken.Purpose,
        for opened: OpenedSession,
        until end: NIODeadline,
        _ completion: @escaping Completion
    ) {
        // What has been obtained meanwhile is there, and need not be obtained again.
        let goOn: (OpenedSession) -> Void = { next in
            let session = next.session
            let isThere = session.obtainedToken(for: purpose)?.isFresh(self.sessions.now()) ?? false
            guard !isThere, session.refreshToken != nil else { return completion(.success(next)) }
            self.obtain(purpose, for: next, until: end, completion)
        }
        let errand = RefreshErrand.upstreamToken(purpose)
        if let flight = self.flights[opened.ticket.key], flight.errand != errand {
            return self.join(flight, until: end) { result in
                guard let next = Self.next(result, after: opened, until: end) else { return completion(result) }
                goOn(next)
            }
        }
        self.board(errand, for: opened, until: end) { result in
            guard case .success(let next?) = result else { return completion(result) }
            guard NIODeadline.now() < end else { return completion(.failure(Self.tooSlow)) }
            // Somebody else's errand may have come first.
            goOn(next)
        }
    }

    /// The session to go on with once somebody else's errand is over; `nil` when that, or the time, is the end of it.
    private static func next(
        _ result: Result<OpenedSession?, Fault>,
        after opened: OpenedSession,
        until end: NIODeadline
    ) -> OpenedSession? {
        switch result {
        case .success(let next): next
        case .failure: NIODeadline.now() < end ? opened : nil
        }
    }

    static let paused = Fault.provider("the provider could not refresh this session just now")
    private static let tooSlow = Fault.provider("the provider takes too long to refresh this session")

    /// Joins the flight with this errand, or begins it.
    private func board(
        _ errand: RefreshErrand,
        for opened: OpenedSession,
        until end: NIODeadline,
        _ completion: @escaping Completion
    ) {
        let key = opened.ticket.key
        if let flight = self.flights[key] { return self.join(flight, until: end, completion) }
        guard !self.mustPause(errand, key) else { return completion(.failure(Self.paused)) }
        let flight = self.flight(errand, for: opened)
        // It may be over as soon as it begins.
        self.join(flight, until: end, completion)
        flight.begin()
    }

    private func flight(_ errand: RefreshErrand, for opened: OpenedSession) -> RefreshFlight {
        let attempt = Attempt(key: opened.ticket.key, errand: errand)
        let flight = RefreshFlight(errand, opened, of: self) { [unowned self] pause in self.landed(attempt, pause) }
        self.flights[attempt.key] = flight
        return flight
    }

    private func join(_ flight: RefreshFlight, until end: NIODeadline, _ completion: @escaping Completion) {
        let timer = NIOLoopBoundBox<Scheduled<Void>?>(nil, eventLoop: self.eventLoop)
        let seat = flight.join { result in
            timer.value?.cancel()
            completion(result)
        }
        let box = NIOLoopBound(flight, eventLoop: self.eventLoop)
        timer.value = self.eventLoop.scheduleTask(deadline: end) { box.value.leave(seat, .failure(Self.tooSlow)) }
    }

    private func landed(_ attempt: Attempt, _ pause: RefreshFlight.Pause?) {
        self.flights[attempt.key] = nil
        switch pause {
        case .failed(let time):
            if self.failures.count >= Self.pauseLimit { self.failures.removeAll(keepingCapacity: true) }
            self.failures[attempt] = .now() + time
        case .isElsewhere:
            if self.elsewhere.count >= Self.pauseLimit { self.elsewhere.removeAll(keepingCapacity: true) }
            self.elsewhere[attempt.key] = .now() + Self.elsewherePause
        case nil: break
        }
        if self.flights.isEmpty { self.whenIdle?() }
    }

    private func mustPause(_ errand: RefreshErrand, _ key: SessionKey) -> Bool {
        let attempt = Attempt(key: key, errand: errand)
        guard let end = self.failures[attempt] else { return false }
        if NIODeadline.now() < end { return true }
        self.failures[attempt] = nil
        return false
    }
}

@available(*, unavailable)
extension Refresh: Sendable {}
