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
            // Ended meanwhile, or further than we are: a holder that was asleep for long.
            case .success(let current) where Self.isOver(current, for: next): completion(current)
            case .success(let current):
                // A mark is obeyed by a renewal that knew of it and was accepted. Any other leaves it for the next.
                let isObeyed = outcome == .completed && self.hasReadMark
                let isStale = current?.isStale ?? false && !isObeyed
                let box = isStale ? record.markedStale.bytes : record.bytes
                let life = self.refresh.sessions.timeToLive(of: next)
                self.store.replace(self.key, box, expiresIn: life) { result in
                    switch result {
                    case .failure(let fault): again(.store(fault))
                    case .success(false): completion(nil)
                    case .success(true):
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
}

extension Session {
    /// Whether somebody has gone on from where `other` would go on to.
    fileprivate func isNewer(than other: Session) -> Bool {
        self.generation > other.generation || self.generation == other.generation && !self.mustRevalidate
    }
}
