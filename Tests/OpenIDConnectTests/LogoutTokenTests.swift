import Cryptography
import JSON
import OpenIDConnect
import Testing

/// Back-Channel Logout 1.0, rule by rule: one test for each way section 2.6 names to be wrong.
@Suite struct LogoutTokenTests {
    private static let event = "http://schemas.openid.net/event/backchannel-logout"

    /// Logto's, with changes: `nil` takes a claim away.
    private func logoutClaims(_ changes: KeyValuePairs<String, JSON?> = [:]) -> JSON {
        changed(
            [
                "sub": "706lje0vqvfe", "events": [Self.event: [:]], "jti": "bWJq", "sid": "s-1",
                "aud": .string(clientID), "exp": 1_795_242_646, "iat": 1_795_242_526,
                "iss": .string(TestProvider.issuer),
            ],
            changes
        )
    }

    @discardableResult
    private func judge(
        _ claims: JSON,
        type: JSON? = "logout+jwt",
        algorithms: [SignatureAlgorithm] = SignatureAlgorithm.allCases,
        signer: TestProvider? = nil,
        now: Instant = now
    ) throws -> LogoutToken {
        let provider = try TestProvider.logto()
        let header = changed(["alg": "ES384", "kid": "logto"], ["typ": type])
        let token = try (signer ?? provider).token(claims, header: header)
        return try validator(algorithms).validate(UnverifiedToken(token), keys: provider.keySet(), now: now)
    }

    private func validator(_ algorithms: [SignatureAlgorithm] = SignatureAlgorithm.allCases) -> LogoutTokenValidator {
        LogoutTokenValidator(
            issuer: TestProvider.issuer,
            clientID: clientID,
            algorithms: algorithms,
            leeway: .seconds(60)
        )
    }

    @Test func theSessionDecidesWhereThereIsOne() throws {
        let token = try judge(logoutClaims())
        #expect(token.target == .session("s-1"))
        #expect(token.subject == "706lje0vqvfe")
        #expect(token.id == "bWJq")
        #expect(token.expiresAt == Instant(seconds: 1_795_242_706), "its end and the leeway")
        #expect(try judge(logoutClaims(["sub": nil])).target == .session("s-1"))
        #expect(try judge(logoutClaims(["sid": nil])).target == .subject("706lje0vqvfe"))
    }

