import Access
import Cryptography
import Gateway
import OpenIDConnect
import TestSupport
import Testing

/// What a worker keeps of a store that tells of changes.
struct SessionCacheTests {
    private let clock = ManualClock()
    private let store: TellingStore
    private let metrics = Metrics()
    private let sessions: Sessions
    private let authority: Authority

    init() throws {
        let clock = self.clock
        self.store = TellingStore(MemoryStore(capacity: 10_000) { clock.now })
        var configuration = try Configuration.make()
        configuration.session.cacheBytes = 100_000
        self.sessions = Sessions(store: self.store, settings: try Settings(configuration), metrics: self.metrics) {
            clock.now
        }
        self.authority = try Authority("app.example.com", scheme: .https)
        self.store.begin()
    }

    private func create(_ session: Session = .make()) throws -> Ticket {
        var result: Result<Ticket, Fault>?
        self.sessions.create(session) { result = $0 }
        return try #require(result).get()
    }

    private func load(_ tickets: Ticket...) throws -> OpenedSession? {
        var result: Result<OpenedSession?, Fault>?
        self.sessions.load(tickets, for: self.authority) { result = $0 }
        return try #require(result).get()
    }

    @Test func aSessionIsLoadedOnce() throws {
        let ticket = try self.create()
        let first = try #require(try self.load(ticket))
        for _ in 0..<10 { #expect(try self.load(ticket) === first) }
        #expect(self.store.loads == 1)
        #expect(self.metrics.cacheHits == 10)
        #expect(self.metrics.cacheMisses == 1)
    }

    @Test func whoeverSucceedsHearsTheNewsAndSoDoesWhoeverIsLeaving() throws {
        let ticket = try self.create()
        let clock = self.clock
        let next = Sessions(
            store: self.store,
            settings: self.sessions.settings,
            metrics: self.metrics,
            now: { clock.now },
            succeeding: self.sessions
        )
        func load() throws {
            var results: [Result<OpenedSession?, Fault>] = []
            next.load([ticket], for: self.authority) { results.append($0) }
            _ = try self.load(ticket)
            #expect(try #require(results.first).get() != nil)
        }
        try load()
        try load()
        #expect(self.store.loads == 2)
        self.store.tell(.record(ticket.key))
        try load()
        #expect(self.store.loads == 4)
        self.sessions.retire()
        self.store.tell(.record(ticket.key))
        try load()
        #expect(self.store.loads == 5)
    }

    @Test func newsOfARecordMakesItLoadAgain() throws {
        let ticket = try self.create()
        _ = try self.load(ticket)
        self.store.tell(.record(Ticket.make().key))
        _ = try self.load(ticket)
        #expect(self.store.loads == 1)
        self.store.tell(.record(ticket.key))
        #expect(try self.load(ticket) != nil)
        #expect(self.store.loads == 2)
        self.store.tell(.everything)
        #expect(try self.load(ticket) != nil)
        #expect(self.store.loads == 3)
    }

    @Test func aSessionThatHasEndedElsewhereHasEndedHereWithTheNews() throws {
        let ticket = try self.create()
        _ = try self.load(ticket)
        self.store.base.remove(ticket.key) { _ in }
        self.store.tell(.record(ticket.key))
        #expect(try self.load(ticket) == nil)
    }

    @Test func whenNothingIsToldAnyMoreTheStoreIsAskedEachTime() throws {
        let ticket = try self.create()
        _ = try self.load(ticket)
        self.store.isCurrent = false
        for _ in 0..<2 { _ = try self.load(ticket) }
        #expect(self.store.loads == 3)
        // Late, but nothing was missed.
        self.store.isCurrent = true
        _ = try self.load(ticket)
        #expect(self.store.loads == 3)
        self.store.tell(.ended)
        #expect(self.sessions.openedCount == 0)
        for _ in 0..<2 { _ = try self.load(ticket) }
        #expect(self.store.loads == 5)
        // What was loaded before it began again may have changed unnoticed.
        self.store.begin()
        _ = try self.load(ticket)
        #expect(self.store.loads == 6)
        _ = try self.load(ticket)
        #expect(self.store.loads == 6)
    }

    @Test(arguments: [0, 1, 2, 3])
    func aLoadingThatNewsOvertakesIsNotKept(news: Int) throws {
        let ticket = try self.create()
        self.store.isHolding = true
        var loaded: [OpenedSession?] = []
        for _ in 0..<2 {
            self.sessions.load([ticket], for: self.authority) { loaded.append(try? $0.get()) }
        }
        switch news {
        case 0: self.store.tell(.record(ticket.key))
        case 1: self.store.tell(.everything)
        case 2:
            self.store.tell(.ended)
            self.store.begin()
        default: self.store.tell(.record(Ticket.make().key))
        }
        self.store.isHolding = false
        self.store.release()
        #expect(loaded.count == 2)
        _ = try self.load(ticket)
        #expect(self.store.loads == (news == 3 ? 2 : 3))
        // The next loading is a new beginning.
        _ = try self.load(ticket)
        #expect(self.store.loads == (news == 3 ? 2 : 3))
    }

    @Test func anAbsenceIsRememberedUntilThereIsNews() throws {
        let ticket = Ticket.make()
        for _ in 0..<10 { #expect(try self.load(ticket) == nil) }
        #expect(self.store.loads == 1)
        #expect(self.metrics.cacheAbsences == 9)
        self.store.tell(.record(ticket.key))
        #expect(try self.load(ticket) == nil)
        #expect(self.store.loads == 2)
    }

    @Test func aDeadTicketDoesNotShadowAGoodOne() throws {
        let dead = Ticket.make()
        let ticket = try self.create()
        for _ in 0..<3 { #expect(try self.load(dead, ticket) != nil) }
        #expect(self.store.loads == 2)
    }

    @Test func whoKnowsTheIDAloneGetsNothingFromTheCache() throws {
        let ticket = try self.create()
        _ = try self.load(ticket)
        let forged = try #require(Ticket(cookieValue: Base64URL.encode(ticket.id + Ticket.make().secret).utf8))
        #expect(throws: Fault.self) { try self.load(forged) }
        #expect(try self.load(ticket) != nil)
    }

    @Test func anotherHostGetsNothingFromTheCache() throws {
        let ticket = try self.create()
        _ = try self.load(ticket)
        var result: Result<OpenedSession?, Fault>?
        self.sessions.load([ticket], for: try Authority("other.example.com", scheme: .https)) { result = $0 }
        #expect(try #require(result).get() == nil)
    }

    @Test func aCachedSessionEndsAtItsTime() throws {
        let ticket = try self.create(.make(expiresAt: .somewhen.advanced(by: .seconds(3600))))
        _ = try self.load(ticket)
        self.clock.advance(by: .seconds(3599))
        #expect(try self.load(ticket) != nil)
        self.clock.advance(by: .seconds(1))
        #expect(try self.load(ticket) == nil)
    }

    @Test func aCachedSessionEndsWhenItIsIdle() throws {
        let ticket = try self.create(.make(expiresAt: .somewhen.advanced(by: .seconds(14 * 86_400))))
        for _ in 0..<3 {
            #expect(try self.load(ticket) != nil)
            self.clock.advance(by: .seconds(86_399))
        }
        #expect(try self.load(ticket) != nil)
        self.clock.advance(by: .seconds(86_400))
        #expect(try self.load(ticket) == nil)
    }

    @Test func theIdleLimitIsPushedOutOnceForManyRequests() throws {
        let ticket = try self.create(.make(expiresAt: .somewhen.advanced(by: .seconds(14 * 86_400))))
        _ = try self.load(ticket)
        self.clock.advance(by: .seconds(20_000))
        for _ in 0..<10 { _ = try self.load(ticket) }
        #expect(self.store.extensions.count == 1)
    }

    @Test func itIsBoundedAndForgetsWhatWasUsedLongestAgo() throws {
        let tickets = try (0..<200).map { _ in try self.create() }
        _ = try self.load(tickets[0])
        for ticket in tickets {
            _ = try self.load(ticket)
            _ = try self.load(tickets[0])
        }
        #expect(self.sessions.openedCount < 100)
        #expect(self.sessions.openedCount > 5)
        let loads = self.store.loads
        _ = try self.load(tickets[0])
        _ = try self.load(tickets[199])
        #expect(self.store.loads == loads)
        _ = try self.load(tickets[1])
        #expect(self.store.loads == loads + 1)
    }

    @Test func whatIsRemovedHereIsGoneAtOnce() throws {
        let ticket = try self.create()
        _ = try self.load(ticket)
        self.sessions.remove([ticket], for: self.authority) { _, _ in }
        #expect(try self.load(ticket) == nil)
    }
}
