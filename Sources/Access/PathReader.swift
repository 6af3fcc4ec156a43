/// The ways in which servers read one path differently.
struct PathAmbiguity: OptionSet, Sendable, Equatable {
    let rawValue: UInt8

    /// `%2F`: a separator for some.
    static let encodedSlash = PathAmbiguity(rawValue: 1)
    /// Empty segments: some merge slashes.
    static let emptySegment = PathAmbiguity(rawValue: 2)
    /// `%3F` or `%23`: some decode first and then look for the query.
    static let encodedQuery = PathAmbiguity(rawValue: 4)
    /// A segment that ends in dots or spaces: file systems drop them.
    static let trailingDots = PathAmbiguity(rawValue: 8)
}

/// Reads a path of which not every byte is plain: decodes it, makes it canonical, refuses what is never honest.
struct PathReader {
    /// The path as it is forwarded.
    private(set) var canonical: [UInt8] = []
    /// The path as a server understands it; an encoded slash is a 0.
    private(set) var decoded: [UInt8] = []
    private(set) var ambiguity: PathAmbiguity = []
    /// Whether `canonical` is what came in.
    private(set) var isCanonical = true

    /// U+FFFD stands where the HTTP parser found bytes that are not UTF-8.
    static let replacementCharacter: [UInt8] = [0xEF, 0xBF, 0xBD]

    init(length: Int) {
        self.canonical.reserveCapacity(length)
        self.decoded.reserveCapacity(length)
    }

    /// Reads the first `end` bytes; the first is a slash.
    mutating func read(_ bytes: Span<UInt8>, end: Int) throws(RequestRefusal) {
        var index = 0
        while index < end {
            let byte = bytes[index]
            if byte == UInt8(ascii: "%") {
                guard end - index > 2, let high = bytes[index + 1].hexadecimalValue,
                    let low = bytes[index + 2].hexadecimalValue
                else { throw .badEscape }
                let isLowercase = bytes[index + 1] >= 0x61 || bytes[index + 2] >= 0x61
                try self.readEscape(of: high << 4 | low, isLowercase: isLowercase)
                index += 3
            } else {
                try Self.checkRaw(byte)
                if byte == 0xEF, bytes.has(Self.replacementCharacter, at: index) { throw .invalidUTF8 }
                self.canonical.append(byte)
                self.decoded.append(byte)
                index += 1
            }
        }
        guard isUTF8(self.decoded.span) else { throw .invalidUTF8 }
        guard !Self.hasC1Control(self.decoded) else { throw .encodedControl }
        try Self.checkHiddenEscapes(self.decoded)
        try self.checkSegments()
    }

    private static func checkRaw(_ byte: UInt8) throws(RequestRefusal) {
        switch byte {
        case 0...0x20, 0x7F: throw .controlByte
        case UInt8(ascii: "#"): throw .fragment
        case UInt8(ascii: "\\"): throw .backslash
        case UInt8(ascii: ";"): throw .pathParameter
        default: break
        }
    }

    private mutating func readEscape(of byte: UInt8, isLowercase: Bool) throws(RequestRefusal) {
        switch byte {
        case 0..<0x20, 0x7F: throw .encodedControl
        case UInt8(ascii: "."): throw .encodedDot
        case UInt8(ascii: "\\"): throw .backslash
        case UInt8(ascii: ";"): throw .pathParameter
        case .slash: self.ambiguity.insert(.encodedSlash)
        case UInt8(ascii: "?"), UInt8(ascii: "#"): self.ambiguity.insert(.encodedQuery)
        default: break
        }
        self.decoded.append(byte == .slash ? 0 : byte)
        if byte.isUnreserved {
            self.canonical.append(byte)
            self.isCanonical = false
        } else {
            byte.appendEscape(to: &self.canonical)
            if isLowercase { self.isCanonical = false }
        }
    }

    /// U+0080 to U+009F: controls that take two bytes.
    private static func hasC1Control(_ bytes: [UInt8]) -> Bool {
        for index in bytes.indices.dropFirst() where bytes[index - 1] == 0xC2 && bytes[index] < 0xA0 { return true }
        return false
    }

    /// Judges what a server that decodes twice would see. `/100%25` and a doubly encoded space are honest; an escape
    /// that hides a separator, a dot, a control, or a character that nobody has to encode is not.
    private static func checkHiddenEscapes(_ bytes: [UInt8]) throws(RequestRefusal) {
        guard bytes.contains(UInt8(ascii: "%")) else { return }
        var inner: [UInt8] = []
        var index = 0
        while index < bytes.count {
            if let byte = Self.escape(in: bytes, at: index) {
                guard Self.mayHide(byte) else { throw .doubleEncoding }
                inner.append(byte)
                index += 3
            } else {
                if Self.isWideEscape(in: bytes, at: index) { throw .doubleEncoding }
                inner.append(bytes[index])
                index += 1
            }
        }
        guard inner.count < bytes.count else { return }
        guard isUTF8(inner.span), !Self.hasC1Control(inner) else { throw .doubleEncoding }
        try Self.checkDotSegments(Lookalikes.folded(inner))
        for index in inner.indices where Self.escape(in: inner, at: index) != nil { throw .doubleEncoding }
    }

