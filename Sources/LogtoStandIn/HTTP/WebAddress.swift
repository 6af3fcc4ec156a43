/// A URL as far as redirect URIs need it: taken apart, scheme and host in lower case, default port dropped, never an
/// empty path.
struct WebAddress: Sendable {
    let scheme: String
    /// Host and port.
    let authority: String
    let path: String
    /// With its question mark, or empty.
    let query: String

    /// Nil for anything without a scheme and an authority.
    init?(_ text: String) {
        guard let separator = text.utf8.firstRange(of: "://".utf8) else { return nil }
        scheme = String(text[..<separator.lowerBound]).lowercased()
        guard !scheme.isEmpty else { return nil }
        let rest = text[separator.upperBound...].prefix { $0 != "#" }
        let place = rest.prefix { $0 != "/" && $0 != "?" }
        let tail = rest.dropFirst(place.count)
        var authority = place.lowercased()
        if scheme == "http", authority.hasSuffix(":80") { authority.removeLast(3) }
        if scheme == "https", authority.hasSuffix(":443") { authority.removeLast(4) }
        self.authority = authority
        let path = String(tail.prefix { $0 != "?" })
        self.path = path.isEmpty && scheme.hasPrefix("http") ? "/" : path
        query = String(tail.dropFirst(path.count))
    }

    var origin: String { "\(scheme)://\(authority)" }

    var text: String { origin + path + query }

    /// The address with more parameters behind its query.
    func adding(_ form: Form) -> String {
        if form.fields.isEmpty { return text }
        return text + (query.isEmpty ? "?" : query == "?" ? "" : "&") + form.encoded
    }

    /// Logto's matcher: the same address, or a registered one with `*` in labels of the host (not the last two) and in
    /// segments of the path; never in scheme, port or query.
    func matches(registered: WebAddress) -> Bool {
        guard sameBytes(scheme, registered.scheme), sameBytes(query, registered.query) else { return false }
        return hostMatches(registered.authority)
            && WebAddress.parts(path, "/", match: registered.path, fixedAtEnd: 0)
    }

    private func hostMatches(_ registered: String) -> Bool {
        if sameBytes(authority, registered) { return true }
        return WebAddress.parts(authority, ".", match: registered, fixedAtEnd: 2)
    }

    /// Compares part by part; `*` stands for anything but nothing. The last `fixed` parts are taken literally.
    private static func parts(
        _ text: String,
        _ separator: Character,
        match pattern: String,
        fixedAtEnd fixed: Int
    ) -> Bool {
        let texts = text.split(separator: separator, omittingEmptySubsequences: false).map { Array($0.utf8) }
        let patterns = pattern.split(separator: separator, omittingEmptySubsequences: false).map { Array($0.utf8) }
        guard texts.count == patterns.count else { return false }
        return texts.indices.allSatisfy { index in
            let mayVary = index < texts.count - fixed
            return mayVary ? wildcard(texts[index], patterns[index]) : texts[index] == patterns[index]
        }
    }

    private static func wildcard(_ text: [UInt8], _ pattern: [UInt8]) -> Bool {
        guard let star = pattern.firstIndex(of: UInt8(ascii: "*")) else { return text == pattern }
        let head = pattern[..<star]
        let tail = pattern[(star + 1)...]
        return text.count > head.count + tail.count && text.starts(with: head) && text.suffix(tail.count) == tail
    }
}

extension [String] {
    /// Whether one of these registered addresses matches.
    func allow(_ address: String) -> Bool {
        contains { registered in
            if sameBytes(registered, address) { return true }
            guard let registered = WebAddress(registered), let address = WebAddress(address) else { return false }
            return address.matches(registered: registered)
        }
    }
}
