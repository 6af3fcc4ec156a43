import Access
import Cryptography
import Gateway
import NIOHTTP1
import OpenIDConnect
import TestSupport
import Testing

/// From a ticket to a session and back.
struct SessionsTests {
    private let clock = ManualClock()
    private let store: TellingStore
    private let metrics = Metrics()
    private let sessions: Sessions
    private let authority: Authority

    init() throws {
        let clock = self.clock
        self.store = TellingStore(MemoryStore(capacity: 100) { clock.now })
        self.sessions = Sessions(store: self.store, settings: try Settings(.make()), metrics: self.metrics) {
            clock.now
        }
        self.authority = try Authority("app.example.com", scheme: .https)
    }

    private func create(_ session: Session = .make()) throws -> Ticket {
        var result: Result<Ticket, Fault>?
        self.sessions.create(session) { result = $0 }
        return try #require(result).get()
    }

    private func load(_ tickets: [Ticket], host: String = "app.example.com") throws -> OpenedSession? {
        var result: Result<OpenedSession?, Fault>?
        self.sessions.load(tickets, for: try Authority(host, scheme: .https)) { result = $0 }
        return try #require(result).get()
    }

    private func remove(_ tickets: [Ticket]) throws -> (removed: [RemovedSession], fault: Fault?) {
        var outcome: (removed: [RemovedSession], fault: Fault?)?
        self.sessions.remove(tickets, for: self.authority) { outcome = ($0, $1) }
        return try #require(outcome)
    }

    @Test func aSessionIsFoundUnderItsTicket() throws {
        let session = Session.make()
        let opened = try #require(try self.load([self.create(session)]))
        #expect(opened.session == session)
        let fields = text(try opened.fields(nil, maximumSize: 8192).get())
        #expect(fields.hasPrefix("X-Forwarded-User: 706lje0vqvfe\r\nX-Forwarded-Email: alice@example.com\r\n"))
    }

    /// Two workers over one memory.
    private func workers() throws -> (Sessions, Sessions, MemoryStore) {
        let clock = self.clock
        let store = MemoryStore(capacity: 100) { clock.now }
        let settings = try Settings(.make())
        func worker() -> Sessions { Sessions(store: store, settings: settings, metrics: Metrics()) { clock.now } }
        return (worker(), worker(), store)
    }

