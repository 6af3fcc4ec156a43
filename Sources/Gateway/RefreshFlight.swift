package import Access
import Logging
import NIOCore
import NIOHTTP1
import OpenIDConnect

/// What a refresh token is presented for.
package enum RefreshErrand: Hashable, Sendable {
    /// New tokens for the session, and everything that is said about the person read anew.
    case renewal
    /// One for an upstream.
    case upstreamToken(ObtainedToken.Purpose)
}

/// One use of a session's refresh token, from the moment somebody finds it due to the moment everybody has their answer.
///
/// The note in the store says whose turn it is (`RefreshTurn`). Whoever holds it looks at the record once more, presents
/// the token, stores what comes, and takes the note away, in this order: so that whoever finds no note finds the result.
final class RefreshFlight {
    /// Why nobody tries again just now.
    enum Pause {
        /// The provider has failed; whoever waits is told so.
        case failed(TimeAmount)
        /// Another worker or replica does it, and nobody here waits for that.
        case isElsewhere
    }

    let errand: RefreshErrand
    let opened: OpenedSession
    let refresh: Refresh
    private let note: HeldNote
    private let landed: (Pause?) -> Void
    private var waiters: [Int: Refresh.Completion] = [:]
    private var nextSeat = 0
    private var isUnderWay = true
    /// Whether the record asked for a renewal when we last read it before presenting the token.
    private(set) var hasReadMark = false

    var store: any SessionStore { self.refresh.sessions.store }
    var settings: Settings { self.refresh.sessions.settings }
    var session: Session { self.opened.session }
    var key: SessionKey { self.opened.ticket.key }

    private static let lookAgain = TimeAmount.milliseconds(100)

    init(
        _ errand: RefreshErrand,
        _ opened: OpenedSession,
        of refresh: Refresh,
        landed: @escaping (Pause?) -> Void
    ) {
        self.errand = errand
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
            retryWindow: self.refresh.retryWindow
        )
        switch turn {
        // What nobody can read is nobody's.
        case .free: self.take(from: found, mayPresent: true)
        case .takeOver(let mayPresent): self.take(from: found, mayPresent: mayPresent)
        case .pause: self.land(.failure(Refresh.paused), pause: .failed(.seconds(1)))
        // It happens elsewhere; only who waits has to know when.
        case .wait where self.waiters.isEmpty: self.land(.success(self.opened), pause: .isElsewhere)
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
            self.hasReadMark = current.isStale
            if mayPresent { self.present() } else { self.giveTokenUp(.provider("a replica ended amid a refresh")) }
        }
    }

    // MARK: With the provider

    /// Not before everybody can know of it.
    private func present() {
        self.note.becomePresented { result in
            switch result {
            case .failure(let fault): self.land(.failure(.store(fault)))
            case .success(false): self.after(Self.lookAgain) { self.readResult() }
            case .success(true): self.send()
            }
        }
    }

    private func send() {
        let (session, errand, present) = (self.session, self.errand, self.refresh.present)
        self.refresh.detached.run {
            try await present(errand, session)
        } then: { result in
            switch result {
            case .success(let next):
                self.save(next, errand == .renewal ? .completed : nil) { self.land(.success($0)) }
            case .failure(let error): self.failed(error as? RefreshExchange.Failure)
            }
        }
    }

    private func failed(_ failure: RefreshExchange.Failure?) {
        switch failure {
        case .ended where self.errand != .renewal: self.haveItRenewed()
        case .ended(let code): self.end(code)
        // An upstream's API that the provider cannot serve is no reason to put the session's renewal off.
        case .temporary(let fault) where self.errand != .renewal:
            self.land(.failure(fault), pause: .failed(.milliseconds(.random(in: 1000...2000))))
        case .temporary(let fault): self.pause(fault)
        case .lost(let fault): self.giveTokenUp(fault)
        case .refused(let detail): self.land(.failure(.noUpstreamToken(detail)))
        case .unacceptable(let error, let next):
            self.refresh.logger.error(
                "the provider's refreshed ID token was not accepted",
                metadata: ["error": "\(error.debugDescription)"]
            )
            self.save(next, nil) { _ in
                self.pause(.provider("refreshed tokens were not accepted", detail: error.code))
            }
        case nil: self.pause(Fault(.gateway, .internalServerError, "a refresh broke off"))
        }
    }

    /// The grant seems to be over. The next request renews the session first, and that ends it if it is so.
    private func haveItRenewed() {
        self.store.mark(self.key) { _ in
            self.refresh.sessions.cache.forget(self.key)
            self.land(.failure(.signInForUpstreamToken))
        }
    }

    /// Nobody tries again just now, here and elsewhere.
    func pause(_ fault: Fault) {
        self.refresh.metrics.countRefresh(.failed)
        self.record(.refreshFailed, fault.detail ?? fault.reason)
        let pause = TimeAmount.milliseconds(.random(in: 4000...7000))
        self.note.becomeFailed(for: pause)
        self.land(.failure(fault), pause: .failed(pause))
    }

    /// What came of the token is unknown. It is not presented a second time; the browser makes a trip instead.
    private func giveTokenUp(_ fault: Fault) {
        self.record(.refreshFailed, "its answer is lost: \(fault.detail ?? fault.reason)")
        self.save(self.session.replacingRefreshToken(with: nil), .lost) { current in
            self.land(self.errand == .renewal ? .success(current) : .failure(fault))
        }
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

    func after(_ time: TimeAmount, _ body: @escaping () -> Void) {
        let box = NIOLoopBound(body, eventLoop: self.refresh.eventLoop)
        self.refresh.eventLoop.scheduleTask(in: time) { box.value() }
    }

    private func record(_ event: AuditLog.Event, _ reason: String) {
        self.refresh.audit?.write(event, subject: self.session.identity.subject, session: self.key, reason: reason)
    }

    func land(_ result: Result<OpenedSession?, Fault>, pause: Pause? = nil) {
        guard self.isUnderWay else { return }
        self.isUnderWay = false
        self.note.release()
        self.landed(pause)
        let waiters = self.waiters.values
        self.waiters = [:]
        for waiter in waiters { waiter(result) }
    }
}

@available(*, unavailable)
extension RefreshFlight: Sendable {}
