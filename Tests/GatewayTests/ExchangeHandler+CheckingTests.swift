import Access
import Gateway
import TestSupport
import Testing

/// Checks over a real socket, from a front proxy on loopback.
struct ExchangeHandlerCheckingTests {
    private func fields(_ fields: [(String, String)]) -> String {
        fields.map { "\($0.0): \($0.1)\r\n" }.joined()
    }

    /// What a gateway that trusts loopback answers.
    private func ask(
        _ target: String,
        _ fields: [(String, String)],
        signedIn: Session? = nil,
        configure: (inout Configuration) throws -> Void = { _ in }
    ) async throws -> String {
        try await LoopbackGateway.run(
            configure: { configuration in
                configuration.server.trustedProxies = [AddressRange("127.0.0.1")].compactMap(\.self)
                try configure(&configuration)
            },
            { gateway in
                let cookie = try signedIn.map { try gateway.signIn($0) } ?? ""
                let answer = try await gateway.get(target, self.fields(fields) + cookie)
                #expect(gateway.application.requests.isEmpty)
                return answer
            }
        )
    }

    private static let modes = [
        ("/_gatehouse/check", nginxFields), ("/_gatehouse/forward-auth", traefikFields),
        ("/_gatehouse/ext-authz/private?x=1", [("x-forwarded-proto", "https")]),
    ]

    @Test(arguments: modes)
    func whoIsSignedInPassesWithTheirIdentity(_ target: String, _ fields: [(String, String)]) async throws {
        let answer = try await self.ask(target, fields, signedIn: .make())
        #expect(answer.hasPrefix("HTTP/1.1 200 OK\r\n"))
        for name in ["X-Forwarded-User", "X-Auth-Request-User", "X-Forwarded-Email", "X-Auth-Request-Email"] {
            #expect(answer.split(separator: "\r\n\(name): ").count == 2, "\(name)")
        }
        #expect(!answer.contains("Set-Cookie"))
    }

    @Test(arguments: modes)
    func aStrangerIsChallenged(_ target: String, _ fields: [(String, String)]) async throws {
        #expect(try await self.ask(target, fields).hasPrefix("HTTP/1.1 401 "))
        let answer = try await self.ask(target, fields + [("Accept", "text/html")])
        #expect(answer.hasPrefix(target.hasSuffix("check") ? "HTTP/1.1 401 " : "HTTP/1.1 302 "))
        let url = "https://app.example.com/_gatehouse/sign-in?rd=%2Fprivate%3Fx%3D1"
        #expect(answer.contains("\r\nLocation: \(url)\r\n"))
    }

    @Test(arguments: modes)
    func anUntrustedPeerIsRefusedWhateverItSays(_ target: String, _ fields: [(String, String)]) async throws {
        let answer = try await self.ask(target, fields, signedIn: .make()) { $0.server.trustedProxies = [] }
        #expect(answer.hasPrefix("HTTP/1.1 403 "))
        #expect(!answer.contains("X-Auth-Request-User"))
    }

    @Test(arguments: modes)
    func checksAreNotAnsweredBesideAListenerOfTheirOwn(_ target: String, _ fields: [(String, String)]) async throws {
        #expect(
            try await LoopbackGateway.run(
                configure: { $0.server.trustedProxies = [AddressRange("127.0.0.1")].compactMap(\.self) },
                door: .browsers
            ) { try await $0.get(target, self.fields(fields)).prefix(12) } == "HTTP/1.1 403"
        )
    }

    @Test func aListenerForChecksAnswersNothingElse() async throws {
        let statuses = try await LoopbackGateway.run(door: .checks) { gateway in
            [try await gateway.statuses("/open"), try await gateway.statuses("/_gatehouse/sign-in")]
        }
        #expect(statuses == [["404"], ["404"]])
    }

    @Test func anOpenRoutePassesWithoutIdentityAndWithoutOurCookie() async throws {
        let fields = nginxFields.with("X-Original-URI", "/open") + [("Cookie", "a=b")]
        let answer = try await self.ask("/_gatehouse/check", fields, signedIn: .make())
        #expect(answer.hasPrefix("HTTP/1.1 200 OK\r\n"))
        #expect(!answer.contains("-User:"))
        #expect(answer.contains("\r\nCookie: a=b\r\n"))
        #expect(!answer.contains("__Host-gatehouse"))
    }

    @Test func whatTheQueryOfTheCheckSaysIsNotRead() async throws {
        let answer = try await self.ask("/_gatehouse/check?X-Original-URI=/open&access=anyone&uri=/open", nginxFields)
        #expect(answer.hasPrefix("HTTP/1.1 401 "))
    }

    @Test func aSessionOfOneHostIsWorthNothingOnAnother() async throws {
        let answer = try await self.ask(
            "/_gatehouse/check",
            nginxFields.with("X-Forwarded-Host", "other.example.com"),
            signedIn: .make()
        ) { $0.routes.append(try .make("/", host: "other.example.com")) }
        #expect(answer.hasPrefix("HTTP/1.1 401 "))
    }

    @Test func ourOwnEndpointsAreNotAskedAbout() async throws {
        let fields = traefikFields.with("X-Forwarded-Uri", "/_gatehouse/sign-in")
        #expect(try await self.ask("/_gatehouse/forward-auth", fields).hasPrefix("HTTP/1.1 403 "))
    }

    @Test(arguments: [("/_gatehouse/check", "403"), ("/_gatehouse/forward-auth", "421")])
    func aHostOfNobodyIsRefused(_ target: String, _ status: String) async throws {
        let fields = (target.hasSuffix("check") ? nginxFields : traefikFields)
            .with("X-Forwarded-Host", "evil.example")
        #expect(try await self.ask(target, fields).hasPrefix("HTTP/1.1 \(status) "))
    }

    @Test func anIdentityThatDoesNotFitIsDeniedAndNotCut() async throws {
        let roles = (0..<900).map { "role-number-\($0)" }
        let session = Session.make(identity: .make(roles: roles))
        let answer = try await self.ask("/_gatehouse/check", nginxFields, signedIn: session)
        #expect(answer.hasPrefix("HTTP/1.1 403 "))
        #expect(!answer.contains("role-number"))
        let roomy = try await self.ask("/_gatehouse/check", nginxFields, signedIn: session) {
            $0.limits.identityBytes = 32 << 10
        }
        #expect(roomy.hasPrefix("HTTP/1.1 200 "))
        #expect(roomy.contains("role-number-899"))
    }
}
