import Cryptography
import JSON
import OpenIDConnect
import Testing

struct UnverifiedTokenTests {
    private func token(_ header: JSON, payload: String = "{}", signature: String = "c2ln") -> String {
        Base64URL.encode(header.bytes) + "." + Base64URL.encode(Array(payload.utf8)) + "." + signature
    }

    @Test func aTokenIsTakenApartAndNothingBelieved() throws {
        let text = token(["alg": "RS256", "kid": "k", "typ": "JWT"], payload: "not JSON at all")
        let token = try UnverifiedToken(text)
        #expect(token.algorithm == "RS256")
        #expect(token.keyID == "k")
        #expect(token.type == "JWT")
        #expect(token.raw == text)
        #expect(String(reflecting: token) == "(unverified token)")
    }

    @Test func logtosHeaderHasNoType() throws {
        let token = try UnverifiedToken(token(["alg": "ES384", "kid": "N6RLo-BOugdaUDtyVwITD11yMrvvkdehiYdyX_JJ7Bc"]))
        #expect(token.type == nil)
    }

    @Test(
        arguments: [
            "", ".", "..", "...", "a.b", "a.b.c.d", "eyJhbGciOiJub25lIn0", "e30.e30", "e30.e30.c2ln.", ".e30.c2ln",
            "e30=.e30.c2ln",
            "e30.e30.c2ln==", "e30.e3 0.c2ln", "e30.e30.c2ln\n", " e30.e30.c2ln", "e30.e30.c2l+", "e30.e30.c2l/",
            "e31.e30.c2ln",
            "e30.e31.c2ln", "e30.e30.c2l", "e30.e.c2ln", "e30.e30.c2\u{301}ln", "{}.{}.x", "e30.e30.%63",
            // JWE: five parts.
            "e30.e30.e30.e30.e30",
        ]
    )
    func whatIsNotThreePartsOfBase64URLIsRefused(text: String) {
        // The header `{}` lacks an algorithm, which is found only where the form is good.
        let error = #expect(throws: OpenIDConnectError.self) { try UnverifiedToken(text) }
        #expect(error == .tokenMalformed || error == .tokenHeaderMalformed)
    }

    @Test(
        arguments: [
            "{}", "[]", "null", "\"ES384\"", #"{"alg":null}"#, #"{"alg":5}"#, #"{"alg":["ES384"]}"#,
            #"{"ALG":"ES384"}"#,
            #"{"alg":"ES384","alg":"none"}"#, #"{"alg":"ES384","\u0061lg":"none"}"#, #"{"alg":"ES384"} x"#,
            #"{"alg":"ES384","kid":5}"#, #"{"alg":"ES384","kid":null}"#, #"{"alg":"ES384","typ":{}}"#,
            #"{"alg":"ES384",}"#,
            "{'alg':'ES384'}", "\u{FEFF}{\"alg\":\"ES384\"}", "",
        ]
    )
    func aHeaderThatCannotBeReadIsRefused(header: String) {
        let text = Base64URL.encode(Array(header.utf8)) + ".e30.c2ln"
        #expect(throws: OpenIDConnectError.tokenHeaderMalformed) { try UnverifiedToken(text) }
    }

    @Test func aHeaderMustBeUTF8() {
        let text = Base64URL.encode(Array(#"{"alg":"ES384","x":""#.utf8) + [0xFF] + Array(#""}"#.utf8)) + ".e30.c2ln"
        #expect(throws: OpenIDConnectError.tokenHeaderMalformed) { try UnverifiedToken(text) }
    }

    @Test(
        arguments: [["crit": ["exp"]], ["crit": []], ["crit": nil], ["b64": false, "crit": ["b64"]], ["b64": true]]
            as [JSON]
    )
    func anExtensionWeMustKnowIsRefused(extra: JSON) {
        let header = JSON.object([JSONMember(name: "alg", value: "ES384")] + (extra.objectValue ?? []))
        #expect(throws: OpenIDConnectError.tokenHeaderCritical) { try UnverifiedToken(token(header)) }
    }

    @Test(arguments: ["jwk", "jku", "x5u", "x5c"])
    func aKeyInTheHeaderIsRefused(member: String) throws {
        let key = try TestProvider.stranger().jwk()
        for value in [key, "https://evil.example/keys", [], nil] as [JSON] {
            #expect(throws: OpenIDConnectError.tokenHeaderWithKey(member)) {
                try UnverifiedToken(token(changed(["alg": "ES384"], [member: value])))
            }
        }
    }

    @Test func aCertificatesThumbprintIsNoKey() throws {
        #expect(try UnverifiedToken(token(["alg": "RS256", "x5t": "AAAA", "x5t#S256": "BBBB"])).algorithm == "RS256")
    }

    @Test func aTokenHasALimit() throws {
        let longest = token(["alg": "ES384"], signature: "")
        let rest = UnverifiedToken.maximumBytes - longest.utf8.count
        #expect(throws: OpenIDConnectError.tokenTooLarge) {
            try UnverifiedToken(longest + String(repeating: "A", count: rest + 1))
        }
        #expect(try UnverifiedToken(longest + String(repeating: "A", count: rest / 4 * 4)).algorithm == "ES384")
        #expect(throws: OpenIDConnectError.tokenTooLarge) {
            try UnverifiedToken(String(repeating: ".", count: 10_000_000))
        }
    }

    @Test func deepNestingDoesNotBreakTheReader() {
        let header = "{\"alg\":\"ES384\",\"x\":" + String(repeating: "[", count: 20_000)
        #expect(throws: OpenIDConnectError.tokenHeaderMalformed) {
            try UnverifiedToken(Base64URL.encode(Array(header.utf8)) + ".e30.c2ln")
        }
    }
}