    @Test func theTypeMaySayLogoutTokenOrNothing() throws {
        for type: JSON? in ["logout+jwt", "LOGOUT+JWT", "application/logout+jwt", "JWT", nil] {
            try judge(logoutClaims(), type: type)
        }
        for type in ["at+jwt", "id_token", "secevent+jwt", ""] {
            #expect(throws: OpenIDConnectError.tokenTypeNotAllowed(type)) {
                try judge(logoutClaims(), type: .string(type))
            }
        }
    }

    @Test func theSignatureHolds() throws {
        let stranger = try TestProvider.stranger()
        #expect(throws: OpenIDConnectError.signatureInvalid) { try judge(logoutClaims(), signer: stranger) }
    }

    @Test func theAlgorithmIsOneTheProviderSignsWith() throws {
        #expect(throws: OpenIDConnectError.algorithmNotAllowed("ES384")) {
            try judge(logoutClaims(), algorithms: [.RS256])
        }
        for algorithm in ["none", "HS256"] {
            let header: JSON = ["alg": .string(algorithm), "kid": "logto", "typ": "logout+jwt"]
            let token = try TestProvider.logto().token(logoutClaims(), header: header)
            let keys = try TestProvider.logto().keySet()
            #expect(throws: OpenIDConnectError.algorithmNotAllowed(algorithm)) {
                try validator().validate(UnverifiedToken(token), keys: keys, now: now)
            }
        }
    }

    @Test func theIssuerIsTheProvider() {
        #expect(throws: OpenIDConnectError.issuerMismatch(found: "https://evil.example")) {
            try judge(logoutClaims(["iss": "https://evil.example"]))
        }
        #expect(throws: OpenIDConnectError.issuerMismatch(found: nil)) { try judge(logoutClaims(["iss": nil])) }
    }

    @Test func weAreTheAudience() throws {
        try judge(logoutClaims(["aud": ["other", .string(clientID)]]))
        for audience: JSON? in ["other", [], ["other"], [.string(clientID), 1], nil, .null, 7] {
            #expect(throws: OpenIDConnectError.audienceMismatch) { try judge(logoutClaims(["aud": audience])) }
        }
    }

    @Test func itIsNeitherOldNorFromTheFuture() throws {
        try judge(logoutClaims(), now: Instant(seconds: 1_795_242_705))
        #expect(throws: OpenIDConnectError.self) {
            try judge(logoutClaims(), now: Instant(seconds: 1_795_242_706))
        }
        #expect(throws: OpenIDConnectError.self) {
            try judge(logoutClaims(), now: Instant(seconds: 1_795_242_465))
        }
        #expect(throws: OpenIDConnectError.issuedAtUnusable) { try judge(logoutClaims(["iat": nil])) }
        #expect(throws: OpenIDConnectError.issuedAtUnusable) { try judge(logoutClaims(["iat": "1795242526"])) }
        #expect(throws: OpenIDConnectError.expiryUnusable) { try judge(logoutClaims(["exp": "soon"])) }
        let huge = try json("1e300")
        #expect(throws: OpenIDConnectError.expiryUnusable) { try judge(logoutClaims(["exp": huge])) }
    }

    @Test func withoutAnEndItIsGoodForTwoMinutes() throws {
        try judge(logoutClaims(["exp": nil]), now: Instant(seconds: 1_795_242_705))
        #expect(throws: OpenIDConnectError.self) {
            try judge(logoutClaims(["exp": nil]), now: Instant(seconds: 1_795_242_706))
        }
    }

    @Test func itIsAboutALogout() {
        let wrong: [JSON?] = [
            nil, .null, [:], [], "x", .string(Self.event), [.string(Self.event)],
            ["http://schemas.openid.net/event/other": [:]],
        ]
        for events in wrong {
            #expect(throws: OpenIDConnectError.logoutTokenWithoutEvent) {
                try judge(logoutClaims(["events": events]))
            }
        }
        for value: JSON in [.null, true, "", []] {
            #expect(throws: OpenIDConnectError.logoutTokenWithoutEvent) {
                try judge(logoutClaims(["events": [Self.event: value]]))
            }
        }
    }

    @Test func otherEventsBesideItDoNoHarm() throws {
        try judge(logoutClaims(["events": [Self.event: ["x": 1], "https://example.com/event": [:]]]))
    }

    @Test func aNonceMakesItSomethingElse() {
        for nonce: JSON in ["n", "", .null] {
            #expect(throws: OpenIDConnectError.logoutTokenWithNonce) { try judge(logoutClaims(["nonce": nonce])) }
        }
    }

    @Test func itNamesASessionOrAnEndUser() {
        #expect(throws: OpenIDConnectError.logoutTokenWithoutTarget) {
            try judge(logoutClaims(["sub": nil, "sid": nil]))
        }
        for name: JSON in ["", 7, [], .string(String(repeating: "s", count: 256)), "a\u{0}b"] {
            #expect(throws: OpenIDConnectError.logoutTokenNameUnusable) { try judge(logoutClaims(["sid": name])) }
            #expect(throws: OpenIDConnectError.logoutTokenNameUnusable) { try judge(logoutClaims(["sub": name])) }
            #expect(throws: OpenIDConnectError.logoutTokenNameUnusable) { try judge(logoutClaims(["jti": name])) }
        }
    }

    @Test func itHasANameOfItsOwn() {
        #expect(throws: OpenIDConnectError.logoutTokenWithoutID) { try judge(logoutClaims(["jti": nil])) }
    }

    @Test func anIDTokenIsNoLogoutToken() {
        #expect(throws: OpenIDConnectError.logoutTokenWithoutEvent) { try judge(claims(), type: nil) }
    }

    @Test func aLogoutTokenIsNoIDToken() throws {
        #expect(throws: OpenIDConnectError.tokenTypeNotAllowed("logout+jwt")) {
            try OpenIDConnectTests.judge(
                logoutClaims(["nonce": .string(nonce)]),
                header: ["alg": "ES384", "kid": "logto", "typ": "logout+jwt"]
            )
        }
    }
}
