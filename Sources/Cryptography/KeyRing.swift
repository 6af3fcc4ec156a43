/// The server's sealing keys. The first seals; all open, so that a key can be replaced while what it sealed lives on.
///
/// A box is version (1 byte, 1), key name (8), nonce (12), ciphertext, tag (16): AES-256-GCM (NIST SP 800-38D) under
/// HMAC-SHA256(key, "gatehouse/1" 0x00 purpose 0x00 secret). The associated data are version and name as they stand in
/// the box, the lengths of purpose and context (8 bytes each, big-endian), purpose and context: a value sealed for one
/// purpose, secret or context opens for no other.
///
/// The nonce is random, so one key may seal 2^32 boxes with the same purpose and secret (SP 800-38D section 8.3).
package struct KeyRing: Sendable {
    /// Bytes that a box has more than what it holds.
    package static let overhead = headLength + CipherContext.nonceLength + CipherContext.tagLength
    /// The most bytes that are sealed at once, 16 MiB.
    package static let maximumLength = 16 << 20

    private static let version: UInt8 = 1
    private static let headLength = 1 + SealingKey.nameLength
    private let keys: [SealingKey]

    /// A ring of at least one key, none of them twice; `noKeys` or `duplicateKey` otherwise.
    package init(_ keys: [SealingKey]) throws(CryptographyError) {
        guard !keys.isEmpty else { throw .noKeys }
        guard Set(keys.map(\.name)).count == keys.count else { throw .duplicateKey }
        self.keys = keys
    }

    /// Seals `plaintext` with the first key. `secret` is what the other side keeps and the server does not; `context`
    /// is what the box belongs to. Throws `tooLong` beyond `maximumLength`.
    package func seal(
        _ plaintext: [UInt8],
        for purpose: String,
        secret: [UInt8],
        context: [UInt8]
    ) throws(CryptographyError) -> [UInt8] {
        guard plaintext.count <= Self.maximumLength else { throw .tooLong }
        let head = [Self.version] + keys[0].name
        let nonce = Random.bytes(CipherContext.nonceLength)
        var ciphertext = [UInt8](repeating: 0, count: plaintext.count)
        var tag = [UInt8](repeating: 0, count: CipherContext.tagLength)

        let contexts = ThreadContexts.current
        var messageKey = Self.messageKey(keys[0], purpose, secret, contexts)
        defer { wipe(messageKey.mutableSpan) }
        guard contexts.cipher.startSealing(key: messageKey.span, nonce: nonce.span),
            Self.authenticate(head.span, purpose, context, contexts),
            contexts.cipher.transform(plaintext.span, into: ciphertext.mutableSpan),
            contexts.cipher.finishSealing(tag: tag.mutableSpan)
        else { throw .fromLibrary("seal") }
        return head + nonce + ciphertext + tag
    }

    /// Opens a box that a key of this ring sealed for the same purpose, secret and context; any other is `boxRefused`.
    package func open(
        _ box: [UInt8],
        for purpose: String,
        secret: [UInt8],
        context: [UInt8]
    ) throws(CryptographyError) -> [UInt8] {
        let length = box.count - Self.overhead
        guard (0...Self.maximumLength).contains(length), box[0] == Self.version,
            let key = keys.first(where: { $0.name.elementsEqual(box[1..<Self.headLength]) })
        else { throw .boxRefused }
        let textStart = Self.headLength + CipherContext.nonceLength
        let head = box.span.extracting(..<Self.headLength)
        let nonce = box.span.extracting(Self.headLength..<textStart)
        let ciphertext = box.span.extracting(textStart..<textStart + length)
        let tag = box.span.extracting((textStart + length)...)
        var plaintext = [UInt8](repeating: 0, count: length)

        let contexts = ThreadContexts.current
        var messageKey = Self.messageKey(key, purpose, secret, contexts)
        defer { wipe(messageKey.mutableSpan) }
        guard contexts.cipher.startOpening(key: messageKey.span, nonce: nonce),
            Self.authenticate(head, purpose, context, contexts),
            contexts.cipher.transform(ciphertext, into: plaintext.mutableSpan),
            contexts.cipher.finishOpening(tag: tag)
        else {
            // Decrypted, but nobody vouches for it.
            wipe(plaintext.mutableSpan)
            throw .boxRefused
        }
        return plaintext
    }

    private static func messageKey(
        _ key: SealingKey,
        _ purpose: String,
        _ secret: [UInt8],
        _ contexts: ThreadContexts
    ) -> InlineArray<32, UInt8> {
        var messageKey = InlineArray<32, UInt8>(repeating: 0)
        key.key.withBytes { key in
            contexts.digest.hmacSHA256(key: key.span, into: messageKey.mutableSpan) { digest in
                digest.update("gatehouse/1\0".utf8.span)
                digest.update(purpose.utf8.span)
                digest.update("\0".utf8.span)
                digest.update(secret.span)
            }
        }
        return messageKey
    }

    private static func authenticate(
        _ head: Span<UInt8>,
        _ purpose: String,
        _ context: [UInt8],
        _ contexts: ThreadContexts
    ) -> Bool {
        var lengths = InlineArray<16, UInt8>(repeating: 0)
        for index in 0..<8 {
            lengths[index] = UInt8(truncatingIfNeeded: purpose.utf8.count >> (56 - 8 * index))
            lengths[8 + index] = UInt8(truncatingIfNeeded: context.count >> (56 - 8 * index))
        }
        return contexts.cipher.authenticate(head)
            && contexts.cipher.authenticate(lengths.span)
            && contexts.cipher.authenticate(purpose.utf8.span)
            && contexts.cipher.authenticate(context.span)
    }
}
