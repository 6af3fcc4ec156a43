/// A public key as a JSON Web Key writes it (RFC 7517, RFC 7518 section 6, RFC 8037): big-endian numbers, nothing
/// checked yet.
package enum PublicKeyNumbers: Sendable, Equatable {
    /// `kty` RSA: `n` and `e`.
    case rsa(modulus: [UInt8], exponent: [UInt8])
    /// `kty` EC: `crv`, `x` and `y`, both of the curve's full length.
    case elliptic(curve: EllipticCurve, x: [UInt8], y: [UInt8])
    /// `kty` OKP with `crv` Ed25519: `x`, 32 bytes.
    case edwards(x: [UInt8])
}
