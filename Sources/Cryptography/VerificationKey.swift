/// A public key; is this signature its own?
package final class VerificationKey: Sendable {
    /// Bits of an RSA modulus that we accept (RFC 7518 section 3.3 asks for 2048; OpenSSL works up to 16384).
    package static let rsaBits = 2048...16384
    /// Bytes of an RSA exponent that we accept; OpenSSL wants no more from a large key.
    private static let longestExponent = 8

    private let key: LibraryKey
    private let kind: SigningKey.Kind

    /// A key from the numbers of a JSON Web Key. `publicKeyRefused` for coordinates of another length than the curve's
    /// or off the curve, an RSA modulus that is even or outside `rsaBits`, an RSA exponent that is even, 1 or longer
    /// than 8 bytes, and an Ed25519 key that is not 32 bytes.
    package init(_ numbers: PublicKeyNumbers) throws(CryptographyError) {
        switch numbers {
        case .rsa(let modulus, let exponent):
            let modulus = Array(modulus.drop { $0 == 0 })
            let exponent = Array(exponent.drop { $0 == 0 })
            let bits = modulus.count * 8 - (modulus.first?.leadingZeroBitCount ?? 0)
            guard Self.rsaBits.contains(bits), Self.isOdd(modulus), Self.isOdd(exponent), exponent != [1],
                exponent.count <= Self.longestExponent,
                let key = LibraryKey.rsa(modulus: modulus, exponent: exponent)
            else { throw .publicKeyRefused }
            self.key = key
            kind = .rsa(bits)
        case .elliptic(let curve, let x, let y):
            guard x.count == curve.coordinateLength, y.count == curve.coordinateLength,
                let key = LibraryKey.elliptic(curve, point: [LibraryKey.uncompressedPoint] + x + y)
            else { throw .publicKeyRefused }
            self.key = key
            kind = .elliptic(curve)
        case .edwards(let x):
            guard x.count == SigningKey.edwardsLength, let key = LibraryKey.edwards(x) else { throw .publicKeyRefused }
            self.key = key
            kind = .edwards
        }
    }

    /// Whether this key made `signature` over exactly these bytes. False as well when the algorithm does not fit the
    /// key's type and curve, or the signature is not as long as a JWS wants it.
    package func isValid(_ signature: [UInt8], over message: [UInt8], with algorithm: SignatureAlgorithm) -> Bool {
        guard algorithm.fits(kind) else { return false }
        // RFC 8017, sections 8.1.2 and 8.2.2. OpenSSL takes a PSS signature without its leading zeros for the same.
        if case .rsa(let bits) = kind, signature.count != (bits + 7) / 8 { return false }
        guard case .ecdsa(let curve) = algorithm.scheme else {
            return key.verifies(signature, over: message, with: algorithm)
        }
        guard let signature = ECDSASignature.encoded(signature, on: curve) else { return false }
        return key.verifies(signature, over: message, with: algorithm)
    }

    private static func isOdd(_ number: [UInt8]) -> Bool {
        (number.last ?? 0) & 1 == 1
    }
}
