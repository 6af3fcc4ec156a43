/// Sets of header fields that applications and their plug-ins know already.
package enum HeaderPreset: String, Sendable, CaseIterable {
    /// Ours; see `IdentityFields`.
    case gatehouse
    /// None at all.
    case none
    /// `Remote-User` and so on, as Authelia and others have them.
    case remoteUser = "remote-user"
    case siteminder
    case webseal
    case shibboleth
    case grafana
    /// Jenkins' reverse proxy plug-in.
    case jenkins
    /// Logto's Protected App, without its `Authorization`.
    case protectedApp = "protected-app"
    case oauth2Proxy = "oauth2-proxy"

    /// - Parameter user: the claims that name the person, the best first.
    package func fields(user: [ClaimPath]) -> [HeaderField] {
        let who = HeaderField.Source.user(user)
        switch self {
        case .none: return []
        case .gatehouse:
            return [
                Self.required("X-Forwarded-User", who), HeaderField("X-Forwarded-Email", Self.email),
                HeaderField("X-Forwarded-Preferred-Username", Self.username),
                HeaderField("X-Forwarded-Name", Self.name), HeaderField("X-Forwarded-Groups", Self.roles),
            ]
        case .remoteUser:
            return [
                Self.required("Remote-User", who), HeaderField("Remote-Name", Self.name),
                HeaderField("Remote-Email", Self.email), HeaderField("Remote-Groups", Self.roles),
            ]
        case .siteminder:
            return [
                Self.required("SM_USER", who), Self.required("SMUSER", who), HeaderField("SM_USERMAIL", Self.email),
                Self.list("SM_USERGROUPS", "^"),
            ]
        case .webseal:
            var groups = HeaderField("iv-groups", Self.roles)
            groups.areQuoted = true
            return [Self.required("iv-user", who), groups]
        case .shibboleth:
            return [
                Self.required("REMOTE_USER", who), Self.required("eppn", who), HeaderField("mail", Self.email),
                HeaderField("displayName", Self.name), HeaderField("givenName", .claims([.plain("given_name")])),
                Self.list("affiliation", ";"),
            ]
        case .grafana:
            return [
                Self.required("X-WEBAUTH-USER", who), HeaderField("X-WEBAUTH-NAME", Self.name),
                HeaderField("X-WEBAUTH-EMAIL", Self.email), HeaderField("X-WEBAUTH-GROUPS", Self.roles),
            ]
        case .jenkins:
            return [
                Self.required("X-Forwarded-User", who), HeaderField("X-Forwarded-Mail", Self.email),
                HeaderField("X-Forwarded-DisplayName", Self.name), Self.list("X-Forwarded-Groups", "|"),
            ]
        case .protectedApp:
            return [Self.required("Logto-ID-Token", .idToken), Self.required("Logto-Host", .host)]
        case .oauth2Proxy:
            return ["X-Forwarded-", "X-Auth-Request-"].flatMap { prefix in
                [
                    Self.required(prefix + "User", who), HeaderField(prefix + "Email", Self.email),
                    HeaderField(prefix + "Preferred-Username", Self.username),
                    HeaderField(prefix + "Groups", Self.roles),
                ]
            }
        }
    }

    private static let email = HeaderField.Source.claims([.plain("email")])
    private static let name = HeaderField.Source.claims([.plain("name")])
    private static let username = HeaderField.Source.claims([.plain("preferred_username"), .plain("username")])
    private static let roles = HeaderField.Source.claims([.plain("roles")])

    private static func required(_ name: String, _ source: HeaderField.Source) -> HeaderField {
        var field = HeaderField(name, source)
        field.isRequired = true
        return field
    }

    private static func list(_ name: String, _ separator: String) -> HeaderField {
        var field = HeaderField(name, self.roles)
        field.separator = separator
        return field
    }
}
