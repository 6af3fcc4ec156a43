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
    package init?(cookieValue: some Sequence<UInt8>) {
        var halves = (id: [UInt8](), secret: [UInt8]())
        halves.id.reserveCapacity(Self.half)
        halves.secret.reserveCapacity(Self.half)
        var bits: UInt32 = 0
        var pending: UInt32 = 0
        var length = 0
        for character in cookieValue {
            length += 1
            guard length <= Self.textLength, let value = Self.value(of: character) else { return nil }
            bits = bits << 6 | UInt32(value)
            pending += 6
            if pending >= 8 {
                pending -= 8
                let byte = UInt8(truncatingIfNeeded: bits >> pending)
                if halves.id.count < Self.half { halves.id.append(byte) } else { halves.secret.append(byte) }
            }
        }
        // One value has one text: the bits that belong to no byte are zero.
        guard length == Self.textLength, bits & (1 << pending - 1) == 0 else { return nil }
        self.init(id: halves.id, secret: halves.secret)
    }

    /// The value as a cookie carries it: 86 characters.
    package var cookieValue: String {
        Base64URL.encode(self.id + self.secret)
    }

    private static func value(of character: UInt8) -> UInt8? {
        switch character {
        case UInt8(ascii: "A")...UInt8(ascii: "Z"): character - UInt8(ascii: "A")
        case UInt8(ascii: "a")...UInt8(ascii: "z"): character - UInt8(ascii: "a") + 26
        case UInt8(ascii: "0")...UInt8(ascii: "9"): character - UInt8(ascii: "0") + 52
        case UInt8(ascii: "-"): 62
        case UInt8(ascii: "_"): 63
        default: nil
        }
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
