import Access
import Gateway
import NIOHTTP1
import OpenIDConnect
import TestSupport
import Testing

/// Each refresh token is presented once, whoever needs it and for what.
@Suite(.timeLimit(.minutes(1)))
struct RefreshTests {
    private static let api = ObtainedToken.Purpose(resource: "api", organizationID: nil)
    private static let other = ObtainedToken.Purpose(resource: "other", organizationID: "o1")

    @Test func `of many who wait one presents, and all get what comes`() async throws {
        let stage = try RefreshStage()
        let replicas = [try await stage.replica(), try await stage.replica()]
        let ticket = try stage.signIn()
        stage.clock.advance(by: .seconds(5))
        stage.provider.hold()
        let tokens = try await withThrowingTaskGroup(of: String?.self) { group in
            for number in 0..<50 { group.addTask { try await replicas[number % 2].wait(ticket)?.refreshToken } }
            // Who comes when it is over asks for another one.
            for replica in replicas { try await replica.hasBegun(25) }
            stage.provider.release()
            return try await group.reduce(into: [String?]()) { $0.append($1) }
        }
        #expect(tokens == Array(repeating: "refresh-1", count: 50))
        #expect(stage.provider.presented == ["refresh"])
        #expect(stage.note(ticket) == nil)
    }

    @Test func `a refresh beside the requests is joined by who has to wait`() async throws {
        let stage = try RefreshStage()
        let replica = try await stage.replica()
        let ticket = try stage.signIn()
        stage.clock.advance(by: .seconds(5))
        stage.provider.hold()
        try await replica.start(ticket)
        try await replica.start(ticket)
        await stage.provider.hasSeen(1)
        async let waited = replica.wait(ticket)
        try await replica.hasBegun(3)
        stage.provider.release()
        #expect(try await waited?.generation == 1)
        try await replica.isIdle()
        #expect(stage.provider.presented == ["refresh"])
    }

    @Test func `a token for an upstream is obtained once for all who ask, on all replicas`() async throws {
        let stage = try RefreshStage()
        let replicas = [try await stage.replica(), try await stage.replica()]
        let ticket = try stage.signIn()
        stage.provider.hold()
        let tokens = try await withThrowingTaskGroup(of: String?.self) { group in
            for number in 0..<20 {
                group.addTask {
                    try await replicas[number % 2].obtain(Self.api, ticket)?.obtainedToken(for: Self.api)?.text
                }
            }
            for replica in replicas { try await replica.hasBegun(10) }
            stage.provider.release()
            return try await group.reduce(into: [String?]()) { $0.append($1) }
        }
        #expect(tokens == Array(repeating: "for-api-1", count: 20))
        #expect(stage.provider.presented == ["refresh"])
        let stored = try #require(try stage.session(ticket))
        #expect(stored.refreshToken == "refresh-1" && stored.accessToken == "access")
    }

    @Test func `whatever needs the refresh token waits for its turn and uses the newest`() async throws {
        let stage = try RefreshStage()
        let (one, two) = (try await stage.replica(), try await stage.replica())
        let ticket = try stage.signIn()
        stage.clock.advance(by: .seconds(4000))
        stage.provider.hold()
        async let renewed = one.wait(ticket)
        await stage.provider.hasSeen(1)
        async let here = one.obtain(Self.api, ticket)
        async let elsewhere = two.obtain(Self.other, ticket)
        async let again = two.wait(ticket)
        try await one.hasBegun(2)
        try await two.hasBegun(2)
        stage.provider.release()
        #expect(try await renewed?.refreshedAt == stage.clock.now)
        #expect(try await here?.obtainedToken(for: Self.api) != nil)
        #expect(try await elsewhere?.obtainedToken(for: Self.other) != nil)
        #expect(try await again?.refreshedAt == stage.clock.now)
        #expect(stage.provider.presented == ["refresh", "refresh-1", "refresh-2"])
        let stored = try #require(try stage.session(ticket))
        #expect(Set(stored.obtainedTokens.map(\.purpose)) == [Self.api, Self.other])
        #expect(stored.refreshToken == "refresh-3")
    }

