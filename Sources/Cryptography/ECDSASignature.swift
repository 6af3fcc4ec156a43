private import COpenSSL

/// The two shapes of an ECDSA signature: r and s side by side, as a JWS holds it (RFC 7518 section 3.4), and the DER
/// sequence that OpenSSL reads and writes.
enum ECDSASignature {
    /// The DER of a signature that holds two full coordinates; nil for any other length.
    static func encoded(_ raw: [UInt8], on curve: EllipticCurve) -> [UInt8]? {
        let half = curve.coordinateLength
        guard raw.count == 2 * half, let signature = unsafe ECDSA_SIG_new() else { return nil }
        defer { unsafe ECDSA_SIG_free(signature) }
        let r = unsafe BN_bin2bn(Array(raw[..<half]), Int32(half), nil)
        let s = unsafe BN_bin2bn(Array(raw[half...]), Int32(half), nil)
        // Takes both over, unless it fails, which it does only when one is missing.
        guard unsafe ECDSA_SIG_set0(signature, r, s) == 1 else {
            unsafe BN_free(r)
            unsafe BN_free(s)
            return nil
        }
        var allocated: UnsafeMutablePointer<UInt8>?
        let length = unsafe i2d_ECDSA_SIG(signature, &allocated)
        guard length > 0, let bytes = unsafe allocated else { return nil }
        defer { unsafe CRYPTO_free(bytes, #fileID, Int32(#line)) }
        return unsafe Array(UnsafeBufferPointer(start: bytes, count: Int(length)))
    }

    /// r and s side by side, each as long as a coordinate; nil when `der` is no signature of this curve.
    static func raw(_ der: [UInt8], on curve: EllipticCurve) -> [UInt8]? {
        let signature = unsafe der.withUnsafeBufferPointer { der in
            var start = der.baseAddress
            return unsafe d2i_ECDSA_SIG(nil, &start, der.count)
        }
        guard let signature = unsafe signature else { return nil }
        defer { unsafe ECDSA_SIG_free(signature) }
        let half = curve.coordinateLength
        var r = [UInt8](repeating: 0, count: half)
        var s = r
        guard unsafe BN_bn2binpad(ECDSA_SIG_get0_r(signature), &r, Int32(half)) == half,
            unsafe BN_bn2binpad(ECDSA_SIG_get0_s(signature), &s, Int32(half)) == half
        else { return nil }
        return r + s
    }
}
