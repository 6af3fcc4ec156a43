import Gateway
import TestSupport
import Testing

/// What the application gets: bytes from a browser in, bytes to the application out.
@Suite(.serialized, .timeLimit(.minutes(1)))
struct ForwardedRequestTests {
    /// What the application got for these bytes.
    private func forwarded(_ bytes: @escaping (LoopbackGateway) throws -> String) async throws -> String {
        try await LoopbackGateway.run { gateway in
            let answer = try await gateway.talk(bytes(gateway))
            return try #require(gateway.application.requests.first, "not forwarded: \(answer)")
        }
    }

    private func request(_ fields: String, target: String = "/open", method: String = "GET", body: String = "")
        -> String
    {
        "\(method) \(target) HTTP/1.1\r\nHost: app.example.com\r\nX-Request-Id: r-1\r\n"
            + "Connection: close\r\n\(fields)\r\n\(body)"
    }

    private let ours =
        "X-Forwarded-For: 127.0.0.1\r\nX-Forwarded-Proto: https\r\nX-Forwarded-Host: app.example.com\r\n"
        + "X-Request-Id: r-1\r\n"

    @Test func aRequestIsForwardedByteForByte() async throws {
        let forwarded = try await self.forwarded { _ in
            self.request("Accept: */*\r\nX-Custom: a  b\r\nx-custom: c\r\n", target: "/open/a%20b?q=%2e%2e/;x")
        }
        #expect(
            forwarded == "GET /open/a%20b?q=%2e%2e/;x HTTP/1.1\r\nHost: app.example.com\r\nAccept: */*\r\n"
                + "X-Custom: a  b\r\nx-custom: c\r\n\(self.ours)\r\n"
        )
    }

    @Test(arguments: [
        "X-Forwarded-User: mallory", "x_forwarded_user: mallory", "X-Forwarded-Groups: admin", "X-Real-IP: 192.0.2.1",
        "X-Forwarded-For: 192.0.2.1", "X-Forwarded-Host: evil.example.com", "X-Forwarded-Proto: http",
        "Forwarded: for=192.0.2.1", "Remote-User: mallory", "X-Auth-Request-Email: mallory@example.com",
        "X-Gatehouse-Anything: x", "Keep-Alive: timeout=5", "Proxy-Connection: keep-alive", "TE: trailers",
        "Proxy-Authorization: Basic eDp5",
    ])
    func whatOnlyWeMaySayAndWhatEndsHereIsStripped(_ field: String) async throws {
        let forwarded = try await self.forwarded { _ in self.request(field + "\r\n") }
        #expect(forwarded == "GET /open HTTP/1.1\r\nHost: app.example.com\r\n\(self.ours)\r\n")
    }

    @Test func fieldsThatConnectionNamesAreStrippedAndOursAreNot() async throws {
        let forwarded = try await self.forwarded { gateway in
            self.request(
                try gateway.signIn()
                    + "X-One: 1\r\nConnection: x-one, X-Forwarded-User, X-Forwarded-For\r\nX-Two: 2\r\n",
                target: "/private"
            )
        }
        #expect(!forwarded.contains("X-One"))
        #expect(forwarded.contains("\r\nX-Two: 2\r\n"))
        #expect(forwarded.contains("\r\nX-Forwarded-User: 706lje0vqvfe\r\n"))
        #expect(forwarded.contains("\r\nX-Forwarded-For: 127.0.0.1\r\n"))
    }

    @Test func whoIsSignedInIsNamedByUsAlone() async throws {
        let forwarded = try await self.forwarded { gateway in
            self.request(try gateway.signIn() + "X-Forwarded-User: mallory\r\n", target: "/private")
        }
        #expect(
            forwarded == "GET /private HTTP/1.1\r\nHost: app.example.com\r\n\(self.ours)"
                + "X-Forwarded-User: 706lje0vqvfe\r\nX-Forwarded-Email: alice@example.com\r\n"
                + "X-Forwarded-Preferred-Username: alice\r\nX-Forwarded-Name: Alice Liddell\r\n"
                + "X-Forwarded-Groups: admin,reader\r\n\r\n"
        )
    }

    @Test func aRouteForAnyoneLearnsNothingOfWhoIsSignedIn() async throws {
        let forwarded = try await self.forwarded { gateway in self.request(try gateway.signIn()) }
        #expect(forwarded == "GET /open HTTP/1.1\r\nHost: app.example.com\r\n\(self.ours)\r\n")
    }

    @Test func ourCookiesAreKeptFromTheApplicationAndItsOwnAreNot() async throws {
        let forwarded = try await self.forwarded { _ in
            self.request(
                "Cookie: a=1; __Host-gatehouse=x; b=\"2; 3\"\r\nCookie: gatehouse_tx_00000000=y\r\n"
                    + "Cookie: GATEHOUSE=z; __Secure-gatehouse_flow=1.1; c=3\r\n"
            )
        }
        #expect(forwarded.contains("\r\nCookie: a=1; b=\"2; 3\"\r\nCookie: c=3\r\n"))
        #expect(!forwarded.lowercased().contains("gatehouse"))
    }

    @Test func aBodyOfKnownLengthKeepsItsLength() async throws {
        let forwarded = try await self.forwarded { _ in
            self.request("Content-Length: 5\r\n", method: "POST", body: "hello")
        }
        #expect(
            forwarded == "POST /open HTTP/1.1\r\nHost: app.example.com\r\nContent-Length: 5\r\n\(self.ours)\r\nhello"
        )
    }

    @Test func aBodyInChunksStaysInChunksAndKeepsItsTrailers() async throws {
        let forwarded = try await self.forwarded { _ in
            self.request(
                "transfer-encoding: Chunked\r\n",
                method: "POST",
                body: "5;extension=1\r\nhello\r\n0\r\nX-Trailer: 1\r\n\r\n"
            )
        }
        #expect(
            forwarded
                == "POST /open HTTP/1.1\r\nHost: app.example.com\r\nTransfer-Encoding: chunked\r\n\(self.ours)\r\n"
                + "5\r\nhello\r\n0\r\nX-Trailer: 1\r\n\r\n"
        )
    }

    @Test func absoluteFormBecomesOriginForm() async throws {
        let forwarded = try await self.forwarded { _ in
            self.request("", target: "https://APP.example.com:443/open?x")
        }
        #expect(forwarded.hasPrefix("GET /open?x HTTP/1.1\r\nHost: app.example.com\r\n"))
    }

    @Test func aPathIsForwardedAsItWasJudged() async throws {
        let forwarded = try await self.forwarded { _ in self.request("", target: "/%6fpen/%e2%82%ac") }
        #expect(forwarded.hasPrefix("GET /open/%E2%82%AC HTTP/1.1\r\n"))
    }
}
