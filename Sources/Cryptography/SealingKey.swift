/// One of the server's keys. What it seals, with which cipher, is `KeyRing`'s business.
package struct SealingKey: Sendable {
    /// Bytes of a key.
    package static let length = 32
    /// Bytes of a key's name.
    package static let nameLength = 8
    /// What tells keys apart without telling them: the front of SHA-256("gatehouse sealing key name", key), 8 bytes. It
    /// travels with each box.
    package let name: [UInt8]
    let key: Secret

    /// A key from exactly 32 bytes; `keyLength` otherwise.
    package init(_ key: Secret) throws(CryptographyError) {
        guard key.count == Self.length else { throw .keyLength(found: key.count) }
        self.init(checked: key)
    }

    /// A key from the text that `text` gives; `keyText` or `keyLength` otherwise.
    package init(text: String) throws(CryptographyError) {
        guard let bytes = Base64URL.decode(text) else { throw .keyText }
        try self.init(Secret(bytes))
    }

    private init(checked key: Secret) {
        self.key = key
        let digest = key.withBytes { Digest.sha256(Array("gatehouse sealing key name".utf8) + $0) }
        name = Array(digest.prefix(Self.nameLength))
    }

    /// A new key from the random number generator.
    package static func generate() -> SealingKey {
        SealingKey(checked: Secret(Random.bytes(length)))
    }

    /// The key in base64url, as `gatehouse key` prints it and the configuration holds it. This is the secret itself.
    package var text: String {
        key.withBytes { Base64URL.encode($0) }
    }
}

extension SealingKey: CustomStringConvertible, CustomDebugStringConvertible {
    /// The name only.
    package var description: String { "sealing key \(Base64URL.encode(name))" }
    /// The name only.
    package var debugDescription: String { description }
}
