/// A record as a store holds it.
package struct StoredRecord: Sendable {
    /// The sealed session.
    package let box: [UInt8]
    /// How long the record lives if nobody asks for it to be kept longer.
    package let idleRemaining: Duration

    package init(box: [UInt8], idleRemaining: Duration) {
        self.box = box
        self.idleRemaining = idleRemaining
    }
}

/// What came of changing a session's note.
package enum NoteChange: Sendable, Equatable {
    case done
    /// Something else stands there, for so long still; or nothing.
    case kept([UInt8]?, remaining: Duration)
}

/// What came of replacing a record.
package enum Replacement: Sendable, Equatable {
    case done
    /// There is none.
    case absent
    /// It is another one than was expected.
    case changed
}

/// A store that could not answer. This is never an absent session (security rule 21).
package struct StoreFault: Error, Sendable {
    package enum Kind: String, Sendable {
        /// It cannot be reached.
        case unavailable
        /// It did not answer in time.
        case timeout
        /// It said no.
        case refused
        /// Its answer makes no sense.
        case unreadable
        /// There is a record of another version, or of somebody else's.
        case unknownRecord
    }

    package let kind: Kind
    /// For the log's debug level.
    package let detail: String

    package init(kind: Kind, detail: String = "") {
        self.kind = kind
        self.detail = detail
    }
}

extension StoreFault: CustomStringConvertible, CustomDebugStringConvertible {
    /// The kind; safe to show and to log.
    package var description: String { "session store: \(self.kind.rawValue)" }
    package var debugDescription: String { "\(self.description): \(self.detail)" }
}

/// What a store of sessions promises. It holds sealed boxes and knows nothing of what is in them.
///
/// Every method answers once, on the caller's thread or event loop, possibly before it returns. A duration that is not
/// positive means at once: what is saved so is gone.
package protocol SessionStore: AnyObject {
    /// The record under a key; `nil` when there is none or it has expired. Loading keeps nothing alive.
    func load(_ key: SessionKey, _ completion: @escaping (Result<StoredRecord?, StoreFault>) -> Void)

    /// Stores a record under a key, in place of one that is there.
    func save(
        _ key: SessionKey,
        _ box: [UInt8],
        expiresIn: Duration,
        _ completion: @escaping (Result<Void, StoreFault>) -> Void
    )

    /// Stores a record in place of the one that is expected, at once or not at all: a session that was ended meanwhile
    /// stays ended, and what was written meanwhile is not lost.
    func replace(
        _ key: SessionKey,
        _ expected: [UInt8],
        with box: [UInt8],
        expiresIn: Duration,
        _ completion: @escaping (Result<Replacement, StoreFault>) -> Void
    )

    /// Sets how long a record lives from now on; nothing happens when there is none.
    func extend(_ key: SessionKey, expiresIn: Duration, _ completion: @escaping (Result<Void, StoreFault>) -> Void)

    /// Removes a record. Answers whether there was one.
    func remove(_ key: SessionKey, _ completion: @escaping (Result<Bool, StoreFault>) -> Void)

    /// Answers `true` to the first claimant of each name until it expires, wherever the others ask from. For what is good
    /// only once. A claimant whose answer was lost may ask again.
    func claim(
        _ name: [UInt8],
        by claimant: [UInt8],
        expiresIn: Duration,
        _ completion: @escaping (Result<Bool, StoreFault>) -> Void
    )

    /// Gives a name back that this claimant has: it may be claimed again.
    func disclaim(
        _ name: [UInt8],
        by claimant: [UInt8],
        _ completion: @escaping (Result<Void, StoreFault>) -> Void
    )

    /// Puts a session into sets, for so long; what has expired in them goes.
    func enter(
        _ key: SessionKey,
        in indexes: [SessionIndex],
        expiresIn: Duration,
        _ completion: @escaping (Result<Void, StoreFault>) -> Void
    )

    /// Takes a session out of sets.
    func leave(
        _ key: SessionKey,
        _ indexes: [SessionIndex],
        _ completion: @escaping (Result<Void, StoreFault>) -> Void
    )

    /// The sessions in a set, some of which may have ended meanwhile.
    func keys(in index: SessionIndex, _ completion: @escaping (Result<[SessionKey], StoreFault>) -> Void)

    /// Notes when everything in a set was ended, in milliseconds since 1970, for so long: a session that was just being
    /// saved is not in the set yet, or is in it without a record.
    func noteEnd(
        of index: SessionIndex,
        at moment: Int64,
        expiresIn: Duration,
        _ completion: @escaping (Result<Void, StoreFault>) -> Void
    )

    /// The latest end that was noted for one of these sets.
    func lastEnd(of indexes: [SessionIndex], _ completion: @escaping (Result<Int64?, StoreFault>) -> Void)

    /// Marks a record (see `SessionRecord.isStale`), in place: whatever replaces it at the same moment is not lost.
    func mark(_ key: SessionKey, _ completion: @escaping (Result<Void, StoreFault>) -> Void)

    /// Changes a session's note from one value to another, at once or not at all. `nil` is no note; values are not empty.
    func changeNote(
        _ key: SessionKey,
        from expected: [UInt8]?,
        to value: [UInt8]?,
        expiresIn: Duration,
        _ completion: @escaping (Result<NoteChange, StoreFault>) -> Void
    )

    /// Takes a token out of a bucket that holds `limit` of them and fills up in `duration`, whoever takes and from
    /// wherever. Answers whether there was one; `nil` from a store that nobody shares, which keeps no buckets.
    func takeToken(
        of bucket: [UInt8],
        limit: Int,
        per duration: Duration,
        _ completion: @escaping (Result<Bool?, StoreFault>) -> Void
    )

    /// Whether the store can be reached.
    func ping(_ completion: @escaping (Result<Void, StoreFault>) -> Void)

    /// Changes with every record that is replaced, marked or removed, before that is answered; `nil` where nobody can
    /// tell as cheaply as that. What was loaded stays true while this stays the same, for as long as it lives.
    var revision: UInt64? { get }

    /// Whether changes are told, and every change that was made a second ago or earlier has been.
    var isCurrent: Bool { get }

    /// Begins to tell of changes, wherever they are made, on the thread or event loop of the caller.
    func tellChanges(to listener: @escaping (StoreChange) -> Void)

    /// Gives back what the store holds open for its caller.
    func close()
}

/// What a store tells whoever keeps copies of its records.
package enum StoreChange: Equatable, Sendable {
    /// From now on every change is told.
    case began
    /// This record was stored, extended, removed, or has expired.
    case record(SessionKey)
    /// Any record may have changed.
    case everything
    /// Changes may be missed from now on.
    case ended
}

/// A store that tells nothing, and that nobody shares.
extension SessionStore {
    package var revision: UInt64? { nil }
    package func takeToken(
        of bucket: [UInt8],
        limit: Int,
        per duration: Duration,
        _ completion: @escaping (Result<Bool?, StoreFault>) -> Void
    ) {
        completion(.success(nil))
    }

    package var isCurrent: Bool { false }
    package func tellChanges(to listener: @escaping (StoreChange) -> Void) {}
    package func close() {}
}
