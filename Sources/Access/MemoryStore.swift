package import OpenIDConnect
private import Synchronization

/// Sessions in this process's memory: shared by its workers, bounded, gone at restart.
package final class MemoryStore: SessionStore, Sendable {
    private struct Tables: Sendable {
        var sessions: ExpiringTable<SessionKey, [UInt8]>
        var claims: ExpiringTable<[UInt8], Bool>
    }

    private let tables: Mutex<Tables>
    private let clock: @Sendable () -> Instant

    /// - Parameters:
    ///   - capacity: the most sessions, and the most claims; the longest idle goes first.
    ///   - clock: what time it is.
    package init(capacity: Int, clock: @escaping @Sendable () -> Instant) {
        self.tables = Mutex(
            Tables(sessions: ExpiringTable(capacity: capacity), claims: ExpiringTable(capacity: capacity))
        )
        self.clock = clock
    }

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
        self.tables.withLock { _ = $0.sessions.update(key, box, expiresAt: end, now: now) }
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
            tables.sessions.extend(key, expiresAt: end, now: now)
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
        completion(.success(self.tables.withLock { $0.sessions.remove(key, now: now) }))
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

    package func ping(_ completion: @escaping (Result<Void, StoreFault>) -> Void) {
        completion(.success(()))
    }

    /// The clock has whole seconds: a fraction is rounded up.
    private static func end(of duration: Duration, from now: Instant) -> Instant {
        let hasFraction = duration.components.attoseconds > 0
        return now.advanced(by: duration).advanced(by: hasFraction ? .seconds(1) : .zero)
    }
}
