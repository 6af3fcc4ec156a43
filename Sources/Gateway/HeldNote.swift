package import Access
import Cryptography
package import NIOCore

/// Our note beside a session's record, as long as we refresh it: renewed so that others see we live, changed one write at
/// a time, taken away at the end.
package final class HeldNote {
    private let key: SessionKey
    private let generation: UInt32
    private let owner = Random.bytes(16)
    private let store: any SessionStore
    private let eventLoop: any EventLoop
    /// What stands in the store, as far as we know; `nil`: not ours.
    private var current: [UInt8]?
    private var takenAt = NIODeadline.distantPast
    private var renewal: RepeatedTask?
    private var isWriting = false
    /// The last word has been said.
    private var isDone = false
    /// What is to be written after that: a note, or its end.
    private var next: (value: [UInt8]?, life: Duration)?

    package init(key: SessionKey, generation: UInt32, store: any SessionStore, eventLoop: any EventLoop) {
        self.key = key
        self.generation = generation
        self.store = store
        self.eventLoop = eventLoop
    }

    /// Becomes the holder where `expected` stands.
    package func take(from expected: [UInt8]?, _ completion: @escaping (Result<NoteChange, StoreFault>) -> Void) {
        let bytes = RefreshNote(.held, owner: self.owner, generation: self.generation).bytes
        self.store.changeNote(self.key, from: expected, to: bytes, expiresIn: RefreshNote.lifetime) { result in
            if case .success(.done) = result {
                self.current = bytes
                self.takenAt = self.eventLoop.now
                self.startRenewing()
            }
            completion(result)
        }
    }

    /// Leaves word that nobody need try for a while.
    package func becomeFailed(for pause: TimeAmount) {
        guard self.current != nil else { return }
        self.renewal?.cancel()
        self.renewal = nil
        let note = RefreshNote(.failed, owner: self.owner, generation: self.generation)
        self.isDone = true
        self.write(note.bytes, .nanoseconds(pause.nanoseconds))
    }

    /// Takes the note away, unless it is to stay.
    package func release() {
        self.renewal?.cancel()
        self.renewal = nil
        guard self.current != nil, !self.isDone else { return }
        self.isDone = true
        self.write(nil, .zero)
    }

    private func startRenewing() {
        let box = NIOLoopBound(self, eventLoop: self.eventLoop)
        let interval = TimeAmount(RefreshNote.renewalInterval)
        self.renewal = self.eventLoop.scheduleRepeatedTask(initialDelay: interval, delay: interval) { _ in
            box.value.renew()
        }
    }

    private func renew() {
        guard !self.isDone, !self.isWriting else { return }
        let age = (self.eventLoop.now - self.takenAt).nanoseconds / 1_000_000
        let note = RefreshNote(
            .held,
            owner: self.owner,
            generation: self.generation,
            presentedFor: UInt32(clamping: age)
        )
        self.write(note.bytes, RefreshNote.lifetime)
    }

    private func write(_ value: [UInt8]?, _ life: Duration) {
        guard !self.isWriting else {
            self.next = (value, life)
            return
        }
        self.isWriting = true
        self.store.changeNote(self.key, from: self.current, to: value, expiresIn: life) { result in
            self.isWriting = false
            switch result {
            case .success(.done):
                self.current = value
            case .success(.kept(let found?, _)) where RefreshNote(bytes: found)?.owner == self.owner:
                // An earlier write of ours was carried out although its answer never came.
                self.current = found
                if self.next == nil, self.isDone { self.next = (value, life) }
            case .success(.kept):
                // Somebody took us for dead.
                self.current = nil
                self.next = nil
                self.renewal?.cancel()
                self.renewal = nil
            case .failure:
                // The next renewal tries again; what cannot be taken away is taken over.
                break
            }
            if let next = self.next {
                self.next = nil
                self.write(next.value, next.life)
            }
        }
    }
}

@available(*, unavailable)
extension HeldNote: Sendable {}
