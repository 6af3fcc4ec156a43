import Cryptography
import JSON
import OpenIDConnect
import Testing

/// Tokens whose header, key or signature is not the OP's, and what other libraries and RFCs made.
struct IDTokenForgeryTests {
    private func validate(
        _ text: String,
        keys: JSONWebKeySet,
        algorithms: [SignatureAlgorithm] = SignatureAlgorithm.allCases
    ) throws -> IDToken {
        try validator(algorithms: algorithms).validate(UnverifiedToken(text), keys: keys, nonce: nonce, now: now)
    }

    // MARK: What is genuine

    @Test(arguments: Joserfc.tokens)
    func tokensOfAnotherLibraryPass(algorithm: String, text: String) throws {
        let keys = try JSONWebKeySet.parse(Array(Joserfc.keySet.utf8))
        let validator = IDTokenValidator(
            issuer: Joserfc.issuer,
            clientID: Joserfc.clientID,
            algorithms: SignatureAlgorithm.allCases,
            leeway: .zero
        )
        let token = try UnverifiedToken(text)
        #expect(token.algorithm == algorithm)
        let judged = try validator.validate(token, keys: keys, nonce: Joserfc.nonce, now: Joserfc.issuedAt)
        #expect(judged.subject == "706lje0vqvfe")

        var broken = Array(text.utf8)
        let last = broken.count - 10
        broken[last] = broken[last] == UInt8(ascii: "A") ? UInt8(ascii: "B") : UInt8(ascii: "A")
        #expect(throws: OpenIDConnectError.signatureInvalid) {
            try validator.validate(
                UnverifiedToken(String(decoding: broken, as: UTF8.self)),
                keys: keys,
                nonce: Joserfc.nonce,
                now: Joserfc.issuedAt
            )
        }
    }

    /// RFC 7515 appendices A.2 to A.4 and RFC 8037 appendix A.4: the signature holds, and the next rule says what
    /// they are.
    @Test(arguments: RFCExamples.all)
    func signaturesOfTheRFCsHold(example: RFCExamples) throws {
        let keys = try JSONWebKeySet.parse(Array(#"{"keys":[\#(example.key)]}"#.utf8))
        #expect(throws: example.verdict) {
            try validator(issuer: "joe").validate(UnverifiedToken(example.token), keys: keys, nonce: nonce, now: now)
        }
        let text = String(example.token.prefix { $0 != "." }) + ".e30." + example.token.split(separator: ".")[2]
        #expect(throws: OpenIDConnectError.signatureInvalid) { try validate(text, keys: keys) }
    }

    @Test(arguments: ["JWT", "jwt", "Jwt"])
    func theOldTypePasses(type: String) throws {
        try judge(claims(), header: ["alg": "ES384", "kid": "logto", "typ": .string(type)])
    }

    @Test func aTokenWithoutKeyIdIsTriedWithEachKeyThatFits() throws {
        let genuine = try TestProvider.logto()
        let keys = try TestProvider.keySet([TestProvider.stranger().jwk(), TestProvider.rsa().jwk(), genuine.jwk()])
        #expect(try validate(genuine.token(claims(), header: ["alg": "ES384"]), keys: keys).subject == "706lje0vqvfe")
    }

    // MARK: Algorithms

    @Test(arguments: ["none", "None", "NONE", "nOnE", "", " none"])
    func anUnsignedTokenIsRefused(algorithm: String) throws {
        let header: JSON = ["alg": .string(algorithm), "kid": "logto"]
        let unsigned = Base64URL.encode(header.bytes) + "." + Base64URL.encode(claims().bytes) + "."
        let keys = try TestProvider.logto().keySet()
        #expect(throws: OpenIDConnectError.algorithmNotAllowed(algorithm)) { try validate(unsigned, keys: keys) }
        #expect(throws: OpenIDConnectError.algorithmNotAllowed(algorithm)) { try judge(claims(), header: header) }
    }

    @Test func aSignatureThatIsEmptyIsRefused() throws {
        let provider = try TestProvider.logto()
        let text =
            String(try provider.token(claims()).prefix { $0 != "." }) + "." + Base64URL.encode(claims().bytes) + "."
        #expect(throws: OpenIDConnectError.signatureInvalid) { try validate(text, keys: provider.keySet()) }
    }

    /// The classic: the published RSA key used as an HMAC secret, in every shape an attacker can give it.
    @Test func aPublicKeyIsNoSecret() throws {
        let provider = try TestProvider.rsa()
        guard case .rsa(let modulus, _) = provider.key.publicNumbers else {
            Issue.record("not RSA")
            return
        }
        let header: JSON = ["alg": "HS256", "kid": "rsa", "typ": "JWT"]
        let input = Base64URL.encode(header.bytes) + "." + Base64URL.encode(claims().bytes)
        for secret in [modulus, provider.jwk().bytes, Array(Base64URL.encode(modulus).utf8), []] {
            let text = input + "." + Base64URL.encode(Digest.hmacSHA256(Array(input.utf8), key: secret))
            #expect(throws: OpenIDConnectError.algorithmNotAllowed("HS256")) {
                try validate(text, keys: provider.keySet())
            }
        }
    }

    @Test func onlyWhatTheOPAnnouncedIsAccepted() throws {
        let provider = try TestProvider.rsa()
        let text = try provider.token(claims())
        #expect(throws: OpenIDConnectError.algorithmNotAllowed("RS256")) {
            try validate(text, keys: provider.keySet(), algorithms: [.ES384])
        }
        #expect(throws: OpenIDConnectError.algorithmNotAllowed("RS256")) {
            try validate(text, keys: provider.keySet(), algorithms: [])
        }
        #expect(try validate(text, keys: provider.keySet(), algorithms: [.RS256]).subject == "706lje0vqvfe")
    }

    @Test(arguments: [
        "es384", "ES384 ", "ES384\0", "E\u{200B}S384", "ES256K", "HS384", "HS512", "dir", "RSA-OAEP", "Ed448",
    ])
    func namesOfAlgorithmsAreExact(algorithm: String) {
        #expect(throws: OpenIDConnectError.algorithmNotAllowed(algorithm)) {
            try judge(claims(), header: ["alg": .string(algorithm), "kid": "logto"])
        }
    }

    // MARK: Types

    @Test(arguments: [
        "at+jwt", "application/at+jwt", "logout+jwt", "dpop+jwt", "secevent+jwt", "JOSE", "", "JWT ", "jwt\0",
    ])
    func anotherKindOfTokenIsRefused(type: String) {
        #expect(throws: OpenIDConnectError.tokenTypeNotAllowed(type)) {
            try judge(claims(), header: ["alg": "ES384", "kid": "logto", "typ": .string(type)])
        }
    }

    // MARK: Keys

    @Test func aStrangersKeyUnderTheSameNameIsRefused() throws {
        let text = try TestProvider.stranger().token(claims())
        #expect(throws: OpenIDConnectError.signatureInvalid) { try validate(text, keys: TestProvider.logto().keySet()) }
    }

    @Test(arguments: ["unknown", "", "LOGTO", "logto ", "../../dev/null", "' OR 1=1 --"])
    func anUnknownKeyIsNamed(kid: String) throws {
        let text = try TestProvider.logto().token(claims(), header: ["alg": "ES384", "kid": .string(kid)])
        #expect(throws: OpenIDConnectError.unknownKey(kid: kid)) {
            try validate(text, keys: TestProvider.logto().keySet())
        }
    }

    @Test func noKeyOfTheRightKindIsAnUnknownKey() throws {
        let text = try TestProvider.logto().token(claims(), header: ["alg": "ES384"])
        #expect(throws: OpenIDConnectError.unknownKey(kid: nil)) {
            try validate(text, keys: TestProvider.rsa().keySet())
        }
    }

    @Test func aKeyVerifiesOnlyWhatItWasMadeFor() throws {
        let elliptic = try TestProvider.logto()
        let rsa = try TestProvider.rsa()
        let keys = try TestProvider.keySet([elliptic.jwk(), rsa.jwk()])
        // Names crossed, and a smaller hash on the right curve.
        let forged: [(TestProvider, JSON, String)] = [
            (elliptic, ["alg": "ES384", "kid": "rsa"], "rsa"), (rsa, ["alg": "RS256", "kid": "logto"], "logto"),
            (elliptic, ["alg": "ES256", "kid": "logto"], "logto"),
            (elliptic, ["alg": "EdDSA", "kid": "logto"], "logto"),
            (elliptic, ["alg": "PS384", "kid": "logto"], "logto"),
        ]
        for (provider, header, kid) in forged {
            #expect(throws: OpenIDConnectError.keyNotForAlgorithm(kid: kid)) {
                try validate(provider.token(claims(), header: header), keys: keys)
            }
        }
        // The same key, another padding or hash than was signed with.
        for algorithm in ["PS256", "RS384", "RS512", "PS512"] {
            #expect(throws: OpenIDConnectError.signatureInvalid) {
                try validate(rsa.token(claims(), header: ["alg": .string(algorithm), "kid": "rsa"]), keys: keys)
            }
        }
    }

    @Test func anEmbeddedKeyIsNotEvenLookedAt() throws {
        let stranger = try TestProvider.stranger()
        let header: JSON = ["alg": "ES384", "kid": "logto", "jwk": stranger.jwk()]
        #expect(throws: OpenIDConnectError.tokenHeaderWithKey("jwk")) {
            try validate(stranger.token(claims(), header: header), keys: TestProvider.logto().keySet())
        }
    }

    @Test func aCriticalExtensionIsRefusedThoughTheSignatureHolds() {
        #expect(throws: OpenIDConnectError.tokenHeaderCritical) {
            try judge(claims(), header: ["alg": "ES384", "kid": "logto", "crit": ["exp"]])
        }
    }

    // MARK: Signature and payload

    @Test func claimsOfAnotherTokenDoNotBorrowASignature() throws {
        let provider = try TestProvider.logto()
        let mine = try provider.token(claims(["sub": "mallory"])).split(separator: ".")
        let yours = try provider.token(claims()).split(separator: ".")
        #expect(throws: OpenIDConnectError.signatureInvalid) {
            try validate("\(mine[0]).\(yours[1]).\(mine[2])", keys: provider.keySet())
        }
    }

    @Test func aDERSignatureIsNoJOSESignature() throws {
        let provider = try TestProvider.logto()
        let parts = try provider.token(claims()).split(separator: ".")
        let raw = try #require(Base64URL.decode(parts[2].utf8))
        func integer(_ bytes: ArraySlice<UInt8>) -> [UInt8] {
            let trimmed = Array(bytes.drop { $0 == 0 })
            let padded = (trimmed.first ?? 0) & 0x80 == 0 ? trimmed : [0] + trimmed
            return [2, UInt8(padded.count)] + padded
        }
        let body = integer(raw[..<48]) + integer(raw[48...])
        let der = [0x30, UInt8(body.count)] + body
        for signature in [der, raw + [0], Array(raw.dropLast()), [UInt8](repeating: 0, count: 96), [0] + raw] {
            #expect(throws: OpenIDConnectError.signatureInvalid) {
                try validate("\(parts[0]).\(parts[1]).\(Base64URL.encode(signature))", keys: provider.keySet())
            }
        }
    }

    @Test(
        arguments: [
            "", "[]", "null", "\"x\"", "5", "{", "{}{}", #"{"sub":"a","sub":"b"}"#, #"{"sub":"a","s\u0075b":"b"}"#,
            #"{"a":{"x":1,"x":2}}"#, #"{"a":"\ud800"}"#, "\u{FEFF}{}",
        ]
    )
    func aPayloadThatCannotBeReadIsRefused(payload: String) throws {
        let provider = try TestProvider.logto()
        #expect(throws: OpenIDConnectError.claimsMalformed) {
            try validate(provider.token(Array(payload.utf8)), keys: provider.keySet())
        }
    }

    @Test func aPayloadNestedWithoutEndBreaksNothing() throws {
        let provider = try TestProvider.logto()
        let deep = Array((#"{"a":"# + String(repeating: "[", count: 40_000)).utf8)
        #expect(throws: OpenIDConnectError.claimsMalformed) {
            try validate(provider.token(deep), keys: provider.keySet())
        }
    }

    @Test func noChangedTokenPasses() throws {
        var chance = SeededGenerator(seed: 6)
        let provider = try TestProvider.logto()
        let keys = try provider.keySet()
        let genuine = Array(try provider.token(claims(), header: ["alg": "ES384", "kid": "logto", "typ": "JWT"]).utf8)
        for _ in 0..<2_000 {
            let bytes = chance.mutate(genuine)
            let token = try? validate(String(decoding: bytes, as: UTF8.self), keys: keys)
            if bytes != genuine { #expect(token == nil) }
        }
    }

    /// The claims are a stranger's as well until they are judged: properly signed nonsense must not break anything.
    @Test func noSignedNonsenseBreaksTheRules() throws {
        var chance = SeededGenerator(seed: 7)
        let provider = try TestProvider.logto()
        let keys = try provider.keySet()
        let seed = claims().bytes
        for _ in 0..<300 {
            guard let token = try? validate(provider.token(chance.mutate(seed)), keys: keys) else { continue }
            #expect(token.issuer == TestProvider.issuer && now < token.expiresAt.advanced(by: .seconds(60)))
        }
    }
}
