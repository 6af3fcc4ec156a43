import JSON

/// A header field that tells an upstream something about who is signed in.
package struct HeaderField: Sendable, Equatable {
    /// Where its value comes from.
    package enum Source: Sendable, Equatable {
        /// The first of these claims that has a value.
        case claims([ClaimPath])
        /// The first of these, for naming a person: an e-mail address counts only when it is verified.
        case user([ClaimPath])
        /// The ID token as it came.
        case idToken
        /// The host the session is for.
        case host
        /// The scopes that were granted.
        case scope
    }

    package let name: String
    package let source: Source
    package var encoding = HeaderEncoding.utf8
    /// Between the members of a list.
    package var separator = ","
    /// Each member of a list stands between quotation marks.
    package var areQuoted = false
    /// Without a value nobody passes.
    package var isRequired = false

    package init(_ name: String, _ source: Source) {
        self.name = name
        self.source = source
    }

    /// Whether a text may separate members: short, visible, and nothing an escape is made of.
    package static func isSeparator(_ text: String) -> Bool {
        (1...3).contains(text.utf8.count)
            && text.utf8.allSatisfy { byte in
                (0x20..<0x7F).contains(byte) && !byte.isAlphanumeric && byte != UInt8(ascii: "%")
            }
    }

    /// Whether a field may have this name: a token, and none by which HTTP itself works.
    package static func isName(_ name: String) -> Bool {
        let folded = self.folded(name)
        let isToken = name.utf8.allSatisfy { $0.isAlphanumeric || "!#$&'*+-.^_`|~".utf8.contains($0) }
        return (3...64).contains(name.utf8.count) && isToken
            && !self.forbidden.contains { folded.elementsEqual($0.utf8) }
            && !self.forbiddenFamilies.contains { folded.starts(with: $0.utf8) }
    }

    /// As CGI, WSGI, PHP and proxies see a name.
    package static func folded(_ name: String) -> [UInt8] {
        name.utf8.map { $0.isAlphanumeric ? $0.lowercased : UInt8(ascii: "-") }
    }

    private static let forbidden = [
        "host", "connection", "cookie", "set-cookie", "authorization", "proxy-authorization", "transfer-encoding",
        "trailer", "upgrade", "expect", "keep-alive", "range", "origin", "referer", "user-agent", "date", "via",
        "x-forwarded-for", "x-forwarded-proto", "x-forwarded-host", "x-request-id", "x-gatehouse-assertion", "proxy",
    ]
    private static let forbiddenFamilies = ["content-", "accept", "if-", "sec-", "access-control-"]

    /// The texts of the value; empty when there is none. Null, objects, and lists of such give none.
    func members(of session: Session, _ claims: JSON) -> [String] {
        switch self.source {
        case .idToken: return session.idToken.isEmpty ? [] : [session.idToken]
        case .host: return [session.authority]
        case .scope: return (session.scope ?? "").split(separator: " ").map(String.init)
        case .claims(let paths): return Self.first(of: paths, in: claims)
        case .user(let paths):
            let isVerified = claims["email_verified"]?.boolValue == true
            let usable = paths.filter { isVerified || !$0.names.elementsEqual(["email"]) }
            return Array(Self.first(of: usable, in: claims).prefix(1))
        }
    }

    private static func first(of paths: [ClaimPath], in claims: JSON) -> [String] {
        for path in paths {
            let members = path.value(in: claims).map(self.texts) ?? []
            if !members.isEmpty { return members }
        }
        return []
    }

    private static func texts(_ value: JSON) -> [String] {
        (value.arrayValue ?? [value]).compactMap { member in
            if let text = member.stringValue { return text.isEmpty ? nil : text }
            if let number = member.integerValue { return String(number) }
            return member.boolValue.map { $0 ? "true" : "false" }
        }
    }
}
