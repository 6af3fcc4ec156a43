import Access
import Gateway
import OpenIDConnect
import TestSupport
import Testing

/// Sessions that end without their ticket, and those that begin at that moment.
struct SessionsEndingTests {
    private static let issuer = "https://auth.example.com/oidc"
    fileprivate static let sid = SessionIndex.providerSession("sid", issuer: Self.issuer)
    fileprivate static let person = SessionIndex.subject("706lje0vqvfe", issuer: Self.issuer)
    /// Long before any test, and long after.
    private static let (before, after) = (Int64(0), Int64.max)

    private let store: TellingStore
    private let sessions: Sessions

    init() throws {
        self.store = TellingStore(MemoryStore(capacity: 1000) { .somewhen })
        self.sessions = Sessions(store: self.store, settings: try Settings(.make()), metrics: Metrics()) { .somewhen }
    }

    private func create(_ session: Session = .make()) throws -> Ticket {
        var result: Result<Ticket, Fault>?
        self.sessions.create(session) { result = $0 }
        return try #require(result).get()
    }

    private func endAll(in index: SessionIndex) throws -> [ListedSession] {
        var result: Result<[ListedSession], Fault>?
        self.sessions.endAll(in: index) { result = $0 }
        return try #require(result).get()
    }

    private func stands(_ ticket: Ticket, begunAt: Int64, _ session: Session = .make()) throws -> Bool {
        var result: Result<Bool, Fault>?
        self.sessions.stands(session, under: ticket, begunAt: begunAt) { result = $0 }
        return try #require(result).get()
    }

    private func isThere(_ ticket: Ticket) throws -> Bool {
        var result: Result<ListedSession?, Fault>?
        self.sessions.find(ticket.key) { result = $0 }
        return try #require(result).get() != nil
    }

    @Test(arguments: [SessionsEndingTests.sid, SessionsEndingTests.person])
    func `every session of a set ends, and no other`(index: SessionIndex) throws {
        let tickets = try (0..<250).map { _ in try self.create() }
        let other = try self.create(.make(identity: .make(subject: "bob"), providerSessionID: "other"))
        #expect(try self.endAll(in: index).count == 250)
        #expect(try tickets.allSatisfy { try !self.isThere($0) })
        #expect(try self.isThere(other))
        #expect(try self.endAll(in: index).isEmpty)
    }

    @Test func `a session that nobody has ended stands`() throws {
        let ticket = try self.create()
        #expect(try self.stands(ticket, begunAt: Self.before))
        #expect(try self.isThere(ticket))
    }

    @Test(arguments: [SessionsEndingTests.sid, SessionsEndingTests.person] + SessionIndex.shares)
    func `one that is stored after its end does not stand`(index: SessionIndex) throws {
        _ = try self.endAll(in: index)
        let ticket = try self.create()
        let isInIndex = SessionIndex.all(of: .make(), under: ticket.key).contains(index)
        #expect(try self.stands(ticket, begunAt: Self.before) == !isInIndex)
        #expect(try self.isThere(ticket) == !isInIndex)
        var keys: [SessionKey] = []
        self.store.keys(in: Self.person) { keys = (try? $0.get()) ?? [] }
        #expect(keys.contains(ticket.key) == !isInIndex)
    }

    @Test func `one that has begun after the end stands`() throws {
        _ = try self.endAll(in: Self.sid)
        let ticket = try self.create()
        #expect(try self.stands(ticket, begunAt: Self.after))
        #expect(try self.isThere(ticket))
    }

    @Test func `whoever cannot find out is told`() throws {
        let ticket = try self.create()
        self.store.fault = StoreFault(kind: .timeout)
        #expect(throws: Fault.self) { try self.stands(ticket, begunAt: Self.before) }
        #expect(throws: Fault.self) { try self.endAll(in: Self.sid) }
    }
}
