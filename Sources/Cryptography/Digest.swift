/// SHA-256 (FIPS 180-4) and HMAC with it (RFC 2104).
package enum Digest {
    /// Bytes of a digest.
    package static let length = 32

    /// SHA-256 of a message.
    package static func sha256(_ message: [UInt8]) -> [UInt8] {
        var digest = [UInt8](repeating: 0, count: length)
        ThreadContexts.current.digest.sha256(into: digest.mutableSpan) { $0.update(message.span) }
        return digest
    }

    /// HMAC-SHA256 of a message under a key of any length.
    package static func hmacSHA256(_ message: [UInt8], key: [UInt8]) -> [UInt8] {
        var code = [UInt8](repeating: 0, count: length)
        ThreadContexts.current.digest.hmacSHA256(key: key.span, into: code.mutableSpan) { $0.update(message.span) }
        return code
    }
}
