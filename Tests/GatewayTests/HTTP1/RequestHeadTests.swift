import Gateway
import NIOCore
import NIOHTTP1
import Testing

extension RequestHead {
    /// The head of these bytes, which must be all of it.
    static func read(_ bytes: String) throws -> RequestHead {
        let head = RequestHead(limits: .init(fieldBytes: 8192, fieldCount: 100))
        try head.take(bytes)
        return head
    }

    /// Reads another head into the same storage.
    func take(_ bytes: String) throws {
        var buffer = ByteBuffer(string: bytes)
        self.reset()
        #expect(try self.read(&buffer))
        #expect(buffer.readableBytes == 0)
        try self.understand()
    }

    static func text(_ fields: [(String, String)], line: String = "GET / HTTP/1.1") -> String {
        line + "\r\n" + fields.map { "\($0.0): \($0.1)\r\n" }.joined() + "\r\n"
    }
}

/// What each field of a request is, and what is refused.
struct RequestHeadTests {
    private func read(_ fields: [(String, String)], line: String = "GET / HTTP/1.1") throws -> RequestHead {
        try .read(RequestHead.text([("Host", "app.example.com")] + fields, line: line))
    }

    /// What the one field becomes.
    private func kind(of name: String, _ value: String = "x") throws -> RequestHead.Kind {
        try self.read([(name, value)]).kinds[1]
    }

    private func refusal(_ fields: [(String, String)], line: String = "GET / HTTP/1.1") -> Int? {
        do {
            _ = try RequestHead.read(RequestHead.text(fields, line: line))
            return nil
        } catch {
            // What is no message at all is a bad request, too.
            return (error as? Fault).map { Int($0.status.code) } ?? (error is MessageError ? 400 : nil)
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

    @Test(arguments: ["", "-1", "+1", "1 1", "0x1", "1,1", "1.0", "99999999999999999999", "\u{0661}"])
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
        #expect(self.refusal([host, ("Transfer-Encoding", "chunked")], line: "POST / HTTP/1.0") == 400)
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
        let head = try self.read([
            ("Cookie", "a=1"), ("Content-Length", "3"), ("Upgrade", "websocket"), ("Origin", "x"), ("X-Custom", "y"),
            ("Expect", "100-continue"), ("X-Forwarded-For", "192.0.2.1"), ("X-Request-Id", "1"), ("Accept", "*/*"),
        ])
        try head.take(RequestHead.text([("Host", "b")], line: "POST /other HTTP/1.0"))
        #expect(head.kinds == [.dropped])
        #expect(head.framing == .none)
        #expect(head.host == "b")
        #expect(head.method == "POST" && head.targetText == "/other" && head.isHTTP10 && !head.keepAlive)
        #expect(head.cookies.isEmpty && head.forwardedFor.isEmpty && head.values(named: "x-custom").isEmpty)
        #expect(head.requestID == nil && head.accept == nil && head.origin == nil)
        #expect(!head.hasUpgrade && !head.expectsContinue)
    }

    @Test func aRefusedRequestLeavesNothingBehindEither() throws {
        let head = try self.read([])
        #expect(throws: Fault.self) {
            try head.take(RequestHead.text([("Host", "a"), ("Cookie", "a=1"), ("Content-Length", "x")]))
        }
        try head.take(RequestHead.text([("Host", "b")]))
        #expect(head.cookies.isEmpty)
        #expect(head.kinds == [.dropped])
    }

    @Test(arguments: [
        "GET  / HTTP/1.1", "GET /  HTTP/1.1", "GET / HTTP/1.1 ", "GET\t/ HTTP/1.1", "GET /a b HTTP/1.1", "GET HTTP/1.1",
        "GET /\u{e4} HTTP/1.1", "GET / HTTP/2.0", "GET / HTTP/1.2", "GET / HTTP/1.10", "GET / http/1.1",
        "GET / HTTP/1,1",
        "GET / RTSP/1.0", "GET /", "PRI * HTTP/2.0", "G(T / HTTP/1.1",
    ])
    func aRequestLineHasThreePartsWithOneSpaceBetween(_ line: String) {
        #expect(self.refusal([("Host", "a")], line: line) == 400)
    }

    @Test func theConnectionStaysAsTheRequestAsks() throws {
        #expect(try self.read([]).keepAlive)
        #expect(try !self.read([("Connection", "close")]).keepAlive)
        #expect(try !self.read([("Connection", "x, Close")]).keepAlive)
        #expect(try !self.read([], line: "GET / HTTP/1.0").keepAlive)
        #expect(try self.read([("Connection", "Keep-Alive")], line: "GET / HTTP/1.0").keepAlive)
    }

    @Test func aFieldThatMattersIsReadAsOneListHoweverOftenItComes() throws {
        #expect(try self.read([("Origin", "a"), ("origin", "b")]).origin == "a,b")
        #expect(try self.read([("X-Custom", "a"), ("x-custom", " b ")]).values(named: "x-custom") == ["a", "b"])
    }
}
