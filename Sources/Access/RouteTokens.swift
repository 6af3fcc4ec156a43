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
    }

    /// Logto's name for "permissions in organizations", to be asked for beforehand.
    package static let organizationsResource = "urn:logto:resource:organizations"

    /// What has to be asked for at sign-in, so that this token can be had later.
    package var resources: [String] {
        guard case .obtained(let resource, let organization) = self else { return [] }
        return (resource.map { [$0] } ?? []) + (organization == nil ? [] : [Self.organizationsResource])
    }
}
