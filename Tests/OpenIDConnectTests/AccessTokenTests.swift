import Cryptography
import JSON
import OpenIDConnect
import Testing

struct AccessTokenTests {
    private static let now = Instant(seconds: 1_700_000_000)
    private static let header: JSON = ["alg": "ES384", "kid": "logto", "typ": "at+jwt"]

    private static func claims(_ changes: KeyValuePairs<String, JSON?> = [:]) -> JSON {
        let usual: JSON = [
            "iss": .string(TestProvider.issuer), "aud": "https://api", "sub": "u", "client_id": "c", "scope": "read",
            "iat": 1_700_000_000, "exp": 1_700_000_600,
        ]
        return changed(usual, changes)
    }

    private static let validator = AccessTokenValidator(
        issuer: TestProvider.issuer,
        algorithms: [.ES384],
        leeway: .seconds(60)
    )

    private static func validate(_ text: String, audiences: [String] = ["https://api"]) throws -> AccessToken {
        try self.validator.validate(
            text,
            keys: try TestProvider.logto().keySet(),
            audiences: audiences,
            now: self.now
        )
    }

    @Test func whatIsRightIsAccepted() throws {
        for typ in ["at+jwt", "AT+JWT", "application/at+jwt"] {
            let header = changed(Self.header, ["typ": .string(typ)])
            let token = try Self.validate(try TestProvider.logto().token(Self.claims(), header: header))
            #expect(token.subject == "u")
            #expect(token.clientID == "c")
            #expect(token.scope == "read")
            #expect(token.expiresAt == Instant(seconds: 1_700_000_600))
        }
        let several = Self.claims(["aud": ["x", "https://api"], "scope": nil])
        #expect(try Self.validate(try TestProvider.logto().token(several, header: Self.header)).scope == "")
    }

    @Test(
        arguments: [
            (["iss": "https://other"], AccessTokenError.wrongIssuer), (["iss": nil], .wrongIssuer),
            (["aud": "https://other"], .wrongAudience), (["aud": nil], .wrongAudience), (["aud": [7]], .wrongAudience),
            (["sub": nil], .incomplete), (["sub": ""], .incomplete), (["sub": "a\nb"], .incomplete),
            (["client_id": nil], .incomplete), (["exp": nil], .incomplete), (["exp": "1700000600"], .incomplete),
            (["exp": 1_699_999_940], .expired), (["nbf": 1_700_000_061], .notYetValid), (["nbf": "x"], .notYetValid),
            (["iat": 1_700_000_061], .notYetValid),
        ] as [([String: JSON?], AccessTokenError)]
    )
    func whatIsWrongIsNamed(_ changes: [String: JSON?], _ error: AccessTokenError) throws {
        var claims = Self.claims()
        for (name, value) in changes { claims = changed(claims, [name: value]) }
        let text = try TestProvider.logto().token(claims, header: Self.header)
        #expect(throws: error) { try Self.validate(text) }
    }

    @Test func anotherKindOfTokenIsNone() throws {
        let provider = try TestProvider.logto()
        for typ: JSON? in [nil, "JWT", "logout+jwt", "at+jwt2", ""] {
            let text = try provider.token(Self.claims(), header: changed(Self.header, ["typ": typ]))
            #expect(throws: AccessTokenError.wrongType) { try Self.validate(text) }
        }
    }

    @Test func keysAndAlgorithmsAreOurs() throws {
        let stranger = try TestProvider.stranger().token(Self.claims(), header: Self.header)
        #expect(throws: AccessTokenError.badSignature) { try Self.validate(stranger) }
        let unknown = try TestProvider.logto().token(Self.claims(), header: changed(Self.header, ["kid": "x"]))
        #expect(throws: AccessTokenError.unknownKey) { try Self.validate(unknown) }
        let none = try TestProvider.logto().token(Self.claims(), header: changed(Self.header, ["alg": "none"]))
        #expect(throws: AccessTokenError.wrongAlgorithm) { try Self.validate(none) }
        for odd in ["", "a", "a.b", "a.b.c", "...."] {
            #expect(throws: AccessTokenError.malformed) { try Self.validate(odd) }
        }
    }

    private static func judge(_ changes: KeyValuePairs<String, JSON?>) throws -> AccessToken {
        let usual: JSON = [
            "active": true, "token_type": "Bearer", "sub": "u", "client_id": "c", "exp": 1_700_000_600,
            "iss": .string(TestProvider.issuer),
        ]
        return try self.validator.judge(introspection: changed(usual, changes), clients: ["c"], now: self.now)
    }

    @Test func anOpaqueTokenIsWhatTheProviderSays() throws {
        #expect(try Self.judge([:]).subject == "u")
        #expect(try Self.judge(["iss": nil]).clientID == "c")
        #expect(throws: AccessTokenError.inactive) { try Self.judge(["active": false]) }
        #expect(throws: AccessTokenError.inactive) { try Self.judge(["active": "true"]) }
        #expect(throws: AccessTokenError.wrongType) { try Self.judge(["token_type": nil]) }
        #expect(throws: AccessTokenError.wrongClient) { try Self.judge(["client_id": "d"]) }
        #expect(throws: AccessTokenError.wrongIssuer) { try Self.judge(["iss": "https://other"]) }
        #expect(throws: AccessTokenError.expired) { try Self.judge(["exp": 1]) }
    }
}
