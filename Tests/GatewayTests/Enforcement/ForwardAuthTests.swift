import Access
import Gateway
import NIOHTTP1
import Testing

struct ForwardAuthTests {
    private func request(_ fields: [(String, String)]) throws -> OriginalRequest {
        try ForwardAuth.request(from: .make(fields), scheme: .https)
    }

    @Test func fourFieldsAreARequest() throws {
        let request = try self.request(traefikFields.with("X-Forwarded-Method", "POST"))
        #expect(request.method == "POST")
        #expect(request.authority.text == "app.example.com")
        #expect(request.target.text == "/private?x=1")
    }

    @Test(arguments: traefikFields.map(\.0))
    func eachOfThemIsMissed(_ name: String) {
        #expect(refusal { _ = try self.request(traefikFields.without(name)) } == "missing")
    }

    @Test func whatNginxSaysIsNotEnough() {
        #expect(refusal { _ = try self.request(nginxFields) } == "missing")
    }

    @Test func aNavigationIsRedirectedToOurOwnSignIn() throws {
        let answer = ForwardAuth.challenge(try .make("/a?b=c&d", isNavigation: true))
        #expect(answer.status == .found)
        #expect(
            answer.value(of: "Location") == "https://app.example.com/_gatehouse/sign-in?rd=%2Fa%3Fb%3Dc%26d"
        )
        #expect(answer.value(of: "Set-Cookie") == nil)
    }

    @Test func everythingElseIsToldToSignInFirst() throws {
        let answer = ForwardAuth.challenge(try .make("/a", isNavigation: false))
        #expect(answer.status == .unauthorized)
        #expect(answer.value(of: "Location") == nil)
        #expect(answer.value(of: "X-Auth-Request-Redirect")?.hasSuffix("?rd=%2Fa") == true)
        #expect(text(answer.body).contains("sign_in_url"))
    }
}
