import Access
import Gateway
import OpenIDConnect

/// `[protected_app]`: what Logto's Protected App is told in its console, for applications that move here from there.
struct ProtectedAppSection {
    let isEnabled: Bool
    /// For the routes that have none of their own.
    let pages: [PageRule]
    private let duration: Duration?
    private let scopes: [String]
    private let sendsCredentials: Bool

    private static let knownScopes = [
        "custom_data", "identities", "roles", "urn:logto:scope:organizations", "urn:logto:scope:organization_roles",
    ]

    init(_ section: SectionReader) {
        self.isEnabled = section.flag("enabled") ?? false
        self.pages = section.pageRules("page_rules")
        self.duration = section.duration("session_duration", in: .seconds(1)...(.seconds(400 * 86_400)))
        let scopes = section.list("additional_scopes", of: Self.allowedScopes, mayBeEmpty: true) ?? []
        if let odd = scopes.first(where: { scope in !Self.knownScopes.contains { $0.isExactly(scope) } }) {
            section.refuse(
                "additional_scopes",
                found: ConfigurationProblem.quoted(odd),
                allowed: Self.allowedScopes,
                hint: ConfigurationProblem.suggestion(for: odd, among: Self.knownScopes)
            )
        }
        self.scopes = scopes
        self.sendsCredentials = section.flag("authorization") ?? true
        guard !self.isEnabled else { return }
        for (key, isEmpty) in [("page_rules", self.pages.isEmpty), ("additional_scopes", scopes.isEmpty)]
        where !isEmpty && !section.hasProblem(key) {
            section.refuse(key, found: "\(key) without enabled = true", allowed: "none, or enabled = true")
        }
    }

    private static var allowedScopes: String { ConfigurationProblem.quoted(Self.knownScopes) }

    /// What routes without a `preset` of their own tell their applications; `nil`: what all others tell.
    var app: ProtectedApp? { self.isEnabled ? ProtectedApp(sendsCredentials: self.sendsCredentials) : nil }

    /// Its four paths, where `[paths]` does not say otherwise. Signed out, browsers end on the bare origin, as registered
    /// at Logto for a Protected App.
    func applied(to paths: Configuration.Paths, _ section: SectionReader) -> Configuration.Paths {
        guard self.isEnabled else { return paths }
        var paths = paths
        if !section.has("sign_in") { paths.signIn = "/sign-in" }
        if !section.has("register") { paths.register = "/register" }
        if !section.has("callback") { paths.callback = "/sign-in-callback" }
        if !section.has("sign_out") { paths.signOut = "/sign-out" }
        if !section.has("signed_out") { paths.signedOut = "" }
        let own = [
            ("sign_in", paths.signIn), ("register", paths.register), ("callback", paths.callback),
            ("sign_out", paths.signOut), ("session", paths.session),
        ]
        for (key, path) in own where section.has(key) && own.filter({ $0.1.isExactly(path) }).count > 1 {
            section.refuse(
                key,
                found: ConfigurationProblem.quoted(path),
                allowed: "another path than the others, which protected_app.enabled moves"
            )
        }
        return paths
    }

    /// Sessions that last so long from the sign-in, used or not.
    func applied(to session: Configuration.SessionSettings, _ section: SectionReader) -> Configuration.SessionSettings {
        guard self.isEnabled else { return session }
        if self.duration != nil, section.has("lifetime") {
            section.refuse(
                "lifetime",
                found: "lifetime beside protected_app.session_duration",
                allowed: "one of the two"
            )
        }
        var session = session
        session.lifetime = self.duration ?? session.lifetime
        if !section.has("idle") { session.idle = session.lifetime }
        return session
    }

    /// The client with the additional scopes.
    func applied(to provider: Configuration.ProviderSettings) -> Configuration.ProviderSettings {
        guard self.isEnabled else { return provider }
        var provider = provider
        let client = provider.client
        provider.client = Client(
            id: client.id,
            secret: client.secret,
            authentication: client.authentication,
            scopes: client.scopes + self.scopes
        )
        return provider
    }
}

extension HeaderSet {
    /// The one field that tells a protected app's application who is signed in.
    static let protectedApp = HeaderSet(
        HeaderPreset.protectedApp.fields(user: []).filter { $0.name.isExactly(ProtectedApp.idTokenField) }
    )
}

extension SectionReader {
    /// Rules for paths; none when the key is not set.
    func pageRules(_ key: String) -> [PageRule] {
        let allowed = "regular expressions for paths, such as \"^/(admin|privacy)/.*\""
        guard let texts = self.list(key, of: allowed, mayBeEmpty: true) else { return [] }
        var rules: [PageRule] = []
        for text in texts {
            do {
                rules.append(try PageRule(text))
            } catch {
                self.refuse(
                    key,
                    found: ConfigurationProblem.quoted(text),
                    allowed: allowed,
                    hint: "at character \(error.position + 1): \(error)"
                )
            }
        }
        return rules
    }
}
