/// The curves of RFC 7518 section 6.2.1.1.
package enum EllipticCurve: String, Sendable, CaseIterable {
    /// NIST P-256, for ES256.
    case p256 = "P-256"
    /// NIST P-384, for ES384.
    case p384 = "P-384"
    /// NIST P-521, for ES512.
    case p521 = "P-521"

    /// Bytes of a coordinate, and of each half of a signature.
    package var coordinateLength: Int {
        switch self {
        case .p256: 32
        case .p384: 48
        case .p521: 66
        }
    }
}
