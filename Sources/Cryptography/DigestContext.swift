private import COpenSSL

/// Owns one `EVP_MD_CTX` set to SHA-256, used again and again: start, update, finish.
///
/// SHA-256 has nothing to refuse. The calls can fail only when memory is gone, and going on with an unfinished digest
/// would compare keys that are not: the process ends instead.
@safe
struct DigestContext: ~Copyable {
    private static let blockLength = 64
    private let context: OpaquePointer

    init() {
        guard let context = unsafe EVP_MD_CTX_new(), let sha256 = unsafe EVP_MD_fetch(nil, "SHA256", nil) else {
            preconditionFailure("no SHA-256")
        }
        let isReady = unsafe EVP_DigestInit_ex2(context, sha256, nil)
        // The context holds the algorithm from here on.
        unsafe EVP_MD_free(sha256)
        precondition(isReady == 1, "no SHA-256")
        unsafe self.context = context
    }

    deinit {
        unsafe EVP_MD_CTX_free(context)
    }

    /// SHA-256 of what `feed` passes to `update`.
    func sha256(into digest: consuming MutableSpan<UInt8>, of feed: (borrowing DigestContext) -> Void) {
        start()
        feed(self)
        finish(into: &digest)
    }

    /// HMAC-SHA256 (RFC 2104) of what `feed` passes to `update`. Written out over the same context because OpenSSL's
    /// own takes more than twice the allocations for it.
    func hmacSHA256(
        key: Span<UInt8>,
        into code: consuming MutableSpan<UInt8>,
        of feed: (borrowing DigestContext) -> Void
    ) {
        var block = InlineArray<64, UInt8>(repeating: 0)
        if key.count > Self.blockLength {
            sha256(into: block.mutableSpan) { $0.update(key) }
        } else {
            for index in key.indices { block[index] = key[index] }
        }
        for index in block.indices { block[index] ^= 0x36 }
        start()
        update(block.span)
        feed(self)
        finish(into: &code)
        for index in block.indices { block[index] ^= 0x36 ^ 0x5C }
        start()
        update(block.span)
        update(code.span)
        finish(into: &code)
        wipe(block.mutableSpan)
    }

    /// More of the message.
    func update(_ bytes: Span<UInt8>) {
        let isDone = unsafe bytes.withUnsafeBufferPointer { bytes in
            unsafe EVP_DigestUpdate(context, bytes.baseAddress, bytes.count)
        }
        precondition(isDone == 1, "SHA-256 failed")
    }

    private func start() {
        precondition(unsafe EVP_DigestInit_ex2(context, nil, nil) == 1, "SHA-256 failed")
    }

    /// Writes 32 bytes to the front of `digest`.
    private func finish(into digest: inout MutableSpan<UInt8>) {
        precondition(digest.count >= Digest.length, "no room for a digest")
        let isDone = unsafe digest.withUnsafeMutableBufferPointer { digest in
            unsafe EVP_DigestFinal_ex(context, digest.baseAddress, nil)
        }
        precondition(isDone == 1, "SHA-256 failed")
    }
}
