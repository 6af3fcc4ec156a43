import Access
import TestSupport
import Testing

/// Whose turn it is to refresh.
struct RefreshNoteTests {
    private let owner = [UInt8](repeating: 7, count: 16)

    private func turn(_ note: RefreshNote?, age: Duration = .zero, generation: UInt32 = 4) -> RefreshTurn {
        RefreshTurn(note, age: age, generation: generation, retryWindow: .seconds(3))
    }

    @Test func aNoteComesBackFromItsBytes() {
        for state in [RefreshNote.State.held, .failed, .taken] {
            let note = RefreshNote(state, owner: self.owner, generation: 0xFEDC_BA98, presentedFor: 1234)
            #expect(RefreshNote(bytes: note.bytes) == note)
        }
    }

    @Test func whatIsNoNoteIsNone() {
        let bytes = RefreshNote(.held, owner: self.owner, generation: 1).bytes
        for length in bytes.indices { #expect(RefreshNote(bytes: Array(bytes.prefix(length))) == nil) }
        #expect(RefreshNote(bytes: bytes + [0]) == nil)
        #expect(RefreshNote(bytes: [9] + bytes.dropFirst()) == nil)
    }

    @Test func withoutANoteAnybodyMay() {
        #expect(self.turn(nil) == .free)
    }

    @Test func whoRenewsTheirNoteIsWaitedForHoweverLongTheProviderTakes() {
        let note = RefreshNote(.held, owner: self.owner, generation: 4, presentedFor: 3_600_000)
        #expect(self.turn(note, age: RefreshNote.renewalInterval) == .wait)
        #expect(self.turn(note, age: RefreshNote.patience - .milliseconds(1)) == .wait)
    }

    @Test func theTokenOfADeadHolderIsPresentedAgainOnlyWhileTheProviderAllowsIt() {
        func note(_ presentedFor: UInt32) -> RefreshNote {
            RefreshNote(.held, owner: self.owner, generation: 4, presentedFor: presentedFor)
        }
        #expect(self.turn(note(0), age: .milliseconds(2000)) == .takeOver(mayPresent: true))
        #expect(self.turn(note(900), age: .milliseconds(2099)) == .takeOver(mayPresent: true))
        #expect(self.turn(note(900), age: .milliseconds(2100)) == .takeOver(mayPresent: false))
        #expect(self.turn(note(.max), age: .seconds(2)) == .takeOver(mayPresent: false))
    }

    @Test func whoDiedBeforePresentingItLeavesTheTokenAsItWas() {
        let note = RefreshNote(.taken, owner: self.owner, generation: 4)
        #expect(self.turn(note, age: .seconds(1)) == .wait)
        #expect(self.turn(note, age: .seconds(3600)) == .takeOver(mayPresent: true))
    }

    @Test func aDeadHolderOfAnotherGenerationPresentedAnotherToken() {
        let note = RefreshNote(.held, owner: self.owner, generation: 3, presentedFor: 60_000)
        #expect(self.turn(note, age: .seconds(60)) == .takeOver(mayPresent: true))
    }

    @Test func afterAFailureNobodyTriesForAWhile() {
        #expect(self.turn(RefreshNote(.failed, owner: self.owner, generation: 4), age: .seconds(86_000)) == .pause)
    }
}
