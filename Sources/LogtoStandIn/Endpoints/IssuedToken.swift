import Cryptography
import JSON

/// A JWT that came back to us, as an `id_token_hint`. Times do not matter: expired hints are welcome.
struct IssuedToken {
    let header: JSON
    let claims: JSON
    private let message: [UInt8]
    private let signature: [UInt8]

    /// Nil when it cannot be decoded.
    init?(_ text: String) {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 3, let head = Base64URL.decode(parts[0].utf8), let body = Base64URL.decode(parts[1].utf8),
            let signature = Base64URL.decode(parts[2].utf8),
            let header = try? JSON.parse(head), let claims = try? JSON.parse(body)
        else { return nil }
        self.header = header
        self.claims = claims
        self.signature = signature
        message = Array("\(parts[0]).\(parts[1])".utf8)
    }

    var audience: String? { claims["aud"]?.stringValue }

    /// Whether a key that is still published signed it.
    func isSigned(by keys: KeySet) -> Bool {
        guard let algorithm = header["alg"]?.stringValue.flatMap({ SignatureAlgorithm($0.utf8) }),
            let kid = header["kid"]?.stringValue, let key = keys.all.first(where: { sameBytes($0.id, kid) }),
            key.algorithms.contains(algorithm), let verifier = try? VerificationKey(key.key.publicNumbers)
        else { return false }
        return verifier.isValid(signature, over: message, with: algorithm)
    }
}
