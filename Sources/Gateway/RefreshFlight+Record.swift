import Access
import NIOCore
import NIOHTTP1
import OpenIDConnect

/// A flight's way to the record and back.
extension RefreshFlight {
    private static let storeAgain = TimeAmount.milliseconds(250)
    /// A rotated token is worth a minute of a store's absence.
    private static let storeAttempts = 240

    /// Ends the flight itself when the store fails.
    func load(_ completion: @escaping (OpenedSession?) -> Void) {
        self.read { result in
            switch result {
            case .success(let current): completion(current?.opened)
            case .failure(let fault): self.land(.failure(fault))
            }
        }
    }

    /// What the store has: a session, and the very bytes it was opened from.
    private typealias Current = (opened: OpenedSession, box: [UInt8])

    /// Always from the store: a cache may be behind.
    private func read(_ completion: @escaping (Result<Current?, Fault>) -> Void) {
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
                    completion(.success((self.open(session, record.box), record.box)))
                } catch {
                    completion(.failure(.unreadableSession))
                }
            }
        }
    }

    private func open(_ session: Session, _ box: [UInt8]) -> OpenedSession {
        self.refresh.sessions.opened(session, under: self.opened.ticket, box: box)
    }

    /// Stores the next session, however long the store takes to come back; answers what is there in the end.
    ///
    /// - Parameter outcome: `nil`: none that is counted.
    func save(
        _ next: Session,
        _ outcome: Metrics.RefreshOutcome?,
        attempt: Int = 0,
        _ completion: @escaping (OpenedSession?) -> Void
    ) {
        guard let record = try? SessionRecord(next, for: self.opened.ticket, with: self.settings.keys) else {
            return self.pause(Fault(.gateway, .internalServerError, "a session could not be sealed"))
        }
        let again: (Fault) -> Void = { fault in
            guard attempt < Self.storeAttempts else { return self.pause(fault) }
            self.after(Self.storeAgain) { self.save(next, outcome, attempt: attempt + 1, completion) }
        }
        self.read { result in
            switch result {
            case .failure(let fault): again(fault)
            case .success(nil):
                self.revoke(next)
                completion(nil)
            // Further than we are: a holder that was asleep for long.
            case .success(let current?) where current.opened.session.isNewer(than: next): completion(current.opened)
            case .success(let current?):
                // A mark is obeyed by a renewal that knew of it and was accepted. Any other leaves it for the next.
                let isObeyed = outcome == .completed && self.hasReadMark
                let isStale = current.opened.isStale && !isObeyed
                let box = isStale ? record.markedStale.bytes : record.bytes
                let life = self.refresh.sessions.timeToLive(of: next)
                self.store.replace(self.key, current.box, with: box, expiresIn: life) { result in
                    switch result {
                    case .failure(let fault): again(.store(fault))
                    // Marked, ended or replaced since it was read: it is judged anew.
                    case .success(.changed), .success(.absent): self.save(next, outcome, attempt: attempt, completion)
                    case .success(.done):
                        self.refresh.sessions.cache.forget(self.key)
                        self.refresh.sessions.onRefresh(self.key)
                        if let outcome { self.refresh.metrics.countRefresh(outcome) }
                        self.enterNewIndexes(next)
                        completion(self.open(next, box))
                    }
                }
            }
        }
    }

    /// The session has ended while its token was out, and whoever ended it knew only the one before. The new one is not
    /// left alive, unless another session may live by it.
    private func revoke(_ next: Session) {
        guard let token = next.refreshToken else { return }
        let person = SessionIndex.subject(next.identity.subject, issuer: next.identity.issuer)
        self.refresh.sessions.list(person) { result in
            guard case .success(let others) = result,
                !others.contains(where: { next.mayShareGrant(withProviderSession: $0.summary?.providerSessionID) })
            else { return }
            let revoke = self.refresh.revoke
            self.refresh.detached.run {
                await revoke(token)
            } then: { _ in
            }
        }
    }

    /// A provider may begin to name its session only now.
    private func enterNewIndexes(_ next: Session) {
        let known = SessionIndex.all(of: self.session, under: self.key)
        let new = SessionIndex.all(of: next, under: self.key).filter { !known.contains($0) }
        guard !new.isEmpty else { return }
        self.store.enter(self.key, in: new, expiresIn: next.expiresAt - self.refresh.sessions.now()) { _ in }
    }
}

extension Session {
    /// Whether somebody has gone on from where `other` would go on to.
    fileprivate func isNewer(than other: Session) -> Bool {
        self.generation > other.generation || self.generation == other.generation && !self.mustRevalidate
    }
}
