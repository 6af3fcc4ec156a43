package import Access

/// The request fields that a front proxy takes from each request before its application sees it, as `gatehouse emit`
/// writes it down. A check trusts in just these: an identity's field of any other name is refused there.
package struct FrontFields: Sendable {
    /// What the answers to checks carry and applications read. Each is set or absent, as the gateway says.
    package let answered: [String]
    /// All that is taken away, `answered` among it, each name once; case is nothing to them.
    package let removed: [String]
    /// What a configuration adds to the names that are reserved in all of them.
    let reserved: [String]

    package init(_ routes: [Route]) {
        let configured = routes.flatMap { $0.headers?.fields.map(\.name) ?? [] }
        let asserts = routes.contains { $0.assertionAudience != nil }
        let overrides = routes.allSatisfy(\.methods.isEmpty) ? [] : Self.methodOverrides
        self.reserved = configured + overrides
        self.answered = Self.distinct(
            IdentityFields.answeredNames + configured + (asserts ? [Assertion.fieldName] : [])
        )
        // `App-Role` is APP_ROLE to CGI and WSGI, and goes through whatever drops underscores.
        let hyphenated = configured.map { $0.replacing("_", with: "-") }
        self.removed = Self.distinct(IdentityFields.wellKnownNames + self.answered + hyphenated + overrides)
    }

    /// By these an application is told another method than the one that was judged.
    private static let methodOverrides = ["X-HTTP-Method-Override", "X-HTTP-Method", "X-Method-Override"]

    private static func distinct(_ names: [String]) -> [String] {
        var seen: Set<String> = []
        return names.filter { seen.insert($0.lowercased()).inserted }
    }
}
