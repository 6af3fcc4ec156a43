import BackChannel
import Testing

@Suite(.timeLimit(.minutes(1))) struct BackChannelRequestTests {
    /// What the peer gets to see.
    private func echo(_ request: (String) -> BackChannelRequest) async throws -> String {
        let server = try LoopbackServer.answering { LoopbackServer.answer($0) }
        let response = try await makeBackChannel().send(request(server.url("/path?a=b#fragment")))
        return String(decoding: response.body, as: UTF8.self)
    }

    @Test func aGetCarriesItsFieldsAndNothingElse() async throws {
        let text = try await self.echo { url in
            BackChannelRequest(
                url: url,
                headers: [("Authorization", "Bearer abc"), ("X-Empty", ""), ("X-Tab", "a\tb")]
            )
        }
        let lines = text.split(separator: "\r\n").map(String.init)
        #expect(lines.first == "GET /path?a=b HTTP/1.1")
        let names = lines.dropFirst().map { $0.prefix { $0 != ":" } }
        let expected = ["Host", "User-Agent", "Accept", "Accept-Encoding", "Authorization", "X-Empty", "X-Tab"]
        #expect(names.map(String.init) == expected)
        #expect(lines.contains("Authorization: Bearer abc"))
        #expect(lines.contains("X-Tab: a\tb"))
        #expect(lines.contains("User-Agent: gatehouse"))
        #expect(lines.contains("Accept-Encoding: gzip"))
    }

    @Test func aPostCarriesItsBodyByteForByte() async throws {
        let text = try await self.echo { url in
            BackChannelRequest(method: .post, url: url, body: Array("grant_type=x\0y&z".utf8))
        }
        #expect(text.hasPrefix("POST /path?a=b HTTP/1.1\r\n"))
        #expect(text.contains("Content-Type: application/x-www-form-urlencoded\r\n"))
        #expect(text.contains("Content-Length: 16\r\n"))
        #expect(text.hasSuffix("\r\n\r\ngrant_type=x\0y&z"))
    }

    @Test(arguments: [nil, [UInt8]()]) func aPostMayBeEmpty(_ body: [UInt8]?) async throws {
        let text = try await self.echo { BackChannelRequest(method: .post, url: $0, body: body) }
        #expect(text.contains("Content-Length: 0\r\n"))
    }

    @Test func aLargePostDoesNotWaitToBeAskedForItsBody() async throws {
        let server = try LoopbackServer.answering { request in
            LoopbackServer.answer("\(request.utf8.count > 3_000_000) \(request.contains("Expect"))")
        }
        let body = [UInt8](repeating: UInt8(ascii: "a"), count: 3_000_000)
        let request = BackChannelRequest(method: .post, url: server.url(), body: body)
        #expect(try await makeBackChannel().send(request).body == Array("true false".utf8))
    }

    @Test(arguments: [
        "a\r\nX-Evil: 1", "a\nb", "a\rb", "a\0b", "a\u{1B}b", "a\u{7F}",
    ])
    func aFieldValueThatCouldEndItsLineIsRefused(_ value: String) async throws {
        let server = try LoopbackServer.answering()
        let request = BackChannelRequest(url: server.url(), headers: [("X-A", value)])
        #expect(await failure(try makeBackChannel(), request) == .malformed("control character in a field value"))
        #expect(server.connections == 0)
    }

    @Test(arguments: ["", "a b", "a:b", "a\r\nb", "a\nb: c", "\u{E9}", "a\0", "(a)"])
    func aFieldNameThatIsNoTokenIsRefused(_ name: String) async throws {
        let server = try LoopbackServer.answering()
        let request = BackChannelRequest(url: server.url(), headers: [(name, "value")])
        #expect(await failure(try makeBackChannel(), request) == .malformed("field name is not a token"))
        #expect(server.connections == 0)
    }

    @Test(arguments: ["Host", "content-length", "Transfer-Encoding", "CONNECTION", "Expect"])
    func fieldsThatFrameTheMessageAreRefused(_ name: String) async throws {
        let server = try LoopbackServer.answering()
        let request = BackChannelRequest(url: server.url(), headers: [(name, "1")])
        #expect(await failure(try makeBackChannel(), request) == .malformed("field set by libcurl"))
        #expect(server.connections == 0)
    }

    @Test func aGetWithABodyIsRefused() async throws {
        let request = BackChannelRequest(url: "https://127.0.0.1/", body: [1])
        #expect(await failure(try makeBackChannel(), request) == .malformed("GET with a body"))
    }

    @Test(arguments: [
        "http://127.0.0.1:PORT/\r\nX-Evil: 1", "http://127.0.0.1:PORT/ HTTP/1.1", "http://127.0.0.1:PORT/\n",
        "http://127.0.0.1:PORT/\0", "http://127.0.0.1:PORT/\t", "http://127.0.0.1:PORT/\u{E9}",
        "http://user@127.0.0.1:PORT/", "http://user:password@127.0.0.1:PORT/", "127.0.0.1:PORT/",
        "//127.0.0.1:PORT/", "", "http://", "http://:PORT/",
        "ftp://127.0.0.1:PORT/", "file:///etc/passwd", "gopher://127.0.0.1:PORT/", "ws://127.0.0.1:PORT/",
        "http://127.0.0.1:99999/",
    ])
    func aURLThatIsNoPlainHTTPAddressIsRefused(_ url: String) async throws {
        let server = try LoopbackServer.answering()
        let request = BackChannelRequest(url: url.replacing("PORT", with: "\(server.port)"))
        let channel = try makeBackChannel { $0.allowPlainHTTP = true }
        #expect(await failure(channel, request)?.isMalformed == true)
        #expect(server.connections == 0)
    }

    @Test func aURLBeyondTheLimitIsRefused() async throws {
        let url = "https://127.0.0.1/" + String(repeating: "a", count: 16 * 1024)
        #expect(await failure(try makeBackChannel(), BackChannelRequest(url: url)) == .malformed("URL too long"))
    }

    @Test(arguments: [
        "http://192.0.2.1/", "http://example.com/", "http://localhost.example.com/", "http://127.0.0.1.example.com/",
        "http://example.com/127.0.0.1", "http://0.0.0.0/", "http://[::]/", "http://[::ffff:192.0.2.1]/",
        "http://128.0.0.1/", "http://localhost./", "http://127/x", "http://10.0.0.1/", "HTTP://192.0.2.1/",
        "http://3221225985/",
    ])
    func plainHTTPBeyondLoopbackIsRefusedBeforeAnythingIsSent(_ url: String) async throws {
        let channel = try makeBackChannel()
        #expect(await failure(channel, BackChannelRequest(url: url)) == .insecureURL)
    }

    @Test(arguments: ["127.0.0.1", "localhost", "127.1", "0x7f000001"])
    func plainHTTPOnLoopbackIsFine(_ host: String) async throws {
        let server = try LoopbackServer.answering()
        #expect(try await makeBackChannel().send(BackChannelRequest(url: server.url(host: host))).status == 200)
    }

    @Test func plainHTTPElsewhereCanBeAllowed() async throws {
        let server = try LoopbackServer.answering()
        let channel = try makeBackChannel { $0.allowPlainHTTP = true }
        #expect(try await channel.send(BackChannelRequest(url: server.url(host: "0.0.0.0"))).status == 200)
    }
}
