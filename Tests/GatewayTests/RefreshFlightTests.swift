import Access
import Gateway
import NIOHTTP1
import OpenIDConnect
import TestSupport
import Testing

/// One use of a refresh token: whose turn it is, and what becomes of the session.
@Suite(.timeLimit(.minutes(1)))
struct RefreshFlightTests {
    /// A note of a replica that is not among us.
    private static func strange(_ state: RefreshNote.State = .held, generation: UInt32 = 0) -> RefreshNote {
        RefreshNote(state, owner: Array(repeating: 7, count: 16), generation: generation)
    }

    @Test func `what comes is stored, and the note goes`() async throws {
        let stage = try RefreshStage()
        let replica = try await stage.replica()
        let ticket = try stage.signIn()
        let next = try await replica.wait(ticket)
        #expect(try stage.session(ticket) == next)
        #expect(next?.refreshToken == "refresh-1" && next?.generation == 1)
        #expect(stage.note(ticket) == nil)
    }

    @Test func `while the token is out the note says so`() async throws {
        let stage = try RefreshStage()
        let replica = try await stage.replica()
        let ticket = try stage.signIn()
        stage.provider.hold()
        async let next = replica.wait(ticket)
        await stage.provider.hasSeen(1)
        #expect(stage.note(ticket)?.state == .held)
        stage.provider.release()
        _ = try await next
    }

    @Test func `a holder elsewhere is waited for, and its result is ours`() async throws {
        let stage = try RefreshStage()
        let replica = try await stage.replica()
        let ticket = try stage.signIn()
        stage.note(ticket, changedTo: Self.strange())
        async let next = replica.wait(ticket)
        try await replica.hasAskedForItsTurn()
        try stage.replace(stage.provider.next(.renewal, .make()), under: ticket)
        stage.note(ticket, changedTo: .some(nil))
        #expect(try await next?.refreshToken == "refresh-1")
        #expect(stage.provider.presented.isEmpty)
    }

    @Test func `what a dead holder has presented is not presented again`() async throws {
        let stage = try RefreshStage()
        let replica = try await stage.replica()
        let ticket = try stage.signIn()
        stage.note(ticket, changedTo: Self.strange())
        stage.clock.advance(by: .seconds(10))
        let next = try #require(try await replica.wait(ticket))
        #expect(next.refreshToken == nil && next.mustRevalidate, "the browser makes a trip")
        #expect(stage.provider.presented.isEmpty)
        #expect(stage.note(ticket) == nil)
    }

    @Test func `unless the provider allows it`() async throws {
        let stage = try RefreshStage { $0.provider.refreshRetry = .seconds(60) }
        let replica = try await stage.replica()
        let ticket = try stage.signIn()
        stage.note(ticket, changedTo: Self.strange())
        stage.clock.advance(by: .seconds(10))
        #expect(try await replica.wait(ticket)?.refreshToken == "refresh-1")
        #expect(stage.provider.presented == ["refresh"])
    }

    @Test func `a dead holder of an earlier generation had stored its result`() async throws {
        let stage = try RefreshStage()
        let replica = try await stage.replica()
        let ticket = try stage.signIn(.make(refreshToken: "newer", generation: 1))
        stage.note(ticket, changedTo: Self.strange(generation: 0))
        stage.clock.advance(by: .seconds(10))
        #expect(try await replica.wait(ticket)?.generation == 2)
        #expect(stage.provider.presented == ["newer"])
    }

    @Test func `a failure elsewhere is respected`() async throws {
        let stage = try RefreshStage()
        let replica = try await stage.replica()
        let ticket = try stage.signIn()
        stage.note(ticket, changedTo: Self.strange(.failed))
        let fault = await #expect(throws: Fault.self) { try await replica.wait(ticket) }
        #expect(fault?.source == .provider)
        #expect(stage.provider.presented.isEmpty)
    }

    @Test func `an end by the provider removes the session`() async throws {
        let stage = try RefreshStage()
        let replica = try await stage.replica()
        let ticket = try stage.signIn()
        stage.provider.answer { _, _ async throws(RefreshExchange.Failure) in throw .ended(code: "invalid_grant") }
        #expect(try await replica.wait(ticket) == nil)
        #expect(try stage.session(ticket) == nil)
        #expect(stage.note(ticket) == nil)
    }

    @Test func `an end that a newer token contradicts is none`() async throws {
        let stage = try RefreshStage()
        let replica = try await stage.replica()
        let ticket = try stage.signIn()
        stage.provider.answer { _, session async throws(RefreshExchange.Failure) in
            // Somebody has been quicker, with the same token.
            try? stage.replace(stage.provider.next(.renewal, session), under: ticket)
            throw .ended(code: "invalid_grant")
        }
        #expect(try await replica.wait(ticket)?.refreshToken == "refresh-1")
        #expect(try stage.session(ticket) != nil)
    }

