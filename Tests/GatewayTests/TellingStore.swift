import Access
import Cryptography
import Gateway
import OpenIDConnect
import TestSupport
import Testing

/// A store that tells what the test says, and answers loads when the test wants it.
final class TellingStore: SessionStore {
    let base: MemoryStore
    var isCurrent = false
    var isHolding = false
    private(set) var loads = 0
    private(set) var extensions = 0
    private var held: [() -> Void] = []
    private var listener: ((StoreChange) -> Void)?

    init(_ base: MemoryStore) {
        self.base = base
    }

    func tellChanges(to listener: @escaping (StoreChange) -> Void) {
        self.listener = listener
    }

    func begin() {
        self.isCurrent = true
        self.tell(.began)
    }

    func tell(_ change: StoreChange) {
        self.listener?(change)
    }

    /// Answers what has been held, as the store is now.
    func release() {
        let held = self.held
        self.held = []
        for answer in held { answer() }
    }

    func load(_ key: SessionKey, _ completion: @escaping (Result<StoredRecord?, StoreFault>) -> Void) {
        self.loads += 1
        guard self.isHolding else { return self.base.load(key, completion) }
        self.held.append { self.base.load(key, completion) }
    }

    func save(
        _ key: SessionKey,
        _ box: [UInt8],
        expiresIn: Duration,
        _ completion: @escaping (Result<Void, StoreFault>) -> Void
    ) {
        self.base.save(key, box, expiresIn: expiresIn, completion)
    }

    func replace(
        _ key: SessionKey,
        _ box: [UInt8],
        expiresIn: Duration,
        _ completion: @escaping (Result<Bool, StoreFault>) -> Void
    ) {
        self.base.replace(key, box, expiresIn: expiresIn, completion)
    }

    func extend(_ key: SessionKey, expiresIn: Duration, _ completion: @escaping (Result<Void, StoreFault>) -> Void) {
        self.extensions += 1
        self.base.extend(key, expiresIn: expiresIn, completion)
    }

    func remove(_ key: SessionKey, _ completion: @escaping (Result<Bool, StoreFault>) -> Void) {
        self.base.remove(key, completion)
    }

    func claim(_ name: [UInt8], expiresIn: Duration, _ completion: @escaping (Result<Bool, StoreFault>) -> Void) {
        self.base.claim(name, expiresIn: expiresIn, completion)
    }

    func enter(
        _ key: SessionKey,
        in indexes: [SessionIndex],
        expiresIn: Duration,
        _ completion: @escaping (Result<Void, StoreFault>) -> Void
    ) {
        self.base.enter(key, in: indexes, expiresIn: expiresIn, completion)
    }

    func leave(
        _ key: SessionKey,
        _ indexes: [SessionIndex],
        _ completion: @escaping (Result<Void, StoreFault>) -> Void
    ) {
        self.base.leave(key, indexes, completion)
    }

    func keys(in index: SessionIndex, _ completion: @escaping (Result<[SessionKey], StoreFault>) -> Void) {
        self.base.keys(in: index, completion)
    }

    func mark(_ key: SessionKey, _ completion: @escaping (Result<Void, StoreFault>) -> Void) {
        self.base.mark(key, completion)
    }

    func changeNote(
        _ key: SessionKey,
        from expected: [UInt8]?,
        to value: [UInt8]?,
        expiresIn: Duration,
        _ completion: @escaping (Result<NoteChange, StoreFault>) -> Void
    ) {
        self.base.changeNote(key, from: expected, to: value, expiresIn: expiresIn, completion)
    }

    func ping(_ completion: @escaping (Result<Void, StoreFault>) -> Void) {
        completion(.success(()))
    }
}
