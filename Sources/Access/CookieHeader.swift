/// Reads the `Cookie` field byte by byte (RFC 6265, 4.2 and 5.4): pairs between semicolons, the name before the first `=`,
/// white space around both dropped. Nothing is unquoted or decoded, a semicolon between quotes separates as any other.
///
/// Every request with a session comes through here, so it works on bytes in place.
package enum CookieHeader {
    /// All values of cookies with exactly this name, in order: a stale one must not shadow a good one.
    package static func values(named name: [UInt8], in header: String) -> CookieValues {
        CookieValues(header: header, name: name)
    }

    /// The names that begin with these bytes, in order.
    package static func names(withPrefix prefix: [UInt8], in header: String) -> [String] {
        let bytes = header.utf8.span
        var names: [String] = []
        var position = 0
        while let pair = CookiePair(bytes, at: &position) {
            guard let name = pair.name, name.count >= prefix.count, bytes.has(prefix, at: name.lowerBound) else {
                continue
            }
            names.append(String(Substring(header.utf8Slice(name))))
        }
        return names
    }

    /// The field without our own cookies: the same string when there are none, `nil` when there is nothing else.
    ///
    /// A pair without `=` is judged by all of it.
    package static func removing(ours isOurs: (Substring.UTF8View) -> Bool, from header: String) -> String? {
        let bytes = header.utf8.span
        var position = 0
        while let pair = CookiePair(bytes, at: &position) {
            if isOurs(header.utf8Slice(pair.name ?? pair.text)) { return self.rest(of: header, without: isOurs) }
        }
        return header
    }

    private static func rest(of header: String, without isOurs: (Substring.UTF8View) -> Bool) -> String? {
        let bytes = header.utf8.span
        var rest: [UInt8] = []
        rest.reserveCapacity(bytes.count)
        var position = 0
        while let pair = CookiePair(bytes, at: &position) {
            guard !pair.text.isEmpty, !isOurs(header.utf8Slice(pair.name ?? pair.text)) else { continue }
            if !rest.isEmpty { rest += "; ".utf8 }
            rest += header.utf8Slice(pair.text)
        }
        return rest.isEmpty ? nil : String(decoding: rest, as: UTF8.self)
    }
}

/// The values of one cookie name in a `Cookie` field, as slices of it.
package struct CookieValues: Sequence, IteratorProtocol {
    fileprivate let header: String
    fileprivate let name: [UInt8]
    fileprivate var position = 0

    fileprivate init(header: String, name: [UInt8]) {
        self.header = header
        self.name = name
    }

    package mutating func next() -> Substring.UTF8View? {
        let bytes = self.header.utf8.span
        while let pair = CookiePair(bytes, at: &self.position) {
            guard let name = pair.name, name.count == self.name.count, bytes.has(self.name, at: name.lowerBound) else {
                continue
            }
            return self.header.utf8Slice(pair.value)
        }
        return nil
    }
}

/// Where the parts of one pair are.
private struct CookiePair {
    /// All of it, without white space around.
    let text: Range<Int>
    /// `nil` without `=`.
    let name: Range<Int>?
    let value: Range<Int>

    /// Reads the pair at a position and moves on; `nil` behind the last.
    init?(_ bytes: Span<UInt8>, at position: inout Int) {
        guard position <= bytes.count else { return nil }
        let start = position
        var separator: Int?
        var end = start
        while end < bytes.count, bytes[end] != UInt8(ascii: ";") {
            if bytes[end] == UInt8(ascii: "="), separator == nil { separator = end }
            end += 1
        }
        position = end + 1
        self.text = Self.trimmed(start..<end, of: bytes)
        if let separator {
            self.name = Self.trimmed(start..<separator, of: bytes)
            self.value = Self.trimmed(separator + 1..<end, of: bytes)
        } else {
            self.name = nil
            self.value = self.text
        }
    }

    private static func trimmed(_ range: Range<Int>, of bytes: Span<UInt8>) -> Range<Int> {
        var start = range.lowerBound
        var end = range.upperBound
        while start < end, bytes[start] == 0x20 || bytes[start] == 0x09 { start += 1 }
        while start < end, bytes[end - 1] == 0x20 || bytes[end - 1] == 0x09 { end -= 1 }
        return start..<end
    }
}
