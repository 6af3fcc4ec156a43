private import COpenSSL

/// Owns one `EVP_PKEY`.
@safe
final class LibraryKey: Sendable {
    /// The first byte of a point that is written with both coordinates (SEC 1 section 2.3.3).
    static let uncompressedPoint: UInt8 = 4

    // The key is complete before this object exists and nothing changes it afterwards; OpenSSL 3 lets threads read one
    // key together and counts its references atomically.
    nonisolated(unsafe) private let key: OpaquePointer

    /// Takes over a key that nobody else will change.
    init(owning key: OpaquePointer) {
        unsafe self.key = key
    }

    deinit {
        unsafe EVP_PKEY_free(key)
    }

    // MARK: Making

    /// A new pair of keys of OpenSSL's type `type`, on a curve or of so many bits where the type asks for it.
    static func generated(_ type: String, group: String? = nil, bits: Int32? = nil) -> LibraryKey? {
        guard let context = unsafe EVP_PKEY_CTX_new_from_name(nil, type, nil) else { return failed() }
        defer { unsafe EVP_PKEY_CTX_free(context) }
        guard unsafe EVP_PKEY_keygen_init(context) == 1 else { return failed() }
        if let group, unsafe EVP_PKEY_CTX_set_group_name(context, group) != 1 { return failed() }
        if let bits, unsafe EVP_PKEY_CTX_set_rsa_keygen_bits(context, bits) != 1 { return failed() }
        var key: OpaquePointer?
        guard unsafe EVP_PKEY_generate(context, &key) == 1, let key = unsafe key else { return failed() }
        return unsafe LibraryKey(owning: key)
    }

    /// Nothing, with OpenSSL's error queue drained.
    static func failed() -> LibraryKey? {
        ERR_clear_error()
        return nil
    }

    // MARK: Reading

    /// A number of the key, big-endian without leading zeros.
    func number(_ name: String) -> [UInt8]? {
        var number: OpaquePointer?
        guard unsafe EVP_PKEY_get_bn_param(key, name, &number) == 1, let number = unsafe number else {
            ERR_clear_error()
            return nil
        }
        defer { unsafe BN_free(number) }
        var bytes = [UInt8](repeating: 0, count: Int((unsafe BN_num_bits(number) + 7) / 8))
        unsafe BN_bn2bin(number, &bytes)
        return bytes
    }

    /// The encoded public key: an uncompressed point, or the 32 bytes of Ed25519.
    func encodedPublicKey() -> [UInt8]? {
        // The longest is a point of P-521.
        var bytes = [UInt8](repeating: 0, count: 1 + 2 * EllipticCurve.p521.coordinateLength)
        var length = 0
        guard
            unsafe EVP_PKEY_get_octet_string_param(key, OSSL_PKEY_PARAM_PUB_KEY, &bytes, bytes.count, &length) == 1
        else {
            ERR_clear_error()
            return nil
        }
        return Array(bytes.prefix(length))
    }

    // MARK: Using

    /// Whether `signature`, in the form that OpenSSL reads, is this key's over the message.
    func verifies(_ signature: [UInt8], over message: [UInt8], with algorithm: SignatureAlgorithm) -> Bool {
        guard let context = unsafe EVP_MD_CTX_new() else { return false }
        defer { unsafe EVP_MD_CTX_free(context) }
        defer { ERR_clear_error() }
        // Belongs to the digest context.
        var settings: OpaquePointer?
        let isStarted = unsafe EVP_DigestVerifyInit_ex(
            context,
            &settings,
            algorithm.digestName,
            nil,
            nil,
            key,
            nil
        )
        guard isStarted == 1, unsafe Self.prepare(settings, for: algorithm) else { return false }
        return unsafe EVP_DigestVerify(context, signature, signature.count, message, message.count) == 1
    }

    /// A signature in the form that OpenSSL writes.
    func sign(_ message: [UInt8], with algorithm: SignatureAlgorithm) throws(CryptographyError) -> [UInt8] {
        guard let context = unsafe EVP_MD_CTX_new() else { throw .fromLibrary("sign") }
        defer { unsafe EVP_MD_CTX_free(context) }
        // Belongs to the digest context.
        var settings: OpaquePointer?
        let isStarted = unsafe EVP_DigestSignInit_ex(
            context,
            &settings,
            algorithm.digestName,
            nil,
            nil,
            key,
            nil
        )
        guard isStarted == 1, unsafe Self.prepare(settings, for: algorithm) else { throw .fromLibrary("sign") }
        var length = Int(unsafe EVP_PKEY_get_size(key))
        var signature = [UInt8](repeating: 0, count: length)
        guard unsafe EVP_DigestSign(context, &signature, &length, message, message.count) == 1 else {
            throw .fromLibrary("sign")
        }
        return Array(signature.prefix(length))
    }

    private static func prepare(_ settings: OpaquePointer?, for algorithm: SignatureAlgorithm) -> Bool {
        guard algorithm.scheme == .rsaPSS else { return true }
        // RFC 7518 section 3.5: a salt as long as the digest. MGF1 uses the same digest unless told otherwise.
        return unsafe EVP_PKEY_CTX_set_rsa_padding(settings, RSA_PKCS1_PSS_PADDING) == 1
            && EVP_PKEY_CTX_set_rsa_pss_saltlen(settings, RSA_PSS_SALTLEN_DIGEST) == 1
    }
}
