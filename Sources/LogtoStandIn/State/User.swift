import JSON

/// A person with an account at the stand-in.
struct User: Sendable {
    /// Membership of an organization.
    struct Organization: Sendable {
        var id: String
        var name: String
        var description: String?
        var roles: [String]
    }

    /// The subject: 12 lower-case letters and digits.
    let id: String
    var username: String?
    var email: String?
    /// Digits with country code, without a plus sign.
    var phone: String?
    var name: String?
    var avatar: String?
    /// Logto's profile object: camelCase names such as `givenName`.
    var profile: JSON = [:]
    var customData: JSON = [:]
    /// Social identities by target.
    var identities: JSON = [:]
    var roles: [String] = []
    var organizations: [Organization] = []
    /// Milliseconds, as Logto has them.
    var createdAt: Int64
    var updatedAt: Int64
    var isSuspended = false

    /// Whether somebody who types this name means this user.
    func answers(to text: String) -> Bool {
        [id, username, email, phone].contains { $0.map { sameBytes($0, text) } ?? false }
    }

    /// What to call them on a page.
    var displayName: String { name ?? username ?? email ?? phone ?? id }
}

extension User {
    /// Which claims beyond the standard ones ID tokens carry: Logto's tenant setting since 1.37.
    struct ExtendedClaims: OptionSet, Sendable {
        let rawValue: Int

        static let roles = ExtendedClaims(rawValue: 1)
        static let organizations = ExtendedClaims(rawValue: 2)
        static let organizationRoles = ExtendedClaims(rawValue: 4)
        static let organizationData = ExtendedClaims(rawValue: 8)
        static let customData = ExtendedClaims(rawValue: 16)
        static let identities = ExtendedClaims(rawValue: 32)
        static let ssoIdentities = ExtendedClaims(rawValue: 64)

        static let seeded: ExtendedClaims = [.roles, .organizations, .organizationRoles]
        static let all = ExtendedClaims(rawValue: 127)

        /// By the names of Logto's setting.
        static let names: [(String, ExtendedClaims)] = [
            ("roles", .roles), ("organizations", .organizations), ("organization_roles", .organizationRoles),
            ("organization_data", .organizationData), ("custom_data", .customData), ("identities", .identities),
            ("sso_identities", .ssoIdentities),
        ]
    }

    /// The claims these scopes open (specification 3.2), `sub` first. Unset values are null where Logto writes null.
    func claims(for scopes: [String], extended: ExtendedClaims) -> [JSONMember] {
        var claims: [(String, JSON)] = [("sub", .string(id))]
        if scopes.contains("profile") { claims += profileClaims }
        if scopes.contains("email") {
            claims += [("email", JSON(email)), ("email_verified", .bool(email != nil))]
        }
        if scopes.contains("phone") {
            claims += [("phone_number", JSON(phone)), ("phone_number_verified", .bool(phone != nil))]
        }
        if scopes.contains("address"), let address = profile["address"] { claims.append(("address", address)) }
        if scopes.contains("custom_data"), extended.contains(.customData) {
            claims.append(("custom_data", customData))
        }
        if scopes.contains("identities") {
            if extended.contains(.identities) { claims.append(("identities", identities)) }
            if extended.contains(.ssoIdentities) { claims.append(("sso_identities", [])) }
        }
        if scopes.contains("roles"), extended.contains(.roles) { claims.append(("roles", JSON(roles))) }
        claims += organizationClaims(for: scopes, extended: extended)
        return claims.map { JSONMember(name: $0.0, value: $0.1) }
    }

    private var profileClaims: [(String, JSON)] {
        var claims: [(String, JSON)] = [("name", JSON(name))]
        func add(_ claim: String, _ member: String) {
            if let value = profile[member] { claims.append((claim, value)) }
        }
        add("family_name", "familyName")
        add("given_name", "givenName")
        add("middle_name", "middleName")
        add("nickname", "nickname")
        if let preferred = profile["preferredUsername"] ?? username.map(JSON.string) {
            claims.append(("preferred_username", preferred))
        }
        add("profile", "profile")
        claims.append(("picture", JSON(avatar)))
        for member in ["website", "gender", "birthdate", "zoneinfo", "locale"] { add(member, member) }
        claims.append(("updated_at", .number(JSONNumber(updatedAt))))
        claims.append(("username", JSON(username)))
        claims.append(("created_at", .number(JSONNumber(createdAt))))
        return claims
    }

    private func organizationClaims(for scopes: [String], extended: ExtendedClaims) -> [(String, JSON)] {
        var claims: [(String, JSON)] = []
        if scopes.contains("urn:logto:scope:organizations") {
            if extended.contains(.organizations) { claims.append(("organizations", JSON(organizations.map(\.id)))) }
            if extended.contains(.organizationData) {
                let data: [JSON] = organizations.map {
                    ["id": .string($0.id), "name": .string($0.name), "description": JSON($0.description)]
                }
                claims.append(("organization_data", .array(data)))
            }
        }
        if scopes.contains("urn:logto:scope:organization_roles"), extended.contains(.organizationRoles) {
            let roles = organizations.flatMap { organization in
                organization.roles.map { "\(organization.id):\($0)" }
            }
            claims.append(("organization_roles", JSON(roles)))
        }
        return claims
    }
}

extension JSON {
    /// A string, or null.
    init(_ text: String?) {
        self = text.map(JSON.string) ?? .null
    }

    /// An array of strings.
    init(_ texts: [String]) {
        self = .array(texts.map(JSON.string))
    }

    /// A whole number.
    init(_ number: Int64) {
        self = .number(JSONNumber(number))
    }
}
