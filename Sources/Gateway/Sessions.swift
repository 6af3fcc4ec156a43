package import Access
import Cryptography
import NIOCore
import NIOHTTP1
package import OpenIDConnect

/// A session that its ticket has opened, with the header fields it stands for.
package final class OpenedSession {
    let ticket: Ticket
    package let session: Session
    /// The identity as header fields, rendered once. `nil`: they are too large to be sent.
    package let identityFields: [UInt8]?
    /// The sealed record this was opened from: as long as the store holds these bytes, the session is this one.
    fileprivate let box: [UInt8]

    fileprivate init(ticket: Ticket, session: Session, box: [UInt8]) {
        self.ticket = ticket
        self.session = session
        self.box = box
        self.identityFields = (try? IdentityFields.rendered(for: session.identity)).map { fields in
            var wire = WireBytes()
            for (name, value) in fields { wire.appendField(name, value) }
            return wire.bytes
        }
    }
}

/// This worker's way from a ticket to a session and back: load, save, extend, remove.
///
/// The store is asked for each request, so that a session that ends anywhere has ended here. What is kept is the work
/// of opening a record: when the store answers with the bytes seen last time, the session is the one opened then.
package final class Sessions {
    package typealias Completion<Value> = (Result<Value, Fault>) -> Void

    private let store: any SessionStore
    private let settings: Settings
    private let metrics: Metrics
    private let now: () -> Instant
    /// Bounded: emptied when full, which costs one opening for each session that is still in use.
    private var opened: [SessionKey: OpenedSession] = [:]
    private static let openedLimit = 4096
    /// Told of each session that has been ended here, or found to have ended.
    var onEnd: (SessionKey) -> Void = { _ in }

    package init(store: any SessionStore, settings: Settings, metrics: Metrics, now: @escaping () -> Instant) {
        self.store = store
        self.settings = settings
        self.metrics = metrics
        self.now = now
    }

    package var openedCount: Int { self.opened.count }

    /// The session of the first ticket that has one. A stale cookie does not shadow a good one (security rule 24), and a
    /// store that fails is not an absent session (rule 21).
    package func load(_ tickets: [Ticket], for authority: Authority, _ completion: @escaping Completion<OpenedSession?>) {
        self.load(tickets[...], for: authority, unopened: nil, completion)
    }

    /// - Parameter unopened: what is wrong with a record that has been passed over; the answer when nothing better comes.
    private func load(
        _ tickets: ArraySlice<Ticket>,
        for authority: Authority,
        unopened: Fault?,
        _ completion: @escaping Completion<OpenedSession?>
    ) {
        guard let ticket = tickets.first else { return completion(unopened.map { .failure($0) } ?? .success(nil)) }
        let rest = tickets.dropFirst()
        let started = NIODeadline.now()
        self.store.load(ticket.key) { result in
            self.metrics.storeLatency.record(NIODeadline.now() - started)
            switch result {
            case .failure(let fault):
                completion(.failure(.store(fault)))
            case .success(nil):
                if self.opened.removeValue(forKey: ticket.key) != nil { self.onEnd(ticket.key) }
                self.load(rest, for: authority, unopened: unopened, completion)
            case .success(let record?):
                switch self.open(record, with: ticket, for: authority) {
                case .success(let opened?): completion(.success(opened))
                case .success(nil): self.load(rest, for: authority, unopened: unopened, completion)
                case .failure(let fault): self.load(rest, for: authority, unopened: fault, completion)
                }
            }
        }
    }

    /// Stores a new session under a new ticket: never under one that the browser brought (security rule 18).
    package func create(_ session: Session, _ completion: @escaping Completion<Ticket>) {
        let ticket = Ticket.make()
        let box: [UInt8]
        do {
            box = try session.sealed(for: ticket, with: self.settings.keys)
        } catch {
            return completion(.failure(Fault(.gateway, .internalServerError, "a session could not be sealed")))
        }
        self.store.save(ticket.key, box, expiresIn: self.timeToLive(of: session)) { result in
            completion(result.map { ticket }.mapError { .store($0) })
        }
    }

    /// Ends what these tickets stand for. The sessions are handed over for what remains to be done with their tokens.
    package func remove(_ tickets: [Ticket], for authority: Authority, _ completion: @escaping Completion<[Session]>) {
        self.remove(tickets[...], for: authority, removed: [], completion)
    }

    private func remove(
        _ tickets: ArraySlice<Ticket>,
        for authority: Authority,
        removed: [Session],
        _ completion: @escaping Completion<[Session]>
    ) {
        guard let ticket = tickets.first else { return completion(.success(removed)) }
        self.load([ticket], for: authority) { result in
            switch result {
            case .failure(let fault): completion(.failure(fault))
            case .success(nil): self.remove(tickets.dropFirst(), for: authority, removed: removed, completion)
            case .success(let opened?):
                self.opened[ticket.key] = nil
                self.store.remove(ticket.key) { result in
                    if case .failure(let fault) = result { return completion(.failure(.store(fault))) }
                    self.onEnd(ticket.key)
                    let all = removed + [opened.session]
                    self.remove(tickets.dropFirst(), for: authority, removed: all, completion)
                }
            }
        }
    }

    /// `true` once for each name, whoever asks and wherever: a `state` is good for one callback.
    package func claim(_ name: [UInt8], for duration: Duration, _ completion: @escaping Completion<Bool>) {
        self.store.claim(name, expiresIn: duration) { completion($0.mapError { .store($0) }) }
    }

    /// Whether a session that has been opened is still there. Asking keeps nothing alive: an open tab is no activity.
    func isThere(_ session: OpenedSession, _ completion: @escaping Completion<Bool>) {
        self.store.load(session.ticket.key) { result in
            completion(result.map { $0 != nil }.mapError { .store($0) })
        }
    }

    func ping(_ completion: @escaping Completion<Void>) {
        self.store.ping { completion($0.mapError { .store($0) }) }
    }

    /// `nil` for a session that has expired.
    private func open(
        _ record: StoredRecord,
        with ticket: Ticket,
        for authority: Authority
    ) -> Result<OpenedSession?, Fault> {
        let opened: OpenedSession
        if let known = self.opened[ticket.key], known.box == record.box,
            constantTimeEqual(known.ticket.secret, ticket.secret), known.session.authority == authority.text
        {
            opened = known
            self.metrics.openingsSaved += 1
        } else {
            do {
                let session = try Session.open(
                    record.box, ticket: ticket, authority: authority.text, with: self.settings.keys)
                opened = OpenedSession(ticket: ticket, session: session, box: record.box)
            } catch .anotherHost {
                return .success(nil)
            } catch {
                return .failure(Fault(.store, .serviceUnavailable, "a session record cannot be opened"))
            }
            if self.opened.count >= Self.openedLimit { self.opened.removeAll(keepingCapacity: true) }
            self.opened[ticket.key] = opened
            self.metrics.openings += 1
        }
        guard opened.session.expiresAt > self.now() else { return .success(nil) }
        self.extend(opened, idleRemaining: record.idleRemaining)
        return .success(opened)
    }

    /// Pushes the idle limit out, but only once an eighth of it has passed: most requests write nothing.
    private func extend(_ opened: OpenedSession, idleRemaining: Duration) {
        let full = self.timeToLive(of: opened.session)
        guard idleRemaining < full - full / 8 else { return }
        self.store.extend(opened.ticket.key, expiresIn: full) { _ in
            // A store that fails here fails the next load too, and says so there.
        }
    }

    private func timeToLive(of session: Session) -> Duration {
        min(self.settings.configuration.session.idle, session.expiresAt - self.now())
    }
}

@available(*, unavailable)
extension Sessions: Sendable {}

@available(*, unavailable)
extension OpenedSession: Sendable {}
