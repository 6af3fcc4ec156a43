/// Who passes a route.
package enum Access: String, Sendable, CaseIterable {
    /// Nobody without a session.
    case signedIn = "signed-in"
    /// Everybody; the upstream learns who it is when somebody is signed in.
    case optional
    /// Everybody; nothing is looked up and the upstream learns nothing.
    case anyone
}

/// What it takes to pass a route.
package struct Policy: Sendable, Equatable {
    package let access: Access

    package init(access: Access) {
        self.access = access
    }
}
