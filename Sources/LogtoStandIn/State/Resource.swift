import JSON

/// An API as registered with Logto: the audience of JWT access tokens (specification 3.3, 5.1).
struct Resource: Sendable {
    let indicator: String
    /// Seconds.
    var accessTokenTTL: Int64 = 3600
    /// Permissions by the tenant roles that carry them.
    var scopesByRole = Table<[String]>()
    /// Permissions by the organization roles that carry them.
    var scopesByOrganizationRole = Table<[String]>()
    /// What a machine-to-machine application may ask for.
    var machineScopes: [String] = []

    /// Logto's name for "permissions in organizations".
    static let organizations = "urn:logto:resource:organizations"
}

/// What tokens for APIs and organizations depend on.
struct Permissions: Sendable {
    var resources = Table<Resource>()
    /// Organization permissions by the organization roles that carry them.
    var byOrganizationRole = Table<[String]>()
    /// Users by their personal access tokens.
    var personalAccessTokens = Table<String>()

    func knows(_ indicator: String) -> Bool {
        sameBytes(indicator, Resource.organizations) || resources[indicator] != nil
    }

    /// The control port's calls.
    static func resource(_ members: inout Members, _ state: inout StandInState) throws(ControlError) -> JSON {
        let indicator = try members.text("indicator")
        var resource = state.permissions.resources[indicator] ?? Resource(indicator: indicator)
        try members.read("accessTokenTtl", into: &resource.accessTokenTTL)
        try members.read("scopes", into: &resource.scopesByRole)
        try members.read("organizationScopes", into: &resource.scopesByOrganizationRole)
        try members.read("machineScopes", into: &resource.machineScopes)
        state.permissions.resources[indicator] = resource
        return ["indicator": .string(indicator)]
    }

    static func organizationScopes(_ members: inout Members, _ state: inout StandInState) throws(ControlError) -> JSON {
        try members.read("scopes", into: &state.permissions.byOrganizationRole)
        return ["ok": true]
    }

    static func personalAccessToken(_ members: inout Members, _ state: inout StandInState) throws(ControlError) -> JSON
    {
        let name = try members.text("user")
        guard let user = state.user(named: name) else {
            throw ControlError(reason: "no such user: \(name)", status: 404)
        }
        let value = "pat_" + Identifier.token()
        state.permissions.personalAccessTokens[value] = user.id
        return ["value": .string(value)]
    }
}

extension Members {
    /// An object whose members are lists of texts.
    fileprivate mutating func read(_ name: String, into target: inout Table<[String]>) throws(ControlError) {
        var members: [JSONMember] = []
        try read(name, into: &members)
        for member in members {
            guard let values = member.value.arrayValue else {
                throw ControlError(reason: "\(name): an object of arrays is expected")
            }
            target[member.name] = values.compactMap(\.stringValue)
        }
    }
}
