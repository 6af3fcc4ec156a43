private import Cryptography

/// What the session cookie holds: a session's id, and the secret without which its record does not open.
package struct Ticket: Sendable {
    /// 32 random bytes. The store never sees them.
    package let id: [UInt8]
    /// 32 random bytes. The server does not keep them.
    package let secret: [UInt8]
    /// Under which the record is stored.
    package let key: SessionKey

    /// Bytes of an id, and of a secret.
    private static let half = 32
    /// Characters of a cookie's value: base64url of both.
    private static let textLength = 86

    private init(id: [UInt8], secret: [UInt8]) {
        self.id = id
        self.secret = secret
        self.key = SessionKey(id: id)
    }

    /// A new ticket. Every sign-in makes one; nothing that a browser presents is adopted.
    package static func make() -> Ticket {
        Ticket(id: Random.bytes(Self.half), secret: Random.bytes(Self.half))
    }

    /// Reads a cookie's value; `nil` for anything that `cookieValue` cannot have given.
    package init?(cookieValue: Substring.UTF8View) {
        self.init(cookieValue.span)
    }

    /// The same for bytes from elsewhere.
    package init?(cookieValue: some Sequence<UInt8>) {
        let bytes = Array(cookieValue.prefix(Self.textLength + 1))
        self.init(bytes.span)
    }

    private init?(_ text: Span<UInt8>) {
        // One value has one text: the decoder takes no other.
        guard text.count == Self.textLength, let bytes = Base64URL.decode(text) else { return nil }
        self.init(id: Array(bytes[..<Self.half]), secret: Array(bytes[Self.half...]))
    }

    /// The value as a cookie carries it: 86 characters.
    package var cookieValue: String {
        Base64URL.encode(self.id + self.secret)
    }
}

extension Ticket: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    /// Always the same word.
    package var description: String { "(ticket)" }
    /// Always the same word.
    package var debugDescription: String { "(ticket)" }
    /// Nothing: `dump` prints no more than the description.
    package var customMirror: Mirror { Mirror(self, children: EmptyCollection<Mirror.Child>()) }
}
