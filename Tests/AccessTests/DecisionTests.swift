import Access
import OpenIDConnect
import TestSupport
import Testing

struct DecisionTests {
    private enum Outcome: Equatable {
        case permit(isSignedIn: Bool)
        case challenge
        case deny(Denial)
    }

    private static func outcome(
        _ access: Access,
        _ session: Session?,
        target: String = "/app/x",
        host: String = "app.example.com",
        now: Instant = .somewhen
    ) throws -> Outcome {
        let route = try Route.make("/app", access: access)
        switch route.decide(try .make(target, host: host), session.map { .make($0) }, now: now) {
        case .permit(let permit):
            #expect(permit.route === route)
            #expect(permit.target.text == target)
            return .permit(isSignedIn: permit.session != nil)
        case .challenge(let challenged):
            #expect(challenged === route)
            return .challenge
        case .stepUp:
            Issue.record("nothing asks for another sign-in")
            return .challenge
        case .deny(let denied, let reason):
            #expect(denied === route)
            return .deny(reason)
        }
    }

    @Test func `a stranger is challenged where a session is needed`() throws {
        #expect(try Self.outcome(.signedIn, nil) == .challenge)
    }

    @Test func `a stranger passes where nobody is asked, without identity`() throws {
        #expect(try Self.outcome(.anyone, nil) == .permit(isSignedIn: false))
        #expect(try Self.outcome(.optional, nil) == .permit(isSignedIn: false))
    }

    @Test func `somebody signed in passes, and is known where that is wanted`() throws {
        #expect(try Self.outcome(.signedIn, .make()) == .permit(isSignedIn: true))
        #expect(try Self.outcome(.optional, .make()) == .permit(isSignedIn: true))
        #expect(try Self.outcome(.anyone, .make()) == .permit(isSignedIn: false))
    }

    @Test func `a session ends on the second`() throws {
        let end = Instant(seconds: 1000)
        let session = Session.make(expiresAt: end)
        #expect(try Self.outcome(.signedIn, session, now: Instant(seconds: 999)) == .permit(isSignedIn: true))
        #expect(try Self.outcome(.signedIn, session, now: end) == .challenge)
        #expect(try Self.outcome(.optional, session, now: end) == .permit(isSignedIn: false))
        #expect(try Self.outcome(.signedIn, session, now: Instant(seconds: .max)) == .challenge)
    }

    @Test(arguments: ["other.example.com", "app.example.com:8443", "", "APP.EXAMPLE.COM", "app.example.com\u{301}"])
    func `a session of another host is worth nothing`(_ host: String) throws {
        let session = Session.make(authority: host)
        #expect(try Self.outcome(.signedIn, session) == .challenge)
        #expect(try Self.outcome(.optional, session) == .permit(isSignedIn: false))
    }

    @Test(arguments: Access.allCases)
    func `a route permits nothing that is not its own`(_ access: Access) throws {
        for target in ["/", "/ap", "/application", "/x/app", "//app", "/App"] {
            #expect(try Self.outcome(access, .make(), target: target) == .deny(.wrongRoute))
        }
        #expect(try Self.outcome(access, .make(), host: "other.example.com") == .deny(.wrongRoute))
        #expect(try Self.outcome(access, .make(), host: "app.example.com:8443") == .deny(.wrongRoute))
    }
}
