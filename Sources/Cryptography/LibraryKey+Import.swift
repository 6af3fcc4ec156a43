private import COpenSSL

// Keys from their numbers (EVP_PKEY_fromdata(3)); nil when OpenSSL finds fault with them.
extension LibraryKey {
    // OpenSSL keeps pointers to these names while a list is built: a string that Swift lends for one call is no good.
    private static let modulusName: StaticString = "n"
    private static let exponentName: StaticString = "e"
    private static let groupName: StaticString = "group"
    private static let pointName: StaticString = "pub"
    private static let numberName: StaticString = "priv"
    // The macro EVP_PKEY_PUBLIC_KEY, which Swift cannot read.
    private static let publicKeyParts =
        OSSL_KEYMGMT_SELECT_DOMAIN_PARAMETERS | OSSL_KEYMGMT_SELECT_OTHER_PARAMETERS | OSSL_KEYMGMT_SELECT_PUBLIC_KEY

    /// An RSA public key from big-endian numbers.
    static func rsa(modulus: [UInt8], exponent: [UInt8]) -> LibraryKey? {
        let modulus = unsafe BN_bin2bn(modulus, Int32(clamping: modulus.count), nil)
        let exponent = unsafe BN_bin2bn(exponent, Int32(clamping: exponent.count), nil)
        defer {
            unsafe BN_free(modulus)
            unsafe BN_free(exponent)
        }
        guard unsafe modulus != nil, unsafe exponent != nil else { return failed() }
        return unsafe imported("RSA") { list in
            unsafe OSSL_PARAM_BLD_push_BN(list, cString(modulusName), modulus) == 1
                && OSSL_PARAM_BLD_push_BN(list, cString(exponentName), exponent) == 1
        }
    }

    /// An elliptic public key from an encoded point, which has to be on the curve.
    static func elliptic(_ curve: EllipticCurve, point: [UInt8]) -> LibraryKey? {
        unsafe curve.rawValue.withCString { group in
            unsafe point.withUnsafeBytes { point in
                unsafe imported("EC") { list in
                    unsafe OSSL_PARAM_BLD_push_utf8_string(list, cString(groupName), group, 0) == 1
                        && OSSL_PARAM_BLD_push_octet_string(list, cString(pointName), point.baseAddress, point.count)
                            == 1
                }
            }
        }
    }

    /// An elliptic pair of keys from an encoded point and the number that leads to it.
    static func pair(_ curve: EllipticCurve, point: [UInt8], number: OpaquePointer) -> LibraryKey? {
        unsafe curve.rawValue.withCString { group in
            unsafe point.withUnsafeBytes { point in
                unsafe imported("EC", publicKeyParts | OSSL_KEYMGMT_SELECT_PRIVATE_KEY) { list in
                    unsafe OSSL_PARAM_BLD_push_utf8_string(list, cString(groupName), group, 0) == 1
                        && OSSL_PARAM_BLD_push_octet_string(list, cString(pointName), point.baseAddress, point.count)
                            == 1
                        && OSSL_PARAM_BLD_push_BN(list, cString(numberName), number) == 1
                }
            }
        }
    }

    /// An Ed25519 public key from its 32 bytes.
    static func edwards(_ bytes: [UInt8]) -> LibraryKey? {
        guard let key = unsafe EVP_PKEY_new_raw_public_key_ex(nil, "ED25519", nil, bytes, bytes.count) else {
            return failed()
        }
        return unsafe LibraryKey(owning: key)
    }

    /// What `fill` pushes has to stay where it is until this returns.
    private static func imported(
        _ type: String,
        _ parts: Int32 = publicKeyParts,
        _ fill: (OpaquePointer) -> Bool
    ) -> LibraryKey? {
        guard let list = unsafe OSSL_PARAM_BLD_new() else { return failed() }
        defer { unsafe OSSL_PARAM_BLD_free(list) }
        guard unsafe fill(list), let parameters = unsafe OSSL_PARAM_BLD_to_param(list) else { return failed() }
        defer { unsafe OSSL_PARAM_free(parameters) }
        guard let context = unsafe EVP_PKEY_CTX_new_from_name(nil, type, nil) else { return failed() }
        defer { unsafe EVP_PKEY_CTX_free(context) }
        var key: OpaquePointer?
        guard unsafe EVP_PKEY_fromdata_init(context) == 1,
            unsafe EVP_PKEY_fromdata(context, &key, parts, parameters) == 1,
            let key = unsafe key
        else { return failed() }
        return unsafe LibraryKey(owning: key)
    }

    private static func cString(_ name: StaticString) -> UnsafePointer<CChar> {
        unsafe UnsafeRawPointer(name.utf8Start).assumingMemoryBound(to: CChar.self)
    }
}
