package import Access
import OpenIDConnect

/// The transaction cookies a browser holds: one for each sign-in under way, so that several tabs at once all succeed.
package struct Transactions {
    /// More at once than this only happens when sign-ins are left half-way; the oldest go.
    package static let limit = 5

    private let settings: Settings
    private let authority: Authority
    /// Name and value as the browser sent them.
    private var found: [(name: String, value: Substring.UTF8View)] = []

    package init(_ cookies: [String], settings: Settings, authority: Authority) {
        self.settings = settings
        self.authority = authority
        for header in cookies {
            for name in CookieHeader.names(withPrefix: Array(settings.cookieNames.transactionPrefix.utf8), in: header) {
                for value in CookieHeader.values(named: Array(name.utf8), in: header) {
                    self.found.append((name, value))
                }
            }
        }
    }

    /// Those that must go so that a new one has room: what nobody can open, and then the oldest.
    package var superfluous: [String] {
        guard self.found.count >= Self.limit else { return [] }
        let byAge = self.found.map { name, value in
            (name: name, startedAt: self.open(value)?.startedAt ?? Instant(seconds: 0))
        }.sorted { $0.startedAt < $1.startedAt }
        return byAge.prefix(self.found.count - Self.limit + 1).map(\.name)
    }

    /// The transaction of this state, if this browser began it here.
    package func signIn(for state: [UInt8]) -> SignIn? {
        let name = Array(self.settings.cookieNames.transaction(suffix: SignIn.cookieSuffix(forState: state)).utf8)
        for cookie in self.found where cookie.name.utf8.elementsEqual(name) {
            if let signIn = self.open(cookie.value) { return signIn }
        }
        return nil
    }

    package func cookie(for signIn: SignIn, sealed: String) -> SetCookie {
        SetCookie(
            name: self.settings.cookieNames.transaction(suffix: signIn.cookieSuffix),
            value: sealed,
            // Longer than a sign-in may take, so that a late one can start over with its return URL.
            maxAge: 3600,
            sameSite: .lax,
            secure: self.settings.cookiesAreSecure
        )
    }

    package func cleared(_ name: String) -> SetCookie {
        SetCookie.expire(name, secure: self.settings.cookiesAreSecure)
    }

    private func open(_ value: Substring.UTF8View) -> SignIn? {
        SignIn.open(value, authority: self.authority.text, with: self.settings.keys)
    }
}
