private import Cryptography

/// Under which name a session is stored: the SHA-256 of its ticket's id, so that the store's keys open nothing.
package struct SessionKey: Sendable, Hashable {
    private let words: (UInt64, UInt64, UInt64, UInt64)

    init(id: [UInt8]) {
        let digest = Digest.sha256(id)
        func word(_ index: Int) -> UInt64 {
            digest[index * 8..<index * 8 + 8].reduce(0) { $0 << 8 | UInt64($1) }
        }
        self.words = (word(0), word(1), word(2), word(3))
    }

    /// Reads what `bytes` gave; `nil` for another length.
    package init?(bytes: [UInt8]) {
        guard bytes.count == 32 else { return nil }
        func word(_ index: Int) -> UInt64 {
            bytes[index * 8..<index * 8 + 8].reduce(0) { $0 << 8 | UInt64($1) }
        }
        self.words = (word(0), word(1), word(2), word(3))
    }

    /// Reads what `hex` gave.
    package init?(hex: String) {
        var bytes: [UInt8] = []
        var digits = hex.utf8.makeIterator()
        while let high = digits.next() {
            guard let low = digits.next(), let high = high.lowerHexadecimalValue, let low = low.lowerHexadecimalValue
            else { return nil }
            bytes.append(high << 4 | low)
        }
        self.init(bytes: bytes)
    }

    /// 32 bytes.
    package var bytes: [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(32)
        Self.append(self.words.0, to: &bytes)
        Self.append(self.words.1, to: &bytes)
        Self.append(self.words.2, to: &bytes)
        Self.append(self.words.3, to: &bytes)
        return bytes
    }

    private static func append(_ word: UInt64, to bytes: inout [UInt8]) {
        var word = word
        for _ in 0..<8 {
            bytes.append(UInt8(truncatingIfNeeded: word >> 56))
            word <<= 8
        }
    }

    /// 64 hexadecimal digits.
    package var hex: String {
        var text: [UInt8] = []
        self.appendHex(to: &text)
        return String(decoding: text, as: UTF8.self)
    }

    /// The same as bytes, behind others: a store that is asked for each request makes names of them.
    package func appendHex(to text: inout [UInt8]) {
        text.reserveCapacity(text.count + 64)
        Self.appendHex(self.words.0, to: &text)
        Self.appendHex(self.words.1, to: &text)
        Self.appendHex(self.words.2, to: &text)
        Self.appendHex(self.words.3, to: &text)
    }

    private static func appendHex(_ word: UInt64, to text: inout [UInt8]) {
        var word = word
        for _ in 0..<16 {
            text.append(hexadecimalDigit(UInt8(truncatingIfNeeded: word >> 60)))
            word <<= 4
        }
    }

    package static func == (left: SessionKey, right: SessionKey) -> Bool {
        left.words == right.words
    }

    /// A digest is as good a hash as any: its first word is enough.
    package func hash(into hasher: inout Hasher) {
        hasher.combine(self.words.0)
    }
}

extension UInt8 {
    fileprivate var lowerHexadecimalValue: UInt8? {
        switch self {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): self - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): self - UInt8(ascii: "a") + 10
        default: nil
        }
    }
}

/// Two lower-case digits for each byte.
func hexadecimal(_ bytes: some Sequence<UInt8>) -> String {
    var text: [UInt8] = []
    for byte in bytes {
        text.append(hexadecimalDigit(byte >> 4))
        text.append(hexadecimalDigit(byte & 15))
    }
    return String(decoding: text, as: UTF8.self)
}

/// The digit for a value below 16.
private func hexadecimalDigit(_ value: UInt8) -> UInt8 {
    value < 10 ? 0x30 &+ value : 0x57 &+ value
}