    @Test func `an answer that is lost costs the token and not the session`() async throws {
        let stage = try RefreshStage()
        let replica = try await stage.replica()
        let ticket = try stage.signIn()
        stage.provider.answer { _, _ async throws(RefreshExchange.Failure) in
            throw .lost(Fault(.provider, .serviceUnavailable, "gone"))
        }
        let next = try #require(try await replica.wait(ticket))
        #expect(next.mustRevalidate && next.refreshToken == nil && next.accessToken == "access")
        #expect(try stage.session(ticket) == next)
    }

    @Test func `a mark that comes while the result is stored is not lost`() async throws {
        let stage = try RefreshStage()
        let replica = try await stage.replica()
        let ticket = try stage.signIn()
        // Later than the sign-in, so that what comes is known for a renewal.
        stage.clock.advance(by: .seconds(1))
        try await replica.run { parts in
            parts.store.beforeReplacing = { stage.store.mark(ticket.key) { _ in } }
        }
        #expect(try await replica.wait(ticket)?.refreshToken == "refresh-1")
        #expect(try stage.session(ticket)?.refreshToken == "refresh-1")
        var record: StoredRecord?
        stage.store.load(ticket.key) { record = try? $0.get() }
        #expect(try SessionRecord(bytes: #require(record).box).isStale)
    }

    @Test func `what a replica that was quicker stores meanwhile is not overwritten`() async throws {
        let stage = try RefreshStage()
        let replica = try await stage.replica()
        let ticket = try stage.signIn()
        try await replica.run { parts in
            parts.store.beforeReplacing = {
                try? stage.replace(.make(refreshToken: "newest", generation: 5), under: ticket)
            }
        }
        #expect(try await replica.wait(ticket)?.refreshToken == "newest")
        #expect(try stage.session(ticket)?.generation == 5)
        #expect(stage.provider.revoked.isEmpty, "it may be of the same grant")
    }

    @Test func `a session that ends while its token is out takes the new one along`() async throws {
        let stage = try RefreshStage()
        let replica = try await stage.replica()
        let ticket = try stage.signIn()
        stage.provider.answer { errand, session async throws(RefreshExchange.Failure) in
            stage.store.remove(ticket.key) { _ in }
            return stage.provider.next(errand, session)
        }
        #expect(try await replica.wait(ticket) == nil)
        while stage.provider.revoked.isEmpty { await Task.yield() }
        #expect(stage.provider.revoked == ["refresh-1"])
    }

    @Test func `tokens that cannot be accepted leave their refresh token behind`() async throws {
        let stage = try RefreshStage()
        let replica = try await stage.replica()
        let ticket = try stage.signIn()
        stage.provider.answer { _, session async throws(RefreshExchange.Failure) in
            throw .unacceptable(.subjectUnusable, session.replacingRefreshToken(with: "rotated"))
        }
        await #expect(throws: Fault.self) { try await replica.wait(ticket) }
        let stored = try #require(try stage.session(ticket))
        #expect(stored.refreshToken == "rotated" && stored.accessToken == "access")
        #expect(stage.note(ticket)?.state == .failed)
    }

    @Test func `a store that comes back gets the tokens`() async throws {
        let stage = try RefreshStage()
        let replica = try await stage.replica()
        let ticket = try stage.signIn()
        stage.provider.hold()
        async let next = replica.wait(ticket)
        await stage.provider.hasSeen(1)
        try await replica.run { $0.store.fault = StoreFault(kind: .unavailable) }
        stage.provider.release()
        // It has been tried at least once in vain.
        let loads = try await replica.run { $0.store.loads }
        while try await replica.run({ $0.store.loads }) == loads { await Task.yield() }
        try await replica.run { $0.store.fault = nil }
        #expect(try await next?.refreshToken == "refresh-1")
        #expect(try stage.session(ticket)?.refreshToken == "refresh-1")
        #expect(stage.provider.presented == ["refresh"])
    }

    @Test func `a store that fails before the token is out costs nothing`() async throws {
        let stage = try RefreshStage()
        let replica = try await stage.replica()
        let ticket = try stage.signIn()
        let opened = try #require(try await replica.wait(ticket))
        #expect(opened.generation == 1)
        stage.store.save(ticket.key, [9, 9], expiresIn: .seconds(60)) { _ in }
        await #expect(throws: Fault.self) { try await replica.wait(ticket) }
        #expect(stage.provider.presented == ["refresh"])
    }
}
