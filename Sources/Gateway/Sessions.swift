package import Access
import Cryptography
import NIOCore
import NIOHTTP1
package import OpenIDConnect

/// This worker's way from a ticket to a session and back: load, save, extend, remove.
///
/// A store that tells of changes is asked once, and `SessionCache` answers until there is news. Another store is asked
/// for each request, so that a session that ends anywhere has ended here; then only the work of opening a record is kept.
package final class Sessions {
    package typealias Completion<Value> = (Result<Value, Fault>) -> Void

    let store: any SessionStore
    package let settings: Settings
    private let metrics: Metrics
    let now: () -> Instant
    let cache: SessionCache
    /// `nil`: nothing is kept that could become old.
    let news: CacheNews?
    /// Whose idle limits are just being pushed out.
    private var extending: Set<SessionKey> = []
    /// Told of each session that has been ended here, or found to have ended.
    var onEnd: (SessionKey) -> Void = { _ in }
    /// Told of each record that has changed somewhere, as long as the store tells.
    var onChange: (SessionKey) -> Void = { _ in }
    /// Told when changes may have been missed, or may be from now on.
    var onMissedChanges: () -> Void = {}
    /// Told of each session that has been refreshed here.
    var onRefresh: (SessionKey) -> Void = { _ in }
    /// With at least so many seconds left, no session's idle limit is pushed out.
    private let longEnough: Int64

    /// - Parameter predecessor: who has asked the same store before, under another configuration.
    package init(
        store: any SessionStore,
        settings: Settings,
        metrics: Metrics,
        now: @escaping () -> Instant,
        succeeding predecessor: Sessions? = nil
    ) {
        self.store = store
        self.settings = settings
        self.metrics = metrics
        self.now = now
        self.cache = SessionCache(capacity: settings.configuration.session.cacheBytes)
        let idle = settings.configuration.session.idle
        self.longEnough = (idle - idle / 8).components.seconds + 1
        let isCaching = settings.configuration.session.cacheBytes > 0
        self.news = predecessor?.news ?? (isCaching ? CacheNews(from: store) : nil)
        if isCaching { self.news?.add(self) { self.learn($0) } }
    }

    package var openedCount: Int { self.cache.count }

    /// Whether somebody tells of sessions that end elsewhere, or nobody can end them there.
    var learnsOfEnds: Bool { self.cache.isTold || self.store.revision != nil }

    /// Whether the cache answers for the store.
    var cacheIsCurrent: Bool { self.cache.isTold && self.store.isCurrent }

    /// The session of the first ticket, if it can be told at once and without asking the store.
    ///
    /// Most requests are answered from here, so nothing is allocated.
    package func known(_ tickets: [Ticket], for authority: Authority) -> OpenedSession? {
        guard let ticket = tickets.first else { return nil }
        let now = self.now()
        if self.cache.isTold {
            guard self.store.isCurrent,
                case .session(let opened, let idleEndsAt)? = self.cache.finding(for: ticket.key),
                self.isGood(opened, until: idleEndsAt, with: ticket, for: authority, now: now)
            else { return nil }
            self.metrics.cacheHits += 1
            return opened
        }
        guard let revision = self.store.revision,
            let (opened, idleEndsAt) = self.cache.unchanged(ticket.key, at: revision, now: now),
            self.isGood(opened, until: idleEndsAt, with: ticket, for: authority, now: now)
        else { return nil }
        self.metrics.openingsSaved += 1
        return opened
    }

    /// The session of the first ticket that has one. A stale cookie does not shadow a good one (security rule 24), and a
    /// store that fails is not an absent session (rule 21).
    package func load(_ tickets: [Ticket], for authority: Authority, _ completion: @escaping Completion<OpenedSession?>)
    {
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
        if self.cache.isTold, self.store.isCurrent {
            switch self.cache.finding(for: ticket.key) {
            case .session(let opened, let idleEndsAt):
                guard self.isGood(opened, until: idleEndsAt, with: ticket, for: authority, now: self.now()) else {
                    break
                }
                self.metrics.cacheHits += 1
                return completion(.success(opened))
            case .absent:
                self.metrics.cacheAbsences += 1
                return self.load(rest, for: authority, unopened: unopened, completion)
            case nil:
                break
            }
            self.metrics.cacheMisses += 1
        }
        let fill = self.cache.begin(ticket.key, at: self.store.revision, now: self.now())
        let started = NIODeadline.now()
        self.store.load(ticket.key) { result in
            self.metrics.storeLatency.record(NIODeadline.now() - started)
            switch result {
            case .failure(let fault) where fault.kind == .unknownRecord:
                self.cache.abandon(fill)
                self.load(rest, for: authority, unopened: .unreadableSession, completion)
            case .failure(let fault):
                self.cache.abandon(fill)
                completion(.failure(.store(fault)))
            case .success(nil):
                if self.cache.known(ticket.key) != nil { self.onEnd(ticket.key) }
                self.cache.end(fill)
                self.load(rest, for: authority, unopened: unopened, completion)
            case .success(let record?):
                switch self.open(record, with: ticket, for: authority, fill: fill) {
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
        // First the indexes: whoever ends a person's sessions finds this one as soon as it exists.
        let indexes = SessionIndex.all(of: session, under: ticket.key)
        self.store.enter(ticket.key, in: indexes, expiresIn: session.expiresAt - self.now()) { result in
            if case .failure(let fault) = result { return completion(.failure(.store(fault))) }
            self.store.save(ticket.key, box, expiresIn: self.timeToLive(of: session)) { result in
                completion(result.map { ticket }.mapError { .store($0) })
            }
        }
    }

    /// `true` once for each name, whoever asks and wherever: a `state` is good for one callback.
    package func claim(_ name: [UInt8], for duration: Duration, _ completion: @escaping Completion<Bool>) {
        self.store.claim(name, by: Random.bytes(16), expiresIn: duration) { completion($0.mapError { .store($0) }) }
    }

    func ping(_ completion: @escaping Completion<Void>) {
        self.store.ping { completion($0.mapError { .store($0) }) }
    }

    /// Whether a session from the cache is the one that the record would give; pushes its idle limit out when it is.
    /// Otherwise the record itself is asked for.
    private func isGood(
        _ opened: OpenedSession,
        until idleEndsAt: Instant,
        with ticket: Ticket,
        for authority: Authority,
        now: Instant
    ) -> Bool {
        guard opened.isOpened(by: ticket, for: authority), now < opened.session.expiresAt, now < idleEndsAt else {
            return false
        }
        if idleEndsAt.seconds - now.seconds < self.longEnough {
            self.extend(opened, idleRemaining: idleEndsAt - now)
        }
        return true
    }

    /// `nil` for a session that has expired.
    private func open(
        _ record: StoredRecord,
        with ticket: Ticket,
        for authority: Authority,
        fill: SessionCache.Fill
    ) -> Result<OpenedSession?, Fault> {
        let opened: OpenedSession
        if let known = self.cache.known(ticket.key), equal(known.box, record.box),
            known.isOpened(by: ticket, for: authority)
        {
            opened = known
            self.metrics.openingsSaved += 1
        } else {
            do {
                let session = try Session.open(
                    record.box,
                    ticket: ticket,
                    authority: authority.text,
                    with: self.settings.keys
                )
                guard self.settings.knows(session) else {
                    self.cache.abandon(fill)
                    return .success(nil)
                }
                opened = self.opened(session, under: ticket, box: record.box)
            } catch .anotherHost {
                self.cache.abandon(fill)
                return .success(nil)
            } catch {
                self.cache.abandon(fill)
                return .failure(.unreadableSession)
            }
            self.metrics.openings += 1
        }
        let now = self.now()
        guard opened.session.expiresAt > now else {
            self.cache.abandon(fill)
            return .success(nil)
        }
        self.cache.end(fill, with: opened, idleEndsAt: now.advanced(by: record.idleRemaining))
        if record.idleRemaining.components.seconds < self.longEnough {
            self.extend(opened, idleRemaining: record.idleRemaining)
        }
        return .success(opened)
    }

    func opened(_ session: Session, under ticket: Ticket, box: [UInt8]) -> OpenedSession {
        OpenedSession(
            ticket: ticket,
            grants: Grants(session, self.settings.configuration.requirements),
            record: box,
            keepsRecord: !self.cache.isTold,
            rules: self.settings.renewalRules
        )
    }

    /// Pushes the idle limit out, but only once an eighth of it has passed: most requests write nothing.
    private func extend(_ opened: OpenedSession, idleRemaining: Duration) {
        let full = self.timeToLive(of: opened.session)
        let key = opened.ticket.key
        guard idleRemaining < full - full / 8, self.extending.insert(key).inserted else { return }
        // Before the store is asked: its news of the change may come first.
        self.cache.extended(key, until: self.now().advanced(by: full))
        self.store.extend(key, expiresIn: full) { _ in
            // A store that fails here fails the next load too, and says so there.
            self.extending.remove(key)
        }
    }

    func timeToLive(of session: Session) -> Duration {
        min(self.settings.configuration.session.idle, session.expiresAt - self.now())
    }
}

@available(*, unavailable)
extension Sessions: Sendable {}
