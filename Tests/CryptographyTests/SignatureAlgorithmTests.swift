import Cryptography
import Testing

struct SignatureAlgorithmTests {
    @Test func everyAlgorithmHasItsName() {
        let names = ["ES256", "ES384", "ES512", "RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "EdDSA"]
        #expect(SignatureAlgorithm.allCases.map(\.rawValue) == names)
        #expect(names.map { SignatureAlgorithm(Array($0.utf8)) } == SignatureAlgorithm.allCases)
    }

    @Test(arguments: [
        "", "none", "None", "HS256", "HS512", "es256", "RS256 ", " RS256", "RS256\0", "RS1", "EDDSA", "Ed25519",
        "ES256K",
        "ＥＳ256", "ES2\u{200D}56", "RSA-OAEP",
    ])
    func noOtherNameIsAnAlgorithm(name: String) {
        #expect(SignatureAlgorithm(Array(name.utf8)) == nil)
    }
}