    @Test func `a renewal that finds another errand under way comes after it`() async throws {
        let stage = try RefreshStage()
        let (one, two) = (try await stage.replica(), try await stage.replica())
        let ticket = try stage.signIn()
        stage.clock.advance(by: .seconds(4000))
        stage.provider.hold()
        async let obtained = one.obtain(Self.api, ticket)
        await stage.provider.hasSeen(1)
        async let here = one.wait(ticket)
        async let elsewhere = two.wait(ticket)
        try await one.hasBegun(2)
        try await two.hasBegun(1)
        stage.provider.release()
        #expect(try await obtained?.refreshToken == "refresh-1")
        #expect(try await here?.refreshedAt == stage.clock.now)
        #expect(try await elsewhere?.refreshedAt == stage.clock.now)
        #expect(stage.provider.presented == ["refresh", "refresh-1"])
        #expect(stage.provider.errands == [.upstreamToken(Self.api), .renewal])
    }

    @Test func `a provider that refuses one token ends nothing`() async throws {
        let stage = try RefreshStage()
        let replica = try await stage.replica()
        let ticket = try stage.signIn()
        stage.provider.answer { _, _ async throws(RefreshExchange.Failure) in throw .refused("access_denied: no") }
        let fault = await #expect(throws: Fault.self) { try await replica.obtain(Self.api, ticket) }
        #expect(fault?.status == .forbidden && fault?.detail == "access_denied: no")
        stage.provider.answer { _, _ async throws(RefreshExchange.Failure) in throw .ended(code: "invalid_grant") }
        let gone = await #expect(throws: Fault.self) { try await replica.obtain(Self.api, ticket) }
        #expect(gone?.status == .unauthorized)
        #expect(try stage.session(ticket)?.refreshToken == "refresh")
        #expect(stage.note(ticket) == nil)
        stage.provider.answer(nil)
        #expect(try await replica.obtain(Self.api, ticket)?.obtainedToken(for: Self.api) != nil)
    }

    @Test func `a mark outlives other errands`() async throws {
        let stage = try RefreshStage()
        let replica = try await stage.replica()
        let ticket = try stage.signIn()
        stage.store.mark(ticket.key) { _ in }
        _ = try await replica.obtain(Self.api, ticket)
        var box: [UInt8] = []
        stage.store.load(ticket.key) { box = (try? $0.get()?.box) ?? [] }
        #expect(try SessionRecord(bytes: box).isStale)
        _ = try await replica.wait(ticket)
        stage.store.load(ticket.key) { box = (try? $0.get()?.box) ?? [] }
        #expect(try !SessionRecord(bytes: box).isStale)
    }

    @Test func `a provider that has just failed is not asked again at once, here or elsewhere`() async throws {
        let stage = try RefreshStage()
        let (one, two) = (try await stage.replica(), try await stage.replica())
        let ticket = try stage.signIn()
        stage.provider.answer { _, _ async throws(RefreshExchange.Failure) in
            throw .temporary(Fault(.provider, .serviceUnavailable, "down"))
        }
        for replica in [one, one, two, two] {
            let fault = await #expect(throws: Fault.self) { try await replica.wait(ticket) }
            #expect(fault?.source == .provider && fault?.status == .serviceUnavailable)
        }
        #expect(stage.provider.presented.count == 1)
        #expect(try stage.session(ticket)?.refreshToken == "refresh")
    }

    @Test func `a session that is over is over for everybody`() async throws {
        let stage = try RefreshStage()
        let replica = try await stage.replica()
        let ticket = try stage.signIn()
        stage.provider.hold()
        async let one = replica.wait(ticket)
        await stage.provider.hasSeen(1)
        async let other = replica.obtain(Self.api, ticket)
        stage.store.remove(ticket.key) { _ in }
        stage.provider.release()
        #expect(try await one == nil)
        #expect(try await other == nil)
        #expect(try stage.session(ticket) == nil, "nobody brings it back")
    }
}
