import Cryptography
import JSON
import OpenIDConnect
import Testing

struct ProviderTests {
    @Test func logtosDocumentIsRead() throws {
        let provider = try provider()
        #expect(provider.issuer == "https://auth.example.com/oidc")
        #expect(provider.authorizationEndpoint == "https://auth.example.com/oidc/auth")
        #expect(provider.tokenEndpoint == "https://auth.example.com/oidc/token")
        #expect(provider.jwksURI == "https://auth.example.com/oidc/jwks")
        #expect(provider.userinfoEndpoint == "https://auth.example.com/oidc/me")
        #expect(provider.endSessionEndpoint == "https://auth.example.com/oidc/session/end")
        #expect(provider.revocationEndpoint == "https://auth.example.com/oidc/token/revocation")
        #expect(provider.introspectionEndpoint == "https://auth.example.com/oidc/token/introspection")
        #expect(provider.idTokenSigningAlgorithms == [.ES384])
        #expect(provider.issParameterSupported)
        #expect(provider.plainHTTPEndpoints.isEmpty)
    }

    @Test func onlyThreeEndpointsAreNeeded() throws {
        let provider = try provider([
            "userinfo_endpoint": nil, "end_session_endpoint": .null, "revocation_endpoint": nil,
            "introspection_endpoint": nil, "authorization_response_iss_parameter_supported": nil,
        ])
        #expect(provider.userinfoEndpoint == nil)
        #expect(provider.endSessionEndpoint == nil)
        #expect(provider.revocationEndpoint == nil)
        #expect(provider.introspectionEndpoint == nil)
        #expect(!provider.issParameterSupported)
    }

