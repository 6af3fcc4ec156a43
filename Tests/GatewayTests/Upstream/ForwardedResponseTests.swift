import Gateway
import TestSupport
import Testing

/// What the browser gets: bytes from the application in, bytes to the browser out.
@Suite(.serialized, .timeLimit(.minutes(1)))
struct ForwardedResponseTests {
    /// What the browser gets for an application's answer.
    private func forwarded(
        _ answer: String,
        method: String = "GET",
        version: String = "1.1",
        signedIn: Bool = false
    ) async throws -> String {
        try await LoopbackGateway.run(application: { _ in answer }) { gateway in
            let cookie = signedIn ? try gateway.signIn() : ""
            return try await gateway.talk(
                "\(method) / HTTP/\(version)\r\nHost: app.example.com\r\nX-Request-Id: r-1\r\n"
                    + "Connection: close\r\n\(cookie)\r\n"
            )
        }
    }

    /// Ours at the end of each head, when the connection ends behind it.
    private let end = "Connection: close\r\nX-Request-Id: r-1\r\n\r\n"

    @Test func anAnswerIsForwardedByteForByte() async throws {
        let answer = "HTTP/1.1 404 Not Found\r\nServer: x\r\nX-A: 1\r\nx-a: 2\r\nContent-Length: 5\r\n\r\nhello"
        #expect(
            try await self.forwarded(answer)
                == "HTTP/1.1 404 Not Found\r\nServer: x\r\nX-A: 1\r\nx-a: 2\r\nContent-Length: 5\r\n\(self.end)hello"
        )
    }

    @Test func chunksStayChunks() async throws {
        let answer = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n"
        #expect(
            try await self.forwarded(answer)
                == "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\(self.end)5\r\nhello\r\n0\r\n\r\n"
        )
    }

    @Test func aBodyThatEndsWithItsConnectionBecomesChunks() async throws {
        #expect(
            try await self.forwarded("HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nhello")
                == "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\(self.end)5\r\nhello\r\n0\r\n\r\n"
        )
    }

    @Test func whoKnowsNoChunksGetsNone() async throws {
        let answer = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n"
        #expect(try await self.forwarded(answer, version: "1.0") == "HTTP/1.1 200 OK\r\n\(self.end)hello")
    }

    @Test func whoDoesNotKeepConnectionsUnaskedIsToldThatThisOneIs() async throws {
        let received = try await LoopbackGateway.run { gateway in
            try await gateway.talk(
                "GET / HTTP/1.0\r\nHost: app.example.com\r\nConnection: keep-alive\r\n\r\n"
                    + "GET / HTTP/1.0\r\nHost: app.example.com\r\n\r\n"
            )
        }
        let answers = received.split(separator: "HTTP/1.1 ")
        #expect(answers.count == 2)
        #expect(answers.first?.contains("\r\nConnection: keep-alive\r\n") ?? false)
        #expect(answers.last?.contains("\r\nConnection: close\r\n") ?? false)
    }

    @Test func chunksOfHTTP10AreFaulty() async throws {
        let answer = "HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n"
        #expect(try await self.forwarded(answer).hasPrefix("HTTP/1.1 502 "))
    }

    @Test func anAnswerToAHeadHasNoBodyWhateverItsFieldsSay() async throws {
        let answer = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n"
        #expect(
            try await self.forwarded(answer, method: "HEAD") == "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\(self.end)"
        )
    }

    @Test(arguments: ["204 No Content", "304 Not Modified"])
    func someStatusesHaveNoBody(_ status: String) async throws {
        let answer = "HTTP/1.1 \(status)\r\nETag: \"1\"\r\n\r\n"
        #expect(try await self.forwarded(answer) == "HTTP/1.1 \(status)\r\nETag: \"1\"\r\n\(self.end)")
    }

    @Test func whatConcernsTheOtherConnectionEndsHere() async throws {
        let answer = Application.ok(
            "",
            fields: "Connection: x-one, keep-alive\r\nX-One: 1\r\nKeep-Alive: timeout=5\r\nX-Two: 2\r\n"
                + "Proxy-Authenticate: Basic\r\nX-Request-Id: theirs\r\n"
        )
        #expect(try await self.forwarded(answer) == "HTTP/1.1 200 OK\r\nX-Two: 2\r\nContent-Length: 0\r\n\(self.end)")
    }

    @Test func anAnswerForSomebodyIsPrivate() async throws {
        let forwarded = try await self.forwarded(Application.ok("", fields: ""), signedIn: true)
        #expect(forwarded == "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nCache-Control: private\r\n\(self.end)")
        #expect(try await !self.forwarded(Application.ok("")).contains("Cache-Control"))
    }

    @Test(arguments: ["Cache-Control: public, max-age=60", "Expires: 0", "Pragma: no-cache"])
    func anApplicationThatKnowsAboutCachesHasItsWay(_ field: String) async throws {
        let forwarded = try await self.forwarded(Application.ok("", fields: field + "\r\n"), signedIn: true)
        #expect(forwarded == "HTTP/1.1 200 OK\r\n\(field)\r\nContent-Length: 0\r\n\(self.end)")
    }

    @Test func anApplicationSetsItsCookiesAndNotOurs() async throws {
        let answer = Application.ok(
            "",
            fields: "Set-Cookie: a=1; Path=/\r\nSet-Cookie: __Host-gatehouse=x; Secure; Path=/\r\n"
                + "set-cookie: GateHouse_tx_0=x\r\nSet-Cookie: =gatehouse=x\r\nSet-Cookie: gatehouse2=1\r\n"
        )
        #expect(
            try await self.forwarded(answer)
                == "HTTP/1.1 200 OK\r\nSet-Cookie: a=1; Path=/\r\nSet-Cookie: gatehouse2=1\r\n"
                + "Content-Length: 0\r\n\(self.end)"
        )
    }

    @Test func anApplicationThatSwitchesProtocolsIsBroken() async throws {
        let answer = "HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n"
        #expect(try await self.forwarded(answer).hasPrefix("HTTP/1.1 502 "))
    }

    @Test(arguments: ["nonsense\r\n\r\n", "HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n", "SSH-2.0-OpenSSH\r\n\r\n"])
    func anApplicationThatSpeaksNoHTTPIsBroken(_ answer: String) async throws {
        #expect(try await self.forwarded(answer).hasPrefix("HTTP/1.1 502 "))
    }

    @Test func anInterimAnswerIsNotTheAnswer() async throws {
        let hints = "HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n"
        let answer = hints + Application.ok("hello")
        #expect(try await self.forwarded(answer).hasPrefix(hints + "HTTP/1.1 200 OK\r\n"))
        #expect(try await self.forwarded(answer, version: "1.0").hasPrefix("HTTP/1.1 200 OK\r\n"))
    }

    @Test func anAnswerThatBreaksOffIsNotMadeWhole() async throws {
        let answer = "HTTP/1.1 200 OK\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n"
        let forwarded = try await self.forwarded(answer)
        #expect(!forwarded.hasSuffix("0\r\n\r\n"))
    }
}
