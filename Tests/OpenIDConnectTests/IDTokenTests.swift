import Cryptography
import JSON
import OpenIDConnect
import Testing

/// OpenID Connect Core section 3.1.3.7, rule by rule. Each token is signed by the right key: only the claim is wrong.
struct IDTokenTests {
    @Test func logtosTokenPassesWithItsNullsAndMilliseconds() throws {
        let token = try judge(claims(["sid": "Pv25", "auth_time": 1_795_242_500]))
        #expect(token.issuer == TestProvider.issuer)
        #expect(token.subject == "706lje0vqvfe")
        #expect(token.issuedAt == Instant(seconds: 1_795_242_526))
        #expect(token.expiresAt == Instant(seconds: 1_795_246_126))
        #expect(token.authenticatedAt == Instant(seconds: 1_795_242_500))
        #expect(token.sessionID == "Pv25")
        #expect(token.keyID == "logto")
        #expect(token.claims["phone_number"] == .null)
        #expect(token.claims["updated_at"]?.integerValue == 1_700_000_000_000)
        #expect(try UnverifiedToken(token.raw).algorithm == "ES384")
        #expect(String(reflecting: token) == "(ID token)")
    }

    @Test func optionalClaimsOfAnotherTypeAreNothing() throws {
        let token = try judge(claims(["sid": 5, "auth_time": "yesterday", "email": ["a"], "name": 7]))
        #expect(token.sessionID == nil)
        #expect(token.authenticatedAt == nil)
    }

    // MARK: iss

