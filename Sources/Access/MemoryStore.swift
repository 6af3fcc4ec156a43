package import OpenIDConnect
private import Synchronization

/// Sessions in this process's memory: shared by its workers, bounded, gone at restart.
package final class MemoryStore: SessionStore, Sendable {
    private struct Membership: Sendable {
        let enteredAt: Instant
        let expiresAt: Instant
    }

    private struct Tables: Sendable {
        var sessions: ExpiringTable<SessionKey, [UInt8]>
        var claims: ExpiringTable<[UInt8], Bool>
        var notes: ExpiringTable<SessionKey, [UInt8]>
        var indexes: [SessionIndex: [SessionKey: Membership]] = [:]
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
                notes: ExpiringTable(capacity: capacity)
            )
        )
        self.clock = clock
    }

    package var revision: UInt64? { self.changes.load(ordering: .acquiring) }

    /// How many records are held, expired ones that nobody has met included.
    package var count: Int {
        self.tables.withLock { $0.sessions.count }
    }

    package func load(_ key: SessionKey, _ completion: @escaping (Result<StoredRecord?, StoreFault>) -> Void) {
        let now = self.clock()
        let found = self.tables.withLock { $0.sessions.value(for: key, now: now) }
        completion(.success(found.map { StoredRecord(box: $0.value, idleRemaining: $0.expiresAt - now) }))
    }

    package func save(
        _ key: SessionKey,
        _ box: [UInt8],
        expiresIn duration: Duration,
        _ completion: @escaping (Result<Void, StoreFault>) -> Void
    ) {
        let now = self.clock()
        let end = Self.end(of: duration, from: now)
        self.tables.withLock {
            _ = $0.sessions.update(key, box, expiresAt: end, now: now)
            // In place of another, or at the cost of the oldest.
            self.changes.add(1, ordering: .releasing)
        }
        completion(.success(()))
    }

    package func replace(
        _ key: SessionKey,
        _ box: [UInt8],
        expiresIn duration: Duration,
        _ completion: @escaping (Result<Bool, StoreFault>) -> Void
    ) {
        let now = self.clock()
        let end = Self.end(of: duration, from: now)
        let wasThere = self.tables.withLock { tables in
            self.changes.add(1, ordering: .releasing)
            return tables.sessions.extend(key, expiresAt: end, now: now)
                && tables.sessions.update(key, box, expiresAt: end, now: now)
        }
        completion(.success(wasThere))
    }

    package func extend(
        _ key: SessionKey,
        expiresIn duration: Duration,
        _ completion: @escaping (Result<Void, StoreFault>) -> Void
    ) {
        let now = self.clock()
        let end = Self.end(of: duration, from: now)
        self.tables.withLock { _ = $0.sessions.extend(key, expiresAt: end, now: now) }
        completion(.success(()))
    }

    package func remove(_ key: SessionKey, _ completion: @escaping (Result<Bool, StoreFault>) -> Void) {
        let now = self.clock()
        let wasThere = self.tables.withLock {
            self.changes.add(1, ordering: .releasing)
            return $0.sessions.remove(key, now: now)
        }
        completion(.success(wasThere))
    }

    package func claim(
        _ name: [UInt8],
        expiresIn duration: Duration,
        _ completion: @escaping (Result<Bool, StoreFault>) -> Void
    ) {
        let now = self.clock()
        let end = Self.end(of: duration, from: now)
        let isFirst = self.tables.withLock { tables in
            guard tables.claims.value(for: name, now: now) == nil else { return false }
            tables.claims.update(name, true, expiresAt: end, now: now)
            return true
        }
        completion(.success(isFirst))
    }

    package func enter(
        _ key: SessionKey,
        in indexes: [SessionIndex],
        expiresIn duration: Duration,
        _ completion: @escaping (Result<Void, StoreFault>) -> Void
    ) {
        let now = self.clock()
        let end = Self.end(of: duration, from: now)
        self.tables.withLock { tables in
            for index in indexes {
                var members = tables.indexes[index] ?? [:]
                members = members.filter { member, membership in
                    // A session is entered before it is saved; what is long in and not there has ended.
                    let isNew = now - membership.enteredAt < Self.longestSave
                    return membership.expiresAt > now && (isNew || tables.sessions.contains(member, now: now))
                }
                members[key] = Membership(enteredAt: now, expiresAt: end)
                tables.indexes[index] = members
            }
            guard tables.indexes.count > tables.indexLimit else { return }
            tables.indexes = tables.indexes.filter { _, members in
                members.contains { member, membership in
                    now - membership.enteredAt < Self.longestSave || tables.sessions.contains(member, now: now)
                }
            }
            tables.indexLimit = max(1024, 2 * tables.indexes.count)
        }
        completion(.success(()))
    }

    package func leave(
        _ key: SessionKey,
        _ indexes: [SessionIndex],
        _ completion: @escaping (Result<Void, StoreFault>) -> Void
    ) {
        self.tables.withLock { tables in
            for index in indexes {
                tables.indexes[index]?[key] = nil
                if tables.indexes[index]?.isEmpty ?? false { tables.indexes[index] = nil }
            }
        }
        completion(.success(()))
    }

    package func keys(in index: SessionIndex, _ completion: @escaping (Result<[SessionKey], StoreFault>) -> Void) {
        let now = self.clock()
        let keys = self.tables.withLock { $0.indexes[index]?.filter { $0.value.expiresAt > now }.map(\.key) }
        completion(.success(keys ?? []))
    }

    package func mark(_ key: SessionKey, _ completion: @escaping (Result<Void, StoreFault>) -> Void) {
        let now = self.clock()
        self.tables.withLock { tables in
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
        let now = self.clock()
        let end = Self.end(of: duration, from: now)
        let change = self.tables.withLock { tables -> NoteChange in
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

    /// The clock has whole seconds: a fraction is rounded up.
    private static func end(of duration: Duration, from now: Instant) -> Instant {
        let hasFraction = duration.components.attoseconds > 0
        return now.advanced(by: duration).advanced(by: hasFraction ? .seconds(1) : .zero)
    }
}
