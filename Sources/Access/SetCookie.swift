/// A cookie that we set: always `Path=/` and `HttpOnly` (security rule 24).
package struct SetCookie: Sendable, Equatable {
    /// Whether links from other sites bring the cookie along.
    package enum SameSite: String, Sendable, CaseIterable {
        case lax
        case strict
    }

    package var name: String
    /// Base64url, or digits: nothing here is escaped.
    package var value: String
    /// Seconds; `nil`: until the browser is closed.
    package var maxAge: Int?
    package var sameSite: SameSite
    package var secure: Bool
    /// The domain whose hosts share it; `nil`: this host alone.
    package var domain: String?

    package init(
        name: String,
        value: String,
        maxAge: Int? = nil,
        sameSite: SameSite = .lax,
        secure: Bool,
        domain: String? = nil
    ) {
        self.name = name
        self.value = value
        self.maxAge = maxAge
        self.sameSite = sameSite
        self.secure = secure
        self.domain = domain
    }

    /// Takes a cookie back. A browser drops it only when the attributes are those it was set with.
    package static func expire(
        _ name: String,
        sameSite: SameSite = .lax,
        secure: Bool,
        domain: String? = nil
    ) -> SetCookie {
        SetCookie(name: name, value: "", maxAge: 0, sameSite: sameSite, secure: secure, domain: domain)
    }

    /// The value of a `Set-Cookie` field (RFC 6265, 4.1).
    package var text: String {
        var text = "\(self.name)=\(self.value); Path=/"
        if let domain { text += "; Domain=\(domain)" }
        if let maxAge {
            text += "; Max-Age=\(max(maxAge, 0))"
            if maxAge <= 0 { text += "; Expires=Thu, 01 Jan 1970 00:00:00 GMT" }
        }
        if self.secure { text += "; Secure" }
        return text + "; HttpOnly; SameSite=" + (self.sameSite == .lax ? "Lax" : "Strict")
    }

    /// Whether an upstream's `Set-Cookie` would make a browser send us a cookie of one of our names.
    package static func isOurs(setCookieField field: String, names: CookieNames) -> Bool {
        let bytes = field.utf8.span
        // "=name=value" sets a cookie without a name, which browsers send back as "name=value".
        var start = 0
        while start < bytes.count, bytes[start] == UInt8(ascii: "=") || bytes[start] <= 0x20 { start += 1 }
        var end = start
        while end < bytes.count, bytes[end] != UInt8(ascii: "="), bytes[end] != UInt8(ascii: ";") { end += 1 }
        while end > start, bytes[end - 1] <= 0x20 { end -= 1 }
        return names.isOurs(field.utf8Slice(start..<end))
    }
}
