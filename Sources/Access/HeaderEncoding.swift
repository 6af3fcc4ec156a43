import Cryptography

/// How the text of strangers becomes the value of a header field.
package enum HeaderEncoding: String, Sendable, CaseIterable {
    /// As it is; `%`, controls, outer spaces and the separator inside a member are percent-encoded.
    case utf8 = "utf-8"
    /// All but unreserved characters (RFC 3986, 2.3) are percent-encoded.
    case percent
    /// Base64url of the value in UTF-8.
    case base64url
    /// `UTF-8''` and percent-encoding (RFC 8187, 3.2).
    case rfc8187
    /// One byte for each character up to U+00FF; others are percent-encoded in UTF-8.
    case latin1

    /// One value from the members of a list; a single text is a list of one.
    ///
    /// - Parameters:
    ///   - separator: between members. Its bytes, spaces aside, are percent-encoded inside a member, so that one never
    ///     looks like two.
    ///   - areQuoted: whether each member stands between quotation marks.
    func value(of members: [String], separator: String, areQuoted: Bool) -> [UInt8] {
        let special = Set(separator.utf8).subtracting(separator.utf8.count > 1 ? [0x20] : [])
            .union(areQuoted ? [UInt8(ascii: "\"")] : [])
        let quotation: [UInt8] = areQuoted ? [UInt8(ascii: "\"")] : []
        var value: [UInt8] = []
        for (index, member) in members.enumerated() {
            if index > 0 { value += separator.utf8 }
            value += quotation + self.encoded(member, special: special) + quotation
        }
        switch self {
        case .utf8, .percent, .latin1: return value
        case .base64url: return Array(Base64URL.encode(value).utf8)
        case .rfc8187: return Array("UTF-8''".utf8) + Self.escaped(value) { !Self.isAttributeCharacter($0) }
        }
    }

    /// One member, with what is special to its list escaped.
    private func encoded(_ text: String, special: Set<UInt8>) -> [UInt8] {
        let bytes = Array(text.utf8)
        switch self {
        case .percent: return Self.escaped(bytes) { !$0.isUnreserved }
        case .base64url, .rfc8187: return Self.escaped(bytes) { special.contains($0) || $0 == UInt8(ascii: "%") }
        case .utf8: return Self.visible(bytes, special: special)
        case .latin1:
            return text.unicodeScalars.flatMap { scalar -> [UInt8] in
                let isControl = scalar.value < 0x20 || (0x7F..<0xA0).contains(scalar.value)
                guard scalar.value <= 0xFF, !isControl else {
                    return Self.escaped(Array(String(scalar).utf8)) { _ in true }
                }
                return scalar.isASCII
                    ? Self.visible([UInt8(scalar.value)], special: special, keepingSpaces: true) : [UInt8(scalar.value)]
            }
        }
    }

    private static func visible(
        _ bytes: [UInt8],
        special: Set<UInt8>,
        keepingSpaces: Bool = false
    ) -> [UInt8] {
        var result: [UInt8] = []
        for (index, byte) in bytes.enumerated() {
            let isOuterSpace = byte == 0x20 && !keepingSpaces && (index == 0 || index == bytes.count - 1)
            // U+0080 to U+009F are controls: C2, and then 80 to 9F.
            let isC1 =
                byte == 0xC2 && index + 1 < bytes.count && bytes[index + 1] < 0xA0
                || (0x80..<0xA0).contains(byte) && index > 0 && bytes[index - 1] == 0xC2
            if byte.isControl || byte == UInt8(ascii: "%") || special.contains(byte) || isOuterSpace || isC1 {
                byte.appendEscape(to: &result)
            } else {
                result.append(byte)
            }
        }
        return result
    }

    private static func escaped(_ bytes: [UInt8], _ needsEscape: (UInt8) -> Bool) -> [UInt8] {
        var result: [UInt8] = []
        for byte in bytes {
            if needsEscape(byte) { byte.appendEscape(to: &result) } else { result.append(byte) }
        }
        return result
    }

    /// `attr-char` of RFC 8187, 3.2.1.
    private static func isAttributeCharacter(_ byte: UInt8) -> Bool {
        byte.isAlphanumeric || "!#$&+-.^_`|~".utf8.contains(byte)
    }
}
