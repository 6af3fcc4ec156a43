import Access
import Cryptography
import Logging
import NIOCore
import NIOHTTP1
import OpenIDConnect

/// One session's refresh, from the moment somebody finds it due to the moment everybody has their answer.
///
/// The note in the store says whose turn it is (`RefreshTurn`). Whoever holds it looks at the record once more, presents
/// the token, stores what comes, and takes the note away, in this order: so that whoever finds no note finds the result.
final class RefreshFlight {
    private let opened: OpenedSession
    private let refresh: Refresh
    private let note: HeldNote
    private let landed: (Result<OpenedSession?, Fault>, TimeAmount?) -> Void
    private var waiters: [Int: Refresh.Completion] = [:]
    private var nextSeat = 0
    private var isUnderWay = true

    private var store: any SessionStore { self.refresh.sessions.store }
    private var settings: Settings { self.refresh.sessions.settings }
    private var session: Session { self.opened.session }
    private var key: SessionKey { self.opened.ticket.key }

    private static let lookAgain = TimeAmount.milliseconds(100)
    private static let storeAgain = TimeAmount.milliseconds(250)
    /// A rotated token is worth a minute of a store's absence.
    private static let storeAttempts = 240

    init(
        _ opened: OpenedSession,
        of refresh: Refresh,
        landed: @escaping (Result<OpenedSession?, Fault>, TimeAmount?) -> Void
    ) {
        self.opened = opened
        self.refresh = refresh
        self.landed = landed
        self.note = HeldNote(
            key: opened.ticket.key,
            generation: opened.session.generation,
            store: refresh.sessions.store,
            eventLoop: refresh.eventLoop
        )
    }

    /// Somebody more waits for the result.
    func join(_ completion: @escaping Refresh.Completion) -> Int {
        self.nextSeat += 1
        self.waiters[self.nextSeat] = completion
        return self.nextSeat
    }

    /// Waits no longer, unless there has been an answer.
    func leave(_ seat: Int, _ answer: Result<OpenedSession?, Fault>) {
        self.waiters.removeValue(forKey: seat)?(answer)
    }

    func begin() {
        self.take(from: nil, mayPresent: true)
    }

    // MARK: Whose turn it is

    private func take(from expected: [UInt8]?, mayPresent: Bool) {
        self.note.take(from: expected) { result in
            switch result {
            case .failure(let fault): self.land(.failure(.store(fault)))
            case .success(.done): self.lookOnceMore(mayPresent: mayPresent)
            case .success(.kept(let found, let remaining)): self.judge(found, age: RefreshNote.lifetime - remaining)
            }
        }
    }

    private func judge(_ found: [UInt8]?, age: Duration) {
        let turn = RefreshTurn(
            found.flatMap { RefreshNote(bytes: $0) },
            age: age,
            generation: self.session.generation,
            retryWindow: self.refresh.exchange.settings.configuration.provider.refreshRetry
        )
        switch turn {
        // What nobody can read is nobody's.
        case .free: self.take(from: found, mayPresent: true)
        case .takeOver(let mayPresent): self.take(from: found, mayPresent: mayPresent)
        case .pause: self.land(.failure(Refresh.paused), pause: .seconds(1))
        // It happens elsewhere; only who waits has to know when.
        case .wait where self.waiters.isEmpty: self.land(.success(self.opened), pause: .seconds(1))
        case .wait: self.after(Self.lookAgain) { self.readResult() }
        }
    }

    /// What the holder elsewhere has stored, if it has.
    private func readResult() {
        guard !self.waiters.isEmpty else { return self.land(.success(self.opened)) }
        self.load { current in
            if let current, current.session.generation == self.session.generation {
                self.take(from: nil, mayPresent: true)
            } else {
                self.land(.success(current))
            }
        }
    }

    /// The session may have been refreshed, or ended, between our reading of it and our turn.
    private func lookOnceMore(mayPresent: Bool) {
        self.load { current in
            guard let current, current.session.generation == self.session.generation else {
                return self.land(.success(current))
            }
            if mayPresent { self.present() } else { self.giveTokenUp(.provider("a replica ended amid a refresh")) }
        }
    }

    // MARK: With the provider

    private func present() {
        let exchange = self.refresh.exchange
        let session = self.session
        let promise = self.refresh.eventLoop.makePromise(of: Session.self)
        promise.completeWithTask { try await exchange.refreshed(session) }
        promise.futureResult.assumeIsolated().whenComplete { result in
            switch result {
            case .success(let next): self.save(next, .completed) { self.land(.success($0)) }
            case .failure(let error): self.failed(error as? RefreshExchange.Failure)
            }
        }
    }

    private func failed(_ failure: RefreshExchange.Failure?) {
        switch failure {
        case .ended(let code): self.end(code)
        case .temporary(let fault): self.pause(fault)
        case .lost(let fault): self.giveTokenUp(fault)
        case .unacceptable(let error, let next):
            self.refresh.logger.error(
                "the provider's refreshed ID token was not accepted",
                metadata: ["error": "\(error.debugDescription)"]
            )
            self.save(next, .failed) { _ in
                self.pause(.provider("refreshed tokens were not accepted", detail: error.code))
            }
        case nil: self.pause(Fault(.gateway, .internalServerError, "a refresh broke off"))
        }
    }

    /// Nobody tries again just now, here and elsewhere.
    private func pause(_ fault: Fault) {
        self.refresh.metrics.countRefresh(.failed)
        self.record(.refreshFailed, fault.detail ?? fault.reason)
        let pause = TimeAmount.milliseconds(.random(in: 4000...7000))
        self.note.becomeFailed(for: pause)
        self.land(.failure(fault), pause: pause)
    }

