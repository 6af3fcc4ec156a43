/// The encoding of tokens and cookies: base64 with `-` and `_` and without padding (RFC 4648 section 5, RFC 7515
/// section 2).
package enum Base64URL {
    private static let digits = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_".utf8)
    private static let noDigit: UInt8 = 0xFF
    /// The value of each byte as a digit. A table, because the digits of a random value defeat branch prediction.
    private static let values = {
        var values = [UInt8](repeating: noDigit, count: 256)
        for (value, digit) in digits.enumerated() { values[Int(digit)] = UInt8(value) }
        return values
    }()

    /// The text for some bytes.
    package static func encode(_ bytes: [UInt8]) -> String {
        String(decoding: Base64.encode(bytes, digits: digits), as: UTF8.self)
    }

    /// The bytes of a text, or nil. Only the text that `encode` would give for those bytes is read: no padding, no
    /// white space, no bits set beyond the last byte, so that one value has one text.
    package static func decode(_ text: String) -> [UInt8]? {
        decode(text.utf8)
    }

    /// The same for text that is still bytes.
    package static func decode(_ text: some Sequence<UInt8>) -> [UInt8]? {
        let decoded = text.withContiguousStorageIfAvailable { text in unsafe decode(text.span) }
        return decoded ?? decode(Array(text).span)
    }

    /// The bytes of a text in place; `nil` as above.
    package static func decode(_ text: Span<UInt8>) -> [UInt8]? {
        guard text.count % 4 != 1 else { return nil }
        let values = values.span
        var bytes = [UInt8](repeating: 0, count: text.count / 4 * 3 + text.count % 4 * 3 / 4)
        var end = 0
        var bits: UInt32 = 0
        var count: UInt32 = 0
        var seen: UInt8 = 0
        for index in text.indices {
            let value = values[Int(text[index])]
            seen |= value
            bits = bits << 6 | UInt32(value)
            count += 6
            if count >= 8 {
                count -= 8
                bytes[end] = UInt8(truncatingIfNeeded: bits >> count)
                end += 1
            }
        }
        // A byte that is no digit has set the upper bits; the lower ones that are left belong to no byte.
        guard seen < 64, bits & ((1 << count) - 1) == 0 else { return nil }
        return bytes
    }
}
