import Access
import BackChannel
import Gateway
import JSON
import Logging
import OpenIDConnect
import Synchronization
import TestSupport
import Testing

/// What the token endpoint says to a refresh token, and what that means for the session.
@Suite(.serialized, .timeLimit(.minutes(1)))
struct RefreshExchangeTests {
    private static let purpose = ObtainedToken.Purpose(resource: "https://api.example.com", organizationID: "o1")

    @Test func `a renewal makes the next generation`() async throws {
        try await TokenEndpoint.run { provider in
            provider.answer(
                200,
                ["access_token": "a2", "token_type": "Bearer", "refresh_token": "r2", "expires_in": 60]
            )
            let next = try await provider.exchange().carryOut(.renewal, for: .make(generation: 4))
            #expect(next.generation == 5 && next.refreshToken == "r2" && next.accessToken == "a2")
            #expect(next.accessTokenExpiresAt == Instant.somewhen.advanced(by: .seconds(60)))
            #expect(next.refreshedAt == .somewhen && next.identity.subject == "706lje0vqvfe")
            let form = try #require(provider.forms.first)
            #expect(form.contains("grant_type=refresh_token") && form.contains("refresh_token=refresh"))
            #expect(!form.contains("resource="))
        }
    }

    @Test func `a refresh token that is not replaced stays, and tokens for upstreams do not`() async throws {
        try await TokenEndpoint.run { provider in
            provider.answer(200, ["access_token": "a2", "token_type": "Bearer"])
            let token = ObtainedToken(
                purpose: Self.purpose,
                text: "t",
                obtainedAt: .somewhen,
                expiresAt: .somewhen.advanced(by: .seconds(99))
            )
            let session = Session.make().adding(token, refreshToken: "r1", now: .somewhen)
            let next = try await provider.exchange().carryOut(.renewal, for: session)
            #expect(next.refreshToken == "r1" && next.obtainedTokens.isEmpty)
        }
    }

    @Test func `a token for an upstream changes nothing else`() async throws {
        try await TokenEndpoint.run { provider in
            provider.answer(
                200,
                ["access_token": "t", "token_type": "Bearer", "refresh_token": "r2", "expires_in": 600]
            )
            let session = Session.make(refreshedAt: Instant(seconds: 5))
            let next = try await provider.exchange().carryOut(.upstreamToken(Self.purpose), for: session)
            #expect(next.obtainedToken(for: Self.purpose)?.text == "t")
            #expect(next.obtainedToken(for: Self.purpose)?.expiresAt == Instant.somewhen.advanced(by: .seconds(600)))
            #expect(next.refreshToken == "r2" && next.generation == 1)
            #expect(next.refreshedAt == session.refreshedAt && next.accessToken == session.accessToken)
            let form = try #require(provider.forms.first)
            #expect(form.contains("resource=https%3A%2F%2Fapi.example.com") && form.contains("organization_id=o1"))
        }
    }

    @Test(arguments: [(JSON.null, 90), (0, 10), (7, 10), (11, 11)])
    func `a token lives as long as is said, and long enough for those who wait`(said: JSON, seconds: Int) async throws {
        try await TokenEndpoint.run { provider in
            provider.answer(200, ["access_token": "t", "token_type": "Bearer", "expires_in": said])
            let next = try await provider.exchange().carryOut(.upstreamToken(Self.purpose), for: .make())
            let end = try #require(next.obtainedToken(for: Self.purpose)?.expiresAt)
            #expect(end - .somewhen == .seconds(seconds))
        }
    }

    @Test(arguments: [
        (400, "invalid_grant", "ended", "ended"), (403, "access_denied", "ended", "refused"),
        (400, "invalid_target", "temporary", "refused"), (401, "invalid_client", "temporary", "temporary"),
        (500, "server_error", "temporary", "temporary"), (429, "slow_down", "temporary", "temporary"),
        (504, "", "lost", "lost"), (502, "", "lost", "lost"), (502, "server_error", "lost", "lost"),
        (500, "", "lost", "lost"), (503, "", "temporary", "temporary"), (524, "", "lost", "lost"),
        (501, "server_error", "temporary", "temporary"),
    ])
    func `no means different things for a session and for one token`(
        status: Int,
        code: String,
        renewal: String,
        token: String
    ) async throws {
        try await TokenEndpoint.run { provider in
            provider.answer(status, ["error": .string(code)])
            #expect(await provider.failure(of: .renewal) == renewal)
            #expect(await provider.failure(of: .upstreamToken(Self.purpose)) == token)
            #expect(provider.forms.count == 2, "each was presented once")
        }
    }

    @Test func `an answer that makes no sense has cost the token`() async throws {
        try await TokenEndpoint.run { provider in
            provider.answer(200, ["nonsense": true])
            #expect(await provider.failure(of: .renewal) == "lost")
        }
    }

    @Test func `an answer that is lost is asked for again only where the provider allows it`() async throws {
        try await TokenEndpoint.run { provider in
            provider.drop()
            #expect(await provider.failure(of: .renewal, retry: .zero) == "lost")
            #expect(provider.forms.count == 1)
        }
        try await TokenEndpoint.run { provider in
            provider.drop(once: true)
            provider.answer(200, ["access_token": "a2", "token_type": "Bearer"])
            let next = try await provider.exchange(retry: .seconds(30)).carryOut(.renewal, for: .make())
            #expect(next.accessToken == "a2")
            #expect(provider.forms.count == 2)
        }
    }

