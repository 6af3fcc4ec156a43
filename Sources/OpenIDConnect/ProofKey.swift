private import Cryptography

/// PKCE: proof that whoever redeems a code also asked for it (RFC 7636). Always S256.
package struct ProofKey: Sendable {
    /// Kept by us until the code is redeemed: 43 characters of base64url for 32 bytes (section 4.1).
    package let verifier: String
    /// Sent with the authorization request: base64url of the verifier's SHA-256 (section 4.2).
    package let challenge: String

    /// From 32 bytes nobody can guess, as section 4.1 recommends.
    package init(randomBytes: [UInt8]) {
        self.init(verifier: Base64URL.encode(randomBytes))
    }

    /// From a verifier that was kept.
    package init(verifier: String) {
        self.verifier = verifier
        challenge = Base64URL.encode(Digest.sha256(Array(verifier.utf8)))
    }
}

extension ProofKey: CustomStringConvertible {
    /// The verifier is a secret until it is used.
    package var description: String { "ProofKey(challenge: \(challenge))" }
}
