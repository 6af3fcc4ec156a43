/// Where the parts of one field line stand in the bytes of its head (RFC 9112, 5).
package struct FieldLine {
    private let nameStart: UInt32
    private let nameEnd: UInt32
    private let valueStart: UInt32
    private let valueEnd: UInt32
    private let lineEnd: UInt32

    package var name: Range<Int> { Int(self.nameStart)..<Int(self.nameEnd) }
    /// Without white space around.
    package var value: Range<Int> { Int(self.valueStart)..<Int(self.valueEnd) }
    /// All of it, CR and LF included.
    var line: Range<Int> { Int(self.nameStart)..<Int(self.lineEnd) }
    /// Whether the line is written as we would write it, so that it can be copied as it stands.
    var isPlain: Bool { self.valueStart == self.nameEnd + 2 && self.valueEnd + 2 == self.lineEnd }

    private init(name: Range<Int>, value: Range<Int>, end: Int) {
        self.nameStart = UInt32(name.lowerBound)
        self.nameEnd = UInt32(name.upperBound)
        self.valueStart = UInt32(value.lowerBound)
        self.valueEnd = UInt32(value.upperBound)
        self.lineEnd = UInt32(end)
    }

    /// Reads the line that begins at `start`; `nil` when its end has not come yet.
    ///
    /// No white space before the colon, no folding, no control bytes but a tab between words, and CR LF at the end.
    static func read(_ bytes: Span<UInt8>, from start: Int) throws(MessageError) -> FieldLine? {
        let count = bytes.count
        var index = start
        while index < count, isTokenByte(bytes[index]) { index += 1 }
        let name = start..<index
        guard index < count else { return nil }
        guard bytes[index] == UInt8(ascii: ":"), !name.isEmpty else { throw .malformed("a field's name is no token") }
        index += 1
        while index < count, bytes[index] == 0x20 || bytes[index] == 0x09 { index += 1 }
        let valueStart = index
        index = skipText(bytes, from: index)
        guard index < count else { return nil }
        guard bytes[index] == 0x0D else { throw .malformed("a control byte in a field") }
        guard index + 1 < count else { return nil }
        guard bytes[index + 1] == 0x0A else { throw .malformed("a line that does not end with CR LF") }
        var valueEnd = index
        while valueEnd > valueStart, bytes[valueEnd - 1] == 0x20 || bytes[valueEnd - 1] == 0x09 { valueEnd -= 1 }
        return FieldLine(name: name, value: valueStart..<valueEnd, end: index + 2)
    }
}

/// One bit for each byte below 64 and for each from 64 to 127.
private let tokenBits: (low: UInt64, high: UInt64) = {
    var bits: (low: UInt64, high: UInt64) = (0, 0)
    for byte in "!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ".utf8 {
        if byte < 64 { bits.low |= 1 << UInt64(byte) } else { bits.high |= 1 << UInt64(byte - 64) }
    }
    return bits
}()

/// `tchar` (RFC 9110, 5.6.2).
@inline(__always)
func isTokenByte(_ byte: UInt8) -> Bool {
    let lowered = byte | 0x20
    // Most bytes of names are letters.
    if lowered >= UInt8(ascii: "a"), lowered <= UInt8(ascii: "z") { return true }
    if byte == UInt8(ascii: "-") { return true }
    if byte >= 0x80 { return false }
    return byte < 64 ? tokenBits.low &>> byte & 1 == 1 : tokenBits.high &>> (byte & 63) & 1 == 1
}

/// What may stand in a field's value: everything but control bytes; a tab counts as space.
@inline(__always)
func isTextByte(_ byte: UInt8) -> Bool {
    byte >= 0x20 ? byte != 0x7F : byte == 0x09
}

/// Where the first byte stands that may not stand in a value, or the end.
private func skipText(_ bytes: Span<UInt8>, from start: Int) -> Int {
    var index = start
    // Cookies and tokens are long: sixteen at once, without a branch for each, as the processor likes it.
    while index + 16 <= bytes.count {
        let some = bytes.extracting(index..<index + 16)
        var others: UInt8 = 0
        for offset in some.indices { others |= (some[offset] < 0x20 ? 1 : 0) | (some[offset] == 0x7F ? 1 : 0) }
        if others != 0 { break }
        index += 16
    }
    while index < bytes.count {
        let byte = bytes[index]
        // Most are printable ASCII.
        guard byte &- 0x20 < 0x5F || isTextByte(byte) else { break }
        index += 1
    }
    return index
}
