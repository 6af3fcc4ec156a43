private import COpenSSL

/// Bytes nobody can guess.
package enum Random {
    /// `count` bytes from OpenSSL's generator, which the operating system seeds. A negative count is none.
    package static func bytes(_ count: Int) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: max(count, 0))
        let length = bytes.count
        guard length > 0 else { return bytes }
        // Strength 0 is the generator's own: the default one has 256 bits (RAND_bytes(3)).
        guard unsafe RAND_bytes_ex(nil, &bytes, length, 0) == 1 else {
            // The one answer that must never be given is predictable bytes; a process that cannot have others stops.
            preconditionFailure("the random number generator failed")
        }
        return bytes
    }
}
