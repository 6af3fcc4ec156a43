/// Compares a field name with a lower-case one of ours, byte by byte.
func equalIgnoringCase(_ text: String, _ lowercased: String) -> Bool {
    let bytes = text.utf8.span
    let expected = lowercased.utf8.span
    guard bytes.count == expected.count else { return false }
    for index in bytes.indices where asciiLowercased(bytes[index]) != expected[index] { return false }
    return true
}

/// Compares two field names or tokens as HTTP does: ASCII letters without their case.
func equalIgnoringCase(_ a: Substring, _ b: String) -> Bool {
    a.utf8.elementsEqual(b.utf8) { asciiLowercased($0) == asciiLowercased($1) }
}

extension Substring {
    /// Without the white space HTTP allows around list members.
    var trimmingSpaces: Substring {
        var rest = self.utf8
        while let first = rest.first, first == 0x20 || first == 0x09 { rest = rest.dropFirst() }
        while let last = rest.last, last == 0x20 || last == 0x09 { rest = rest.dropLast() }
        return Substring(rest)
    }
}

func asciiLowercased(_ byte: UInt8) -> UInt8 {
    (65...90).contains(byte) ? byte | 0x20 : byte
}
