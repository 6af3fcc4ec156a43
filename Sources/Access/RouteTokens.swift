package import JSON

/// Which access tokens of API clients a route takes in place of a session.
package struct BearerPolicy: Sendable, Equatable {
    /// A JWT must be for one of these.
    package let audiences: [String]
    /// Opaque tokens are taken too, if they were issued to one of these applications; empty: none is.
    package let opaqueClients: [String]
    /// Logto's personal access tokens are taken too, and exchanged for one of the first audience.
    package let takesPersonalTokens: Bool

    package init(audiences: [String], opaqueClients: [String] = [], takesPersonalTokens: Bool = false) {
        self.audiences = audiences
        self.opaqueClients = opaqueClients
        self.takesPersonalTokens = takesPersonalTokens
    }
}

/// Which token a route's upstream gets as `Authorization: Bearer`, in place of what the client sent.
package enum UpstreamToken: Sendable, Hashable {
    case idToken
    /// The one of the sign-in, good for userinfo.
    case accessToken
    /// One for an API, perhaps within an organization, or for an organization alone.
    case obtained(resource: String?, organization: Organization?)

    /// Which organization.
    package enum Organization: Sendable, Hashable {
        case fixed(String)
        /// The only one the user is in. Who is in none or in several does not pass.
        case only
        /// What stands in this place of the path, counted from 0; it has to be one of the user's.
        case segment(Int)
        /// What the request field of this name says, in lower case; it has to be one of the user's.
        case field(String)

        /// Byte by byte: two names that only look the same are two.
        package static func == (left: Organization, right: Organization) -> Bool {
            switch (left, right) {
            case (.fixed(let one), .fixed(let other)), (.field(let one), .field(let other)): one.isExactly(other)
            case (.segment(let one), .segment(let other)): one == other
            case (.only, .only): true
            default: false
            }
        }
    }

    /// Byte by byte, too.
    package static func == (left: UpstreamToken, right: UpstreamToken) -> Bool {
        switch (left, right) {
        case (.idToken, .idToken), (.accessToken, .accessToken): true
        case (.obtained(let one, let mine), .obtained(let other, let yours)):
            areSame(one, other) && mine == yours
        default: false
        }
    }

    /// Logto's name for "permissions in organizations", to be asked for beforehand.
    package static let organizationsResource = "urn:logto:resource:organizations"

    /// What has to be asked for at sign-in, so that this token can be had later.
    package var resources: [String] {
        guard case .obtained(let resource, let organization) = self else { return [] }
        return (resource.map { [$0] } ?? []) + (organization == nil ? [] : [Self.organizationsResource])
    }
}

extension UpstreamToken: CustomStringConvertible {
    /// For explanations.
    package var description: String {
        switch self {
        case .idToken: "the ID token"
        case .accessToken: "the access token"
        case .obtained(let resource, nil): resource ?? ""
        case .obtained(nil, let organization?): "\(organization)"
        case .obtained(let resource?, let organization?): "\(resource) within \(organization)"
        }
    }
}

extension UpstreamToken.Organization: CustomStringConvertible {
    /// For explanations.
    package var description: String {
        switch self {
        case .fixed(let id): "organization \(id)"
        case .only: "the user's only organization"
        case .segment(let place): "the organization in segment \(place + 1)"
        case .field(let name): "the organization in \(name)"
        }
    }
}

extension UpstreamToken {
    /// Logto's name for an organization as an audience.
    private static let organizationPrefix = "urn:logto:organization:"

    /// Whom a token of this kind is for, as its `aud` says; `nil` where that is not fixed.
    package var audience: String? {
        guard case .obtained(let resource, let organization) = self else { return nil }
        if let resource { return resource }
        guard case .fixed(let id)? = organization else { return nil }
        return Self.organizationPrefix + id
    }

    /// Whether an access token with these claims is one of this kind, so that its scope tells what is permitted.
    package func isKind(of claims: JSON) -> Bool {
        guard case .obtained(let resource, let organization) = self, let audience = self.audience else { return false }
        let audiences = claims["aud"].map {
            $0.stringValue.map { [$0] } ?? ($0.arrayValue ?? []).compactMap(\.stringValue)
        }
        guard let audiences, audiences.contains(where: { $0.isExactly(audience) }) else { return false }
        guard resource != nil else { return true }
        let named = claims["organization_id"]?.stringValue
        guard case .fixed(let id)? = organization else { return named == nil }
        return named?.isExactly(id) ?? false
    }
}
