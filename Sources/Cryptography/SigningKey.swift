/// A private key that signs. It lives in this process only: there is no way to write it down.
package final class SigningKey: Sendable {
    /// What to generate.
    package enum Kind: Sendable, Equatable {
        /// An ECDSA key on a curve.
        case elliptic(EllipticCurve)
        /// An RSA key of so many bits; see `VerificationKey.rsaBits`.
        case rsa(Int)
        /// An Ed25519 key.
        case edwards
    }

    /// Bytes of an Ed25519 public key (RFC 8032 section 5.1.5).
    static let edwardsLength = 32

    /// The public half, for a JSON Web Key Set.
    package let publicNumbers: PublicKeyNumbers
    private let key: LibraryKey
    private let kind: Kind

    private init(_ kind: Kind, _ key: LibraryKey?) throws(CryptographyError) {
        guard let key, let numbers = Self.publicNumbers(of: key, kind) else { throw .fromLibrary("generate") }
        self.key = key
        self.kind = kind
        publicNumbers = numbers
    }

    /// A new key; `keySize` for an RSA key outside `VerificationKey.rsaBits`.
    package static func generate(_ kind: Kind) throws(CryptographyError) -> SigningKey {
        switch kind {
        case .elliptic(let curve):
            return try SigningKey(kind, .generated("EC", group: curve.rawValue))
        case .rsa(let bits):
            guard VerificationKey.rsaBits.contains(bits) else { throw .keySize }
            return try SigningKey(kind, .generated("RSA", bits: Int32(bits)))
        case .edwards:
            return try SigningKey(kind, .generated("ED25519"))
        }
    }

    /// The key of P-256 that follows from a sealing key, for one purpose: who shares the one shares the other, and a new
    /// one brings a new one. It tells nothing of the sealing key.
    package static func derived(from sealingKey: SealingKey, for purpose: String) throws(CryptographyError)
        -> SigningKey
    {
        // One in four thousand million numbers is too large.
        for attempt in UInt8(0)...UInt8.max {
            let message = Array("gatehouse/1 signing\0\(purpose)\0".utf8) + [attempt]
            let scalar = sealingKey.key.withBytes { Digest.hmacSHA256(message, key: Array($0)) }
            guard let key = LibraryKey.p256(scalar: scalar) else { continue }
            return try SigningKey(.elliptic(.p256), key)
        }
        throw .fromLibrary("derive")
    }

    /// Signs a message, in the form that a JWS holds (RFC 7518 section 3); `algorithmRefused` when the algorithm does
    /// not fit the key.
    package func sign(_ message: [UInt8], with algorithm: SignatureAlgorithm) throws(CryptographyError) -> [UInt8] {
        guard algorithm.fits(kind) else { throw .algorithmRefused }
        let signature = try key.sign(message, with: algorithm)
        guard case .ecdsa(let curve) = algorithm.scheme else { return signature }
        guard let raw = ECDSASignature.raw(signature, on: curve) else { throw .fromLibrary("sign") }
        return raw
    }

    private static func publicNumbers(of key: LibraryKey, _ kind: Kind) -> PublicKeyNumbers? {
        switch kind {
        case .elliptic(let curve):
            let length = curve.coordinateLength
            guard let point = key.encodedPublicKey(), point.count == 1 + 2 * length,
                point.first == LibraryKey.uncompressedPoint
            else { return nil }
            return .elliptic(curve: curve, x: Array(point[1...length]), y: Array(point[(1 + length)...]))
        case .rsa:
            guard let modulus = key.number("n"), let exponent = key.number("e") else { return nil }
            return .rsa(modulus: modulus, exponent: exponent)
        case .edwards:
            guard let x = key.encodedPublicKey(), x.count == edwardsLength else { return nil }
            return .edwards(x: x)
        }
    }
}