    @Test func aSessionIsKnownUntilSomeRecordChanges() throws {
        let (one, other, store) = try self.workers()
        var ticket: Ticket?
        one.create(.make()) { ticket = try? $0.get() }
        let tickets = [try #require(ticket)]
        #expect(one.known(tickets, for: self.authority) == nil)
        one.load(tickets, for: self.authority) { _ in }
        #expect(one.known(tickets, for: self.authority) != nil)
        store.claim([1], by: [1], expiresIn: .seconds(1)) { _ in }
        #expect(one.known(tickets, for: self.authority) != nil)
        other.remove(tickets, for: self.authority) { _, _ in }
        #expect(one.known(tickets, for: self.authority) == nil)
    }

    @Test func aMarkIsSeenAtOnce() throws {
        let (one, _, store) = try self.workers()
        var ticket: Ticket?
        one.create(.make()) { ticket = try? $0.get() }
        let tickets = [try #require(ticket)]
        one.load(tickets, for: self.authority) { _ in }
        store.mark(tickets[0].key) { _ in }
        #expect(one.known(tickets, for: self.authority) == nil)
        one.load(tickets, for: self.authority) { _ in }
        #expect(one.known(tickets, for: self.authority)?.isStale == true)
    }

    @Test func whoIsKnownIsKnownForASecondByTheirOwnTicketAndOnTheirHost() throws {
        let (one, _, _) = try self.workers()
        var ticket: Ticket?
        one.create(.make()) { ticket = try? $0.get() }
        let tickets = [try #require(ticket)]
        one.load(tickets, for: self.authority) { _ in }
        #expect(one.known(tickets, for: try Authority("other.example.com", scheme: .https)) == nil)
        #expect(one.known([.make()], for: self.authority) == nil)
        #expect(one.known([], for: self.authority) == nil)
        self.clock.advance(by: .seconds(1))
        #expect(one.known(tickets, for: self.authority) == nil)
    }

    @Test func whoHasNoTicketHasNoSession() throws {
        #expect(try self.load([]) == nil)
        #expect(try self.load([.make()]) == nil)
        #expect(self.store.loads == 1)
    }

    @Test func aStaleCookieDoesNotShadowAGoodOne() throws {
        let ticket = try self.create()
        #expect(try self.load([.make(), .make(), ticket]) != nil)
    }

    @Test func aStoreThatFailsIsNotAnAbsentSession() throws {
        let ticket = try self.create()
        self.store.fault = StoreFault(kind: .timeout, detail: "x")
        let fault = try #require(throws: Fault.self) { try self.load([ticket]) }
        #expect(fault.status == .serviceUnavailable)
        #expect(fault.source == .store)
        #expect(throws: Fault.self) { try self.load([.make(), ticket]) }
        #expect(try self.remove([ticket]).fault?.status == .serviceUnavailable)
        #expect(throws: Fault.self) { try self.create() }
    }

    @Test func aSessionOfAnotherHostIsAbsentHere() throws {
        let ticket = try self.create()
        #expect(try self.load([ticket], host: "other.example.com") == nil)
        // Neither is it when it has been opened before.
        #expect(try self.load([ticket]) != nil)
        #expect(try self.load([ticket], host: "other.example.com") == nil)
    }

    @Test func aTicketWithAnotherSecretOpensNothing() throws {
        let ticket = try self.create()
        #expect(try self.load([ticket]) != nil)
        let forged = try #require(Ticket(cookieValue: Base64URL.encode(ticket.id + Ticket.make().secret).utf8))
        #expect(throws: Fault.self) { try self.load([forged]) }
        #expect(try self.load([forged, ticket]) != nil)
        #expect(try self.load([ticket]) != nil)
    }

    @Test func aRecordThatDoesNotOpenIsAFault() throws {
        let ticket = Ticket.make()
        self.store.save(ticket.key, Array("junk".utf8), expiresIn: .seconds(60)) { _ in }
        let fault = try #require(throws: Fault.self) { try self.load([ticket]) }
        #expect(fault.source == .store)
        #expect(try self.load([ticket, self.create()]) != nil)
    }

    @Test func aSessionEndsAtItsTimeHoweverBusy() throws {
        let ticket = try self.create(.make(expiresAt: .somewhen.advanced(by: .seconds(3600))))
        self.clock.advance(by: .seconds(3599))
        #expect(try self.load([ticket]) != nil)
        self.clock.advance(by: .seconds(1))
        #expect(try self.load([ticket]) == nil)
    }

    @Test func anIdleSessionEnds() throws {
        let ticket = try self.create(.make(expiresAt: .somewhen.advanced(by: .seconds(14 * 86_400))))
        self.clock.advance(by: .seconds(86_399))
        #expect(try self.load([ticket]) != nil)
        self.clock.advance(by: .seconds(86_399))
        #expect(try self.load([ticket]) != nil)
        self.clock.advance(by: .seconds(86_400))
        #expect(try self.load([ticket]) == nil)
    }

    @Test func theIdleLimitIsPushedOutOnlyAfterAnEighthOfIt() throws {
        let ticket = try self.create(.make(expiresAt: .somewhen.advanced(by: .seconds(14 * 86_400))))
        self.clock.advance(by: .seconds(86_400 / 8))
        #expect(try self.load([ticket]) != nil)
        #expect(self.store.extensions.isEmpty)
        self.clock.advance(by: .seconds(1))
        #expect(try self.load([ticket]) != nil)
        #expect(self.store.extensions == [.seconds(86_400)])
        #expect(try self.load([ticket]) != nil)
        #expect(self.store.extensions.count == 1)
    }

    @Test func theIdleLimitIsNeverPushedBeyondTheEnd() throws {
        let ticket = try self.create(.make(expiresAt: .somewhen.advanced(by: .seconds(100_000))))
        self.clock.advance(by: .seconds(50_000))
        #expect(try self.load([ticket]) != nil)
        #expect(self.store.extensions == [.seconds(50_000)])
    }

    @Test func theSameRecordIsOpenedOnce() throws {
        let ticket = try self.create()
        let first = try #require(try self.load([ticket]))
        let second = try #require(try self.load([ticket]))
        #expect(first === second)
        #expect(self.store.loads == 2)
        #expect(self.metrics.openings == 1)
        #expect(self.metrics.openingsSaved == 1)
    }

    @Test func aSessionThatHasEndedElsewhereHasEndedHere() throws {
        let ticket = try self.create()
        #expect(try self.load([ticket]) != nil)
        self.store.remove(ticket.key) { _ in }
        #expect(try self.load([ticket]) == nil)
        #expect(self.sessions.openedCount == 0)
    }

    @Test func whatIsRemovedIsHandedOverAndGone() throws {
        let tickets = try [self.create(.make(refreshToken: "one")), .make(), self.create(.make(refreshToken: "two"))]
        #expect(try self.remove(tickets).removed.map { $0.session?.refreshToken } == ["one", "two"])
        #expect(try self.load(tickets) == nil)
        #expect(try self.remove(tickets).removed.isEmpty)
    }

    @Test func whatCannotBeOpenedIsRemovedAndKeepsNothingElse() throws {
        let ticket = Ticket.make()
        self.store.save(ticket.key, Array("junk".utf8), expiresIn: .seconds(60)) { _ in }
        let good = try self.create(.make(refreshToken: "good"))
        let outcome = try self.remove([ticket, good])
        #expect(outcome.fault == nil)
        #expect(outcome.removed.map(\.key) == [ticket.key, good.key])
        #expect(outcome.removed.map { $0.session?.refreshToken } == [nil, "good"])
        #expect(try self.load([ticket, good]) == nil)
    }

    @Test func aFaultKeepsNoOtherSessionFromEnding() throws {
        let tickets = try [self.create(), self.create(.make(refreshToken: "two"))]
        self.store.removalFaults = 1
        let outcome = try self.remove(tickets)
        #expect(outcome.fault?.source == .store)
        #expect(outcome.removed.map(\.key) == [tickets[1].key])
        #expect(try self.load([tickets[0]]) != nil)
    }

    @Test func anIdentityTooLargeForHeaderFieldsHasNone() throws {
        let roles = (0..<1000).map { "a-role-with-a-long-name-\($0)" }
        let ticket = try self.create(.make(identity: .make(roles: roles)))
        let opened = try #require(try self.load([ticket]))
        #expect(throws: IdentityFieldsError.self) { try opened.fields(nil, maximumSize: 8192).get() }
    }

    @Test func aNameIsClaimedOnce() throws {
        var claims: [Bool] = []
        for _ in 0..<2 {
            self.sessions.claim([1, 2, 3], for: .seconds(60)) {
                if case .success(let isFirst) = $0 { claims.append(isFirst) }
            }
        }
        #expect(claims == [true, false])
    }
}
