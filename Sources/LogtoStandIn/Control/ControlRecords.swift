import JSON

/// The control port's calls about applications and users.
enum ControlRecords {
    /// Adds an application or changes one; members that are not sent stay.
    static func client(_ members: inout Members, _ state: inout StandInState) throws(ControlError) -> JSON {
        var id = Identifier.client()
        try members.read("id", into: &id)
        var client = state.clients[id] ?? Client(id: id)
        var secret: String?
        try members.read("name", into: &client.name)
        try members.read("type", into: &client.kind)
        try members.read("secret", into: &secret)
        if let secret { client.secrets = [Client.Secret(name: "default", value: secret)] }
        if let list = members.take("secrets") { client.secrets = try secrets(list) }
        try members.read("thirdParty", into: &client.isThirdParty)
        try members.read("redirectUris", into: &client.redirectURIs)
        try members.read("postLogoutRedirectUris", into: &client.postLogoutRedirectURIs)
        try members.read("backchannelLogoutUri", into: &client.backchannelLogoutURI)
        try members.read("backchannelLogoutSessionRequired", into: &client.backchannelLogoutSessionRequired)
        try members.read("idTokenTtl", into: &client.idTokenTTL)
        try members.read("refreshTokenTtlDays", into: &client.refreshTokenTTLDays)
        try members.read("alwaysIssueRefreshToken", into: &client.alwaysIssueRefreshToken)
        try members.read("rotateRefreshToken", into: &client.rotateRefreshToken)
        try members.read("allowTokenExchange", into: &client.allowTokenExchange)
        state.clients[client.id] = client
        return client.json
    }

    private static func secrets(_ list: JSON) throws(ControlError) -> [Client.Secret] {
        var secrets: [Client.Secret] = []
        for entry in list.arrayValue ?? [] {
            var members = try Members(entry)
            var secret = Client.Secret(name: "default", value: "")
            try members.read("name", into: &secret.name)
            secret.value = try members.text("value")
            try members.read("expiresAt", into: &secret.expiresAt)
            try members.finish()
            secrets.append(secret)
        }
        return secrets
    }

    /// Adds a user or changes one; members that are not sent stay, null clears.
    static func user(_ members: inout Members, _ state: inout StandInState) throws(ControlError) -> JSON {
        var id: String?
        var username: String?
        try members.read("sub", into: &id)
        try members.read("username", into: &username)
        let present = (id ?? username).flatMap { state.user(named: $0) }
        let now = state.now * 1000
        var user = present ?? User(id: id ?? Identifier.user(), createdAt: now, updatedAt: now)
        if let username { user.username = username }
        try members.read("email", into: &user.email)
        try members.read("phone", into: &user.phone)
        try members.read("name", into: &user.name)
        try members.read("avatar", into: &user.avatar)
        if let profile = members.take("profile") { user.profile = profile }
        if let data = members.take("customData") { user.customData = data }
        if let identities = members.take("identities") { user.identities = identities }
        try members.read("roles", into: &user.roles)
        if let list = members.take("organizations") { user.organizations = try organizations(list) }
        try members.read("createdAt", into: &user.createdAt)
        user.updatedAt = now
        try members.read("updatedAt", into: &user.updatedAt)
        state.users[user.id] = user
        return user.json
    }

    private static func organizations(_ list: JSON) throws(ControlError) -> [User.Organization] {
        var organizations: [User.Organization] = []
        for entry in list.arrayValue ?? [] {
            var members = try Members(entry)
            var organization = User.Organization(id: "", name: "", roles: [])
            organization.id = try members.text("id")
            organization.name = organization.id
            try members.read("name", into: &organization.name)
            try members.read("description", into: &organization.description)
            try members.read("roles", into: &organization.roles)
            try members.finish()
            organizations.append(organization)
        }
        return organizations
    }

    static func roles(_ members: inout Members, _ state: inout StandInState) throws(ControlError) -> JSON {
        var user = try user(in: &members, state)
        try members.read("roles", into: &user.roles)
        state.users[user.id] = user
        return user.json
    }

    /// `api` does what Logto does; `flag` leaves sessions and tokens in place, as in the moment between the two.
    static func suspend(_ members: inout Members, _ state: inout StandInState) throws(ControlError) -> JSON {
        var user = try user(in: &members, state)
        var mode = "api"
        user.isSuspended = true
        try members.read("suspended", into: &user.isSuspended)
        try members.read("mode", into: &mode)
        guard mode == "api" || mode == "flag" else { throw ControlError(reason: "mode: api or flag is expected") }
        state.users[user.id] = user
        if user.isSuspended, mode == "api" { state.signOut(user: user.id) }
        state.announce("User.SuspensionStatus.Updated", user)
        state.record("user_suspended", ["user": .string(user.id), "suspended": .bool(user.isSuspended)])
        return user.json
    }

    static func deleteUser(_ members: inout Members, _ state: inout StandInState) throws(ControlError) -> JSON {
        let user = try user(in: &members, state)
        state.signOut(user: user.id)
        state.users[user.id] = nil
        state.announce("User.Deleted", user)
        return ["ok": true]
    }

    /// As Logto's management API: nobody is told, and grants go only when asked.
    static func deleteSession(_ members: inout Members, _ state: inout StandInState) throws(ControlError) -> JSON {
        let user = try user(in: &members, state)
        var grants = "none"
        try members.read("revokeGrants", into: &grants)
        guard ["none", "firstParty", "all"].contains(grants) else {
            throw ControlError(reason: "revokeGrants: none, firstParty or all is expected")
        }
        let sessions = state.sessions.all.filter { $0.userID == user.id }
        for session in sessions {
            for (clientID, authorization) in session.authorizations {
                let isThirdParty = state.clients[clientID]?.isThirdParty ?? false
                guard let grantID = authorization.grantID, grants == "all" || grants == "firstParty" && !isThirdParty
                else { continue }
                state.revoke(grant: grantID, because: "management API")
            }
            state.sessions[session.id] = nil
        }
        return ["ended": JSON(Int64(sessions.count))]
    }

    /// The user a call names by subject, username, e-mail or phone.
    static func user(in members: inout Members, _ state: StandInState) throws(ControlError) -> User {
        let name = try members.text("user")
        guard let user = state.user(named: name) else {
            throw ControlError(reason: "no such user: \(name)", status: 404)
        }
        return user
    }
}

extension Client {
    /// For the control port.
    var json: JSON {
        [
            "id": .string(id), "name": JSON(name), "type": .string(kind.rawValue),
            "secrets": .array(secrets.map { ["name": .string($0.name), "value": .string($0.value)] }),
            "third_party": .bool(isThirdParty), "redirect_uris": JSON(redirectURIs),
            "post_logout_redirect_uris": JSON(postLogoutRedirectURIs),
            "backchannel_logout_uri": JSON(backchannelLogoutURI),
            "backchannel_logout_session_required": .bool(backchannelLogoutSessionRequired),
            "id_token_ttl": JSON(idTokenTTL), "refresh_token_ttl_days": JSON(refreshTokenTTLDays),
            "always_issue_refresh_token": .bool(alwaysIssueRefreshToken),
            "rotate_refresh_token": .bool(rotateRefreshToken),
        ]
    }
}

extension User {
    /// For the control port.
    var json: JSON {
        [
            "sub": .string(id), "username": JSON(username), "email": JSON(email), "phone": JSON(phone),
            "name": JSON(name), "avatar": JSON(avatar), "profile": profile, "custom_data": customData,
            "identities": identities, "roles": JSON(roles), "organizations": JSON(organizations.map(\.id)),
            "suspended": .bool(isSuspended),
        ]
    }
}
