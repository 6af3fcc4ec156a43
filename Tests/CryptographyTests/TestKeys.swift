import Cryptography

/// One key of each kind, made once for all tests: an RSA key takes a while.
enum TestKeys {
    static let p256 = Result { try SigningKey.generate(.elliptic(.p256)) }
    static let p384 = Result { try SigningKey.generate(.elliptic(.p384)) }
    static let p521 = Result { try SigningKey.generate(.elliptic(.p521)) }
    static let rsa = Result { try SigningKey.generate(.rsa(2048)) }
    static let edwards = Result { try SigningKey.generate(.edwards) }

    static func all() throws -> [(String, SigningKey)] {
        [
            ("P-256", try p256.get()), ("P-384", try p384.get()), ("P-521", try p521.get()), ("RSA", try rsa.get()),
            ("Ed25519", try edwards.get()),
        ]
    }

    /// The key that an algorithm belongs to.
    static func fitting(_ algorithm: SignatureAlgorithm) throws -> SigningKey {
        switch algorithm {
        case .ES256: try p256.get()
        case .ES384: try p384.get()
        case .ES512: try p521.get()
        case .RS256, .RS384, .RS512, .PS256, .PS384, .PS512: try rsa.get()
        case .EdDSA: try edwards.get()
        }
    }
}
