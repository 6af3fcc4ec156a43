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

        /// Byte by byte: two names that only look the same are two.
        package static func == (left: Purpose, right: Purpose) -> Bool {
            areSame(left.resource, right.resource) && areSame(left.organizationID, right.organizationID)
        }
    }

    package let purpose: Purpose
    package let text: String
    package let obtainedAt: Instant
    package let expiresAt: Instant

    /// A token this close to its end would not survive the way to the application.
    private static let longestMargin = Duration.seconds(30)

    package init(purpose: Purpose, text: String, obtainedAt: Instant, expiresAt: Instant) {
        self.purpose = purpose
        self.text = text
        self.obtainedAt = obtainedAt
        self.expiresAt = expiresAt
    }

    /// Up to when it is given to an upstream without another being obtained.
    package var freshUntil: Instant { Self.freshUntil(obtainedAt: self.obtainedAt, expiresAt: self.expiresAt) }

    /// Whether it is given to an upstream without another being obtained.
    package func isFresh(_ now: Instant) -> Bool { now < self.freshUntil }

    /// The same for any token. One of a minute is not replaced after half of it.
    package static func freshUntil(obtainedAt: Instant, expiresAt: Instant) -> Instant {
        expiresAt.advanced(by: .zero - min(self.longestMargin, (expiresAt - obtainedAt) / 4))
    }
}

/// Whether both are the same bytes, or neither is there.
func areSame(_ left: String?, _ right: String?) -> Bool {
    guard let left, let right else { return left == nil && right == nil }
    return left.isExactly(right)
}

extension ObtainedToken: CustomStringConvertible, CustomDebugStringConvertible {
    /// Shows no token.
    package var description: String { "(obtained token)" }
    /// Shows no token.
    package var debugDescription: String { self.description }
}
