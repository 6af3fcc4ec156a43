/// What a request asks for, in the one form in which it is judged and forwarded (security rule 1).
///
/// Only origin-form ("/path?query", RFC 9112, 3.2.1). The path is canonical: escapes of unreserved characters are decoded,
/// the others are upper-case. The query is never touched and never decides anything. What two servers could read
/// in two ways is refused, or, where that would refuse honest paths, marked as ambiguous for `RouteTable` to judge.
package struct RequestTarget: Sendable {
    /// What is forwarded: canonical path, and `?` and the query when there is one.
    package let text: String
    /// Where in `text` the path ends.
    let pathEnd: Int
    /// The path with its escapes decoded, or `nil` when there are none: then the path in `text` is this.
    /// An encoded slash is a 0 here, a byte which no path contains.
    let decodedPath: [UInt8]?
    /// In which ways others could read the path differently.
    let ambiguity: PathAmbiguity

    /// The longest target accepted, in bytes.
    package static let maximumLength = 16 << 10

    /// Reads an origin-form target. Most are kept as they are: one look at each byte, no allocation.
    package init(_ target: String) throws(RequestRefusal) {
        let bytes = target.utf8.span
        guard bytes.count > 0 else { throw .emptyTarget }
        guard bytes.count <= Self.maximumLength else { throw .targetTooLong }
        guard bytes[0] == .slash else { throw .targetForm }
        let plainEnd = Self.endOfPlainPath(bytes)
        let pathEnd = plainEnd ?? Self.endOfPath(bytes)
        try Self.checkQuery(bytes, from: pathEnd)
        guard plainEnd == nil else {
            self.text = target
            self.pathEnd = pathEnd
            self.decodedPath = nil
            self.ambiguity = []
            return
        }
        var reader = PathReader(length: pathEnd)
        try reader.read(bytes, end: pathEnd)
        self.decodedPath = reader.decoded
        self.ambiguity = reader.ambiguity
        if reader.isCanonical {
            self.text = target
            self.pathEnd = pathEnd
        } else {
            self.pathEnd = reader.canonical.count
            var canonical = reader.canonical
            for index in pathEnd..<bytes.count { canonical.append(bytes[index]) }
            self.text = String(decoding: canonical, as: UTF8.self)
        }
    }

    /// The canonical path, always beginning with "/".
    package var path: Substring.UTF8View {
        self.text.utf8Slice(0..<self.pathEnd)
    }

    /// Whether the path begins with these bytes.
    package func hasPrefix(_ bytes: [UInt8]) -> Bool {
        bytes.count <= self.pathEnd && self.text.utf8.span.has(bytes, at: 0)
    }

    /// What stands behind the `?`, byte for byte; `nil` when there is no `?`.
    package var query: Substring.UTF8View? {
        let end = self.text.utf8.count
        return self.pathEnd < end ? self.text.utf8Slice(self.pathEnd + 1..<end) : nil
    }

    /// One segment of the path with its escapes decoded, counted from 0; `nil` when the path has fewer, or when others
    /// could count differently.
    package func segment(_ place: Int) -> String? {
        guard self.ambiguity.isEmpty else { return nil }
        let path = self.decodedPath ?? Array(self.path)
        let segments = path.dropFirst().split(separator: .slash, omittingEmptySubsequences: false)
        return place < segments.count ? String(decoding: segments[place], as: UTF8.self) : nil
    }

    /// Whether there is a `%2F` in the path. Only a route that says so takes it.
    package var containsEncodedSlash: Bool { self.ambiguity.contains(.encodedSlash) }

    /// Where the path ends, when nothing in it needs a second look; `nil` otherwise.
    private static func endOfPlainPath(_ bytes: Span<UInt8>) -> Int? {
        // One bit for each ASCII character that does: controls and space, # % . / ; ? and \ DEL.
        let low: UInt64 =
            0xFFFF_FFFF | 1 << 0x20 | 1 << 0x23 | 1 << 0x25 | 1 << 0x2E | 1 << 0x2F | 1 << 0x3B | 1 << 0x3F
        let high: UInt64 = 1 << (0x5C - 64) | 1 << (0x7F - 64)
        var previous = UInt8.slash
        for index in 1..<bytes.count {
            let byte = bytes[index]
            defer { previous = byte }
            if byte.isLetter { continue }
            let isOdd = byte < 64 ? low &>> byte & 1 == 1 : byte >= 0x80 || high &>> (byte & 63) & 1 == 1
            if isOdd {
                switch byte {
                case UInt8(ascii: "?"): return previous == UInt8(ascii: ".") ? nil : index
                // "//", "/." and "./" are for the reader.
                case .slash: if previous == .slash || previous == UInt8(ascii: ".") { return nil }
                case UInt8(ascii: "."): if previous == .slash { return nil }
                default: return nil
                }
            }
        }
        return previous == UInt8(ascii: ".") ? nil : bytes.count
    }

    private static func endOfPath(_ bytes: Span<UInt8>) -> Int {
        for index in bytes.indices where bytes[index] == UInt8(ascii: "?") { return index }
        return bytes.count
    }

    /// The query is the application's own business, as long as it is one.
    private static func checkQuery(_ bytes: Span<UInt8>, from start: Int) throws(RequestRefusal) {
        for index in start..<bytes.count {
            let byte = bytes[index]
            if byte > 0x23, byte < 0x7F { continue }
            if byte <= 0x20 || byte == 0x7F { throw .controlByte }
            if byte == UInt8(ascii: "#") { throw .fragment }
            if byte == 0xEF, bytes.has(PathReader.replacementCharacter, at: index) { throw .invalidUTF8 }
        }
    }
}

extension RequestTarget {
    /// Takes an absolute-form target apart (RFC 9112, 3.2.2); the last part is in origin-form, for `init`.
    ///
    /// The caller compares the authority with `Host`.
    package static func split(
        absolute target: String
    ) throws(RequestRefusal) -> (scheme: Scheme, authority: Authority, target: String) {
        let bytes = target.utf8
        guard bytes.count <= Self.maximumLength else { throw .targetTooLong }
        guard let schemeEnd = bytes.firstIndex(of: UInt8(ascii: ":")) else { throw .targetForm }
        guard let scheme = Scheme(bytes[..<schemeEnd]) else { throw .targetScheme }
        let rest = bytes[schemeEnd...].dropFirst()
        guard rest.starts(with: [.slash, .slash]) else { throw .targetForm }
        let hierarchy = rest.dropFirst(2)
        let end = hierarchy.firstIndex { $0 == .slash || $0 == UInt8(ascii: "?") || $0 == UInt8(ascii: "#") }
        let authorityEnd = end ?? hierarchy.endIndex
        let authority = try Authority(String(Substring(hierarchy[..<authorityEnd])), scheme: scheme)
        let remainder = String(Substring(hierarchy[authorityEnd...]))
        return (scheme, authority, remainder.utf8.first == .slash ? remainder : "/" + remainder)
    }
}
