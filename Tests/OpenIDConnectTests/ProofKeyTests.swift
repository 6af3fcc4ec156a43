import OpenIDConnect
import Testing

struct ProofKeyTests {
    /// RFC 7636 appendix B.
    @Test func theExampleOfRFC7636IsComputed() {
        let octets: [UInt8] = [
            116, 24, 223, 180, 151, 153, 224, 37, 79, 250, 96, 125, 216, 173, 187, 186, 22, 212, 37, 77, 105, 214, 191,
            240, 91,
            88, 5, 88, 83, 132, 141, 121,
        ]
        let key = ProofKey(randomBytes: octets)
        #expect(key.verifier == "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk")
        #expect(key.challenge == "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM")
    }

    @Test func aKeptVerifierGivesTheSameChallenge() {
        let key = ProofKey(verifier: "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk")
        #expect(key.challenge == "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM")
    }

    @Test func theVerifierDoesNotPrint() {
        let key = ProofKey(randomBytes: [UInt8](repeating: 7, count: 32))
        #expect(!"\(key)".contains(key.verifier))
    }
}
