private import COpenSSL

/// Whether two byte strings are equal, in a time that depends on their lengths only, so that a guess learns nothing
/// from how long its refusal took. Two empty strings are equal: a caller that expects a value checks that it has one.
package func constantTimeEqual(_ left: [UInt8], _ right: [UInt8]) -> Bool {
    guard left.count == right.count else { return false }
    return unsafe CRYPTO_memcmp(left, right, left.count) == 0
}
