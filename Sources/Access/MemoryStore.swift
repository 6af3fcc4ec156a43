package import OpenIDConnect
private import Synchronization

/// Sessions in this process's memory: shared by its workers, bounded, gone at restart.
package final class MemoryStore: SessionStore, Sendable {
    private struct Membership: Sendable {
        let enteredAt: Instant
        let expiresAt: Instant
    }

    private struct Members: Sendable {
        var entries: [SessionKey: Membership] = [:]
        /// With more, those that have ended unnoticed are looked for: seldom enough that entering takes no time.
        var limit = 16

        mutating func enter(_ key: SessionKey, _ membership: Membership, isLive: (SessionKey, Membership) -> Bool) {
            self.entries[key] = membership
            guard self.entries.count > self.limit else { return }
            self.entries = self.entries.filter(isLive)
            self.limit = max(16, 2 * self.entries.count)
        }
    }

    private struct Tables: Sendable {
        var sessions: ExpiringTable<SessionKey, [UInt8]>
        var claims: ExpiringTable<[UInt8], [UInt8]>
        var notes: ExpiringTable<SessionKey, [UInt8]>
        var ends: ExpiringTable<SessionIndex, Int64>
        var indexes: [SessionIndex: Members] = [:]
        /// With more, those whose sessions have all expired unnoticed are looked for.
        var indexLimit = 1024
    }

    private static let longestSave = Duration.seconds(60)

    private let tables: Mutex<Tables>
    private let clock: @Sendable () -> Instant
    /// Moved on while the tables are locked.
    private let changes = Atomic<UInt64>(0)

    /// - Parameters:
    ///   - capacity: the most sessions, and the most claims; the longest idle goes first.
    ///   - clock: what time it is.
    package init(capacity: Int, clock: @escaping @Sendable () -> Instant) {
        self.tables = Mutex(
            Tables(
                sessions: ExpiringTable(capacity: capacity),
                claims: ExpiringTable(capacity: capacity),
                notes: ExpiringTable(capacity: capacity),
                ends: ExpiringTable(capacity: capacity)
            )
        )
        self.clock = clock
    }

    package var revision: UInt64? { self.changes.load(ordering: .acquiring) }

    /// How many records are held, expired ones that nobody has met included.
    package var count: Int {
        self.tables.withLock { $0.sessions.count }
    }

    /// Looks at the tables, or changes them, with the time of day and the end of a duration from now on.
    private func atOnce<Value: Sendable>(
        _ duration: Duration = .zero,
        _ body: (_ tables: inout Tables, _ now: Instant, _ end: Instant) -> Value
    ) -> Value {
        let now = self.clock()
        // The clock has whole seconds: a fraction is rounded up.
        let hasFraction = duration.components.attoseconds > 0
        let end = now.advanced(by: duration).advanced(by: hasFraction ? .seconds(1) : .zero)
        return self.tables.withLock { body(&$0, now, end) }
    }

    package func load(_ key: SessionKey, _ completion: @escaping (Result<StoredRecord?, StoreFault>) -> Void) {
        let found = self.atOnce { tables, now, _ in
            tables.sessions.value(for: key, now: now).map {
                StoredRecord(box: $0.value, idleRemaining: $0.expiresAt - now)
            }
        }
        completion(.success(found))
    }

    package func save(
        _ key: SessionKey,
        _ box: [UInt8],
        expiresIn duration: Duration,
        _ completion: @escaping (Result<Void, StoreFault>) -> Void
    ) {
        self.atOnce(duration) { tables, now, end in
            _ = tables.sessions.update(key, box, expiresAt: end, now: now)
            // In place of another, or at the cost of the oldest.
            self.changes.add(1, ordering: .releasing)
        }
        completion(.success(()))
    }

    package func replace(
        _ key: SessionKey,
        _ expected: [UInt8],
        with box: [UInt8],
        expiresIn duration: Duration,
        _ completion: @escaping (Result<Replacement, StoreFault>) -> Void
    ) {
        let replacement = self.atOnce(duration) { tables, now, end -> Replacement in
            guard let found = tables.sessions.value(for: key, now: now) else { return .absent }
            guard found.value == expected else { return .changed }
            self.changes.add(1, ordering: .releasing)
            tables.sessions.update(key, box, expiresAt: end, now: now)
            return .done
        }
        completion(.success(replacement))
    }

    package func extend(
        _ key: SessionKey,
        expiresIn duration: Duration,
        _ completion: @escaping (Result<Void, StoreFault>) -> Void
    ) {
        self.atOnce(duration) { tables, now, end in _ = tables.sessions.extend(key, expiresAt: end, now: now) }
        completion(.success(()))
    }

    package func remove(_ key: SessionKey, _ completion: @escaping (Result<Bool, StoreFault>) -> Void) {
        let wasThere = self.atOnce { tables, now, _ in
            self.changes.add(1, ordering: .releasing)
            return tables.sessions.remove(key, now: now)
        }
        completion(.success(wasThere))
    }

    package func claim(
        _ name: [UInt8],
        by claimant: [UInt8],
        expiresIn duration: Duration,
        _ completion: @escaping (Result<Bool, StoreFault>) -> Void
    ) {
        let isFirst = self.atOnce(duration) { tables, now, end in
            if let found = tables.claims.value(for: name, now: now) { return found.value == claimant }
            tables.claims.update(name, claimant, expiresAt: end, now: now)
            return true
        }
        completion(.success(isFirst))
    }

    package func disclaim(
        _ name: [UInt8],
        by claimant: [UInt8],
        _ completion: @escaping (Result<Void, StoreFault>) -> Void
    ) {
        self.atOnce { tables, now, _ in
            guard tables.claims.value(for: name, now: now)?.value == claimant else { return }
            _ = tables.claims.remove(name, now: now)
        }
        completion(.success(()))
    }

    package func enter(
        _ key: SessionKey,
        in indexes: [SessionIndex],
        expiresIn duration: Duration,
        _ completion: @escaping (Result<Void, StoreFault>) -> Void
    ) {
        self.atOnce(duration) { tables, now, end in
            let sessions = tables.sessions
            let isLive: (SessionKey, Membership) -> Bool = { member, membership in
                // A session is entered before it is saved; what is long in and not there has ended.
                let isNew = now - membership.enteredAt < Self.longestSave
                return membership.expiresAt > now && (isNew || sessions.contains(member, now: now))
            }
            let membership = Membership(enteredAt: now, expiresAt: end)
            for index in indexes {
                tables.indexes[index, default: Members()].enter(key, membership, isLive: isLive)
            }
            guard tables.indexes.count > tables.indexLimit else { return }
            tables.indexes = tables.indexes.filter { _, members in members.entries.contains(where: isLive) }
            tables.indexLimit = max(1024, 2 * tables.indexes.count)
        }
        completion(.success(()))
    }

    package func leave(
        _ key: SessionKey,
        _ indexes: [SessionIndex],
        _ completion: @escaping (Result<Void, StoreFault>) -> Void
    ) {
        self.atOnce { tables, _, _ in
            for index in indexes {
                tables.indexes[index]?.entries[key] = nil
                if tables.indexes[index]?.entries.isEmpty ?? false { tables.indexes[index] = nil }
            }
        }
        completion(.success(()))
    }

    package func keys(in index: SessionIndex, _ completion: @escaping (Result<[SessionKey], StoreFault>) -> Void) {
        let keys = self.atOnce { tables, now, _ in
            tables.indexes[index]?.entries.filter { $0.value.expiresAt > now }.map(\.key) ?? []
        }
        completion(.success(keys))
    }

    package func noteEnd(
        of index: SessionIndex,
        at moment: Int64,
        expiresIn duration: Duration,
        _ completion: @escaping (Result<Void, StoreFault>) -> Void
    ) {
        self.atOnce(duration) { tables, now, end in _ = tables.ends.update(index, moment, expiresAt: end, now: now) }
        completion(.success(()))
    }

    package func lastEnd(of indexes: [SessionIndex], _ completion: @escaping (Result<Int64?, StoreFault>) -> Void) {
        let latest = self.atOnce { tables, now, _ in
            indexes.compactMap { tables.ends.value(for: $0, now: now)?.value }.max()
        }
        completion(.success(latest))
    }

    package func mark(_ key: SessionKey, _ completion: @escaping (Result<Void, StoreFault>) -> Void) {
        self.atOnce { tables, now, _ in
            guard let found = tables.sessions.value(for: key, now: now),
                found.value.first == SessionRecord.version, found.value.count > SessionRecord.markOffset
            else { return }
            var box = found.value
            box[SessionRecord.markOffset] = 1
            self.changes.add(1, ordering: .releasing)
            tables.sessions.update(key, box, expiresAt: found.expiresAt, now: now)
        }
        completion(.success(()))
    }

    package func changeNote(
        _ key: SessionKey,
        from expected: [UInt8]?,
        to value: [UInt8]?,
        expiresIn duration: Duration,
        _ completion: @escaping (Result<NoteChange, StoreFault>) -> Void
    ) {
        let change = self.atOnce(duration) { tables, now, end -> NoteChange in
            let found = tables.notes.value(for: key, now: now)
            guard found?.value == expected else {
                return .kept(found?.value, remaining: found.map { $0.expiresAt - now } ?? .zero)
            }
            if let value {
                tables.notes.update(key, value, expiresAt: end, now: now)
            } else {
                _ = tables.notes.remove(key, now: now)
            }
            return .done
        }
        completion(.success(change))
    }

    package func ping(_ completion: @escaping (Result<Void, StoreFault>) -> Void) {
        completion(.success(()))
    }
}
