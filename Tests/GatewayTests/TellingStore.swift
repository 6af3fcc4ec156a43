import Access
import Cryptography
import Gateway
import OpenIDConnect
import TestSupport
import Testing

/// A store that tells what the test says, answers loads when the test wants it, fails when it is to, and counts.
final class TellingStore: SessionStore {
    let base: MemoryStore
    var isCurrent = false
    var isHolding = false
    /// The answer to everything.
    var fault: StoreFault?
    /// Notes are changed, and nobody learns of it.
    var losesAnswers = false
    /// So many removals fail.
    var removalFaults = 0
    /// What somebody else does in the moment before a record is replaced.
    var beforeReplacing: (() -> Void)?
    private(set) var loads = 0
    private(set) var extensions: [Duration] = []
    private(set) var noteChanges: [[UInt8]?] = []
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

    private func unlessFailing<Value>(_ completion: (Result<Value, StoreFault>) -> Void, _ ask: () -> Void) {
        if let fault { completion(.failure(fault)) } else { ask() }
    }

    func load(_ key: SessionKey, _ completion: @escaping (Result<StoredRecord?, StoreFault>) -> Void) {
        self.loads += 1
        self.unlessFailing(completion) {
            guard self.isHolding else { return self.base.load(key, completion) }
            self.held.append { self.base.load(key, completion) }
        }
    }

    func save(
        _ key: SessionKey,
        _ box: [UInt8],
        expiresIn: Duration,
        _ completion: @escaping (Result<Void, StoreFault>) -> Void
    ) {
        self.unlessFailing(completion) { self.base.save(key, box, expiresIn: expiresIn, completion) }
    }

    func replace(
        _ key: SessionKey,
        _ expected: [UInt8],
        with box: [UInt8],
        expiresIn: Duration,
        _ completion: @escaping (Result<Replacement, StoreFault>) -> Void
    ) {
        self.unlessFailing(completion) {
            self.beforeReplacing?()
            self.beforeReplacing = nil
            self.base.replace(key, expected, with: box, expiresIn: expiresIn, completion)
        }
    }

    func extend(_ key: SessionKey, expiresIn: Duration, _ completion: @escaping (Result<Void, StoreFault>) -> Void) {
        self.extensions.append(expiresIn)
        self.unlessFailing(completion) { self.base.extend(key, expiresIn: expiresIn, completion) }
    }

    func remove(_ key: SessionKey, _ completion: @escaping (Result<Bool, StoreFault>) -> Void) {
        guard self.removalFaults == 0 else {
            self.removalFaults -= 1
            return completion(.failure(StoreFault(kind: .timeout)))
        }
        self.unlessFailing(completion) { self.base.remove(key, completion) }
    }

    func claim(
        _ name: [UInt8],
        by claimant: [UInt8],
        expiresIn: Duration,
        _ completion: @escaping (Result<Bool, StoreFault>) -> Void
    ) {
        self.unlessFailing(completion) { self.base.claim(name, by: claimant, expiresIn: expiresIn, completion) }
    }

    func disclaim(
        _ name: [UInt8],
        by claimant: [UInt8],
        _ completion: @escaping (Result<Void, StoreFault>) -> Void
    ) {
        self.unlessFailing(completion) { self.base.disclaim(name, by: claimant, completion) }
    }

    func enter(
        _ key: SessionKey,
        in indexes: [SessionIndex],
        expiresIn: Duration,
        _ completion: @escaping (Result<Void, StoreFault>) -> Void
    ) {
        self.unlessFailing(completion) { self.base.enter(key, in: indexes, expiresIn: expiresIn, completion) }
    }

    func leave(
        _ key: SessionKey,
        _ indexes: [SessionIndex],
        _ completion: @escaping (Result<Void, StoreFault>) -> Void
    ) {
        self.unlessFailing(completion) { self.base.leave(key, indexes, completion) }
    }

    func keys(in index: SessionIndex, _ completion: @escaping (Result<[SessionKey], StoreFault>) -> Void) {
        self.unlessFailing(completion) { self.base.keys(in: index, completion) }
    }

    func noteEnd(
        of index: SessionIndex,
        at moment: Int64,
        expiresIn: Duration,
        _ completion: @escaping (Result<Void, StoreFault>) -> Void
    ) {
        self.unlessFailing(completion) { self.base.noteEnd(of: index, at: moment, expiresIn: expiresIn, completion) }
    }

    func lastEnd(of indexes: [SessionIndex], _ completion: @escaping (Result<Int64?, StoreFault>) -> Void) {
        self.unlessFailing(completion) { self.base.lastEnd(of: indexes, completion) }
    }

    func mark(_ key: SessionKey, _ completion: @escaping (Result<Void, StoreFault>) -> Void) {
        self.unlessFailing(completion) { self.base.mark(key, completion) }
    }

    func changeNote(
        _ key: SessionKey,
        from expected: [UInt8]?,
        to value: [UInt8]?,
        expiresIn: Duration,
        _ completion: @escaping (Result<NoteChange, StoreFault>) -> Void
    ) {
        self.noteChanges.append(value)
        self.unlessFailing(completion) {
            self.base.changeNote(key, from: expected, to: value, expiresIn: expiresIn) { result in
                completion(self.losesAnswers ? .failure(StoreFault(kind: .timeout)) : result)
            }
        }
    }

    func ping(_ completion: @escaping (Result<Void, StoreFault>) -> Void) {
        self.unlessFailing(completion) { self.base.ping(completion) }
    }
}
