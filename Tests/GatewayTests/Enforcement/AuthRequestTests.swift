import Access
import Gateway
import NIOHTTP1
import Testing

struct AuthRequestTests {
    private func request(_ fields: [(String, String)]) throws -> OriginalRequest {
        try AuthRequest.request(from: .make(fields), scheme: .https)
    }

    @Test func aPathWithSchemeAndHostIsARequest() throws {
        let request = try self.request(nginxFields)
        #expect(request.method == "GET")
        #expect(request.authority.text == "app.example.com")
        #expect(request.target.text == "/private?x=1")
    }

    @Test(arguments: [
        ("https://app.example.com/private?x=1", "app.example.com", "/private?x=1"),
        ("HTTPS://App.Example.Com:443", "app.example.com", "/"),
        ("https://app.example.com:8443/?a=https://b/", "app.example.com:8443", "/?a=https://b/"),
    ])
    func aURLIsARequest(_ url: String, _ host: String, _ target: String) throws {
        let request = try self.request([("X-Original-URL", url), ("X-Original-Method", "GET")])
        #expect(request.authority.text == host)
        #expect(request.target.text == target)
    }

    @Test(arguments: nginxFields.map(\.0))
    func whateverIsMissingIsMissed(_ name: String) {
        #expect(refusal { _ = try self.request(nginxFields.without(name)) } == "missing")
    }

    @Test(arguments: [
        "/private", "app.example.com/private", "https:/app.example.com/", "https:///x", "ftp://app.example.com/",
        "https://user@app.example.com/", "https://app.example.com/a/../b", "https://app.example.com/#x",
        "https://app.example.com\\@evil.example/", "https://app.example.com, https://evil.example/",
        "//app.example.com/",
    ])
    func aURLIsReadStrictly(_ url: String) {
        let fields = [("X-Original-URL", url), ("X-Original-Method", "GET")]
        #expect(refusal { _ = try self.request(fields) } == "malformed")
    }

    @Test func aNavigationsChallengeSaysTwiceWhereToGo() throws {
        for isNavigation in [true, false] {
            let answer = AuthRequest.challenge(try .make("/private?x=1&y=/%2F", isNavigation: isNavigation))
            let url = "https://app.example.com/_gatehouse/sign-in?rd=%2Fprivate%3Fx%3D1%26y%3D%2F%252F"
            #expect(answer.status == .unauthorized)
            #expect(answer.value(of: "X-Auth-Request-Redirect") == url)
            #expect(answer.value(of: "Location") == (isNavigation ? url : nil))
            #expect(answer.value(of: "WWW-Authenticate") != nil)
            #expect(answer.value(of: "Set-Cookie") == nil)
        }
    }

    @Test(arguments: [HTTPResponseStatus.notFound, .misdirectedRequest, .methodNotAllowed])
    func aDenialIsAlwaysForbidden(_ status: HTTPResponseStatus) {
        #expect(AuthRequest.understood(Fault(.downstream, status, "r")).status == .forbidden)
        #expect(AuthRequest.understood(Fault(.store, .serviceUnavailable, "r")).status == .serviceUnavailable)
        #expect(AuthRequest.understood(Fault(.downstream, .badRequest, "r")).status == .badRequest)
    }
}
