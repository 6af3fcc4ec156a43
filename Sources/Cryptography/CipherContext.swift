private import COpenSSL

/// Owns one `EVP_CIPHER_CTX` set to AES-256-GCM (NIST SP 800-38D), used again and again. Between uses it holds the last
/// message key; the process holds the server's keys all its life.
@safe
struct CipherContext: ~Copyable {
    static let nonceLength = 12
    static let tagLength = 16
    private let context: OpaquePointer

    init() {
        // Without memory for this nothing can be opened any more: the process ends.
        guard let context = unsafe EVP_CIPHER_CTX_new(), let cipher = unsafe EVP_CIPHER_fetch(nil, "AES-256-GCM", nil)
        else { preconditionFailure("no AES-256-GCM") }
        let isReady = unsafe EVP_EncryptInit_ex2(context, cipher, nil, nil, nil)
        // The context holds the algorithm from here on.
        unsafe EVP_CIPHER_free(cipher)
        precondition(isReady == 1, "no AES-256-GCM")
        unsafe self.context = context
    }

    deinit {
        unsafe EVP_CIPHER_CTX_free(context)
    }

    /// Sets the key (32 bytes) and the nonce (12 bytes) for one encryption.
    func startSealing(key: Span<UInt8>, nonce: Span<UInt8>) -> Bool {
        unsafe key.withUnsafeBufferPointer { key in
            unsafe nonce.withUnsafeBufferPointer { nonce in
                unsafe EVP_EncryptInit_ex2(context, nil, key.baseAddress, nonce.baseAddress, nil) == 1
            }
        }
    }

    /// Sets the key (32 bytes) and the nonce (12 bytes) for one decryption.
    func startOpening(key: Span<UInt8>, nonce: Span<UInt8>) -> Bool {
        unsafe key.withUnsafeBufferPointer { key in
            unsafe nonce.withUnsafeBufferPointer { nonce in
                unsafe EVP_DecryptInit_ex2(context, nil, key.baseAddress, nonce.baseAddress, nil) == 1
            }
        }
    }

    /// Adds associated data; before the text.
    func authenticate(_ bytes: Span<UInt8>) -> Bool {
        unsafe bytes.withUnsafeBufferPointer { bytes in
            var written: Int32 = 0
            guard let count = Int32(exactly: bytes.count) else { return false }
            return unsafe EVP_CipherUpdate(context, nil, &written, bytes.baseAddress, count) == 1
        }
    }

    /// Encrypts or decrypts all of the text into as many bytes.
    func transform(_ text: Span<UInt8>, into output: consuming MutableSpan<UInt8>) -> Bool {
        unsafe text.withUnsafeBufferPointer { text in
            unsafe output.withUnsafeMutableBufferPointer { output in
                var written: Int32 = 0
                guard let count = Int32(exactly: text.count), output.count >= text.count else { return false }
                // An empty text has no address, and OpenSSL takes an output without address for associated data.
                guard count > 0 else { return true }
                return unsafe EVP_CipherUpdate(context, output.baseAddress, &written, text.baseAddress, count) == 1
                    && written == count
            }
        }
    }

    /// Ends an encryption and writes its tag, 16 bytes.
    func finishSealing(tag: consuming MutableSpan<UInt8>) -> Bool {
        unsafe tag.withUnsafeMutableBufferPointer { tag in
            guard tag.count == Self.tagLength else { return false }
            return unsafe finish()
                && EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_GET_TAG, Int32(tag.count), tag.baseAddress) == 1
        }
    }

    /// Ends a decryption; true only when the tag, 16 bytes, is the one of everything that was passed.
    func finishOpening(tag: Span<UInt8>) -> Bool {
        var expected = InlineArray<16, UInt8>(repeating: 0)
        guard tag.count == Self.tagLength else { return false }
        for index in tag.indices { expected[index] = tag[index] }
        var span = expected.mutableSpan
        let isSet = unsafe span.withUnsafeMutableBufferPointer { tag in
            unsafe EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_SET_TAG, Int32(tag.count), tag.baseAddress) == 1
        }
        guard isSet, finish() else {
            // A wrong tag is no failure of the library: nobody else shall find it in the error queue.
            ERR_clear_error()
            return false
        }
        return true
    }

    private func finish() -> Bool {
        // GCM is a stream: nothing is left to write, but the call wants somewhere to write it.
        var rest = InlineArray<16, UInt8>(repeating: 0)
        var span = rest.mutableSpan
        return unsafe span.withUnsafeMutableBufferPointer { rest in
            var written: Int32 = 0
            return unsafe EVP_CipherFinal_ex(context, rest.baseAddress, &written) == 1
        }
    }
}
