import Access
import Gateway
import NIOCore
import TestSupport
import Testing

/// One browser connection over a real socket: what is answered, in which order, and when it ends.
@Suite(.serialized, .timeLimit(.minutes(1)))
struct ExchangeHandlerTests {
    /// The status codes of the answers in what a browser got, in order.
    private func statuses(_ received: String) -> [String] {
        received.split(separator: "HTTP/1.1 ").map { String($0.prefix(3)) }
    }

    private let head = "HTTP/1.1\r\nHost: app.example.com\r\n"

    @Test func pipelinedRequestsAreAnsweredInTheirOrder() async throws {
        try await LoopbackGateway.run(application: { Application.ok(String($0.prefix { $0 != "\r" })) }) { gateway in
            let received = try await gateway.talk(
                "GET /open/1 \(self.head)\r\nGET /_gatehouse/session \(self.head)\r\n"
                    + "POST /open/2 \(self.head)Content-Length: 4\r\n\r\nbodyGET /private \(self.head)\r\n"
                    + "GET /open/3 \(self.head)Connection: close\r\n\r\n"
            )
            #expect(self.statuses(received) == ["200", "401", "200", "401", "200"])
            let first = try #require(received.firstRange(of: "GET /open/1 HTTP/1.1"))
            let second = try #require(received.firstRange(of: "POST /open/2 HTTP/1.1"))
            let third = try #require(received.firstRange(of: "GET /open/3 HTTP/1.1"))
            #expect(first.lowerBound < second.lowerBound && second.lowerBound < third.lowerBound)
            #expect(gateway.application.requests.count == 3)
        }
    }

    @Test func nothingIsServedBehindTheLastRequest() async throws {
        try await LoopbackGateway.run { gateway in
            let received = try await gateway.talk(
                "GET /open/1 \(self.head)Connection: close\r\n\r\nGET /open/2 \(self.head)\r\n"
            )
            #expect(self.statuses(received) == ["200"])
            #expect(gateway.application.requests.count == 1)
        }
    }

    @Test(arguments: ["GET /open HTTP/1.1\r\nHost: app.exam", "GET", "GET /open HTTP/1.1\r\nHost: app.example.com\r\n"])
    func aHeadThatDoesNotArriveInTimeIsAnsweredAndTheConnectionEnds(_ part: String) async throws {
        try await LoopbackGateway.run(configure: { $0.timeouts.requestHeader = .milliseconds(1) }) { gateway in
            let received = try await gateway.talk(part)
            #expect(self.statuses(received) == ["408"])
            #expect(received.contains("\r\nConnection: close\r\n"))
        }
    }

    @Test func aBodyThatStopsIsAnsweredAndTheConnectionEnds() async throws {
        try await LoopbackGateway.run(configure: { $0.timeouts.idleBody = .milliseconds(1) }) { gateway in
            let received = try await gateway.talk("POST /open \(self.head)Content-Length: 10\r\n\r\nhalf")
            #expect(self.statuses(received) == ["408"])
        }
    }

    @Test func aConnectionWithoutARequestIsClosedWithoutAWord() async throws {
        try await LoopbackGateway.run(configure: { $0.timeouts.keepAlive = .milliseconds(1) }) { gateway in
            let received = try await gateway.talk("")
            #expect(received == "")
        }
    }

    @Test func anApplicationThatSaysNothingIsGivenUp() async throws {
        try await LoopbackGateway.run(
            configure: { $0.timeouts.upstreamResponse = .milliseconds(1) },
            application: { _ in "" }
        ) { gateway in
            let statuses = try await gateway.statuses("/open")
            #expect(statuses == ["504"])
        }
    }

    @Test(arguments: [
        "Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        "Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
        "Transfer-Encoding: identity\r\n\r\n",
        "Content-Length: 0\r\nContent-Length: 0\r\n\r\n",
        "Content-Length: +0\r\n\r\n",
        "Content-Length : 0\r\n\r\n",
        "Host: app.example.com\r\n\r\n",
        "X-A: 1\r\n folded\r\n\r\n",
        "Transfer-Encoding: chunked\r\n\r\nzz\r\n",
    ])
    func whatFollowsARefusedFramingIsNotARequest(_ rest: String) async throws {
        try await LoopbackGateway.run { gateway in
            let received = try await gateway.talk("POST /open/1 \(self.head)\(rest)GET /open/smuggled \(self.head)\r\n")
            #expect(self.statuses(received) == ["400"])
            #expect(!gateway.application.requests.contains { $0.contains("smuggled") })
        }
    }

