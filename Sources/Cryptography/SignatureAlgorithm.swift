/// The signature algorithms we know (RFC 7518 section 3.1, RFC 8037), by their JOSE names. `none` and the HMAC family
/// cannot be said.
package enum SignatureAlgorithm: String, Sendable, CaseIterable {
    /// ECDSA on P-256 with SHA-256.
    case ES256
    /// ECDSA on P-384 with SHA-384.
    case ES384
    /// ECDSA on P-521 with SHA-512.
    case ES512
    /// RSASSA-PKCS1-v1_5 with SHA-256.
    case RS256
    /// RSASSA-PKCS1-v1_5 with SHA-384.
    case RS384
    /// RSASSA-PKCS1-v1_5 with SHA-512.
    case RS512
    /// RSASSA-PSS with SHA-256, MGF1 of the same and a salt as long as the digest.
    case PS256
    /// RSASSA-PSS with SHA-384, MGF1 of the same and a salt as long as the digest.
    case PS384
    /// RSASSA-PSS with SHA-512, MGF1 of the same and a salt as long as the digest.
    case PS512
    /// Ed25519; the other curve of the name is not ours.
    case EdDSA

    /// The algorithm of exactly this name, byte by byte.
    package init?(_ name: some Sequence<UInt8>) {
        let name = Array(name)
        guard let found = Self.allCases.first(where: { $0.rawValue.utf8.elementsEqual(name) }) else { return nil }
        self = found
    }

    /// What a signature of this algorithm is made of.
    enum Scheme: Equatable {
        case ecdsa(EllipticCurve), rsaPKCS1, rsaPSS, edwards
    }

    var scheme: Scheme {
        switch self {
        case .ES256: .ecdsa(.p256)
        case .ES384: .ecdsa(.p384)
        case .ES512: .ecdsa(.p521)
        case .RS256, .RS384, .RS512: .rsaPKCS1
        case .PS256, .PS384, .PS512: .rsaPSS
        case .EdDSA: .edwards
        }
    }

    /// Whether a key of this type and curve may use the algorithm: the one thing that keeps a signature of another kind
    /// from being tried at all.
    func fits(_ kind: SigningKey.Kind) -> Bool {
        switch (scheme, kind) {
        case (.ecdsa(let wanted), .elliptic(let curve)): wanted == curve
        case (.rsaPKCS1, .rsa), (.rsaPSS, .rsa), (.edwards, .edwards): true
        case (.ecdsa, _), (.rsaPKCS1, _), (.rsaPSS, _), (.edwards, _): false
        }
    }

    /// The digest's name in OpenSSL; nil for Ed25519, which hashes on its own.
    var digestName: String? {
        switch self {
        case .ES256, .RS256, .PS256: "SHA256"
        case .ES384, .RS384, .PS384: "SHA384"
        case .ES512, .RS512, .PS512: "SHA512"
        case .EdDSA: nil
        }
    }
}
