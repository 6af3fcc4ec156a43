import JSON
import OpenIDConnect
import Testing

struct AuthorizationRequestTests {
    private func request(
        endpoint: String = "https://auth.example.com/oidc/auth",
        prompt: String? = "consent",
        parameters: SignInParameters = SignInParameters(),
        maxAge: Int? = nil,
        acrValues: [String] = []
    ) throws -> String {
        AuthorizationRequest(
            provider: try provider(["authorization_endpoint": .string(endpoint)]),
            client: client(),
            redirectURI: "https://app.example.com/_gatehouse/callback",
            state: "st4te",
            nonce: "n0nce",
            challenge: "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM",
            prompt: prompt,
            parameters: parameters,
            maxAge: maxAge,
            acrValues: acrValues
        ).url
    }

    @Test func aSignInIsACodeFlowWithPKCE() throws {
        #expect(
            try request() == "https://auth.example.com/oidc/auth?client_id=gatehouse"
                + "&redirect_uri=https%3A%2F%2Fapp.example.com%2F_gatehouse%2Fcallback&response_type=code"
                + "&scope=openid+offline_access+profile&prompt=consent&state=st4te&nonce=n0nce"
                + "&code_challenge=E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM&code_challenge_method=S256"
        )
    }

    @Test(
        arguments: [
            ("https://a.example/auth?tenant=x", "https://a.example/auth?tenant=x&client_id="),
            ("https://a.example/auth?", "https://a.example/auth?client_id="),
            ("https://a.example/auth?x=1&", "https://a.example/auth?x=1&client_id="),
            ("https://a.example", "https://a.example?client_id="),
        ]
    )
    func theEndpointsOwnQueryIsKept(endpoint: String, start: String) throws {
        #expect(try request(endpoint: endpoint).utf8.starts(with: start.utf8))
    }

    @Test func anEmptyPromptIsNotSent() throws {
        #expect(try !request(prompt: nil).contains("prompt"))
        #expect(try !request(prompt: "").contains("prompt"))
        #expect(try fields(request(prompt: "login consent")).contains("prompt=login consent"))
    }

    @Test func extrasFollow() throws {
        var parameters = SignInParameters()
        try parameters.set(.directSignIn, to: "social:wechat")
        try parameters.set(.identifier, to: "email phone")
        let sent = try fields(request(parameters: parameters, maxAge: 0, acrValues: ["a", "b"]))
        #expect(
            sent.suffix(4) == ["max_age=0", "acr_values=a b", "identifier=email phone", "direct_sign_in=social:wechat"]
        )
    }

    @Test func noParameterIsSentTwice() throws {
        let names = try fields(request(maxAge: 1)).map { $0.prefix { $0 != "=" } }
        #expect(Set(names).count == names.count)
    }
}
