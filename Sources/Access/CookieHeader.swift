/// Reads the `Cookie` field byte by byte (RFC 6265, 4.2 and 5.4): pairs between semicolons, the name before the first `=`,
/// white space around both dropped. Nothing is unquoted or decoded, a semicolon between quotes separates as any other.
package enum CookieHeader {
    /// All values of cookies with exactly this name, in order: a stale one must not shadow a good one.
    package static func values(named name: [UInt8], in header: String) -> CookieValues {
        CookieValues(pairs: CookiePairs(header), name: name)
    }

    /// The names that begin with these bytes, in order.
    package static func names(withPrefix prefix: [UInt8], in header: String) -> [String] {
        var pairs = CookiePairs(header)
        var names: [String] = []
        while let pair = pairs.next() {
            guard let name = pair.name, name.starts(with: prefix) else { continue }
            names.append(String(Substring(name)))
        }
        return names
    }

    /// The field without our own cookies: the same string when there are none, `nil` when there is nothing else.
    ///
    /// A pair without `=` is judged by all of it.
    package static func removing(ours isOurs: (Substring.UTF8View) -> Bool, from header: String) -> String? {
        var search = CookiePairs(header)
        var hasOurs = false
        while let pair = search.next() {
            if isOurs(pair.name ?? pair.text) {
                hasOurs = true
                break
            }
        }
        guard hasOurs else { return header }
        var pairs = CookiePairs(header)
        var rest: [UInt8] = []
        while let pair = pairs.next() {
            guard !pair.text.isEmpty, !isOurs(pair.name ?? pair.text) else { continue }
            if !rest.isEmpty { rest += "; ".utf8 }
            rest += pair.text
        }
        return rest.isEmpty ? nil : String(decoding: rest, as: UTF8.self)
    }
}

/// The values of one cookie name in a `Cookie` field.
package struct CookieValues: Sequence, IteratorProtocol {
    fileprivate var pairs: CookiePairs
    fileprivate let name: [UInt8]

    package mutating func next() -> Substring.UTF8View? {
        while let pair = self.pairs.next() {
            if let name = pair.name, name.elementsEqual(self.name) { return pair.value }
        }
        return nil
    }
}

/// The pairs of a `Cookie` field, as slices of it.
private struct CookiePairs: IteratorProtocol {
    struct Pair {
        /// All of it, without white space around.
        let text: Substring.UTF8View
        /// `nil` without `=`.
        let name: Substring.UTF8View?
        let value: Substring.UTF8View
    }

    private var rest: Substring.UTF8View?

    init(_ header: String) {
        self.rest = header.utf8[...]
    }

    mutating func next() -> Pair? {
        guard let rest else { return nil }
        let end = rest.firstIndex(of: UInt8(ascii: ";"))
        self.rest = end.map { rest[$0...].dropFirst() }
        let text = Self.trimmed(rest[..<(end ?? rest.endIndex)])
        guard let separator = text.firstIndex(of: UInt8(ascii: "=")) else {
            return Pair(text: text, name: nil, value: text)
        }
        return Pair(
            text: text,
            name: Self.trimmed(text[..<separator]),
            value: Self.trimmed(text[separator...].dropFirst())
        )
    }

    private static func trimmed(_ bytes: Substring.UTF8View) -> Substring.UTF8View {
        var bytes = bytes
        while let first = bytes.first, first == 0x20 || first == 0x09 { bytes = bytes.dropFirst() }
        while let last = bytes.last, last == 0x20 || last == 0x09 { bytes = bytes.dropLast() }
        return bytes
    }
}
