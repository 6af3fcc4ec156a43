import Access
import Gateway
import NIOCore
import NIOEmbedded
import TestSupport
import Testing

/// The note of whoever refreshes a session.
struct HeldNoteTests {
    private let clock: ManualClock
    private let store: TellingStore
    private let loop = EmbeddedEventLoop()
    private let key = Ticket.make().key

    init() {
        let clock = ManualClock()
        self.clock = clock
        self.store = TellingStore(MemoryStore(capacity: 10) { clock.now })
    }

    private func note(generation: UInt32 = 3) -> HeldNote {
        HeldNote(key: self.key, generation: generation, store: self.store, eventLoop: self.loop)
    }

    private func take(_ note: HeldNote, from expected: [UInt8]? = nil) throws -> NoteChange {
        var result: Result<NoteChange, StoreFault>?
        note.take(from: expected) { result = $0 }
        return try #require(result).get()
    }

    /// What stands in the store.
    private func found() -> RefreshNote? {
        var bytes: [UInt8]?
        // Nobody writes what this expects, so nothing is changed.
        self.store.base.changeNote(self.key, from: [0], to: [0], expiresIn: .seconds(1)) { result in
            if case .success(.kept(let found, _)) = result { bytes = found }
        }
        return bytes.flatMap { RefreshNote(bytes: $0) }
    }

    private func present(_ note: HeldNote) throws -> Bool {
        var result: Result<Bool, StoreFault>?
        note.becomePresented { result = $0 }
        return try #require(result).get()
    }

    @Test func `it is written once and renewed as long as it is held`() throws {
        let note = self.note()
        #expect(try self.take(note) == .done)
        let first = try #require(self.found())
        #expect(first.state == .taken && first.generation == 3 && first.presentedFor == 0)
        self.loop.advanceTime(by: .milliseconds(399))
        #expect(self.store.noteChanges.count == 1)
        self.loop.advanceTime(by: .milliseconds(1))
        #expect(self.store.noteChanges.count == 2)
        #expect(self.found()?.presentedFor == 0, "nothing has been presented")
        #expect(try self.present(note))
        #expect(self.found()?.state == .held)
        self.loop.advanceTime(by: .milliseconds(800))
        let third = try #require(self.found())
        #expect(third.presentedFor == 800 && third.owner == first.owner)
        note.release()
        #expect(self.found() == nil)
        let changes = self.store.noteChanges.count
        self.loop.advanceTime(by: .seconds(10))
        #expect(self.store.noteChanges.count == changes, "who has let go renews nothing")
    }

    @Test func `who was taken for dead may not present`() throws {
        let (one, other) = (self.note(), self.note())
        #expect(try self.take(one) == .done)
        #expect(try self.take(other, from: self.found()?.bytes) == .done)
        #expect(try !self.present(one))
        #expect(try self.present(other))
    }

    @Test func `without a store that says so nothing is presented`() throws {
        let note = self.note()
        #expect(try self.take(note) == .done)
        self.store.fault = StoreFault(kind: .timeout)
        #expect(throws: StoreFault.self) { try self.present(note) }
    }

    @Test func `a note whose writing was not answered is taken away all the same`() throws {
        let note = self.note()
        self.store.losesAnswers = true
        #expect(throws: StoreFault.self) { try self.take(note) }
        self.store.losesAnswers = false
        self.loop.advanceTime(by: .seconds(1))
        #expect(self.found() == nil)
    }

    @Test func `of two one gets it, and the other learns what stands there`() throws {
        let (one, other) = (self.note(), self.note())
        #expect(try self.take(one) == .done)
        let standing = try #require(self.found())
        guard case .kept(let found, _) = try self.take(other) else { throw StoreFault(kind: .unreadable) }
        #expect(found == standing.bytes)
        other.release()
        #expect(self.found() == standing, "who does not hold it takes nothing away")
        #expect(try self.take(other, from: standing.bytes) == .done)
        #expect(self.found() != standing)
        one.release()
    }

    @Test func `whoever was taken for dead lets go`() throws {
        let (one, other) = (self.note(), self.note())
        #expect(try self.take(one) == .done)
        #expect(try self.take(other, from: self.found()?.bytes) == .done)
        let standing = self.found()
        self.loop.advanceTime(by: .milliseconds(400))
        #expect(self.found()?.owner == standing?.owner)
        one.release()
        #expect(self.found()?.owner == standing?.owner)
        other.release()
        #expect(self.found() == nil)
    }

    @Test func `a failure is left behind for its time`() throws {
        let note = self.note()
        #expect(try self.take(note) == .done)
        note.becomeFailed(for: .seconds(5))
        note.release()
        #expect(self.found()?.state == .failed)
        self.loop.advanceTime(by: .seconds(2))
        #expect(self.found()?.state == .failed, "nothing renews it")
        self.clock.advance(by: .seconds(6))
        #expect(self.found() == nil)
    }

    @Test func `a write whose answer was lost is known again`() throws {
        let note = self.note()
        #expect(try self.take(note) == .done)
        #expect(try self.present(note))
        self.store.losesAnswers = true
        self.loop.advanceTime(by: .milliseconds(400))
        self.store.losesAnswers = false
        #expect(self.found()?.presentedFor == 400, "it was carried out")
        note.release()
        #expect(self.found() == nil)
    }

    @Test func `a store that comes back finds it renewed`() throws {
        let note = self.note()
        #expect(try self.take(note) == .done)
        #expect(try self.present(note))
        self.store.fault = StoreFault(kind: .unavailable)
        self.loop.advanceTime(by: .milliseconds(800))
        #expect(self.found()?.presentedFor == 0)
        self.store.fault = nil
        self.loop.advanceTime(by: .milliseconds(400))
        #expect(self.found()?.presentedFor == 1200)
        note.release()
        #expect(self.found() == nil)
    }

    @Test func `a store that fails gives nobody a note`() throws {
        let note = self.note()
        self.store.fault = StoreFault(kind: .timeout)
        #expect(throws: StoreFault.self) { try self.take(note) }
        self.store.fault = nil
        note.becomeFailed(for: .seconds(5))
        note.release()
        self.loop.advanceTime(by: .seconds(1))
        #expect(self.found() == nil)
    }
}
