import JSON

/// JWT access tokens for APIs and organizations (specification 3.3, 3.5 to 3.7).
enum ResourceToken {
    /// What the answer to a refresh has in place of the opaque token; nil when none was asked for.
    static func answer(
        _ form: Form,
        _ authority: Authority,
        _ user: User,
        _ state: StandInState
    ) throws(OAuthError) -> [JSONMember]? {
        let indicator = form["resource"]
        let organization = try organization(form, authority.scopes, user)
        if let indicator {
            guard authority.resources.contains(where: { sameBytes($0, indicator) }) else { throw unknownResource }
        }
        guard indicator != nil || organization != nil else { return nil }
        let asked = form["scope"].map { $0.split(separator: " ").map(String.init) }
        let wanted = authority.permissions.filter { asked?.contains($0) ?? true }
        return try write(
            subject: user.id,
            clientID: authority.clientID,
            indicator: indicator,
            organization: organization,
            granted: granted(to: user, indicator, organization, state).filter(wanted.contains),
            state
        )
    }

    /// The client credentials of a machine.
    static func machine(_ form: Form, _ client: Client, _ state: StandInState) throws(OAuthError) -> [JSONMember] {
        guard let indicator = form["resource"], let resource = state.permissions.resources[indicator] else {
            throw unknownResource
        }
        let asked = (form["scope"] ?? "").split(separator: " ").map(String.init)
        return try write(
            subject: client.id,
            clientID: client.id,
            indicator: indicator,
            organization: nil,
            granted: resource.machineScopes.filter { asked.isEmpty || asked.contains($0) },
            state
        )
    }

    /// The exchange of a personal access token.
    static func exchange(_ form: Form, _ client: Client, _ state: StandInState) throws(OAuthError) -> [JSONMember] {
        guard client.allowTokenExchange else {
            throw .invalidRequest("requested grant type is not allowed for this client")
        }
        guard let token = form["subject_token"] else { throw .missing("subject_token") }
        guard form["subject_token_type"] == "urn:logto:token-type:personal_access_token",
            let user = state.activeUser(state.permissions.personalAccessTokens[token])
        else { throw .invalidGrant }
        guard let indicator = form["resource"], state.permissions.resources[indicator] != nil else {
            throw unknownResource
        }
        let asked = (form["scope"] ?? "").split(separator: " ").map(String.init)
        return try write(
            subject: user.id,
            clientID: client.id,
            indicator: indicator,
            organization: nil,
            granted: granted(to: user, indicator, nil, state).filter { asked.isEmpty || asked.contains($0) },
            state
        )
    }

    static let unknownResource = OAuthError("invalid_target", "resource indicator is missing, or unknown")

    private static func organization(
        _ form: Form,
        _ scopes: [String],
        _ user: User
    ) throws(OAuthError) -> User.Organization? {
        guard let id = form["organization_id"] else { return nil }
        let scope = "urn:logto:scope:organizations"
        guard scopes.contains(scope) else {
            let extra = [JSONMember(name: "scope", value: .string(scope))]
            throw OAuthError("insufficient_scope", "refresh token missing required scope", status: 403, extra: extra)
        }
        guard let organization = user.organizations.first(where: { sameBytes($0.id, id) }) else {
            throw OAuthError("access_denied", "user is not a member of the organization", status: 403)
        }
        return organization
    }

    /// A permission nobody has assigned is missing without a word.
    private static func granted(
        to user: User,
        _ indicator: String?,
        _ organization: User.Organization?,
        _ state: StandInState
    ) -> [String] {
        let resource = state.permissions.resources[indicator]
        let roles = organization?.roles ?? user.roles
        var granted: [String] = []
        for role in roles {
            let scopes: [String]?
            switch (resource, organization) {
            case (let resource?, nil): scopes = resource.scopesByRole[role]
            case (let resource?, _?): scopes = resource.scopesByOrganizationRole[role]
            case (nil, _): scopes = state.permissions.byOrganizationRole[role]
            }
            for scope in scopes ?? [] where !granted.contains(scope) { granted.append(scope) }
        }
        return granted
    }

    private static func write(
        subject: String,
        clientID: String,
        indicator: String?,
        organization: User.Organization?,
        granted: [String],
        _ state: StandInState
    ) throws(OAuthError) -> [JSONMember] {
        let lifetime = indicator.flatMap { state.permissions.resources[$0]?.accessTokenTTL } ?? 3600
        var claims: [JSONMember] = []
        func add(_ name: String, _ value: JSON) { claims.append(JSONMember(name: name, value: value)) }
        if indicator != nil, let organization { add("organization_id", .string(organization.id)) }
        add("jti", .string(Identifier.client()))
        add("sub", .string(subject))
        add("iat", JSON(state.now))
        add("exp", JSON(state.now + lifetime))
        add("scope", .string(granted.joined(separator: " ")))
        add("client_id", .string(clientID))
        add("iss", .string(state.issuer))
        add("aud", .string(indicator ?? "urn:logto:organization:\(organization?.id ?? "")"))
        let token = try TokenWriter.write(claims, type: "at+jwt", state, secret: nil, mutation: nil)
        return [
            JSONMember(name: "access_token", value: .string(token)),
            JSONMember(name: "expires_in", value: JSON(lifetime)),
            JSONMember(name: "scope", value: .string(granted.joined(separator: " "))),
            JSONMember(name: "token_type", value: "Bearer"),
        ]
    }
}
