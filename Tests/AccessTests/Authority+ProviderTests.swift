import Access
import TestSupport
import Testing

struct AuthorityProviderTests {
    @Test(arguments: ["app.example.com", "app.example.com:8443", "[2001:db8::1]:8443"])
    func `sessions with a provider are for no host, and their host is known`(_ text: String) throws {
        let authority = try Authority(text, scheme: .https)
        let sessions = authority.with(provider: "partners")
        #expect(sessions.text == text + " partners")
        #expect(sessions != authority)
        #expect(Authority.host(in: sessions.text) == text)
        #expect(Authority.host(in: authority.text) == text)
        #expect(authority.with(provider: "").text == text)
        #expect(throws: RequestRefusal.self) { try Authority(sessions.text, scheme: .https) }
    }

    @Test func `a session counts for its own provider alone`() throws {
        let first = try Route.make("/")
        let second = try Route.make("/", provider: (1, "partners"))
        for (route, other) in [(first, second), (second, first)] {
            let grants = Grants.make(.make(authority: route.sessionAuthority.text))
            guard case .permit = route.decide(try .make(), grants, now: .somewhen) else {
                Issue.record("it does not pass where it was made")
                continue
            }
            guard case .challenge = other.decide(try .make(), grants, now: .somewhen) else {
                Issue.record("it passes elsewhere")
                continue
            }
        }
    }
}
