package import OpenIDConnect

/// The answer to an access request.
package enum Decision: Sendable {
    /// Go on, with proof.
    case permit(Permit)
    /// Sign in first.
    case challenge(Route)
    /// Known or not: not this.
    case deny(Route, Denial)
}

/// Why somebody may not pass.
package enum Denial: String, Sendable, Equatable, CustomStringConvertible {
    /// Nothing has allowed it.
    case notAllowed = "not-allowed"
    /// The route that was asked does not cover the request.
    case wrongRoute = "wrong-route"

    /// The reason's code; safe to show and to log.
    package var description: String { self.rawValue }
}

/// Proof that a decision let a request pass. Only `Route.decide` makes one, so that a forgotten check does not compile.
package struct Permit: Sendable {
    package let route: Route
    /// What was judged, and so what is forwarded.
    package let target: RequestTarget
    /// Whose request it is; `nil` for a route that lets strangers pass.
    package let session: Session?

    fileprivate init(route: Route, target: RequestTarget, session: Session?) {
        self.route = route
        self.target = target
        self.session = session
    }
}

extension Route {
    /// Judges a request for this route. A session counts only before it expires and on the host it was made for.
    package func decide(_ request: AccessRequest, _ session: Session?, now: Instant) -> Decision {
        var decision = Decision.deny(self, .notAllowed)
        guard request.authority == self.authority, self.covers(request.target) else {
            return .deny(self, .wrongRoute)
        }
        let session = session.flatMap { $0.isValid(for: request.authority, at: now) ? $0 : nil }
        switch self.policy.access {
        case .anyone:
            decision = .permit(Permit(route: self, target: request.target, session: nil))
        case .optional:
            decision = .permit(Permit(route: self, target: request.target, session: session))
        case .signedIn:
            decision = .challenge(self)
            if let session { decision = .permit(Permit(route: self, target: request.target, session: session)) }
        }
        return decision
    }
}

extension Session {
    fileprivate func isValid(for authority: Authority, at now: Instant) -> Bool {
        now < self.expiresAt && self.authority.isExactly(authority.text)
    }
}
