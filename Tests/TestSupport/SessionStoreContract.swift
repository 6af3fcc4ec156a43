package import Access
import Testing

/// A store as a test sees it: asynchronous, wherever the store itself lives.
package struct StoreDriver: Sendable {
    private let onStore: @Sendable (@escaping @Sendable (any SessionStore) -> Void) -> Void

    /// `onStore` runs what it is given with the store, on the thread or loop to which the store belongs.
    package init(onStore: @escaping @Sendable (@escaping @Sendable (any SessionStore) -> Void) -> Void) {
        self.onStore = onStore
    }

    package func load(_ key: SessionKey) async throws -> StoredRecord? {
        try await self.ask { $0.load(key, $1) }
    }

    package func save(_ key: SessionKey, _ box: [UInt8], expiresIn: Duration) async throws {
        try await self.ask { $0.save(key, box, expiresIn: expiresIn, $1) }
    }

    package func replace(
        _ key: SessionKey,
        _ expected: [UInt8],
        with box: [UInt8],
        expiresIn: Duration
    ) async throws -> Replacement {
        try await self.ask { $0.replace(key, expected, with: box, expiresIn: expiresIn, $1) }
    }

    package func extend(_ key: SessionKey, expiresIn: Duration) async throws {
        try await self.ask { $0.extend(key, expiresIn: expiresIn, $1) }
    }

    package func remove(_ key: SessionKey) async throws -> Bool {
        try await self.ask { $0.remove(key, $1) }
    }

    /// By a claimant of its own, unless one is named.
    package func claim(
        _ name: [UInt8],
        by claimant: [UInt8] = Ticket.make().id,
        expiresIn: Duration
    ) async throws -> Bool {
        try await self.ask { $0.claim(name, by: claimant, expiresIn: expiresIn, $1) }
    }

    package func disclaim(_ name: [UInt8], by claimant: [UInt8]) async throws {
        try await self.ask { $0.disclaim(name, by: claimant, $1) }
    }

    package func takeToken(of bucket: [UInt8], limit: Int, per duration: Duration) async throws -> Bool? {
        try await self.ask { $0.takeToken(of: bucket, limit: limit, per: duration, $1) }
    }

    package func enter(_ key: SessionKey, in indexes: [SessionIndex], expiresIn: Duration) async throws {
        try await self.ask { $0.enter(key, in: indexes, expiresIn: expiresIn, $1) }
    }

    package func leave(_ key: SessionKey, _ indexes: [SessionIndex]) async throws {
        try await self.ask { $0.leave(key, indexes, $1) }
    }

    package func keys(in index: SessionIndex) async throws -> [SessionKey] {
        try await self.ask { $0.keys(in: index, $1) }
    }

    package func noteEnd(of index: SessionIndex, at moment: Int64, expiresIn: Duration) async throws {
        try await self.ask { $0.noteEnd(of: index, at: moment, expiresIn: expiresIn, $1) }
    }

    package func lastEnd(of indexes: [SessionIndex]) async throws -> Int64? {
        try await self.ask { $0.lastEnd(of: indexes, $1) }
    }

    package func mark(_ key: SessionKey) async throws {
        try await self.ask { $0.mark(key, $1) }
    }

    package func changeNote(
        _ key: SessionKey,
        from expected: [UInt8]?,
        to value: [UInt8]?,
        expiresIn: Duration
    ) async throws -> NoteChange {
        try await self.ask { $0.changeNote(key, from: expected, to: value, expiresIn: expiresIn, $1) }
    }

    package func ping() async throws {
        try await self.ask { $0.ping($1) }
    }

    private func ask<Value: Sendable>(
        _ question: @escaping @Sendable (any SessionStore, @escaping (Result<Value, StoreFault>) -> Void) -> Void
    ) async throws -> Value {
        try await withCheckedThrowingContinuation { continuation in
            self.onStore { store in
                // A second answer would stop the process here: each method answers once.
                question(store) { continuation.resume(with: $0) }
            }
        }
    }
}

/// What every `SessionStore` promises, as tests. The store must be empty of the keys used, which are random.
///
/// `letTimePass` returns when at least so much time has passed for the store.
package func checkSessionStoreContract(
    _ store: StoreDriver,
    letTimePass: @Sendable (Duration) async throws -> Void
) async throws {
    try await store.ping()
    try await checkRecords(store)
    try await checkReplace(store)
    try await checkLifetimes(store, letTimePass)
    try await checkClaims(store, letTimePass)
    try await checkManyAtOnce(store)
    try await checkIndexes(store, letTimePass)
    try await checkEnds(store, letTimePass)
    try await checkMarks(store)
    try await checkNotes(store, letTimePass)
}

private let hour = Duration.seconds(3600)

/// Every byte there is.
private let everyByte = Array(UInt8.min...UInt8.max)

