/// Who passes a route.
package enum Access: String, Sendable, CaseIterable {
    /// Nobody without a session.
    case signedIn = "signed-in"
    /// Everybody; the upstream learns who it is when somebody is signed in.
    case optional
    /// Everybody; nothing is looked up and the upstream learns nothing.
    case anyone
}

/// Whether a requirement that is not met keeps anybody out.
package enum PolicyMode: String, Sendable, CaseIterable {
    case enforce
    /// Nobody is kept out; the log says who would have been.
    case shadow
}

/// What it takes to pass a route.
package struct Policy: Sendable, Equatable {
    package let access: Access
    /// What it takes beside that.
    package let requirement: Requirement?
    package let mode: PolicyMode
    /// The pages that all of this is about; everything else on the route is for anyone. Empty: it is about all of them.
    package let pages: [PageRule]

    package init(
        access: Access,
        requirement: Requirement? = nil,
        mode: PolicyMode = .enforce,
        pages: [PageRule] = []
    ) {
        self.access = access
        self.requirement = requirement
        self.mode = mode
        self.pages = pages
    }

    /// Who passes to this target. A path that others could read as one of the pages is one.
    package func access(to target: RequestTarget) -> Access {
        if self.pages.isEmpty { return self.access }
        let isPage = self.pages.contains { rule in target.readings.contains { rule.matches($0) } }
        return isPage ? self.access : .anyone
    }
}
