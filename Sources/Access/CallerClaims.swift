package import JSON

/// Verified claims as conditions ask for them. Made once for each session; lists become sets.
package struct CallerClaims: Sendable {
    /// Which list a condition looks into.
    package enum List: String, Sendable, CaseIterable {
        case roles
        /// What the tokens were granted: the scope of the token response, or of a bearer token.
        case scopes
        case organizations
        /// `organization:role`.
        case organizationRoles = "organization_roles"
    }

    let json: JSON
    private let roles: TextSet
    private let scopes: TextSet
    private let organizations: TextSet
    private let organizationRoles: TextSet
    private let permissions: [UpstreamToken: TextSet]
    /// Only a verified one; only the literal `true` verifies.
    private let email: EmailAddress?

    /// Somebody of whom nothing is known.
    static let nobody = CallerClaims(.object([]), scope: nil)

    /// - Parameters:
    ///   - json: the claims, an object.
    ///   - scope: what was granted, separated by spaces; `nil` when nobody said.
    ///   - permissions: what APIs and organizations permit, as far as they have been asked; separated by spaces.
    package init(_ json: JSON, scope: String?, permissions: [UpstreamToken: String] = [:]) {
        self.json = json
        self.roles = TextSet(json["roles"])
        self.scopes = scope.map { TextSet(words: $0) } ?? TextSet(nil)
        self.organizations = TextSet(json["organizations"])
        self.organizationRoles = TextSet(json["organization_roles"])
        self.permissions = permissions.mapValues { TextSet(words: $0) }
        let isVerified = json["email_verified"]?.boolValue == true
        self.email = isVerified ? json["email"]?.stringValue.flatMap { EmailAddress($0) } : nil
    }

    func truth(that list: List, hasOneOf texts: [String]) -> Truth {
        switch list {
        case .roles: self.roles.hasOne(of: texts)
        case .scopes: self.scopes.hasOne(of: texts)
        case .organizations: self.organizations.hasOne(of: texts)
        case .organizationRoles: self.organizationRoles.hasOne(of: texts)
        }
    }

    func truth(that api: UpstreamToken, permitsOneOf texts: [String]) -> Truth {
        self.permissions[api]?.hasOne(of: texts) ?? .unknown
    }

    func truth(ofEmail isWanted: (EmailAddress) -> Bool) -> Truth {
        self.email.map { Truth(isWanted($0)) } ?? .unknown
    }
}

/// The texts of a list, by their bytes.
private struct TextSet: Sendable {
    private var texts: Set<[UInt8]> = []
    /// There was a list, and all its members were text: what is not in the set is not in the list.
    private let isComplete: Bool

    init(_ json: JSON?) {
        let list = json?.arrayValue
        let texts = list?.compactMap(\.stringValue) ?? []
        for text in texts where !text.isEmpty { self.texts.insert(Array(text.utf8)) }
        self.isComplete = list.map { $0.count == texts.count } ?? false
    }

    init(words: String) {
        for word in words.utf8.split(separator: UInt8(ascii: " ")) { self.texts.insert(Array(word)) }
        self.isComplete = true
    }

    func hasOne(of wanted: [String]) -> Truth {
        if wanted.contains(where: { self.texts.contains(Array($0.utf8)) }) { return .yes }
        return self.isComplete ? .no : .unknown
    }
}