private func checkRecords(_ store: StoreDriver) async throws {
    let key = Ticket.make().key
    let other = Ticket.make().key
    #expect(try await store.load(key) == nil, "nothing is there before it is saved")
    #expect(try await store.remove(key) == false, "nothing is there to remove")
    try await store.save(key, everyByte, expiresIn: hour)
    let record = try #require(try await store.load(key))
    #expect(record.box == everyByte, "a box comes back byte for byte")
    #expect(record.idleRemaining <= hour)
    #expect(record.idleRemaining > hour - .seconds(60))
    #expect(try await store.load(other) == nil, "another key is another record")
    try await store.save(key, [1], expiresIn: hour)
    #expect(try await store.load(key)?.box == [1], "saving again replaces")
    try await store.save(key, [], expiresIn: hour)
    #expect(try await store.load(key)?.box == [], "an empty box is a box")
    let large = [UInt8](repeating: 0xA5, count: 100_000)
    try await store.save(key, large, expiresIn: hour)
    #expect(try await store.load(key)?.box == large)
    #expect(try await store.remove(key))
    #expect(try await store.load(key) == nil)
    #expect(try await store.remove(key) == false)
}

private func checkReplace(_ store: StoreDriver) async throws {
    let key = Ticket.make().key
    #expect(try await store.replace(key, [1], with: [2], expiresIn: hour) == .absent, "what has ended stays ended")
    #expect(try await store.load(key) == nil)
    try await store.save(key, everyByte, expiresIn: hour)
    #expect(try await store.replace(key, [1], with: [2], expiresIn: hour) == .changed)
    #expect(try await store.replace(key, Array(everyByte.dropLast()), with: [2], expiresIn: hour) == .changed)
    #expect(try await store.load(key)?.box == everyByte, "what nobody expected stays")
    try await store.extend(key, expiresIn: hour)
    #expect(try await store.replace(key, everyByte, with: [2], expiresIn: hour * 2) == .done)
    let record = try #require(try await store.load(key))
    #expect(record.box == [2])
    #expect(record.idleRemaining > hour, "replacing sets the time to live as well")
    #expect(try await store.remove(key))
}

private func checkLifetimes(
    _ store: StoreDriver,
    _ letTimePass: @Sendable (Duration) async throws -> Void
) async throws {
    let short = Ticket.make().key
    let kept = Ticket.make().key
    let absent = Ticket.make().key
    try await store.save(short, [1], expiresIn: .seconds(1))
    try await store.save(kept, [2], expiresIn: .seconds(1))
    try await store.extend(kept, expiresIn: hour)
    try await store.extend(absent, expiresIn: hour)
    #expect(try await store.load(absent) == nil, "extending makes nothing")
    try await letTimePass(.seconds(2))
    #expect(try await store.load(short) == nil, "a record ends when its time is over")
    #expect(try await store.replace(short, [1], with: [3], expiresIn: hour) == .absent)
    #expect(try await store.remove(short) == false)
    #expect(try await store.load(kept)?.box == [2], "extending keeps a record")
    try await store.extend(kept, expiresIn: .seconds(1))
    try await letTimePass(.seconds(2))
    #expect(try await store.load(kept) == nil, "extending may also shorten")
}

private func checkClaims(
    _ store: StoreDriver,
    _ letTimePass: @Sendable (Duration) async throws -> Void
) async throws {
    let name = Ticket.make().id
    let other = Ticket.make().id
    #expect(try await store.claim(name, expiresIn: hour))
    #expect(try await store.claim(name, expiresIn: hour) == false, "once means once")
    #expect(try await store.claim(other, expiresIn: .seconds(1)), "another name is another claim")
    try await letTimePass(.seconds(2))
    #expect(try await store.claim(other, expiresIn: .seconds(1)), "a claim ends when its time is over")
    #expect(try await store.claim(name, expiresIn: hour) == false)
    let mine = Ticket.make().id
    #expect(try await store.claim(mine, by: [1], expiresIn: hour))
    #expect(try await store.claim(mine, by: [1], expiresIn: hour), "whose answer was lost may ask again")
    try await store.disclaim(mine, by: [2])
    #expect(try await store.claim(mine, by: [2], expiresIn: hour) == false, "nobody gives back what is another's")
    try await store.disclaim(mine, by: [1])
    #expect(try await store.claim(mine, by: [2], expiresIn: hour), "what was given back is free")
    let ticket = Ticket.make()
    #expect(try await store.claim(ticket.key.bytes, expiresIn: hour))
    #expect(try await store.load(ticket.key) == nil, "a claim is not a record")
}

private func checkManyAtOnce(_ store: StoreDriver) async throws {
    let name = Ticket.make().id
    let winners = try await withThrowingTaskGroup(of: Bool.self) { group in
        for _ in 0..<32 { group.addTask { try await store.claim(name, expiresIn: hour) } }
        return try await group.reduce(into: 0) { $0 += $1 ? 1 : 0 }
    }
    #expect(winners == 1, "of many who claim at once, one wins")
    let keys = (0..<32).map { _ in Ticket.make().key }
    try await withThrowingTaskGroup(of: Void.self) { group in
        for key in keys {
            group.addTask {
                try await store.save(key, key.bytes, expiresIn: hour)
                #expect(try await store.load(key)?.box == key.bytes)
                #expect(try await store.remove(key))
            }
        }
        try await group.waitForAll()
    }
}

