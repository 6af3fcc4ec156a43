/// Compares a field name or a token with a lower-case one of ours, byte by byte.
func equalIgnoringCase(_ bytes: Span<UInt8>, _ lowercased: String) -> Bool {
    guard bytes.count == lowercased.utf8.count else { return false }
    let expected = lowercased.utf8.span
    // Of the spans themselves, so that the loop asks for it no more.
    guard bytes.count == expected.count else { return false }
    var difference: UInt8 = 0
    for index in bytes.indices { difference |= asciiLowercased(bytes[index]) ^ expected[index] }
    return difference == 0
}

/// Compares two tokens as HTTP does: ASCII letters without their case.
func equalIgnoringCase(_ a: Substring, _ b: String) -> Bool {
    a.utf8.elementsEqual(b.utf8) { asciiLowercased($0) == asciiLowercased($1) }
}

/// Compares bytes with a text of ours.
func equal(_ bytes: Span<UInt8>, _ text: String) -> Bool {
    bytes.count == text.utf8.count && equal(bytes, text.utf8.span)
}

/// Compares bytes with bytes, many at once: without a branch for each, for mostly they are the same.
func equal(_ bytes: Span<UInt8>, _ others: Span<UInt8>) -> Bool {
    guard bytes.count == others.count else { return false }
    var difference: UInt8 = 0
    for index in bytes.indices { difference |= bytes[index] ^ others[index] }
    return difference == 0
}

/// The same for arrays, whose own `==` looks at one byte after the other.
func equal(_ bytes: [UInt8], _ others: [UInt8]) -> Bool {
    equal(bytes.span, others.span)
}

extension String {
    /// Whether the bytes are the same; `==` takes texts for the same that only look so.
    func isExactly(_ other: String) -> Bool {
        self.utf8.count == other.utf8.count && equal(self.utf8.span, other.utf8.span)
    }
}

/// A non-negative decimal number without sign, space or overflow.
package func decimal(_ text: Span<UInt8>) -> Int? {
    var result = 0
    guard text.count > 0 else { return nil }
    for index in text.indices {
        guard (48...57).contains(text[index]) else { return nil }
        let (product, overflow) = result.multipliedReportingOverflow(by: 10)
        let (sum, carry) = product.addingReportingOverflow(Int(text[index] - 48))
        guard !overflow, !carry else { return nil }
        result = sum
    }
    return result
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

@inline(__always)
func asciiLowercased(_ byte: UInt8) -> UInt8 {
    byte &- 65 < 26 ? byte | 0x20 : byte
}
