/// What keeps a cookie of ours from coming back, or lets others have it.
package struct CookieProblem: Sendable, Equatable {
    package let title: String
    /// Whether only something between the gateway and the browser can have done it.
    package let isOfTheFront: Bool

    /// `nil` when it is as the gateway sets it.
    ///
    /// - Parameter isTLS: whether browsers use https.
    package init?(_ setCookie: String, isTLS: Bool) {
        let parts = setCookie.split(separator: ";").map { $0.lowercased().drop { $0 == " " } }
        let name = parts.first?.prefix { $0 != "=" } ?? ""
        let attributes = parts.dropFirst()
        let isSecure = attributes.contains("secure")
        let hasPrefix = name.utf8.starts(with: "__host-".utf8)
        if !isTLS, isSecure || hasPrefix {
            self.init(title: "browsers drop a Secure cookie that comes over http", isOfTheFront: false)
        } else if isTLS, !hasPrefix {
            self.init(title: "it has no __Host- prefix, as if browsers used http", isOfTheFront: false)
        } else if isTLS, !isSecure {
            self.init(title: "it has lost Secure, and browsers drop it", isOfTheFront: true)
        } else if attributes.contains(where: { $0.utf8.starts(with: "domain=".utf8) }) {
            self.init(title: "it has got a Domain, which other hosts share", isOfTheFront: true)
        } else if !attributes.contains("path=/") {
            self.init(title: "its Path is not /", isOfTheFront: true)
        } else if !attributes.contains("httponly") {
            self.init(title: "it has lost HttpOnly: scripts can read it", isOfTheFront: true)
        } else if !attributes.contains(where: { $0.utf8.starts(with: "samesite=".utf8) }) {
            self.init(title: "it has lost SameSite", isOfTheFront: true)
        } else {
            return nil
        }
    }

    private init(title: String, isOfTheFront: Bool) {
        self.title = title
        self.isOfTheFront = isOfTheFront
    }
}