private func checkIndexes(
    _ store: StoreDriver,
    _ letTimePass: @Sendable (Duration) async throws -> Void
) async throws {
    let person = SessionIndex.subject(Ticket.make().cookieValue, issuer: "i")
    let other = SessionIndex.subject(Ticket.make().cookieValue, issuer: "i")
    let keys = (0..<3).map { _ in Ticket.make().key }
    #expect(try await store.keys(in: person).isEmpty)
    for key in keys {
        try await store.save(key, [1], expiresIn: hour)
        try await store.enter(key, in: [person, other], expiresIn: hour)
    }
    #expect(try await Set(store.keys(in: person)) == Set(keys))
    try await store.enter(keys[0], in: [person], expiresIn: hour)
    #expect(try await store.keys(in: person).count == 3, "entering twice is entering once")
    try await store.leave(keys[0], [person])
    try await store.leave(keys[0], [person])
    #expect(try await Set(store.keys(in: person)) == Set(keys.dropFirst()))
    #expect(try await store.keys(in: other).count == 3, "another set is another set")
    let short = Ticket.make().key
    try await store.enter(short, in: [other], expiresIn: .seconds(1))
    #expect(try await store.keys(in: other).count == 4, "a short stay does not shorten the others'")
    try await letTimePass(.seconds(2))
    #expect(try await store.keys(in: other).contains(keys[1]))
    try await store.enter(keys[1], in: [], expiresIn: hour)
    try await store.leave(keys[1], [])
}

private func checkEnds(
    _ store: StoreDriver,
    _ letTimePass: @Sendable (Duration) async throws -> Void
) async throws {
    let indexes = (0..<3).map { _ in SessionIndex.subject(Ticket.make().cookieValue, issuer: "i") }
    #expect(try await store.lastEnd(of: indexes) == nil)
    #expect(try await store.lastEnd(of: []) == nil)
    try await store.noteEnd(of: indexes[0], at: 7, expiresIn: hour)
    try await store.noteEnd(of: indexes[2], at: 9_007_199_254_740_993, expiresIn: .seconds(1))
    #expect(try await store.lastEnd(of: indexes) == 9_007_199_254_740_993, "the latest counts, to the millisecond")
    #expect(try await store.lastEnd(of: [indexes[1]]) == nil, "another set is another set")
    #expect(try await store.keys(in: indexes[0]).isEmpty, "an end is not a member")
    try await letTimePass(.seconds(2))
    #expect(try await store.lastEnd(of: indexes) == 7, "it is forgotten in time")
    try await store.noteEnd(of: indexes[0], at: 8, expiresIn: hour)
    #expect(try await store.lastEnd(of: indexes) == 8)
}

private func checkMarks(_ store: StoreDriver) async throws {
    let key = Ticket.make().key
    try await store.mark(key)
    #expect(try await store.load(key)?.box == nil, "marking makes nothing")
    try await store.save(key, [SessionRecord.version, 0, 7], expiresIn: hour)
    try await store.mark(key)
    let record = try #require(try await store.load(key))
    #expect(record.box == [SessionRecord.version, 1, 7])
    #expect(record.idleRemaining <= hour && record.idleRemaining > hour - .seconds(60), "its time stays what it was")
    try await store.save(key, [1, 0, 7], expiresIn: hour)
    try await store.mark(key)
    #expect(try await store.load(key)?.box == [1, 0, 7], "what has no place for a mark gets none")
    #expect(try await store.remove(key))
}

private func checkNotes(
    _ store: StoreDriver,
    _ letTimePass: @Sendable (Duration) async throws -> Void
) async throws {
    let key = Ticket.make().key
    #expect(try await store.changeNote(key, from: [1], to: [2], expiresIn: hour) == .kept(nil, remaining: .zero))
    #expect(try await store.changeNote(key, from: nil, to: everyByte, expiresIn: hour) == .done)
    guard case .kept(let found, let remaining) = try await store.changeNote(key, from: nil, to: [2], expiresIn: hour)
    else { throw StoreFault(kind: .unreadable) }
    #expect(found == everyByte)
    #expect(remaining <= hour && remaining > hour - .seconds(60))
    #expect(try await store.changeNote(key, from: everyByte, to: [3], expiresIn: hour) == .done)
    #expect(try await store.load(key) == nil, "a note is not a record")
    #expect(try await store.changeNote(key, from: [3], to: nil, expiresIn: .zero) == .done)
    #expect(try await store.changeNote(key, from: nil, to: [4], expiresIn: .seconds(1)) == .done)
    try await letTimePass(.seconds(2))
    #expect(try await store.changeNote(key, from: nil, to: [5], expiresIn: hour) == .done, "a note ends in time")
    let winners = try await withThrowingTaskGroup(of: Bool.self) { group in
        let key = Ticket.make().key
        for number in UInt8(1)...32 {
            group.addTask { try await store.changeNote(key, from: nil, to: [number], expiresIn: hour) == .done }
        }
        return try await group.reduce(into: 0) { $0 += $1 ? 1 : 0 }
    }
    #expect(winners == 1, "of many at once, one writes the note")
}