    @Test func aTrailerThatNamesAnIdentityEndsTheExchange() async throws {
        try await LoopbackGateway.run { gateway in
            let received = try await gateway.talk(
                "POST /open \(self.head)Transfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\n"
                    + "X-Forwarded-User: mallory\r\n\r\n"
            )
            #expect(self.statuses(received) == ["400"])
        }
    }

    @Test(arguments: ["other.example.com", "app.example.com.", "app.example.com:8443", "evil@app.example.com", ""])
    func anotherHostIsNotServed(_ host: String) async throws {
        try await LoopbackGateway.run { gateway in
            let received = try await gateway.talk("GET /open HTTP/1.1\r\nHost: \(host)\r\n\r\n")
            #expect(["421", "400"].contains(self.statuses(received).first))
            #expect(gateway.application.requests.isEmpty)
        }
    }

    @Test(arguments: ["CONNECT app.example.com:443", "TRACE /open"])
    func aTunnelOrAMirrorIsNotServed(_ request: String) async throws {
        try await LoopbackGateway.run { gateway in
            let received = try await gateway.talk("\(request) \(self.head)\r\n")
            #expect(["405", "400"].contains(self.statuses(received).first))
            #expect(gateway.application.requests.isEmpty)
        }
    }

    @Test func whoIsNotSignedInDoesNotReachTheApplication() async throws {
        try await LoopbackGateway.run { gateway in
            let received = try await gateway.get(
                "/private",
                "Cookie: __Host-gatehouse=\(Ticket.make().cookieValue)\r\n"
            )
            #expect(self.statuses(received) == ["401"])
            #expect(!received.contains("Set-Cookie"))
            #expect(gateway.application.requests.isEmpty)
        }
    }

    @Test func aSessionOfAnotherHostOpensNothing() async throws {
        try await LoopbackGateway.run { gateway in
            let cookie = try gateway.signIn(.make(authority: "other.example.com"))
            let statuses = try await gateway.statuses("/private", cookie)
            #expect(statuses == ["401"])
        }
    }

    @Test func anIdentityTooLargeForFieldsIsNotCut() async throws {
        try await LoopbackGateway.run { gateway in
            let roles = (0..<1000).map { "a-role-with-a-long-name-\($0)" }
            let cookie = try gateway.signIn(.make(identity: .make(roles: roles)))
            let statuses = try await gateway.statuses("/private", cookie)
            #expect(statuses == ["403"])
            #expect(gateway.application.requests.isEmpty)
        }
    }

    @Test func anApplicationThatIsNotThereIsABadGateway() async throws {
        let application = try await Application { _ in "" }
        let port = application.port
        try await application.stop()
        try await LoopbackGateway.run(
            configure: { $0.upstreams = [Upstream([UpstreamAddress(host: "127.0.0.1", port: port)])] }
        ) { gateway in
            let statuses = try await gateway.statuses("/open")
            #expect(statuses == ["502"])
        }
    }

    @Test func aHeadLargerThanTheLimitIsRefused() async throws {
        try await LoopbackGateway.run(configure: { $0.limits.headerBytes = 1000 }) { gateway in
            let field = "X-Large: \(String(repeating: "x", count: 2000))\r\n"
            let statuses = try await gateway.statuses("/open", field)
            #expect(statuses == ["431"])
            #expect(gateway.application.requests.isEmpty)
        }
    }

    @Test func aRequestIDOfTheirsIsKeptWhenItIsPlain() async throws {
        try await LoopbackGateway.run { gateway in
            let kept = try await gateway.talk("GET /open \(self.head)X-Request-Id: a-B_9.\r\nConnection: close\r\n\r\n")
            #expect(kept.contains("\r\nX-Request-Id: a-B_9.\r\n"))
            for hostile in ["a b", "a\"b", "", String(repeating: "a", count: 129)] {
                let received = try await gateway.talk(
                    "GET /open \(self.head)X-Request-Id: \(hostile)\r\nConnection: close\r\n\r\n"
                )
                #expect(!received.contains("X-Request-Id: \(hostile)\r\n"))
            }
        }
    }

    @Test func aConnectionToTheApplicationServesOneAfterAnother() async throws {
        try await LoopbackGateway.run { gateway in
            for _ in 0..<3 { _ = try await gateway.get("/open") }
            #expect(gateway.application.requests.count == 3)
            #expect(gateway.application.connections == 1)
        }
    }

    @Test func bytesBehindAnAnswerAreNobodysAnswer() async throws {
        let doubled = Application.ok("first") + Application.ok("second")
        try await LoopbackGateway.run(application: { _ in doubled }) { gateway in
            for _ in 0..<2 {
                let received = try await gateway.get("/open")
                #expect(received.hasSuffix("\r\n\r\nfirst"))
            }
            #expect(gateway.application.connections == 2)
        }
    }
}
