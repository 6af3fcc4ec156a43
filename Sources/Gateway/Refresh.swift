import Access
import BackChannel
import Cryptography
import Logging
import NIOCore
import OpenIDConnect

/// Refreshes sessions, each once: however many requests, workers and replicas see that it is due, one presents the token
/// and the others get what came of it. A refresh belongs to the worker, not to the connection that caused it.
package final class Refresh {
    package typealias Completion = (Result<OpenedSession?, Fault>) -> Void

    let eventLoop: any EventLoop
    let sessions: Sessions
    let exchange: RefreshExchange
    let metrics: Metrics
    let audit: AuditLog?
    let logger: Logger
    private var flights: [SessionKey: RefreshFlight] = [:]
    /// Those the provider has just failed for.
    private var pauses: [SessionKey: NIODeadline] = [:]
    /// Told once nothing is under way any more.
    var whenIdle: (() -> Void)?

    /// A request that can do nothing without fresh tokens waits so long.
    private static let patience = TimeAmount.seconds(25)
    private static let pauseLimit = 4096

    init(
        eventLoop: any EventLoop,
        sessions: Sessions,
        exchange: RefreshExchange,
        metrics: Metrics,
        audit: AuditLog?,
        logger: Logger
    ) {
        self.eventLoop = eventLoop
        self.sessions = sessions
        self.exchange = exchange
        self.metrics = metrics
        self.audit = audit
        self.logger = logger
    }

    var isIdle: Bool { self.flights.isEmpty }

    /// Refreshes beside the request that found it due.
    func start(_ opened: OpenedSession) {
        guard self.flights[opened.ticket.key] == nil, !self.mustPause(opened) else { return }
        self.flight(for: opened).begin()
    }

    /// Refreshes and waits for what comes of it: `nil` when the session is over.
    func wait(for opened: OpenedSession, _ completion: @escaping Completion) {
        if let flight = self.flights[opened.ticket.key] { return self.join(flight, completion) }
        guard !self.mustPause(opened) else { return completion(.failure(Self.paused)) }
        let flight = self.flight(for: opened)
        // It may be over as soon as it begins.
        self.join(flight, completion)
        flight.begin()
    }

    static let paused = Fault.provider("the provider could not refresh this session just now")
    private static let tooSlow = Fault.provider("the provider takes too long to refresh this session")

    private func flight(for opened: OpenedSession) -> RefreshFlight {
        let key = opened.ticket.key
        let flight = RefreshFlight(opened, of: self) { [unowned self] result, pause in
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
