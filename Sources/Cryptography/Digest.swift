private import COpenSSL

/// SHA-2 (FIPS 180-4), and HMAC with SHA-256 (RFC 2104).
package enum Digest {
    /// Bytes of a SHA-256 digest.
    package static let length = 32

    /// SHA-256 of a message.
    package static func sha256(_ message: [UInt8]) -> [UInt8] {
        var digest = [UInt8](repeating: 0, count: length)
        ThreadContexts.current.digest.sha256(into: digest.mutableSpan) { $0.update(message.span) }
        return digest
    }

    /// SHA-384 of a message: 48 bytes.
    package static func sha384(_ message: [UInt8]) -> [UInt8] {
        unsafe Self.digest(of: message, length: 48, EVP_sha384())
    }

    /// SHA-512 of a message: 64 bytes.
    package static func sha512(_ message: [UInt8]) -> [UInt8] {
        unsafe Self.digest(of: message, length: 64, EVP_sha512())
    }

    private static func digest(of message: [UInt8], length: Int, _ algorithm: OpaquePointer?) -> [UInt8] {
        var digest = [UInt8](repeating: 0, count: length)
        let done = unsafe digest.withUnsafeMutableBufferPointer { output in
            unsafe message.withUnsafeBufferPointer { input in
                unsafe EVP_Digest(input.baseAddress, input.count, output.baseAddress, nil, algorithm, nil)
            }
        }
        // It fails when there is no memory.
        precondition(done == 1, "OpenSSL cannot hash")
        return digest
    }

    /// HMAC-SHA256 of a message under a key of any length.
    package static func hmacSHA256(_ message: [UInt8], key: [UInt8]) -> [UInt8] {
        var code = [UInt8](repeating: 0, count: length)
        ThreadContexts.current.digest.hmacSHA256(key: key.span, into: code.mutableSpan) { $0.update(message.span) }
        return code
    }
}
