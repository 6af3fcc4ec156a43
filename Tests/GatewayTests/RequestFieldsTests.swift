import Gateway
import NIOHTTP1
import Testing

/// One pass over a request's fields: what each is, and what is refused.
struct RequestFieldsTests {
    private func read(
        _ fields: [(String, String)],
        method: HTTPMethod = .GET,
        version: HTTPVersion = .http1_1
    ) throws -> RequestFields {
        let result = RequestFields()
        try result.read(.make([("Host", "app.example.com")] + fields, method: method, version: version))
        return result
    }

    /// What the one field becomes.
    private func kind(of name: String, _ value: String = "x") throws -> RequestFields.Kind {
        try self.read([(name, value)]).kinds[1]
    }

    private func refusal(_ fields: [(String, String)], version: HTTPVersion = .http1_1) -> Int? {
        do {
            try RequestFields().read(.make(fields, version: version))
            return nil
        } catch {
            return Int(error.status.code)
        }
    }

    @Test(arguments: ["Accept", "Authorization", "Content-Type", "X-Custom", "Referer", "If-None-Match", "Range"])
    func whatConcernsTheApplicationIsItsOwn(_ name: String) throws {
        #expect(try self.kind(of: name) == .endToEnd)
    }

    @Test(arguments: [
        "Keep-Alive", "TE", "Trailer", "Proxy-Connection", "proxy-authorization", "UPGRADE", "HTTP2-Settings",
    ])
    func whatConcernsThisConnectionEndsHere(_ name: String) throws {
        #expect(try self.kind(of: name) == .dropped)
    }

    @Test(arguments: [
        "X-Forwarded-User", "x-forwarded-user", "X_Forwarded_User", "X-Forwarded-Groups", "X-Forwarded-Anything",
        "X-Forwarded-Proto", "X-Forwarded-For", "Forwarded", "X-Real-IP", "X-Auth-Request-User", "Remote-User",
    ])
    func whatOnlyWeMaySayIsTakenFromNobody(_ name: String) throws {
        #expect(try self.kind(of: name) == .reserved)
    }

    @Test func whatConnectionNamesEndsHereInAnyCaseAndWithAnySpace() throws {
        let fields = try self.read([
            ("X-One", "1"), ("Connection", "close, x-ONE ,\tX-Two"), ("X-Two", "2"), ("X-Three", "3"),
        ])
        #expect(fields.kinds == [.dropped, .dropped, .dropped, .dropped, .endToEnd])
    }

    @Test func severalConnectionFieldsNameTogether() throws {
        let fields = try self.read([("Connection", "keep-alive"), ("Connection", "X-One"), ("X-One", "1")])
        #expect(fields.kinds[3] == .dropped)
    }

    @Test func cookiesAndForwardedAddressesKeepTheirOrder() throws {
        let fields = try self.read([
            ("Cookie", "a=1"), ("X-Forwarded-For", "192.0.2.1"), ("Cookie", "b=2"), ("X-Forwarded-For", "192.0.2.2"),
        ])
        #expect(fields.cookies == ["a=1", "b=2"])
        #expect(fields.forwardedFor == ["192.0.2.1", "192.0.2.2"])
        #expect(fields.kinds == [.dropped, .cookie, .reserved, .cookie, .reserved])
    }

    @Test func aBodyHasALengthOrChunksOrIsNotThere() throws {
        #expect(try self.read([]).framing == .none)
        #expect(try self.read([("Content-Length", "0")]).framing == .length(0))
        #expect(try self.read([("Content-Length", "1234")]).framing == .length(1234))
        #expect(try self.read([("Transfer-Encoding", "Chunked")]).framing == .chunked)
    }

    @Test(arguments: ["", "-1", "+1", " 1", "1 ", "0x1", "1,1", "1.0", "99999999999999999999", "\u{0661}"])
    func aLengthIsADecimalNumber(_ value: String) {
        #expect(self.refusal([("Host", "a"), ("Content-Length", value)]) == 400)
    }

    @Test func aRequestWithTwoReadingsIsRefused() {
        let host = ("Host", "a")
        #expect(self.refusal([]) == 400)
        #expect(self.refusal([host, ("host", "a")]) == 400)
        #expect(self.refusal([host, ("Content-Length", "1"), ("Content-Length", "1")]) == 400)
        #expect(self.refusal([host, ("Content-Length", "1"), ("Transfer-Encoding", "chunked")]) == 400)
        #expect(self.refusal([host, ("Transfer-Encoding", "chunked"), ("Content-Length", "1")]) == 400)
        #expect(self.refusal([host, ("Transfer-Encoding", "chunked"), ("Transfer-Encoding", "chunked")]) == 400)
        #expect(self.refusal([host, ("Transfer-Encoding", "chunked")], version: .http1_0) == 400)
    }

    @Test(arguments: ["gzip, chunked", "chunked, gzip", "identity", "chunked;q=1", "x chunked", "chunke\u{212A}", ""])
    func anyOtherTransferEncodingIsRefused(_ value: String) {
        #expect(self.refusal([("Host", "a"), ("Transfer-Encoding", value)]) == 400)
    }

    @Test func onlyOneExpectationIsKnown() throws {
        #expect(try self.read([("Expect", "100-Continue")]).expectsContinue)
        #expect(self.refusal([("Host", "a"), ("Expect", "200-ok")]) == 417)
    }

    @Test func nothingOfARequestIsLeftForTheNext() throws {
        let fields = RequestFields()
        try fields.read(
            .make([
                ("Host", "a"), ("Cookie", "a=1"), ("Content-Length", "3"), ("Upgrade", "websocket"), ("Origin", "x"),
                ("Expect", "100-continue"), ("X-Forwarded-For", "192.0.2.1"), ("X-Request-Id", "1"), ("Accept", "*/*"),
            ])
        )
        try fields.read(.make([("Host", "b")]))
        #expect(fields.kinds == [.dropped])
        #expect(fields.framing == .none)
        #expect(fields.host == "b")
        #expect(fields.cookies.isEmpty && fields.forwardedFor.isEmpty)
        #expect(fields.requestID == nil && fields.accept == nil && fields.origin == nil)
        #expect(!fields.hasUpgrade && !fields.expectsContinue)
    }

    @Test func aRefusedRequestLeavesNothingBehindEither() throws {
        let fields = RequestFields()
        #expect(throws: Fault.self) {
            try fields.read(.make([("Host", "a"), ("Cookie", "a=1"), ("Content-Length", "x")]))
        }
        try fields.read(.make([("Host", "b")]))
        #expect(fields.cookies.isEmpty)
        #expect(fields.kinds == [.dropped])
    }
}
