/// What replicas tell each other of a refresh under way, beside the session's record: who does it, for which generation
/// of its tokens, and for how long the refresh token has been out.
///
/// A refresh token is presented once. Who finds the note of a holder that has died presents the token again only where
/// the provider still allows it; otherwise what came of it is unknown for ever.
package struct RefreshNote: Sendable, Equatable {
    package enum State: UInt8, Sendable {
        /// The holder lives as long as it renews the note, and the token is out.
        case held = 1
        /// The provider could not be asked, or could not answer: not so soon again.
        case failed = 2
        /// As `held`, but nothing has been presented yet.
        case taken = 3
    }

    package let state: State
    /// 16 random bytes for each attempt.
    package let owner: [UInt8]
    package let generation: UInt32
    /// Milliseconds from the token's presentation to the writing of this note.
    package let presentedFor: UInt32

    /// How long a note is kept, and so how its age is known without a clock: the store tells what is left.
    package static let lifetime = Duration.seconds(86_400)
    /// A holder writes its note anew this often.
    package static let renewalInterval = Duration.milliseconds(400)
    /// A holder that has not is gone. Longer than a store may take to come back to its senses after a hiccup.
    package static let patience = Duration.seconds(2)
    private static let ownerLength = 16

    package init(_ state: State, owner: [UInt8], generation: UInt32, presentedFor: UInt32 = 0) {
        self.state = state
        self.owner = owner
        self.generation = generation
        self.presentedFor = presentedFor
    }

    package init?(bytes: [UInt8]) {
        var reader = RecordReader(bytes)
        guard let state = (try? reader.number(UInt8.self)).flatMap({ State(rawValue: $0) }),
            let generation = try? reader.number(UInt32.self), let presentedFor = try? reader.number(UInt32.self),
            let owner = try? reader.take(Self.ownerLength), (try? reader.finish()) != nil
        else { return nil }
        self.init(state, owner: Array(bytes[owner]), generation: generation, presentedFor: presentedFor)
    }

    package var bytes: [UInt8] {
        var writer = RecordWriter(version: self.state.rawValue)
        writer.append(self.generation)
        writer.append(self.presentedFor)
        return writer.bytes + self.owner
    }
}

/// Whose turn it is to refresh a session.
package enum RefreshTurn: Sendable, Equatable {
    /// Nobody's yet.
    case free
    /// Somebody else's, who lives: look again later.
    case wait
    /// Ours, for the holder is gone. What it may have presented may be presented again, or not.
    case takeOver(mayPresent: Bool)
    /// Nobody's for now: the provider has just failed.
    case pause

    /// - Parameters:
    ///   - note: what stands in the store.
    ///   - age: how long ago it was written.
    ///   - generation: that of the session as we know it.
    ///   - retryWindow: how long the provider lets a refresh token be presented again.
    package init(_ note: RefreshNote?, age: Duration, generation: UInt32, retryWindow: Duration) {
        guard let note else {
            self = .free
            return
        }
        switch note.state {
        case .failed: self = .pause
        case .held where age < RefreshNote.patience, .taken where age < RefreshNote.patience: self = .wait
        case .taken: self = .takeOver(mayPresent: true)
        case .held:
            let isOut = .milliseconds(Int64(note.presentedFor)) + age
            self = .takeOver(mayPresent: note.generation != generation || isOut < retryWindow)
        }
    }
}
