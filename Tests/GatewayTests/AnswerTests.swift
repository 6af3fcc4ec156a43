import Access
import Gateway
import JSON
import NIOHTTP1
import Testing

/// Answers of ours as bytes.
struct AnswerTests {
    private func bytes(_ answer: Answer, keepAlive: Bool = true, withoutBody: Bool = false) -> String {
        var wire = WireBytes()
        answer.write(
            into: &wire,
            keepAlive: keepAlive,
            withoutBody: withoutBody,
            requestID: RequestID("r-1"),
            date: "today"
        )
        return text(wire.bytes)
    }

    /// Status line, fields and body.
    private func split(_ answer: String) throws -> (head: [String], body: String) {
        let parts = answer.split(separator: "\r\n\r\n", maxSplits: 1, omittingEmptySubsequences: false)
        try #require(parts.count == 2)
        return (parts[0].split(separator: "\r\n").map { String($0) }, String(parts[1]))
    }

    @Test func aRedirectIsWrittenByteForByte() {
        #expect(
            self.bytes(.redirect(.found, to: "https://auth.example.com/"))
                == "HTTP/1.1 302 Found\r\nDate: today\r\nCache-Control: no-store\r\nX-Content-Type-Options: nosniff\r\n"
                + "Referrer-Policy: same-origin\r\nLocation: https://auth.example.com/\r\nContent-Length: 0\r\n"
                + "X-Request-Id: r-1\r\n\r\n"
        )
    }

    @Test func theAnswerToAHeadTellsTheLengthOfABodyThatDoesNotCome() throws {
        let answer = Answer.json(["a": "b"], status: .ok)
        let whole = try self.split(self.bytes(answer))
        let head = try self.split(self.bytes(answer, withoutBody: true))
        #expect(whole.body == #"{"a":"b"}"#)
        #expect(head.body == "")
        #expect(head.head == whole.head)
        #expect(head.head.contains("Content-Length: 9"))
    }

    @Test func theLastAnswerOfAConnectionSaysSo() throws {
        let answer = Answer.json([:], status: .ok)
        #expect(try self.split(self.bytes(answer, keepAlive: false)).head.contains("Connection: close"))
        #expect(try !self.split(self.bytes(answer)).head.contains { $0.contains("Connection") })
    }

    @Test func aPageHasItsPolicy() throws {
        let answer = try self.split(self.bytes(.page(Page(.signedOut, requestID: nil), status: .ok)))
        #expect(answer.head.contains("Content-Security-Policy: \(Page.contentSecurityPolicy)"))
        #expect(answer.head.contains("Content-Type: text/html; charset=utf-8"))
        #expect(answer.head.contains("Cache-Control: no-store"))
    }

    @Test func aFaultIsAPageForANavigationAndAProblemForTheRest() throws {
        let fault = Fault(.downstream, .badRequest, "the-reason", detail: "the-detail")
        let page = Answer.fault(fault, asPage: true, requestID: "r-1")
        let problem = Answer.fault(fault, asPage: false, requestID: "r-1")
        #expect(page.contentType == "text/html; charset=utf-8")
        #expect(problem.contentType == "application/problem+json")
        let json = try JSON.parse(problem.body)
        #expect(json["status"]?.integerValue == 400)
        #expect(json["request_id"]?.stringValue == "r-1")
        for answer in [page, problem] {
            #expect(!self.bytes(answer).contains("the-"))
            #expect(answer.fault?.reason == "the-reason")
        }
    }

    @Test func whatIsUnavailableSaysWhenToAskAgain() {
        let fault = Fault(.store, .serviceUnavailable, "x")
        #expect(self.bytes(.fault(fault, asPage: false, requestID: "")).contains("\r\nRetry-After: 5\r\n"))
        let other = Fault(.upstream, .badGateway, "x")
        #expect(!self.bytes(.fault(other, asPage: false, requestID: "")).contains("Retry-After"))
    }

    @Test func aChallengeNamesTheAddressToSignInAtAndSetsNoCookie() throws {
        let answer = Answer.challenge(signInURL: "https://a/sign-in", realm: "a", requestID: "r-1")
        let json = try JSON.parse(answer.body)
        #expect(answer.status == .unauthorized)
        #expect(json["sign_in_url"]?.stringValue == "https://a/sign-in")
        let (head, _) = try self.split(self.bytes(answer))
        #expect(head.contains("WWW-Authenticate: Gatehouse realm=\"a\""))
        #expect(!head.contains { $0.hasPrefix("Set-Cookie") })
    }

    @Test func severalCookiesAreSeveralFields() throws {
        var answer = Answer.redirect(.seeOther, to: "/")
        answer.setCookie(.expire("a", secure: true))
        answer.setCookie(.expire("b", secure: true))
        let cookies = try self.split(self.bytes(answer)).head.filter { $0.hasPrefix("Set-Cookie: ") }
        #expect(cookies.count == 2)
    }
}
