import Access
import Cryptography
import OpenIDConnect
import TestSupport
import Testing

struct SessionRecordTests {
    @Test func theServersKeysAloneOpenTheSummaryAndNothingElse() throws {
        let keys = try KeyRing.make()
        let ticket = Ticket.make()
        let record = try SessionRecord(bytes: Session.make().sealed(for: ticket, with: keys))
        let summary = try #require(record.summary(of: ticket.key, with: keys))
        #expect(summary == SessionSummary(.make()))
        #expect(record.summary(of: Ticket.make().key, with: keys) == nil, "of another session")
        #expect(record.summary(of: ticket.key, with: try .make()) == nil, "of another server")
    }

    @Test func theMarkIsSetWithoutOpeningAnything() throws {
        let keys = try KeyRing.make()
        let ticket = Ticket.make()
        let bytes = try Session.make().sealed(for: ticket, with: keys)
        let record = try SessionRecord(bytes: bytes)
        #expect(!record.isStale && record.markedStale.isStale)
        #expect(record.bytes == bytes)
        let marked = try SessionRecord(bytes: record.markedStale.bytes)
        #expect(marked.isStale)
        #expect(try marked.open(for: ticket, authority: "app.example.com", with: keys) == .make())
    }

    @Test func aRecordOfTheFirstVersionStillOpens() throws {
        let keys = try KeyRing.make()
        let ticket = Ticket.make()
        let session = Session.make()
        let old = try keys.seal(session.bytes, for: "session", secret: ticket.secret, context: ticket.key.bytes)
        let record = try SessionRecord(bytes: old)
        #expect(try record.open(for: ticket, authority: "app.example.com", with: keys) == session)
        #expect(record.summary(of: ticket.key, with: keys) == nil)
        #expect(record.markedStale.bytes == old)
    }

    @Test func aSummaryOfAnotherSessionDoesNotPassForThisOnes() throws {
        let keys = try KeyRing.make()
        let ticket = Ticket.make()
        let one = try Session.make().sealed(for: ticket, with: keys)
        let other = try Session.make(identity: .make(subject: "706lje0vqvff")).sealed(for: ticket, with: keys)
        let length = 4 + Int(one[2]) << 8 + Int(one[3])
        let mixed = Array(other[..<length] + one[length...])
        #expect(throws: SessionError.self) {
            try SessionRecord(bytes: mixed).open(for: ticket, authority: "app.example.com", with: keys)
        }
    }

    @Test func whateverBytesThereAreNothingBreaks() throws {
        let keys = try KeyRing.make()
        let ticket = Ticket.make()
        let good = try Session.make().sealed(for: ticket, with: keys)
        var generator = SeededGenerator(seed: 11)
        for _ in 0..<2000 {
            let bytes = generator.mutated(good, words: [[2, 0, 0xFF, 0xFF], [2, 1, 0, 0], [1], []])
            guard let record = try? SessionRecord(bytes: bytes) else { continue }
            _ = record.summary(of: ticket.key, with: keys)
            let session = try? record.open(for: ticket, authority: "app.example.com", with: keys)
            #expect(session == nil || session == .make())
        }
    }
}
