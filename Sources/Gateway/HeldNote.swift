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
    /// `nil` until the token may be out.
    private var presentedAt: NIODeadline?
    private var renewal: RepeatedTask?
    private var isWriting = false
    /// The last word has been said.
    private var isDone = false
    /// What is to be written after that.
    private var next: Write?
    private var failures = 0

    private struct Write {
        /// A note, or its end.
        let value: [UInt8]?
        let life: Duration
        var completion: (Result<Bool, StoreFault>) -> Void = { _ in }
    }

    /// A last word is said again until it is heard, for a minute: without it others wait for nobody.
    private static let sayAgain = TimeAmount.milliseconds(250)
    private static let attempts = 240

    package init(key: SessionKey, generation: UInt32, store: any SessionStore, eventLoop: any EventLoop) {
        self.key = key
        self.generation = generation
        self.store = store
        self.eventLoop = eventLoop
    }

    /// Becomes the holder where `expected` stands.
    package func take(from expected: [UInt8]?, _ completion: @escaping (Result<NoteChange, StoreFault>) -> Void) {
        let bytes = self.note.bytes
        self.store.changeNote(self.key, from: expected, to: bytes, expiresIn: RefreshNote.lifetime) { result in
            switch result {
            case .success(.done):
                self.current = bytes
                self.startRenewing()
            case .success(.kept): break
            case .failure:
                // It may have been carried out although its answer never came.
                self.current = bytes
                self.release()
            }
            completion(result)
        }
    }

    /// Says that the token is out, before it is. `false`: somebody took us for dead, and it must not be presented.
    package func becomePresented(_ completion: @escaping (Result<Bool, StoreFault>) -> Void) {
        guard self.current != nil, !self.isDone else { return completion(.success(false)) }
        self.presentedAt = self.eventLoop.now
        self.write(Write(value: self.note.bytes, life: RefreshNote.lifetime, completion: completion))
    }

    /// Leaves word that nobody need try for a while.
    package func becomeFailed(for pause: TimeAmount) {
        let note = RefreshNote(.failed, owner: self.owner, generation: self.generation)
        self.end(note.bytes, .nanoseconds(pause.nanoseconds))
    }

    /// Takes the note away, unless it is to stay.
    package func release() {
        self.end(nil, .zero)
    }

    private func end(_ value: [UInt8]?, _ life: Duration) {
        self.stopRenewing()
        guard self.current != nil, !self.isDone else { return }
        self.isDone = true
        self.write(Write(value: value, life: life))
    }

    private var note: RefreshNote {
        let age = self.presentedAt.map { (self.eventLoop.now - $0).nanoseconds / 1_000_000 }
        return RefreshNote(
            age == nil ? .taken : .held,
            owner: self.owner,
            generation: self.generation,
            presentedFor: UInt32(clamping: age ?? 0)
        )
    }

    private func startRenewing() {
        let box = NIOLoopBound(self, eventLoop: self.eventLoop)
        let interval = TimeAmount(RefreshNote.renewalInterval)
        self.renewal = self.eventLoop.scheduleRepeatedTask(initialDelay: interval, delay: interval) { _ in
            box.value.renew()
        }
    }

    private func stopRenewing() {
        self.renewal?.cancel()
        self.renewal = nil
    }

    private func renew() {
        guard !self.isDone, !self.isWriting else { return }
        self.write(Write(value: self.note.bytes, life: RefreshNote.lifetime))
    }

    private func write(_ write: Write) {
        guard !self.isWriting else {
            self.next?.completion(.success(false))
            self.next = write
            return
        }
        self.isWriting = true
        self.store.changeNote(self.key, from: self.current, to: write.value, expiresIn: write.life) { result in
            self.isWriting = false
            self.judge(result, of: write)
            if let next = self.next {
                self.next = nil
                self.write(next)
            }
        }
    }

    private func judge(_ result: Result<NoteChange, StoreFault>, of write: Write) {
        switch result {
        case .success(.done):
            self.current = write.value
            write.completion(.success(true))
        case .success(.kept(let found?, _)) where RefreshNote(bytes: found)?.owner == self.owner:
            // An earlier write of ours was carried out although its answer never came.
            self.current = found
            if self.next == nil { self.next = write }
        case .success(.kept):
            // Somebody took us for dead.
            self.current = nil
            self.stopRenewing()
            self.next?.completion(.success(false))
            self.next = nil
            write.completion(.success(false))
        case .failure(let fault):
            // What is to be renewed is so the next time.
            if self.isDone, self.next == nil { self.sayAgain(write) }
            write.completion(.failure(fault))
        }
    }

    private func sayAgain(_ write: Write) {
        self.failures += 1
        guard self.failures < Self.attempts else { return }
        let box = NIOLoopBound((note: self, write: write), eventLoop: self.eventLoop)
        self.eventLoop.scheduleTask(in: Self.sayAgain) { box.value.note.write(box.value.write) }
    }
}

@available(*, unavailable)
extension HeldNote: Sendable {}