    @Test(arguments: ["issuer", "authorization_endpoint", "token_endpoint", "jwks_uri"])
    func whatWeNeedMustBeThere(member: String) {
        #expect(throws: OpenIDConnectError.discoveryMemberMissing(member)) {
            try Provider(discovery: changed(discovery(), [member: nil]).bytes, issuer: TestProvider.issuer)
        }
        #expect(throws: OpenIDConnectError.discoveryMemberMissing(member)) {
            try Provider(discovery: changed(discovery(), [member: .null]).bytes, issuer: TestProvider.issuer)
        }
    }

    @Test(
        arguments: [
            "https://auth.example.com/oidc/", "https://auth.example.com", "https://AUTH.example.com/oidc",
            "https://auth.example.com:443/oidc", "http://auth.example.com/oidc", "https://auth.example.com/oidc\u{301}",
            "",
        ]
    )
    func anotherIssuerIsRefusedByteForByte(issuer: String) {
        #expect(throws: OpenIDConnectError.discoveryIssuerMismatch(expected: TestProvider.issuer, found: issuer)) {
            try provider(["issuer": .string(issuer)])
        }
    }

    @Test func canonicallyEqualIssuersAreNotTheSame() {
        #expect(throws: OpenIDConnectError.self) {
            try Provider(
                discovery: discovery(["issuer": "https://auth.example.com/caf\u{E9}"]).bytes,
                issuer: "https://auth.example.com/cafe\u{301}"
            )
        }
    }

    @Test(
        arguments: [
            "authorization_endpoint", "token_endpoint", "jwks_uri", "userinfo_endpoint", "end_session_endpoint",
            "revocation_endpoint", "introspection_endpoint",
        ]
    )
    func anEndpointIsAnAbsoluteURL(member: String) {
        for url in ["/oidc/x", "javascript:alert(1)", "https://u@a.example/", "https://a.example/\r\nx", ""] {
            #expect(throws: OpenIDConnectError.endpointNotUsable(member: member, url: url)) {
                try Provider(discovery: changed(discovery(), [member: .string(url)]).bytes, issuer: TestProvider.issuer)
            }
        }
        for value in [5, true, [], ["https://a.example"]] as [JSON] {
            #expect(throws: OpenIDConnectError.endpointNotUsable(member: member, url: "")) {
                try Provider(discovery: changed(discovery(), [member: value]).bytes, issuer: TestProvider.issuer)
            }
        }
    }

    @Test(arguments: [
        "", "{", "[]", "null", "\"x\"", "{}{}", "{\"issuer\":\"a\",\"issuer\":\"b\"}", "<html>", "\u{FEFF}{}",
    ])
    func whatIsNoDocumentIsRefused(text: String) {
        #expect(throws: OpenIDConnectError.discoveryMalformed) {
            try Provider(discovery: Array(text.utf8), issuer: TestProvider.issuer)
        }
    }

    @Test func algorithmsAreTheirsCutDownToOurs() throws {
        let member = "id_token_signing_alg_values_supported"
        func algorithms(_ value: JSON?) throws -> [SignatureAlgorithm] {
            try Provider(discovery: changed(discovery(), [member: value]).bytes, issuer: TestProvider.issuer)
                .idTokenSigningAlgorithms
        }
        #expect(
            try algorithms(["none", "PS256", "HS256", "RS256", "ES384", "PS256", 7, nil]) == [.PS256, .RS256, .ES384]
        )
        #expect(try algorithms(nil) == [.RS256])
        #expect(try algorithms(.null) == [.RS256])
        #expect(throws: OpenIDConnectError.noUsableAlgorithm(offered: ["none", "HS256", "es384"])) {
            try algorithms(["none", "HS256", "es384"])
        }
        #expect(throws: OpenIDConnectError.noUsableAlgorithm(offered: [])) { try algorithms([]) }
        #expect(throws: OpenIDConnectError.noUsableAlgorithm(offered: [])) { try algorithms("ES384") }
    }

    @Test func theDocumentIsBelowTheIssuer() throws {
        #expect(
            try Provider.discoveryURL(issuer: "https://auth.example.com/oidc")
                == "https://auth.example.com/oidc/.well-known/openid-configuration"
        )
        #expect(
            try Provider.discoveryURL(issuer: "https://auth.example.com/")
                == "https://auth.example.com/.well-known/openid-configuration"
        )
        #expect(
            try Provider.discoveryURL(issuer: "https://auth.example.com/oidc", backChannel: "http://logto:3001")
                == "http://logto:3001/oidc/.well-known/openid-configuration"
        )
        for issuer in ["", "auth.example.com", "https://auth.example.com/oidc?x=1", "https://auth.example.com/#x"] {
            #expect(throws: OpenIDConnectError.endpointNotUsable(member: "issuer", url: issuer)) {
                try Provider.discoveryURL(issuer: issuer)
            }
        }
    }

    @Test func eachSideIsReachedByItsOwnName() throws {
        let provider = try provider().rebased(frontChannel: "http://localhost:3001/", backChannel: "http://logto:3001")
        #expect(provider.issuer == TestProvider.issuer)
        #expect(provider.authorizationEndpoint == "http://localhost:3001/oidc/auth")
        #expect(provider.endSessionEndpoint == "http://localhost:3001/oidc/session/end")
        #expect(provider.tokenEndpoint == "http://logto:3001/oidc/token")
        #expect(provider.jwksURI == "http://logto:3001/oidc/jwks")
        #expect(provider.userinfoEndpoint == "http://logto:3001/oidc/me")
        #expect(provider.revocationEndpoint == "http://logto:3001/oidc/token/revocation")
        #expect(provider.introspectionEndpoint == "http://logto:3001/oidc/token/introspection")
    }

    /// Logto writes endpoints with the host it was asked by: a document fetched inside a cluster names inside hosts.
    @Test func browsersAreNotSentToInsideNames() throws {
        let inside = try provider(base: "http://logto:3001").rebased(
            frontChannel: nil,
            backChannel: "http://logto:3001"
        )
        #expect(inside.authorizationEndpoint == "https://auth.example.com/oidc/auth")
        #expect(inside.endSessionEndpoint == "https://auth.example.com/oidc/session/end")
        #expect(inside.tokenEndpoint == "http://logto:3001/oidc/token")

        let elsewhere = try provider(["authorization_endpoint": "https://login.example.com/auth"])
            .rebased(frontChannel: nil, backChannel: "http://logto:3001")
        #expect(elsewhere.authorizationEndpoint == "https://login.example.com/auth")
    }

    @Test func withoutBasesNothingMoves() throws {
        let provider = try provider()
        #expect(try provider.rebased(frontChannel: nil, backChannel: nil) == provider)
    }

    @Test(arguments: [
        "", "logto:3001", "http://logto:3001/oidc", "http://logto:3001?x", "http://u@logto", "ftp://logto",
    ])
    func aBaseIsSchemeAndAuthority(base: String) throws {
        let provider = try provider()
        #expect(throws: OpenIDConnectError.endpointNotUsable(member: "back_channel_url", url: base)) {
            try provider.rebased(frontChannel: nil, backChannel: base)
        }
        #expect(throws: OpenIDConnectError.endpointNotUsable(member: "browser_url", url: base)) {
            try provider.rebased(frontChannel: base, backChannel: nil)
        }
    }

    @Test func plainHTTPIsFoundUnlessItStaysOnThisMachine() throws {
        #expect(try provider(base: "http://127.0.0.1:3001").plainHTTPEndpoints.isEmpty)
        #expect(try provider(base: "http://logto:3001").plainHTTPEndpoints.count == 7)
        #expect(
            try provider(["token_endpoint": "http://logto:3001/oidc/token"]).plainHTTPEndpoints
                == ["token_endpoint http://logto:3001/oidc/token"]
        )
    }

    @Test func noBytesBreakTheReader() {
        var chance = SeededGenerator(seed: 3)
        let seed = discovery().bytes
        for _ in 0..<1_500 {
            guard let provider = try? Provider(discovery: chance.mutate(seed), issuer: TestProvider.issuer) else {
                continue
            }
            #expect(provider.issuer == TestProvider.issuer)
            #expect(EndpointURL(provider.authorizationEndpoint) != nil)
            #expect(EndpointURL(provider.tokenEndpoint) != nil)
        }
    }
}