    @Test func `a gateway that ends waits for no answer`() async throws {
        try await TokenEndpoint.run { provider in
            provider.answer(200, ["access_token": "a2", "token_type": "Bearer"])
            let exchange = try provider.exchange(retry: .seconds(30))
            _ = try await exchange.carryOut(.renewal, for: .make())
            provider.backChannel.shutDown()
            await #expect(throws: RefreshExchange.Failure.self) {
                try await exchange.carryOut(.renewal, for: .make())
            }
            #expect(provider.forms.count == 1)
        }
    }

    @Test func `an ID token that cannot be accepted leaves the rotated refresh token`() async throws {
        try await TokenEndpoint.run { provider in
            provider.answer(
                200,
                ["access_token": "a2", "token_type": "Bearer", "refresh_token": "r2", "id_token": "no.token.atall"]
            )
            do {
                _ = try await provider.exchange().carryOut(.renewal, for: .make())
                Issue.record("it was accepted")
            } catch {
                guard case RefreshExchange.Failure.unacceptable(_, let session) = error else {
                    Issue.record("\(error)")
                    return
                }
                #expect(session.refreshToken == "r2" && session.accessToken == "access")
            }
        }
    }

    @Test func `without a refresh token there is nothing to present`() async throws {
        try await TokenEndpoint.run { provider in
            let session = Session.make(refreshToken: nil)
            for errand in [RefreshErrand.renewal, .upstreamToken(Self.purpose)] {
                #expect(await provider.failure(of: errand, session: session) == "ended")
            }
            #expect(provider.forms.isEmpty)
        }
    }
}

/// A provider on loopback whose token endpoint says what the test wants.
private struct TokenEndpoint: Sendable {
    let backChannel: BackChannel
    private let application: Application
    private let behaviour: Behaviour

    private final class Behaviour: Sendable {
        private struct State {
            var answer = ""
            var drops = 0
            var port = 0
            let keys: String
        }

        private let state: Mutex<State>

        init() throws {
            self.state = Mutex(State(keys: try ProviderDocuments.keys()))
        }

        func set(answer: String? = nil, drops: Int? = nil, port: Int? = nil) {
            self.state.withLock { state in
                state.answer = answer ?? state.answer
                state.drops = drops ?? state.drops
                state.port = port ?? state.port
            }
        }

        func answer(_ request: String) -> String {
            self.state.withLock { state in
                let issuer = "http://127.0.0.1:\(state.port)/oidc"
                if request.hasPrefix("GET /oidc/.well-known/") {
                    return Application.ok(
                        ProviderDocuments.discovery(issuer),
                        fields: "Content-Type: application/json\r\n"
                    )
                }
                if request.hasPrefix("GET ") {
                    return Application.ok(state.keys, fields: "Content-Type: application/json\r\n")
                }
                guard state.drops == 0 else {
                    state.drops -= 1
                    return "Connection: close"
                }
                return state.answer
            }
        }
    }

    static func run(_ body: (TokenEndpoint) async throws -> Void) async throws {
        let behaviour = try Behaviour()
        try await Application.run {
            behaviour.answer($0)
        } beside: { application, backChannel in
            behaviour.set(port: application.port)
            try await body(TokenEndpoint(backChannel: backChannel, application: application, behaviour: behaviour))
        }
    }

    /// The forms that were posted to the token endpoint.
    var forms: [String] {
        self.application.requests.filter { $0.hasPrefix("POST /oidc/token ") }.map { request in
            request.split(separator: "\r\n\r\n", maxSplits: 1).last.map { String($0) } ?? ""
        }
    }

    func answer(_ status: Int, _ body: JSON) {
        let body = text(body.bytes)
        self.behaviour.set(
            answer: "HTTP/1.1 \(status) Said\r\nContent-Type: application/json\r\n"
                + "Content-Length: \(body.utf8.count)\r\n\r\n\(body)"
        )
    }

    /// Ends connections in place of answers.
    func drop(once: Bool = false) {
        self.behaviour.set(drops: once ? 1 : .max)
    }

    func exchange(retry: Duration = .zero) throws -> RefreshExchange {
        var configuration = try Configuration.make(issuer: "http://127.0.0.1:\(self.application.port)/oidc")
        configuration.provider.insecureHTTP = true
        configuration.provider.refreshRetry = retry
        let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        return RefreshExchange(
            directory: ProviderDirectory(
                settings: configuration.provider,
                backChannel: self.backChannel,
                logger: logger,
                clock: { .somewhen }
            ),
            backChannel: self.backChannel,
            settings: try Settings(configuration),
            logger: logger,
            clock: { .somewhen }
        )
    }

    /// The name of what went wrong.
    func failure(
        of errand: RefreshErrand,
        session: Session = .make(),
        retry: Duration = .zero
    ) async -> String {
        do {
            _ = try await self.exchange(retry: retry).carryOut(errand, for: session)
            return "nothing"
        } catch let failure as RefreshExchange.Failure {
            return switch failure {
            case .ended: "ended"
            case .temporary: "temporary"
            case .lost: "lost"
            case .refused: "refused"
            case .unacceptable: "unacceptable"
            }
        } catch {
            return "\(error)"
        }
    }
}
