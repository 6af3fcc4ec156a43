import Access
import Gateway
import Testing

struct OriginalRequestTests {
    private func request(
        method: String = "GET",
        proto: String = "https",
        host: String = "app.example.com",
        target: String = "/private?x=1"
    ) throws -> OriginalRequest {
        try OriginalRequest(
            method: method,
            methodName: .originalMethod,
            proto: proto,
            host: host,
            target: target,
            targetName: .originalURI,
            scheme: .https
        )
    }

    private func confirm(_ fields: [(String, String)]) -> String {
        refusal { try self.request().confirm(.make(fields), scheme: .https) }
    }

    @Test func itIsWhatTheProxySays() throws {
        let request = try self.request(method: "PROPFIND", host: "APP.example.com:443", target: "/%61?b=%2F")
        #expect(request.method == "PROPFIND")
        #expect(request.authority.text == "app.example.com")
        #expect(request.target.text == "/a?b=%2F")
    }

    @Test(arguments: ["", "GET,POST", "GET POST", "G\u{FFFD}T", "GÉT", "GET\t", String(repeating: "A", count: 33)])
    func aMethodIsOneToken(_ method: String) {
        #expect(refusal { _ = try self.request(method: method) } == "malformed")
    }

    @Test(arguments: ["CONNECT", "TRACE"])
    func tunnelsAndMirrorsAreNotServed(_ method: String) {
        #expect(refusal { _ = try self.request(method: method) } == "tunnelOrMirror")
    }

    @Test(arguments: ["https, http", "https,https", "ftp", "https ", "httpſ", "https://"])
    func aSchemeIsOneOfTwo(_ proto: String) {
        #expect(refusal { _ = try self.request(proto: proto) } == "malformed")
    }

    @Test func theSchemeIsTheConfiguredOne() throws {
        #expect(refusal { _ = try self.request(proto: "http") } == "wrongScheme")
        #expect(refusal { _ = try self.request(proto: "ws") } == "wrongScheme")
        #expect(try self.request(proto: "wss").authority.text == "app.example.com")
        #expect(try self.request(proto: "HTTPS").authority.text == "app.example.com")
    }

    @Test(arguments: ["a, b", "a,a", "user@app.example.com", "app.example.com/x", "", "a b", "ünï.example", "\u{FFFD}"])
    func aHostIsOneHost(_ host: String) {
        #expect(refusal { _ = try self.request(host: host) } == "malformed")
    }

    @Test(arguments: [
        "", "private", "/a/../b", "/a%2e%2e/b", "/a;b", "/a\\b", "/a#b", "/a b", "/%00", "/%252e%252e/", "/\u{FFFD}",
        "https://app.example.com/", "*", "/" + String(repeating: "a", count: 20_000),
    ])
    func aTargetIsReadAsStrictlyAsEver(_ target: String) {
        #expect(refusal { _ = try self.request(target: target) } == "malformed")
    }

    @Test func whatSaysTheSameIsConfirmed() {
        #expect(self.confirm(nginxFields + [("X-Original-URL", "https://app.example.com/private?x=1")]) == "none")
        #expect(self.confirm(traefikFields) == "none")
        #expect(self.confirm([]) == "none")
    }

    @Test(arguments: [
        ("X-Original-Method", "POST"), ("X-Original-Method", "get"), ("X-Forwarded-Method", "HEAD"),
        ("X-Original-URI", "/open"), ("X-Original-URI", "/private"), ("X-Forwarded-Uri", "/open"),
        ("X-Forwarded-Uri", "/a/../b"), ("X-Forwarded-Proto", "http"), ("X-Forwarded-Proto", "https,http"),
        ("X-Forwarded-Host", "evil.example"), ("X-Forwarded-Host", "app.example.com, evil.example"),
        ("X-Original-URL", "https://app.example.com/open"), ("X-Original-URL", "https://evil.example/private?x=1"),
        ("X-Original-URL", "http://app.example.com/private?x=1"), ("X-Original-URL", "/private?x=1"),
        ("X-Original-URL", "https://user@app.example.com/private?x=1"), ("X-Original-URL", ""),
    ])
    func whatSaysSomethingElseIsRefused(_ name: String, _ value: String) {
        #expect(self.confirm([(name, value)]) == "contradictory")
    }
}
