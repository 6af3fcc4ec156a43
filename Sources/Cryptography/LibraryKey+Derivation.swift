private import COpenSSL

// Private keys from a number.
extension LibraryKey {
    /// A key of P-256 whose private number is `scalar`, 32 bytes big-endian; nil unless it is from 1 to the order less 1.
    static func p256(scalar: [UInt8]) -> LibraryKey? {
        let number = unsafe BN_bin2bn(scalar, Int32(clamping: scalar.count), nil)
        defer { unsafe BN_clear_free(number) }
        guard let group = unsafe EC_GROUP_new_by_curve_name(NID_X9_62_prime256v1) else { return failed() }
        defer { unsafe EC_GROUP_free(group) }
        guard let number = unsafe number, let order = unsafe EC_GROUP_get0_order(group),
            unsafe BN_is_zero(number) == 0, unsafe BN_cmp(number, order) < 0,
            let point = unsafe EC_POINT_new(group)
        else { return failed() }
        defer { unsafe EC_POINT_free(point) }
        var encoded = [UInt8](repeating: 0, count: 1 + 2 * EllipticCurve.p256.coordinateLength)
        guard unsafe EC_POINT_mul(group, point, number, nil, nil, nil) == 1,
            unsafe EC_POINT_point2oct(
                group,
                point,
                POINT_CONVERSION_UNCOMPRESSED,
                &encoded,
                encoded.count,
                nil
            ) == encoded.count
        else { return failed() }
        return unsafe pair(.p256, point: encoded, number: number)
    }
}
