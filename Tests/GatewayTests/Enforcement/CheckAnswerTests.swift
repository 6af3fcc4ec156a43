import Access
import Gateway
import TestSupport
import Testing

struct CheckAnswerTests {
    @Test func aWayBackThatIsTooLongLosesItsQuery() throws {
        let challenge = try CheckChallenge.make("/page?q=" + String(repeating: "x", count: 3000))
        #expect(challenge.signInURL == "https://app.example.com/_gatehouse/sign-in?rd=%2Fpage")
    }

    @Test func aWayBackThatBrowsersReadAsAHostIsTheFrontPage() throws {
        #expect(try CheckChallenge.make("//evil.example/").signInURL.hasSuffix("?rd=%2F"))
    }

    @Test func whoPassesIsWrittenAsItWasRendered() {
        var wire = WireBytes()
        wire.appendPassed(
            identity: Array("X-Auth-Request-User: u\r\n".utf8),
            cookies: Array("Cookie: a=b\r\n".utf8),
            keepAlive: true,
            requestID: RequestID("r"),
            head: WireBytes.passHead(date: "d")
        )
        let written = text(wire.bytes)
        #expect(written.hasPrefix("HTTP/1.1 200 OK\r\nDate: d\r\n"))
        #expect(written.contains("\r\nX-Auth-Request-User: u\r\n"))
        #expect(written.contains("\r\nCookie: a=b\r\n"))
        #expect(written.contains("\r\nContent-Length: 0\r\n"))
        #expect(written.hasSuffix("\r\nX-Request-Id: r\r\n\r\n"))
    }

    @Test(arguments: [(true, false, ""), (true, true, "keep-alive"), (false, true, "close"), (false, false, "close")])
    func theConnectionsFateIsSaidWhereItIsNotWhatTheVersionMeans(keepAlive: Bool, toHTTP10: Bool, said: String) {
        var wire = WireBytes()
        wire.appendPassed(
            identity: [],
            cookies: [],
            keepAlive: keepAlive,
            toHTTP10: toHTTP10,
            requestID: RequestID("r"),
            head: WireBytes.passHead(date: "d")
        )
        #expect(text(wire.bytes).contains("Connection:") == !said.isEmpty)
        #expect(said.isEmpty || text(wire.bytes).contains("\r\nConnection: \(said)\r\n"))
    }

    @Test(arguments: [
        (["a=b"], "a=b"), (["__Host-gatehouse=t; a=b"], "a=b"), (["__Host-gatehouse=t"], nil), ([], nil),
        (["a=b; __Host-gatehouse=t", "__Host-gatehouse_tx_1=x; c=d"], "a=b; c=d"),
        (["__Host-gatehouse=t", "gatehouse=t"], nil),
    ])
    func ourCookiesGoNoFurther(_ fields: [String], _ rest: String?) {
        let names = CookieNames(name: "gatehouse", secure: true, domain: nil)
        #expect(text(names.othersAsLine(in: fields)) == (rest.map { "Cookie: \($0)\r\n" } ?? ""))
    }
}

extension CheckChallenge {
    static func make(_ target: String, isNavigation: Bool = true) throws -> CheckChallenge {
        let access = AccessRequest(
            method: "GET",
            scheme: .https,
            authority: try Authority("app.example.com", scheme: .https),
            target: try RequestTarget(target),
            isNavigation: isNavigation,
            clientAddress: "192.0.2.1"
        )
        return CheckChallenge(access, settings: try Settings(.make()), requestID: "r-1")
    }
}

extension Answer {
    func value(of name: String) -> String? {
        self.fields.first { $0.name == name }?.value
    }
}
