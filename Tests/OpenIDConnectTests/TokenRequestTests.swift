import Cryptography
import OpenIDConnect
import Testing

struct TokenRequestTests {
    private func form(_ request: TokenRequest) -> String { String(decoding: request.body, as: UTF8.self) }

    /// RFC 6749 sections 2.3.1 and 4.1.3, with the verifier of RFC 7636 appendix B.
    @Test func theExampleOfRFC6749IsWritten() {
        let request = TokenRequest.code(
            "SplxlOBeZQQYbYS6WxSbIA",
            redirectURI: "https://client.example.com/cb",
            verifier: "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk",
            client: client(.basic, id: "s6BhdRkqt3", secret: "gX1fBat3bV")
        )
        #expect(request.authorization == "Basic czZCaGRSa3F0MzpnWDFmQmF0M2JW")
        #expect(
            form(request) == "grant_type=authorization_code&code=SplxlOBeZQQYbYS6WxSbIA"
                + "&redirect_uri=https%3A%2F%2Fclient.example.com%2Fcb"
                + "&code_verifier=dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
        )
    }

    @Test func bothPartsOfBasicAreFormEncodedFirst() throws {
        let request = TokenRequest.code(
            "c",
            redirectURI: "r",
            verifier: "v",
            client: client(.basic, id: "https://gate.example:1/", secret: "a:b c%\u{E9}+")
        )
        let expected = "https%3A%2F%2Fgate.example%3A1%2F:a%3Ab%20c%25%C3%A9%2B"
        #expect(request.authorization == "Basic " + Base64.encode(Array(expected.utf8)))
        #expect(!form(request).contains("client_"))
    }

    @Test func withPostTheCredentialsAreInTheBody() {
        let request = TokenRequest.code(
            "c",
            redirectURI: "r",
            verifier: "v",
            client: client(.post, id: "a&b", secret: "p=q")
        )
        #expect(request.authorization == nil)
        #expect(form(request).hasSuffix("&client_id=a%26b&client_secret=p%3Dq"))
    }

    @Test func aPublicClientSendsItsIdAlone() {
        for client in [client(.none), Client(id: clientID, secret: nil)] {
            let request = TokenRequest.code("c", redirectURI: "r", verifier: "v", client: client)
            #expect(request.authorization == nil)
            #expect(form(request).hasSuffix("&code_verifier=v&client_id=gatehouse"))
        }
    }

    @Test func aRefreshSaysWhatItWants() {
        let plain = TokenRequest.refresh("r1", client: client())
        #expect(form(plain) == "grant_type=refresh_token&refresh_token=r1")
        let full = TokenRequest.refresh(
            "r1",
            scope: "openid profile",
            resource: "https://api.example.com",
            organizationID: "org_1",
            client: client()
        )
        #expect(
            form(full) == "grant_type=refresh_token&refresh_token=r1&scope=openid+profile"
                + "&resource=https%3A%2F%2Fapi.example.com&organization_id=org_1"
        )
    }

    @Test func aRevocationNamesTheToken() {
        let request = TokenRequest.revocation("r1", hint: .refreshToken, client: client())
        #expect(form(request) == "token=r1&token_type_hint=refresh_token")
        #expect(form(TokenRequest.revocation("r1", hint: nil, client: client())) == "token=r1")
        #expect(request.authorization != nil)
    }

    @Test func aRequestDoesNotPrint() {
        let request = TokenRequest.refresh("hunter2", client: client(.post, secret: "hunter2"))
        #expect("\(request)" == "(token request)")
        #expect(String(reflecting: request) == "(token request)")
    }
}
