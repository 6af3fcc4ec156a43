/// One name and value of a form or a query, decoded.
package struct FormField: Sendable, Equatable {
    /// Bytes, since a stranger wrote them: they need not be UTF-8.
    package let name: [UInt8]
    /// As `name`; empty when there was no `=`.
    package let value: [UInt8]

    /// A field of these bytes.
    package init(name: [UInt8], value: [UInt8]) {
        self.name = name
        self.value = value
    }
}

/// `application/x-www-form-urlencoded`, as OAuth 2.0 uses it for queries, bodies and client credentials
/// (RFC 6749 appendix B; WHATWG URL section 5).
package enum FormEncoding {
    /// One value: a space becomes `+`; letters, digits and `*-._` stay; every other byte becomes `%XX`.
    package static func encode(_ text: String) -> String {
        encode(Array(text.utf8))
    }

    /// As `encode(_:)` for bytes that need not be UTF-8.
    package static func encode(_ bytes: [UInt8]) -> String {
        var encoded: [UInt8] = []
        encoded.reserveCapacity(bytes.count)
        let digits = Array("0123456789ABCDEF".utf8)
        for byte in bytes {
            switch byte {
            case 0x20:
                encoded.append(UInt8(ascii: "+"))
            case UInt8(ascii: "*"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"):
                encoded.append(byte)
            case _ where byte.isASCIIAlphanumeric:
                encoded.append(byte)
            default:
                encoded += [UInt8(ascii: "%"), digits[Int(byte >> 4)], digits[Int(byte & 15)]]
            }
        }
        return String(decoding: encoded, as: UTF8.self)
    }

    /// Names and values joined as `name=value&name=value`, in their order.
    package static func encode(_ items: [(String, String)]) -> String {
        items.map { encode($0.0) + "=" + encode($0.1) }.joined(separator: "&")
    }

    /// The fields of a query (without its `?`) or of a form body, in their order. Empty pieces, as in `a=1&&b=2`, are
    /// skipped.
    ///
    /// `nil` when a `%` is not followed by two hexadecimal digits: no two programs read that alike.
    package static func decode(_ bytes: [UInt8]) -> [FormField]? {
        var fields: [FormField] = []
        for piece in bytes.split(separator: UInt8(ascii: "&")) {
            let equals = piece.firstIndex(of: UInt8(ascii: "="))
            guard
                let name = decodePart(piece[..<(equals ?? piece.endIndex)]),
                let value = decodePart(equals.map { piece[piece.index(after: $0)...] } ?? [])
            else { return nil }
            fields.append(FormField(name: name, value: value))
        }
        return fields
    }

    private static func decodePart(_ part: ArraySlice<UInt8>) -> [UInt8]? {
        var decoded: [UInt8] = []
        decoded.reserveCapacity(part.count)
        var bytes = part.makeIterator()
        while let byte = bytes.next() {
            switch byte {
            case UInt8(ascii: "+"):
                decoded.append(0x20)
            case UInt8(ascii: "%"):
                guard let high = bytes.next()?.hexadecimalValue, let low = bytes.next()?.hexadecimalValue else {
                    return nil
                }
                decoded.append(high << 4 | low)
            default:
                decoded.append(byte)
            }
        }
        return decoded
    }
}
