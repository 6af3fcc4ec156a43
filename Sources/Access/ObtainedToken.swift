package import OpenIDConnect

/// An access token that a session has obtained for an upstream, with its refresh token.
package struct ObtainedToken: Sendable, Hashable {
    /// What such a token is good for.
    package struct Purpose: Sendable, Hashable {
        /// The API, as the provider calls it.
        package let resource: String?
        package let organizationID: String?

        package init(resource: String?, organizationID: String?) {
            self.resource = resource
            self.organizationID = organizationID
        }
    }

    package let purpose: Purpose
    package let text: String
    package let expiresAt: Instant

    package init(purpose: Purpose, text: String, expiresAt: Instant) {
        self.purpose = purpose
        self.text = text
        self.expiresAt = expiresAt
    }
}

extension ObtainedToken: CustomStringConvertible, CustomDebugStringConvertible {
    /// Shows no token.
    package var description: String { "(obtained token)" }
    /// Shows no token.
    package var debugDescription: String { self.description }
}