    @Test(
        arguments: [
            "https://evil.example/oidc", "https://auth.example.com/oidc/", "https://AUTH.example.com/oidc", "",
            "https://auth.example.com/oidc\0", "https://auth.example.com/oidc\u{301}",
        ]
    )
    func anotherIssuersTokenIsRefused(issuer: String) {
        #expect(throws: OpenIDConnectError.issuerMismatch(found: issuer)) {
            try judge(claims(["iss": .string(issuer)]))
        }
    }

    @Test(arguments: [nil, .null, 5, ["https://auth.example.com/oidc"], [:]] as [JSON?])
    func anIssuerIsText(value: JSON?) {
        #expect(throws: OpenIDConnectError.issuerMismatch(found: nil)) { try judge(claims(["iss": value])) }
    }

    // MARK: aud and azp

    @Test(
        arguments: [
            nil, .null, 5, true, [:], [], "", "another", "gatehouse2", "Gatehouse", "gatehouse ", ["another"],
            [["gatehouse"]],
            ["gatehouse", 5], ["gatehouse", nil],
        ] as [JSON?]
    )
    func aTokenForSomebodyElseIsRefused(audience: JSON?) {
        #expect(throws: OpenIDConnectError.audienceMismatch) {
            try judge(claims(["aud": audience, "azp": "gatehouse"]))
        }
    }

    @Test func anAudienceMayBeAList() throws {
        try judge(claims(["aud": ["gatehouse"]]))
        try judge(claims(["aud": ["api", "gatehouse"], "azp": "gatehouse"]))
    }

    @Test(arguments: [nil, .null, "api", "", 5, ["gatehouse"]] as [JSON?])
    func severalAudiencesNeedUsAsAuthorizedParty(party: JSON?) {
        #expect(throws: OpenIDConnectError.authorizedPartyMismatch) {
            try judge(claims(["aud": ["gatehouse", "api"], "azp": party]))
        }
    }

    @Test(arguments: ["api", "", 5, ["gatehouse"], "gatehous\u{E9}"] as [JSON])
    func anAuthorizedPartyIsUsWhereverItStands(party: JSON) {
        #expect(throws: OpenIDConnectError.authorizedPartyMismatch) { try judge(claims(["azp": party])) }
    }

    @Test func anAuthorizedPartyOfNullIsNone() throws {
        try judge(claims(["azp": .null]))
        try judge(claims(["azp": "gatehouse"]))
    }

    @Test func clientsAreComparedByteForByte() throws {
        let provider = try TestProvider.logto()
        let token = try UnverifiedToken(provider.token(claims(["aud": "caf\u{E9}"])))
        #expect(throws: OpenIDConnectError.audienceMismatch) {
            try validator(clientID: "cafe\u{301}").validate(token, keys: provider.keySet(), nonce: nonce, now: now)
        }
    }

    // MARK: exp

    @Test func aTokenEndsWhenItsLeewayDoes() throws {
        let expires = Instant(seconds: 1_795_246_126)
        try judge(claims(), now: expires.advanced(by: .seconds(59)))
        let late = expires.advanced(by: .seconds(60))
        #expect(throws: OpenIDConnectError.expired(at: expires, now: late)) { try judge(claims(), now: late) }
    }

    @Test(
        arguments: [
            nil, "null", "\"1795246126\"", "true", "[]", "{}", "1e300", "-1e300", "1e400", "-1", "9223372036854775807",
            "9223372036854775808", "123456789012345678901234567890", "1795246126000", "253402300800", "1e18", "-0.5",
        ]
    )
    func anExpiryThatIsNoDateIsRefused(literal: String?) throws {
        let value = try literal.map(json)
        #expect(throws: OpenIDConnectError.expiryUnusable) { try judge(claims(["exp": value])) }
    }

    @Test(arguments: [
        ("1795246126.9", 1_795_246_126), ("1.795246126e9", 1_795_246_126), ("253402300799", 253_402_300_799),
    ])
    func aDateMayHaveAFractionOrAnExponent(literal: String, seconds: Int64) throws {
        #expect(try judge(claims(["exp": json(literal)])).expiresAt == Instant(seconds: seconds))
    }

    @Test func anExpiryLongPastIsRefused() {
        #expect(throws: OpenIDConnectError.expired(at: Instant(seconds: 0), now: now)) { try judge(claims(["exp": 0])) }
    }

    // MARK: iat and nbf

    @Test(
        arguments: [
            nil, "null", "\"1795242526\"", "true", "1e300", "-1", "1795242526000", "99999999999999999999", "1795246127",
            "[]",
        ]
    )
    func aTimeOfIssueThatIsNoDateIsRefused(literal: String?) throws {
        let value = try literal.map(json)
        #expect(throws: OpenIDConnectError.issuedAtUnusable) { try judge(claims(["iat": value])) }
    }

    @Test func aTokenFromTheFutureIsRefusedBeyondTheLeeway() throws {
        try judge(claims(["iat": .number(JSONNumber(now.seconds + 60))]))
        let future = now.advanced(by: .seconds(61))
        #expect(throws: OpenIDConnectError.issuedInTheFuture(at: future, now: now)) {
            try judge(claims(["iat": .number(JSONNumber(future.seconds))]))
        }
    }

    @Test(arguments: ["\"1\"", "1e300", "-1", "[]", "false"])
    func aStartThatIsNoDateIsRefused(literal: String) throws {
        let value = try json(literal)
        #expect(throws: OpenIDConnectError.notBeforeUnusable) { try judge(claims(["nbf": value])) }
    }

    @Test func aTokenBeforeItsStartIsRefusedBeyondTheLeeway() throws {
        try judge(claims(["nbf": .null]))
        try judge(claims(["nbf": .number(JSONNumber(now.seconds + 60))]))
        let start = now.advanced(by: .seconds(61))
        #expect(throws: OpenIDConnectError.notYetValid(before: start, now: now)) {
            try judge(claims(["nbf": .number(JSONNumber(start.seconds))]))
        }
    }

    // MARK: nonce

    @Test(
        arguments: [
            nil, .null, "", "n-0S6_WzA2MJ", "n-0S6_WzA2M", "n-0S6_WzA2Mjj", " n-0S6_WzA2Mj", 5, ["n-0S6_WzA2Mj"],
        ] as [JSON?]
    )
    func theNonceIsOursExactly(value: JSON?) {
        #expect(throws: OpenIDConnectError.nonceMismatch) { try judge(claims(["nonce": value])) }
    }

    @Test func anEmptyNonceMatchesNothing() throws {
        let provider = try TestProvider.logto()
        let token = try UnverifiedToken(provider.token(claims(["nonce": ""])))
        #expect(throws: OpenIDConnectError.nonceMismatch) {
            try validator().validate(token, keys: provider.keySet(), nonce: "", now: now)
        }
    }

    // MARK: sub

    @Test(arguments: [nil, .null, "", 5, ["a"], "a\r\nb", "a\0", "a\u{7F}", "a\u{85}b"] as [JSON?])
    func aSubjectIsReadableText(value: JSON?) {
        #expect(throws: OpenIDConnectError.subjectUnusable) { try judge(claims(["sub": value])) }
    }

    @Test func aSubjectHasALimit() throws {
        let longest = String(repeating: "a", count: 255)
        #expect(try judge(claims(["sub": .string(longest)])).subject == longest)
        #expect(throws: OpenIDConnectError.subjectUnusable) { try judge(claims(["sub": .string(longest + "a")])) }
    }

    // MARK: auth_time

    @Test func anOldAuthenticationIsRefusedWhereAgeMatters() throws {
        let authenticated = now.advanced(by: .seconds(-300))
        let claims = claims(["auth_time": .number(JSONNumber(authenticated.seconds))])
        try judge(claims)
        try judge(claims, maxAge: 240)
        #expect(throws: OpenIDConnectError.authenticationTooOld(at: authenticated, now: now)) {
            try judge(claims, maxAge: 239)
        }
    }

    @Test(arguments: [nil, "null", "\"1795242500\"", "1e300", "1795242591", "1795242500000"])
    func whereAgeMattersItMustBeKnown(literal: String?) throws {
        let value = try literal.map(json)
        #expect(throws: OpenIDConnectError.authenticationTimeUnusable) {
            try judge(claims(["auth_time": value]), maxAge: 10)
        }
    }

    @Test func anAbsurdAgeBreaksNothing() throws {
        try judge(claims(["auth_time": 0]), maxAge: .max)
        #expect(throws: OpenIDConnectError.self) { try judge(claims(["auth_time": 0]), maxAge: .min) }
    }

    // MARK: at_hash

    @Test func theAccessTokenIsTheOneThatCameAlong() throws {
        let provider = try TestProvider.rsa()
        let accessToken = "jHkWEdUXMU1BwAsC4vtUsZwnNvTIxEl0z9K3vx5KF0Y"
        // The example of OpenID Connect Core's appendix A.3.
        let claims = claims(["at_hash": "77QmUPtjPfzWtF2AnpK9RQ"])
        try judge(claims, by: provider, accessToken: accessToken)
        try judge(claims, by: provider)
        for other in ["", accessToken + "x"] {
            #expect(throws: OpenIDConnectError.accessTokenHashMismatch) {
                try judge(claims, by: provider, accessToken: other)
            }
        }
    }

    @Test func theHashIsThatOfTheSignature() throws {
        let accessToken = "jHkWEdUXMU1BwAsC4vtUsZwnNvTIxEl0z9K3vx5KF0Y"
        let logto = try TestProvider.logto()
        try judge(claims(["at_hash": "jtAeDp945y1dDqU3nkIVGNZP1HjH_MFs"]), by: logto, accessToken: accessToken)
        let rsa = try TestProvider.make(.rsa(2_048), kid: "512", .RS512)
        let hash: JSON = "q7nS86GgvvFaZkzALLWqJYaJIKw2wCDAVfCAsm5CrBM"
        try judge(claims(["at_hash": hash]), by: rsa, accessToken: accessToken)
        #expect(throws: OpenIDConnectError.accessTokenHashMismatch) {
            try judge(claims(["at_hash": hash]), by: logto, accessToken: accessToken)
        }
    }

    @Test func theHashIsOptional() throws {
        let provider = try TestProvider.rsa()
        try judge(claims(), by: provider, accessToken: "a")
        try judge(claims(["at_hash": .null]), by: provider, accessToken: "a")
        for value in ["", 5, [], "77QmUPtjPfzWtF2AnpK9RQ=="] as [JSON] {
            #expect(throws: OpenIDConnectError.accessTokenHashMismatch) {
                try judge(claims(["at_hash": value]), by: provider, accessToken: "a")
            }
        }
    }
}
