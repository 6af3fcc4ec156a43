import OpenIDConnect

/// A dictionary of bounded size whose entries expire. When it is full, the entry that was used longest ago goes.
///
/// Entries live in an array of slots, linked from the longest idle to the latest used. Each insertion also looks at two
/// slots in turn and frees the expired, so that nothing dead stays for long and no call takes long.
struct ExpiringTable<Key: Hashable & Sendable, Value: Sendable>: Sendable {
    private struct Slot: Sendable {
        var key: Key
        var value: Value
        var expiresAt: Instant
        var older: Int
        var newer: Int
    }

    private let capacity: Int
    private var slots: [Slot?] = []
    private var free: [Int] = []
    private var indices: [Key: Int] = [:]
    private var oldest = -1
    private var newest = -1
    private var sweep = 0

    init(capacity: Int) {
        self.capacity = max(capacity, 1)
    }

    var count: Int { self.indices.count }

    /// The value under a key and when it expires, and marks it as used.
    mutating func value(for key: Key, now: Instant) -> (value: Value, expiresAt: Instant)? {
        guard let index = self.liveIndex(of: key, now: now), let slot = self.slots[index] else { return nil }
        self.unlink(index)
        self.linkAsNewest(index)
        return (slot.value, slot.expiresAt)
    }

    /// Whether there is an entry, without using it.
    func contains(_ key: Key, now: Instant) -> Bool {
        guard let index = self.indices[key], let slot = self.slots[index] else { return false }
        return now < slot.expiresAt
    }

    /// Stores a value. Returns whether there was one.
    @discardableResult
    mutating func update(_ key: Key, _ value: Value, expiresAt: Instant, now: Instant) -> Bool {
        if let index = self.liveIndex(of: key, now: now) {
            self.slots[index]?.value = value
            self.slots[index]?.expiresAt = expiresAt
            self.unlink(index)
            self.linkAsNewest(index)
            return true
        }
        self.sweepTwo(now)
        if self.indices.count >= self.capacity { self.removeSlot(self.oldest) }
        let slot = Slot(key: key, value: value, expiresAt: expiresAt, older: -1, newer: -1)
        let index: Int
        if let last = self.free.popLast() {
            index = last
            self.slots[index] = slot
        } else {
            index = self.slots.count
            self.slots.append(slot)
        }
        self.indices[key] = index
        self.linkAsNewest(index)
        return false
    }

    /// Moves the end of an entry. Returns whether there was one.
    @discardableResult
    mutating func extend(_ key: Key, expiresAt: Instant, now: Instant) -> Bool {
        guard let index = self.liveIndex(of: key, now: now) else { return false }
        self.slots[index]?.expiresAt = expiresAt
        self.unlink(index)
        self.linkAsNewest(index)
        return true
    }

    /// Returns whether there was an entry.
    mutating func remove(_ key: Key, now: Instant) -> Bool {
        guard let index = self.liveIndex(of: key, now: now) else { return false }
        self.removeSlot(index)
        return true
    }

    private mutating func liveIndex(of key: Key, now: Instant) -> Int? {
        guard let index = self.indices[key], let slot = self.slots[index] else { return nil }
        guard now < slot.expiresAt else {
            self.removeSlot(index)
            return nil
        }
        return index
    }

    private mutating func sweepTwo(_ now: Instant) {
        for _ in 0..<min(2, self.slots.count) {
            self.sweep = (self.sweep + 1) % self.slots.count
            if let slot = self.slots[self.sweep], slot.expiresAt <= now { self.removeSlot(self.sweep) }
        }
    }

    private mutating func removeSlot(_ index: Int) {
        guard self.slots.indices.contains(index), let slot = self.slots[index] else { return }
        self.unlink(index)
        self.indices[slot.key] = nil
        self.slots[index] = nil
        self.free.append(index)
    }

    private mutating func unlink(_ index: Int) {
        guard let slot = self.slots[index] else { return }
        if slot.older >= 0 { self.slots[slot.older]?.newer = slot.newer } else { self.oldest = slot.newer }
        if slot.newer >= 0 { self.slots[slot.newer]?.older = slot.older } else { self.newest = slot.older }
    }

    private mutating func linkAsNewest(_ index: Int) {
        self.slots[index]?.older = self.newest
        self.slots[index]?.newer = -1
        if self.newest >= 0 { self.slots[self.newest]?.newer = index } else { self.oldest = index }
        self.newest = index
    }
}