    private static func mayHide(_ byte: UInt8) -> Bool {
        switch byte {
        case .slash, UInt8(ascii: "\\"), UInt8(ascii: ";"), UInt8(ascii: "?"), UInt8(ascii: "#"): false
        default: !byte.isControl && !byte.isUnreserved
        }
    }

    private static func escape(in bytes: [UInt8], at index: Int) -> UInt8? {
        guard bytes[index] == UInt8(ascii: "%"), bytes.count - index > 2,
            let high = bytes[index + 1].hexadecimalValue, let low = bytes[index + 2].hexadecimalValue
        else { return nil }
        return high << 4 | low
    }

    /// `%uXXXX`, which IIS decodes.
    private static func isWideEscape(in bytes: [UInt8], at index: Int) -> Bool {
        guard bytes[index] == UInt8(ascii: "%"), bytes.count - index > 5, bytes[index + 1] | 0x20 == UInt8(ascii: "u")
        else { return false }
        return bytes[index + 2..<index + 6].allSatisfy { $0.hexadecimalValue != nil }
    }

    /// Looks at each segment, whatever a server might take for a separator: `/`, `%2F`, and the encoded `?` and `#`.
    private mutating func checkSegments() throws(RequestRefusal) {
        try Self.checkDotSegments(self.decoded)
        if self.decoded.contains(where: { $0 >= 0x80 }) { try Self.checkDotSegments(Lookalikes.folded(self.decoded)) }
        var previous: UInt8 = 0x41
        var isBlank = true
        for byte in self.decoded {
            if Self.isSeparator(byte) {
                if Self.isSeparator(previous) { self.ambiguity.insert(.emptySegment) }
                if Self.isDropped(previous) {
                    self.ambiguity.insert(.trailingDots)
                    // What is dropped whole leaves an empty segment behind.
                    if isBlank { self.ambiguity.insert(.emptySegment) }
                }
                isBlank = true
            } else if !Self.isDropped(byte) {
                isBlank = false
            }
            previous = byte
        }
        if Self.isDropped(previous) { self.ambiguity.insert(.trailingDots) }
    }

    /// "." and "..", and what file systems take for them: a segment of nothing but dots and spaces.
    private static func checkDotSegments(_ path: [UInt8]) throws(RequestRefusal) {
        var hasDot = false
        var hasName = false
        for byte in path {
            if Self.isSeparator(byte) {
                if hasDot, !hasName { throw .dotSegment }
                hasDot = false
                hasName = false
            } else if byte == UInt8(ascii: ".") {
                hasDot = true
            } else if byte != UInt8(ascii: " ") {
                hasName = true
            }
        }
        if hasDot, !hasName { throw .dotSegment }
    }

    private static func isSeparator(_ byte: UInt8) -> Bool {
        byte == .slash || byte == 0 || byte == UInt8(ascii: "?") || byte == UInt8(ascii: "#")
    }

    private static func isDropped(_ byte: UInt8) -> Bool {
        byte == UInt8(ascii: ".") || byte == UInt8(ascii: " ")
    }
}

/// Characters that become dots and slashes where a system converts names into an older character set ("best fit") or
/// into a compatibility form (Unicode NFKC).
private enum Lookalikes {
    private static let table: [(character: [UInt8], meaning: [UInt8])] = [
        (Array("\u{FF0E}".utf8), [0x2E]), (Array("\u{FE52}".utf8), [0x2E]), (Array("\u{2024}".utf8), [0x2E]),
        (Array("\u{2025}".utf8), [0x2E, 0x2E]),
        (Array("\u{FF0F}".utf8), [0x2F]), (Array("\u{2215}".utf8), [0x2F]), (Array("\u{2044}".utf8), [0x2F]),
        (Array("\u{FF3C}".utf8), [0x2F]), (Array("\u{FE68}".utf8), [0x2F]), (Array("\u{2216}".utf8), [0x2F]),
        (Array("\u{A5}".utf8), [0x2F]), (Array("\u{20A9}".utf8), [0x2F]), (Array("\u{FFE5}".utf8), [0x2F]),
    ]

    static func folded(_ path: [UInt8]) -> [UInt8] {
        var result: [UInt8] = []
        var index = 0
        while index < path.count {
            if path[index] >= 0x80, let match = Self.table.first(where: { path[index...].starts(with: $0.character) }) {
                result += match.meaning
                index += match.character.count
            } else {
                result.append(path[index])
                index += 1
            }
        }
        return result
    }
}
