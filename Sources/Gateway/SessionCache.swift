import Access
import NIOCore
import OpenIDConnect

/// The sessions this worker has opened, bounded by bytes; the one used longest ago goes first.
///
/// What the store says of changes decides what they are worth. While it tells them, a session here stands for its record
/// and the store is not asked. Otherwise a session here only saves opening a record that has been loaded: see `isTold`.
///
/// A record may change while it is being loaded, and the news be here before the answer. So each loading is a `Fill`, and
/// a fill that has been overtaken by news of its key is not kept.
package final class SessionCache {
    /// A loading that has begun.
    struct Fill {
        fileprivate let key: SessionKey
        fileprivate let era: Int
        /// The store's, from before the loading.
        fileprivate let revision: UInt64?
        fileprivate let startedAt: Instant
    }

    /// What is known of a key without asking the store.
    enum Finding {
        case session(OpenedSession, idleEndsAt: Instant)
        /// There was no record a moment ago, and there is no news of one.
        case absent
    }

    private struct Slot {
        var session: OpenedSession
        var idleEndsAt: Instant
        /// When and at which revision of the store it was loaded.
        private(set) var revision: UInt64?
        private(set) var loadedAt: Instant
        var older: Int
        var newer: Int

        /// It has been loaded again.
        mutating func confirm(idleEndsAt: Instant, _ fill: Fill) {
            self.idleEndsAt = idleEndsAt
            self.revision = fill.revision
            self.loadedAt = fill.startedAt
        }
    }

    private struct Loading {
        var count: Int
        /// There was news of the key since the first of them began.
        var isOvertaken: Bool
    }

    private let capacity: Int
    private(set) var byteCount = 0
    /// Whether the store tells of changes, so that a session here can stand for its record.
    private(set) var isTold = false
    /// Counts the times when everything was forgotten; fills of an earlier era are not kept.
    private var era = 0
    private var slots: [Slot?] = []
    private var free: [Int] = []
    private var indices: [SessionKey: Int] = [:]
    private var oldest = -1
    private var newest = -1
    private var loadings: [SessionKey: Loading] = [:]
    private var absent: [SessionKey: NIODeadline] = [:]

    /// Long enough against a flood of requests with one dead ticket, and short, because nobody misses it.
    private static let absence = TimeAmount.seconds(2)
    /// Emptied when full: a flood of different dead tickets is none that a memory helps against.
    private static let maximumAbsent = 1024

    /// - Parameter capacity: in bytes, as `OpenedSession.cost` counts them. 0: nothing is kept.
    package init(capacity: Int) {
        self.capacity = capacity
    }

    package var count: Int { self.indices.count }

    /// What stands for the record under a key. Only to be asked while the store is current.
    func finding(for key: SessionKey) -> Finding? {
        guard self.isTold else { return nil }
        if let index = self.indices[key], let slot = self.slots[index] {
            self.use(index)
            return .session(slot.session, idleEndsAt: slot.idleEndsAt)
        }
        if !self.absent.isEmpty, let end = self.absent[key] {
            if NIODeadline.now() < end { return .absent }
            self.absent[key] = nil
        }
        return nil
    }

    /// What still stands for the record under a key, because the store is at the revision it was loaded at.
    ///
    /// Within one second at most: the store wants to know which sessions are used.
    func unchanged(_ key: SessionKey, at revision: UInt64, now: Instant) -> (OpenedSession, idleEndsAt: Instant)? {
        guard let index = self.indices[key], let slot = self.slots[index], slot.revision == revision,
            slot.loadedAt == now
        else { return nil }
        self.use(index)
        return (slot.session, slot.idleEndsAt)
    }

    /// What was opened last under a key, to be compared with the record that has been loaded.
    func known(_ key: SessionKey) -> OpenedSession? {
        guard let index = self.indices[key] else { return nil }
        self.use(index)
        return self.slots[index]?.session
    }

    // MARK: - Fills

    /// A record is about to be loaded.
    func begin(_ key: SessionKey, at revision: UInt64? = nil, now: Instant) -> Fill {
        self.loadings[key, default: Loading(count: 0, isOvertaken: false)].count += 1
        return Fill(key: key, era: self.era, revision: revision, startedAt: now)
    }

    /// There is no such record.
    func end(_ fill: Fill) {
        self.drop(fill.key)
        guard self.settle(fill), self.isTold, self.capacity > 0 else { return }
        if self.absent.count >= Self.maximumAbsent { self.absent.removeAll(keepingCapacity: true) }
        self.absent[fill.key] = .now() + Self.absence
    }

    /// The record was loaded and opened.
    func end(_ fill: Fill, with session: OpenedSession, idleEndsAt: Instant) {
        guard self.settle(fill) else { return }
        // Mostly the record is the one that is known.
        if let index = self.indices[fill.key], self.slots[index]?.session === session {
            self.slots[index]?.confirm(idleEndsAt: idleEndsAt, fill)
            return self.use(index)
        }
        self.drop(fill.key)
        let cost = session.cost
        guard cost <= self.capacity else { return }
        while self.byteCount + cost > self.capacity, let oldest = self.slots[self.oldest] {
            self.drop(oldest.session.ticket.key)
        }
        let slot = Slot(
            session: session,
            idleEndsAt: idleEndsAt,
            revision: fill.revision,
            loadedAt: fill.startedAt,
            older: -1,
            newer: -1
        )
        let index = self.free.popLast() ?? self.slots.count
        if index == self.slots.count { self.slots.append(slot) } else { self.slots[index] = slot }
        self.indices[fill.key] = index
        self.byteCount += cost
        self.link(index)
    }

    /// The record could not be loaded, or not opened.
    func abandon(_ fill: Fill) {
        _ = self.settle(fill)
    }

    /// Returns whether the fill still says what the store holds.
    private func settle(_ fill: Fill) -> Bool {
        guard fill.era == self.era, var loading = self.loadings[fill.key] else { return false }
        loading.count -= 1
        self.loadings[fill.key] = loading.count == 0 ? nil : loading
        return !loading.isOvertaken
    }

    // MARK: - News

    func learn(_ change: StoreChange) {
        switch change {
        case .began:
            // What was loaded before may have changed unnoticed.
            self.forgetAll()
            self.isTold = true
        case .record(let key):
            self.forget(key)
        case .everything:
            self.forgetAll()
        case .ended:
            self.forgetAll()
            self.isTold = false
        }
    }

    /// The record has changed, or is about to.
    func forget(_ key: SessionKey) {
        self.drop(key)
        if !self.absent.isEmpty { self.absent[key] = nil }
        self.loadings[key]?.isOvertaken = true
    }

    private func forgetAll() {
        self.era += 1
        self.slots = []
        self.free = []
        self.indices = [:]
        self.oldest = -1
        self.newest = -1
        self.byteCount = 0
        self.loadings = [:]
        self.absent = [:]
    }

    /// The idle limit has been pushed out; the news of it will come.
    func extended(_ key: SessionKey, until end: Instant) {
        guard let index = self.indices[key] else { return }
        self.slots[index]?.idleEndsAt = end
    }

    // MARK: - Slots, linked from the longest unused to the latest used

    private func drop(_ key: SessionKey) {
        guard let index = self.indices.removeValue(forKey: key), let slot = self.slots[index] else { return }
        self.unlink(index)
        self.byteCount -= slot.session.cost
        self.slots[index] = nil
        self.free.append(index)
    }

    private func use(_ index: Int) {
        guard index != self.newest else { return }
        self.unlink(index)
        self.link(index)
    }

    private func unlink(_ index: Int) {
        guard let slot = self.slots[index] else { return }
        if slot.older >= 0 { self.slots[slot.older]?.newer = slot.newer } else { self.oldest = slot.newer }
        if slot.newer >= 0 { self.slots[slot.newer]?.older = slot.older } else { self.newest = slot.older }
    }

    private func link(_ index: Int) {
        self.slots[index]?.older = self.newest
        self.slots[index]?.newer = -1
        if self.newest >= 0 { self.slots[self.newest]?.newer = index } else { self.oldest = index }
        self.newest = index
    }
}

@available(*, unavailable)
extension SessionCache: Sendable {}
