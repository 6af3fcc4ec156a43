import Cryptography
import JSON
import OpenIDConnect
import Testing

struct JSONWebKeySetTests {
    @Test func logtosKeysAreRead() throws {
        let elliptic = try TestProvider.logto()
        let rsa = try TestProvider.rsa()
        let keys = try TestProvider.keySet([elliptic.jwk(), rsa.jwk()])
        #expect(keys.count == 2)
        #expect(keys.candidates(kid: "logto", algorithm: .ES384).count == 1)
        #expect(keys.candidates(kid: nil, algorithm: .ES384).count == 1)
        // No `alg`: any of RSA's.
        for algorithm in [.RS256, .RS384, .RS512, .PS256, .PS384, .PS512] as [SignatureAlgorithm] {
            #expect(keys.candidates(kid: "rsa", algorithm: algorithm).count == 1)
        }
        #expect(keys.contains(kid: "rsa") && !keys.contains(kid: "RSA"))
    }

    @Test func aKeyFitsByIdTypeCurveAndAlgorithm() throws {
        let keys = try TestProvider.keySet([TestProvider.logto().jwk(), TestProvider.rsa().jwk(["alg": "PS256"])])
        #expect(keys.candidates(kid: "other", algorithm: .ES384).isEmpty)
        #expect(keys.candidates(kid: "logto\0", algorithm: .ES384).isEmpty)
        #expect(keys.candidates(kid: "", algorithm: .ES384).isEmpty)
        #expect(keys.candidates(kid: "rsa", algorithm: .ES384).isEmpty)
        #expect(keys.candidates(kid: "logto", algorithm: .RS256).isEmpty)
        #expect(keys.candidates(kid: "logto", algorithm: .ES256).isEmpty)
        #expect(keys.candidates(kid: "logto", algorithm: .ES512).isEmpty)
        #expect(keys.candidates(kid: "logto", algorithm: .EdDSA).isEmpty)
        #expect(keys.candidates(kid: "rsa", algorithm: .RS256).isEmpty)
        #expect(keys.candidates(kid: "rsa", algorithm: .PS256).count == 1)
    }

    @Test func aKeyWithoutIdServesTokensWithoutId() throws {
        let keys = try TestProvider.keySet([TestProvider.logto().jwk(["kid": nil])])
        #expect(keys.candidates(kid: nil, algorithm: .ES384).count == 1)
        #expect(keys.candidates(kid: "logto", algorithm: .ES384).isEmpty)
    }

    @Test func keysOfOneNameAreAllTried() throws {
        let keys = try TestProvider.keySet([TestProvider.stranger().jwk(), TestProvider.logto().jwk()])
        #expect(keys.candidates(kid: "logto", algorithm: .ES384).count == 2)
    }

    @Test func idsAreComparedByteForByte() throws {
        let keys = try TestProvider.keySet([TestProvider.logto().jwk(["kid": "caf\u{E9}"])])
        #expect(keys.candidates(kid: "caf\u{E9}", algorithm: .ES384).count == 1)
        #expect(keys.candidates(kid: "cafe\u{301}", algorithm: .ES384).isEmpty)
    }

    @Test func oddKeysAreSkippedAndTheOthersServe() throws {
        let good = try TestProvider.logto()
        let rsa = try TestProvider.rsa()
        let odd: [JSON] = [
            good.jwk(["use": "enc"]), good.jwk(["use": 5]), good.jwk(["use": .null]), good.jwk(["key_ops": ["sign"]]),
            good.jwk(["key_ops": "verify"]), good.jwk(["alg": "ES256K"]), good.jwk(["alg": "none"]),
            good.jwk(["alg": 5]),
            good.jwk(["kid": 5]), good.jwk(["kty": "ec"]), good.jwk(["kty": "oct", "k": "AAAA"]),
            good.jwk(["kty": nil]),
            good.jwk(["crv": "P-256"]), good.jwk(["crv": "P-521"]), good.jwk(["crv": "secp256k1"]),
            good.jwk(["crv": nil]),
            good.jwk(["x": ""]), good.jwk(["x": nil]), good.jwk(["y": nil]), good.jwk(["y": 7]),
            good.jwk(["x": "AA=="]),
            good.jwk(["x": "not base64url"]),
            good.jwk(["x": .string(Base64URL.encode([UInt8](repeating: 1, count: 48)))]),
            // The private half is shown.
            good.jwk(["d": "AAAA"]), rsa.jwk(["d": "AQAB"]), rsa.jwk(["p": "AQAB"]), rsa.jwk(["oth": []]),
            rsa.jwk(["k": "AAAA"]),
            rsa.jwk(["n": "AQAB"]), rsa.jwk(["e": ""]), rsa.jwk(["e": "AA"]), rsa.jwk(["n": nil]),
            ["kty": "OKP", "crv": "Ed448", "x": "AAAA"], ["kty": "OKP", "crv": "Ed25519", "x": "AAAA"], ["kty": "OKP"],
            ["kty": "oct", "k": "c2VjcmV0"], "text", 5, nil, [], [:],
        ]
        for jwk in odd {
            #expect(throws: OpenIDConnectError.keySetUnusable, "\(jwk)") { try TestProvider.keySet([jwk]) }
        }
        #expect(try TestProvider.keySet(odd + [good.jwk()]).count == 1)
    }

    @Test func aKeyForVerifyingIsTaken() throws {
        #expect(try TestProvider.keySet([TestProvider.logto().jwk(["key_ops": ["verify"], "use": nil])]).count == 1)
    }

    @Test(arguments: [
        "", "{", "[]", "null", "{}", #"{"keys":{}}"#, #"{"keys":null}"#, #"{"keys":[],"keys":[]}"#, "<html>",
    ])
    func whatIsNoKeySetIsRefused(text: String) {
        #expect(throws: OpenIDConnectError.keySetMalformed) { try JSONWebKeySet.parse(Array(text.utf8)) }
    }

    @Test func anEmptySetDoesNotReplaceAGoodOne() {
        #expect(throws: OpenIDConnectError.keySetUnusable) { try TestProvider.keySet([]) }
    }

    @Test func aSetHasALimit() throws {
        let jwk = try TestProvider.logto().jwk()
        #expect(try TestProvider.keySet([JSON](repeating: jwk, count: 64)).count == 64)
        #expect(throws: OpenIDConnectError.keySetMalformed) {
            try TestProvider.keySet([JSON](repeating: jwk, count: 65))
        }
    }

    @Test func noBytesBreakTheReader() throws {
        var chance = SeededGenerator(seed: 5)
        let seed = (["keys": [try TestProvider.logto().jwk(), try TestProvider.rsa().jwk()]] as JSON).bytes
        for _ in 0..<1_500 { _ = try? JSONWebKeySet.parse(chance.mutate(seed)) }
    }
}