    /// What came of the token is unknown. It is not presented a second time; the browser makes a trip instead.
    private func giveTokenUp(_ fault: Fault) {
        self.record(.refreshFailed, "its answer is lost: \(fault.detail ?? fault.reason)")
        self.save(self.session.replacingRefreshToken(with: nil), .lost) { self.land(.success($0)) }
    }

    /// The provider has ended it; unless somebody has refreshed it with a newer token meanwhile.
    private func end(_ code: String) {
        self.load { current in
            guard let current, current.session.generation == self.session.generation else {
                return self.land(.success(current))
            }
            self.refresh.metrics.countRefresh(.ended)
            self.record(.refreshFailed, code)
            self.store.remove(self.key) { result in
                if case .failure(let fault) = result { return self.land(.failure(.store(fault))) }
                self.refresh.sessions.cache.forget(self.key)
                self.refresh.sessions.onEnd(self.key)
                self.store.leave(self.key, SessionIndex.all(of: self.session, under: self.key)) { _ in }
                self.record(.revoked, "the provider has ended it")
                self.land(.success(nil))
            }
        }
    }

    // MARK: With the store

    /// Ends the flight itself when the store fails.
    private func load(_ completion: @escaping (OpenedSession?) -> Void) {
        self.read { result in
            switch result {
            case .success(let current): completion(current)
            case .failure(let fault): self.land(.failure(fault))
            }
        }
    }

    /// Always from the store: a cache may be behind.
    private func read(_ completion: @escaping (Result<OpenedSession?, Fault>) -> Void) {
        self.store.load(self.key) { result in
            switch result {
            case .failure(let fault): completion(.failure(.store(fault)))
            case .success(nil): completion(.success(nil))
            case .success(let record?):
                do {
                    let session = try Session.open(
                        record.box,
                        ticket: self.opened.ticket,
                        authority: self.session.authority,
                        with: self.settings.keys
                    )
                    completion(.success(self.open(session, record.box)))
                } catch {
                    completion(.failure(Fault(.store, .serviceUnavailable, "a session record cannot be opened")))
                }
            }
        }
    }

    private func open(_ session: Session, _ box: [UInt8]) -> OpenedSession {
        self.refresh.sessions.opened(session, under: self.opened.ticket, box: box)
    }

    /// Stores the next session, however long the store takes to come back; answers what is there in the end.
    private func save(
        _ next: Session,
        _ outcome: Metrics.RefreshOutcome,
        attempt: Int = 0,
        _ completion: @escaping (OpenedSession?) -> Void
    ) {
        guard let box = try? next.sealed(for: self.opened.ticket, with: self.settings.keys) else {
            return self.pause(Fault(.gateway, .internalServerError, "a session could not be sealed"))
        }
        let again: (Fault) -> Void = { fault in
            guard attempt < Self.storeAttempts else { return self.pause(fault) }
            self.after(Self.storeAgain) { self.save(next, outcome, attempt: attempt + 1, completion) }
        }
        self.read { result in
            switch result {
            case .failure(let fault): again(fault)
            // Ended meanwhile, or further than we are: a holder that was asleep for long.
            case .success(let current) where Self.isOver(current, for: next): completion(current)
            case .success:
                let life = self.refresh.sessions.timeToLive(of: next)
                self.store.replace(self.key, box, expiresIn: life) { result in
                    switch result {
                    case .failure(let fault): again(.store(fault))
                    case .success(false): completion(nil)
                    case .success(true):
                        self.refresh.sessions.cache.forget(self.key)
                        if outcome != .failed { self.refresh.metrics.countRefresh(outcome) }
                        self.enterNewIndexes(next)
                        completion(self.open(next, box))
                    }
                }
            }
        }
    }

    /// Whether there is nothing to store it for.
    private static func isOver(_ current: OpenedSession?, for next: Session) -> Bool {
        guard let current else { return true }
        return current.session.isNewer(than: next)
    }

    /// A provider may begin to name its session only now.
    private func enterNewIndexes(_ next: Session) {
        let known = SessionIndex.all(of: self.session, under: self.key)
        let new = SessionIndex.all(of: next, under: self.key).filter { !known.contains($0) }
        guard !new.isEmpty else { return }
        self.store.enter(self.key, in: new, expiresIn: next.expiresAt - self.refresh.sessions.now()) { _ in }
    }

    private func after(_ time: TimeAmount, _ body: @escaping () -> Void) {
        let box = NIOLoopBound(body, eventLoop: self.refresh.eventLoop)
        self.refresh.eventLoop.scheduleTask(in: time) { box.value() }
    }

    private func record(_ event: AuditLog.Event, _ reason: String) {
        self.refresh.audit?.write(event, subject: self.session.identity.subject, session: self.key, reason: reason)
    }

    private func land(_ result: Result<OpenedSession?, Fault>, pause: TimeAmount? = nil) {
        guard self.isUnderWay else { return }
        self.isUnderWay = false
        self.note.release()
        self.landed(result, pause)
        let waiters = self.waiters.values
        self.waiters = [:]
        for waiter in waiters { waiter(result) }
    }
}

@available(*, unavailable)
extension RefreshFlight: Sendable {}

extension Session {
    /// Whether somebody has gone on from where `other` would go on to.
    fileprivate func isNewer(than other: Session) -> Bool {
        self.generation > other.generation || self.generation == other.generation && !self.mustRevalidate
    }
}
