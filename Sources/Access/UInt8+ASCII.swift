/// Classes of ASCII bytes, as the grammars of HTTP and URLs name them (RFC 5234, B.1; RFC 3986, 2).
extension UInt8 {
    static let slash = UInt8(ascii: "/")

    /// `0`-`9`.
    var isDigit: Bool { self &- 0x30 < 10 }

    /// `A`-`Z` or `a`-`z`.
    var isLetter: Bool { (self | 0x20) &- 0x61 < 26 }

    /// A letter or a digit.
    var isAlphanumeric: Bool { self.isLetter || self.isDigit }

    /// A C0 control or DEL.
    var isControl: Bool { self < 0x20 || self == 0x7F }

    /// What nobody has to encode in a URL (RFC 3986, 2.3).
    var isUnreserved: Bool {
        self.isAlphanumeric || self == 0x2D || self == 0x2E || self == 0x5F || self == 0x7E
    }

    /// A letter's lower case, anything else as it is.
    var lowercased: UInt8 { self &- 0x41 < 26 ? self | 0x20 : self }

    /// The value of a hexadecimal digit in either case.
    var hexadecimalValue: UInt8? {
        if self.isDigit { return self &- 0x30 }
        let letter = (self | 0x20) &- 0x61
        return letter < 6 ? letter + 10 : nil
    }

    /// `%XX` with upper-case digits (RFC 3986, 2.1).
    func appendEscape(to bytes: inout [UInt8]) {
        bytes.append(UInt8(ascii: "%"))
        bytes.append(Self.upperHexadecimal(self >> 4))
        bytes.append(Self.upperHexadecimal(self & 15))
    }

    private static func upperHexadecimal(_ value: UInt8) -> UInt8 {
        value < 10 ? 0x30 + value : 0x41 + value - 10
    }
}

extension Span<UInt8> {
    /// Whether these bytes stand at `start`.
    func has(_ bytes: [UInt8], at start: Int) -> Bool {
        guard start <= self.count, bytes.count <= self.count - start else { return false }
        for index in bytes.indices where self[start + index] != bytes[index] { return false }
        return true
    }

    /// Whether these lower-case bytes stand at `start`, letters taken without their case.
    func hasIgnoringCase(_ bytes: [UInt8], at start: Int) -> Bool {
        guard start <= self.count, bytes.count <= self.count - start else { return false }
        for index in bytes.indices where self[start + index].lowercased != bytes[index] { return false }
        return true
    }
}

extension String {
    /// Whether both are the same bytes. `==` would compare by canonical equivalence, to which two different byte strings
    /// can be one.
    func isExactly(_ other: String) -> Bool {
        // Lengths first: they are cheaper to ask for than the bytes.
        guard self.utf8.count == other.utf8.count else { return false }
        let left = self.utf8.span
        let right = other.utf8.span
        var difference: UInt8 = 0
        for index in left.indices { difference |= left[index] ^ right[index] }
        return difference == 0
    }

    /// A slice by offsets in UTF-8.
    func utf8Slice(_ range: Range<Int>) -> Substring.UTF8View {
        let bytes = self.utf8
        let start = bytes.index(bytes.startIndex, offsetBy: range.lowerBound)
        return bytes[start..<bytes.index(start, offsetBy: range.count)]
    }
}

/// Whether the bytes are UTF-8: no overlong form, no surrogate, nothing beyond U+10FFFF (RFC 3629, 3).
func isUTF8(_ bytes: Span<UInt8>) -> Bool {
    do {
        _ = try UTF8Span(validating: bytes)
        return true
    } catch {
        return false
    }
}
